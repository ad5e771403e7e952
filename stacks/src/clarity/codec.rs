//! Consensus bytes of values (SIP-005, "Clarity value representation").
//!
//! The decoder takes what nodes take, and no more: it bounds size and nesting, checks names and text,
//! and never trusts a length before that many bytes are really there.

use super::tuple::Tuple;
use super::value::Value;
use crate::address::{Address, AddressError, ContractId, Principal};
use crate::hex::HexError;
use crate::name::{ClarityName, ContractName, NameError, ReadNameError};
use crate::wire::{EndOfInput, Reader, put_length};

/// Largest value, in bytes, that Clarity lets exist (`MAX_VALUE_SIZE` of the node).
pub const MAX_VALUE_SIZE: usize = 1024 * 1024;
/// Most bytes that the encoding of one value may have (`BOUND_VALUE_SERIALIZATION_BYTES`).
pub const MAX_ENCODED_SIZE: usize = 2 * MAX_VALUE_SIZE;
/// Most values inside one another, the innermost counted (`MAX_TYPE_DEPTH`).
pub const MAX_DEPTH: usize = 32;

/// Why bytes are not a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end inside the value.
    #[error(transparent)]
    End(#[from] EndOfInput),
    /// The first byte of a value names no type.
    #[error("unknown type prefix {prefix:#04x}")]
    UnknownType {
        /// The byte.
        prefix: u8,
    },
    /// More values inside one another than Clarity allows.
    #[error("values nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// Larger than Clarity allows.
    #[error("{what} of {length} is larger than Clarity allows")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its claimed or real length.
        length: usize,
    },
    /// A contract or field name that Clarity does not allow.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A principal with an impossible address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A `string-ascii` with another character, or a `string-utf8` that is not UTF-8.
    #[error("{type_name} holds bytes that are not its text")]
    Text {
        /// The string's type.
        type_name: &'static str,
    },
    /// A tuple without fields.
    #[error("tuple without fields")]
    EmptyTuple,
    /// A tuple that names a field twice.
    #[error("tuple names field {name} twice")]
    DuplicateField {
        /// The field.
        name: ClarityName,
    },
    /// Bytes are left over behind the value.
    #[error("{count} bytes behind the value")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
}

/// Why hexadecimal text is not a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not hexadecimal.
    #[error(transparent)]
    Hex(#[from] HexError),
    /// Hexadecimal, but not a value.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

impl From<ReadNameError> for DecodeError {
    fn from(error: ReadNameError) -> Self {
        match error {
            ReadNameError::End(end) => Self::End(end),
            ReadNameError::Name(name) => Self::Name(name),
        }
    }
}

mod prefix {
    pub(super) const INT: u8 = 0x00;
    pub(super) const UINT: u8 = 0x01;
    pub(super) const BUFFER: u8 = 0x02;
    pub(super) const TRUE: u8 = 0x03;
    pub(super) const FALSE: u8 = 0x04;
    pub(super) const STANDARD_PRINCIPAL: u8 = 0x05;
    pub(super) const CONTRACT_PRINCIPAL: u8 = 0x06;
    pub(super) const OK: u8 = 0x07;
    pub(super) const ERR: u8 = 0x08;
    pub(super) const NONE: u8 = 0x09;
    pub(super) const SOME: u8 = 0x0a;
    pub(super) const LIST: u8 = 0x0b;
    pub(super) const TUPLE: u8 = 0x0c;
    pub(super) const STRING_ASCII: u8 = 0x0d;
    pub(super) const STRING_UTF8: u8 = 0x0e;
}

impl Value {
    /// The value that these bytes, all of them, encode.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_ENCODED_SIZE {
            return Err(DecodeError::TooLarge {
                what: "value",
                length: bytes.len(),
            });
        }
        let mut reader = Reader::new(bytes);
        let value = Self::read(&mut reader)?;
        match reader.remaining() {
            0 => Ok(value),
            count => Err(DecodeError::TrailingBytes { count }),
        }
    }

    /// The value's consensus bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// Reads one value and leaves what follows it. The caller bounds the size of the whole input.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        read_nested(reader, MAX_DEPTH)
    }

    /// Appends the value's consensus bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Int(number) => put(out, prefix::INT, &number.to_be_bytes()),
            Self::UInt(number) => put(out, prefix::UINT, &number.to_be_bytes()),
            Self::Buffer(bytes) => put_sized(out, prefix::BUFFER, bytes),
            Self::Bool(true) => out.push(prefix::TRUE),
            Self::Bool(false) => out.push(prefix::FALSE),
            Self::Principal(principal) => principal.write(out),
            Self::Ok(value) => put_nested(out, prefix::OK, value),
            Self::Err(value) => put_nested(out, prefix::ERR, value),
            Self::None => out.push(prefix::NONE),
            Self::Some(value) => put_nested(out, prefix::SOME, value),
            Self::List(items) => {
                out.push(prefix::LIST);
                put_length(out, items.len());
                items.iter().for_each(|item| item.write(out));
            }
            Self::Tuple(tuple) => {
                out.push(prefix::TUPLE);
                put_length(out, tuple.len());
                for (name, value) in tuple {
                    name.write(out);
                    value.write(out);
                }
            }
            Self::StringAscii(text) => put_sized(out, prefix::STRING_ASCII, text.as_bytes()),
            Self::StringUtf8(text) => put_sized(out, prefix::STRING_UTF8, text.as_bytes()),
        }
    }
}

impl Principal {
    /// Reads a principal as a value is written, its type in front.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            prefix::STANDARD_PRINCIPAL => Ok(Self::Standard(Address::read(reader)??)),
            prefix::CONTRACT_PRINCIPAL => Ok(Self::Contract(ContractId {
                address: Address::read(reader)??,
                name: ContractName::read(reader)?,
            })),
            prefix => Err(DecodeError::UnknownType { prefix }),
        }
    }

    /// Appends the principal as a value is written, its type in front.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Standard(address) => {
                out.push(prefix::STANDARD_PRINCIPAL);
                address.write(out);
            }
            Self::Contract(contract) => {
                out.push(prefix::CONTRACT_PRINCIPAL);
                contract.address.write(out);
                contract.name.write(out);
            }
        }
    }
}

/// Characters of a `string-ascii`: printable ones and ASCII white space.
pub(super) const fn is_clarity_ascii(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte.is_ascii_whitespace()
}

fn read_nested(reader: &mut Reader<'_>, levels: usize) -> Result<Value, DecodeError> {
    let levels = levels.checked_sub(1).ok_or(DecodeError::TooDeep)?;
    // Principals read their own type.
    let mut ahead = reader.clone();
    let value = match ahead.u8()? {
        prefix::STANDARD_PRINCIPAL | prefix::CONTRACT_PRINCIPAL => {
            return Principal::read(reader).map(Value::Principal);
        }
        prefix::INT => Value::Int(i128::from_be_bytes(ahead.array()?)),
        prefix::UINT => Value::UInt(u128::from_be_bytes(ahead.array()?)),
        prefix::BUFFER => Value::Buffer(read_sized(&mut ahead, "buff")?.to_vec()),
        prefix::TRUE => Value::Bool(true),
        prefix::FALSE => Value::Bool(false),
        prefix::OK => Value::Ok(Box::new(read_nested(&mut ahead, levels)?)),
        prefix::ERR => Value::Err(Box::new(read_nested(&mut ahead, levels)?)),
        prefix::NONE => Value::None,
        prefix::SOME => Value::Some(Box::new(read_nested(&mut ahead, levels)?)),
        prefix::LIST => Value::List(read_list(&mut ahead, levels)?),
        prefix::TUPLE => Value::Tuple(read_tuple(&mut ahead, levels)?),
        prefix::STRING_ASCII => {
            let bytes = read_sized(&mut ahead, "string-ascii")?;
            let text = std::str::from_utf8(bytes)
                .ok()
                .filter(|text| text.bytes().all(is_clarity_ascii));
            Value::StringAscii(
                text.ok_or(DecodeError::Text {
                    type_name: "string-ascii",
                })?
                .to_owned(),
            )
        }
        prefix::STRING_UTF8 => {
            let bytes = read_sized(&mut ahead, "string-utf8")?;
            let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::Text {
                type_name: "string-utf8",
            })?;
            Value::StringUtf8(text.to_owned())
        }
        prefix => return Err(DecodeError::UnknownType { prefix }),
    };
    *reader = ahead;
    Ok(value)
}

fn read_length(reader: &mut Reader<'_>, what: &'static str) -> Result<usize, DecodeError> {
    let length = reader.length()?;
    if length > MAX_VALUE_SIZE {
        return Err(DecodeError::TooLarge { what, length });
    }
    Ok(length)
}

fn read_sized<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], DecodeError> {
    let length = read_length(reader, what)?;
    Ok(reader.take(length)?)
}

fn read_list(reader: &mut Reader<'_>, levels: usize) -> Result<Vec<Value>, DecodeError> {
    let count = read_length(reader, "list")?;
    // No capacity in advance: the items must be there first.
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(read_nested(reader, levels)?);
    }
    Ok(items)
}

fn read_tuple(reader: &mut Reader<'_>, levels: usize) -> Result<Tuple, DecodeError> {
    let count = read_length(reader, "tuple")?;
    if count == 0 {
        return Err(DecodeError::EmptyTuple);
    }
    // Nodes take the fields in any order; they and we write them by name.
    let mut tuple = Tuple::default();
    for _ in 0..count {
        let name = ClarityName::read(reader)?;
        let value = read_nested(reader, levels)?;
        if tuple.insert(name.clone(), value).is_some() {
            return Err(DecodeError::DuplicateField { name });
        }
    }
    Ok(tuple)
}

fn put(out: &mut Vec<u8>, prefix: u8, bytes: &[u8]) {
    out.push(prefix);
    out.extend_from_slice(bytes);
}

fn put_sized(out: &mut Vec<u8>, prefix: u8, bytes: &[u8]) {
    out.push(prefix);
    put_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn put_nested(out: &mut Vec<u8>, prefix: u8, value: &Value) {
    out.push(prefix);
    value.write(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(hex: &str) -> Result<Value, DecodeError> {
        Value::decode(&crate::hex::decode(hex).unwrap())
    }

    #[test]
    fn sip_005_examples() {
        // The examples of SIP-005, "Clarity Value Representation".
        let examples = [
            (Value::Int(-1), "00ffffffffffffffffffffffffffffffff"),
            (Value::UInt(1), "0100000000000000000000000000000001"),
            (Value::Buffer(b"a".to_vec()), "020000000161"),
            (Value::Bool(true), "03"),
            (Value::Bool(false), "04"),
            (Value::ok(Value::Int(-1)), "0700ffffffffffffffffffffffffffffffff"),
            (Value::err(Value::Int(-1)), "0800ffffffffffffffffffffffffffffffff"),
            (Value::None, "09"),
            (
                Value::some(Value::Int(-1)),
                "0a00ffffffffffffffffffffffffffffffff",
            ),
            (Value::List(vec![]), "0b00000000"),
            (
                Value::Tuple(
                    Tuple::from_text([("baz", Value::None), ("foobar", Value::Bool(true))]).unwrap(),
                ),
                "0c000000020362617a0906666f6f62617203",
            ),
            (Value::string_ascii("ab").unwrap(), "0d000000026162"),
            (Value::string_utf8("é"), "0e00000002c3a9"),
        ];
        for (value, hex) in examples {
            assert_eq!(crate::hex::encode(&value.encode()), hex);
            assert_eq!(decode(hex), Ok(value));
        }
    }

    #[test]
    fn fields_in_any_order_are_taken_and_written_by_name() {
        let value = decode("0c0000000206666f6f626172030362617a09").unwrap();
        assert_eq!(value.to_hex(), "0x0c000000020362617a0906666f6f62617203");
    }

    #[test]
    fn refuses_what_no_node_takes() {
        assert_eq!(decode("0f"), Err(DecodeError::UnknownType { prefix: 0x0f }));
        assert_eq!(decode("0909"), Err(DecodeError::TrailingBytes { count: 1 }));
        assert!(matches!(decode(""), Err(DecodeError::End(_))));
        assert!(matches!(decode("0a"), Err(DecodeError::End(_))));
        assert_eq!(decode("0c00000000"), Err(DecodeError::EmptyTuple));
        assert!(matches!(
            decode("0c00000002016109016109"),
            Err(DecodeError::DuplicateField { .. })
        ));
        assert!(matches!(decode("0c00000001013109"), Err(DecodeError::Name(_))));
        assert_eq!(
            decode("0d0000000180"),
            Err(DecodeError::Text {
                type_name: "string-ascii"
            })
        );
        assert_eq!(
            decode("0d000000011b"),
            Err(DecodeError::Text {
                type_name: "string-ascii"
            })
        );
        assert_eq!(
            decode("0e00000001ff"),
            Err(DecodeError::Text {
                type_name: "string-utf8"
            })
        );
        let bad_version = format!("0520{}", "00".repeat(20));
        assert!(matches!(decode(&bad_version), Err(DecodeError::Address(_))));
    }

    #[test]
    fn a_claimed_length_is_not_believed() {
        for prefix in ["02", "0b", "0c", "0d", "0e"] {
            assert!(matches!(
                decode(&format!("{prefix}ffffffff")),
                Err(DecodeError::TooLarge { .. })
            ));
            assert!(matches!(
                decode(&format!("{prefix}000fffff")),
                Err(DecodeError::End(_))
            ));
        }
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(decode(&format!("{}09", "0a".repeat(MAX_DEPTH - 1))).is_ok());
        assert_eq!(
            decode(&format!("{}09", "0a".repeat(MAX_DEPTH))),
            Err(DecodeError::TooDeep)
        );
        assert_eq!(decode(&"0a".repeat(100_000)), Err(DecodeError::TooDeep));
    }
}
