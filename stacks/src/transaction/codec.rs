//! Bytes of a whole transaction, and what can be wrong with them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::auth::Auth;
use super::envelope::{AnchorMode, Transaction};
use super::payload::Payload;
use super::post_condition::{PostCondition, PostConditionMode};
use crate::address::{AddressError, ChainId, Network};
use crate::clarity;
use crate::hash::{Txid, sha512_256};
use crate::hex::{self, HexError};
use crate::keys::KeyError;
use crate::name::{ContractName, NameError, ReadNameError};
use crate::wire::{EndOfInput, Reader, put_length};

/// Most bytes that a transaction may have: a block's limit.
pub const MAX_TRANSACTION_SIZE: usize = 2 * 1024 * 1024;
/// Longest contract name in a transaction; inside values nodes take 128 for history's sake.
const MAX_CONTRACT_NAME_LENGTH: usize = 40;

/// Why bytes are not a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end inside the transaction.
    #[error(transparent)]
    End(#[from] EndOfInput),
    /// A byte names nothing that we know.
    #[error("unknown {what} {byte:#04x}")]
    UnknownByte {
        /// What the byte should have named.
        what: &'static str,
        /// The byte.
        byte: u8,
    },
    /// Parts that exclude each other.
    #[error("{0}")]
    Contradiction(&'static str),
    /// Larger than nodes take.
    #[error("{what} of {length} bytes is too large")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its length in bytes.
        length: usize,
    },
    /// A value that is none.
    #[error(transparent)]
    Value(#[from] clarity::DecodeError),
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// An address that is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A public key that is none.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Contract source with other characters than printable ASCII, tab and line feed.
    #[error("contract source holds byte {byte:#04x}, which is not printable ASCII")]
    SourceText {
        /// The first such byte.
        byte: u8,
    },
    /// Bytes are left over behind the transaction.
    #[error("{count} bytes behind the transaction")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
}

/// Why hexadecimal text is not a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not hexadecimal.
    #[error(transparent)]
    Hex(#[from] HexError),
    /// Hexadecimal, but not a transaction.
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

impl Transaction {
    /// The transaction that these bytes, all of them, encode.
    ///
    /// Takes what nodes take and, beyond it, multi-signature transactions that are not fully signed
    /// yet: [`Transaction::verify`] counts signatures.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_TRANSACTION_SIZE {
            return Err(DecodeError::TooLarge {
                what: "transaction",
                length: bytes.len(),
            });
        }
        let mut reader = Reader::new(bytes);
        let transaction = Self::read(&mut reader)?;
        match reader.remaining() {
            0 => Ok(transaction),
            count => Err(DecodeError::TrailingBytes { count }),
        }
    }

    /// The transaction that stands next; others may follow, as in a block.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let network = match reader.u8()? {
            0x00 => Network::Mainnet,
            0x80 => Network::Testnet,
            byte => {
                return Err(DecodeError::UnknownByte {
                    what: "transaction version",
                    byte,
                });
            }
        };
        let chain_id = ChainId(reader.u32()?);
        let auth = Auth::read(reader)?;
        let anchor_mode = AnchorMode::from_byte(reader.u8()?)?;
        let post_condition_mode = PostConditionMode::from_byte(reader.u8()?)?;
        let post_conditions = read_list(reader, PostCondition::read)?;
        let payload = Payload::read(reader)?;
        let for_anchor_block = matches!(payload, Payload::Coinbase(_) | Payload::PoisonMicroblock(_));
        if for_anchor_block && anchor_mode != AnchorMode::OnChainOnly {
            return Err(DecodeError::Contradiction("anchor mode does not fit the payload"));
        }
        Ok(Self {
            network,
            chain_id,
            auth,
            anchor_mode,
            post_condition_mode,
            post_conditions,
            payload,
        })
    }

    /// The transaction's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.network.transaction_version()];
        out.extend_from_slice(&self.chain_id.0.to_be_bytes());
        self.auth.write(&mut out);
        out.push(self.anchor_mode.to_byte());
        out.push(self.post_condition_mode.to_byte());
        put_length(&mut out, self.post_conditions.len());
        self.post_conditions
            .iter()
            .for_each(|condition| condition.write(&mut out));
        self.payload.write(&mut out);
        out
    }

    /// The transaction whose bytes these digits are, with or without `0x`.
    pub fn from_hex(text: &str) -> Result<Self, ParseError> {
        Ok(Self::decode(&hex::decode(text)?)?)
    }

    /// The bytes as digits, with `0x`.
    pub fn to_hex(&self) -> String {
        hex::encode_prefixed(&self.encode())
    }

    /// The id. It changes with every change of the transaction, its signatures included.
    pub fn txid(&self) -> Txid {
        Txid::from_bytes(sha512_256(&self.encode()))
    }
}

/// As nodes write transactions in JSON: hexadecimal bytes.
impl Serialize for Transaction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for Transaction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_hex(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Reads a 32-bit count and that many items.
pub(super) fn read_list<'a, T>(
    reader: &mut Reader<'a>,
    read: impl Fn(&mut Reader<'a>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let count = reader.length()?;
    // No capacity in advance: the items must be there first.
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(read(reader)?);
    }
    Ok(items)
}

/// Reads the name of a contract that is called, deployed or guarded.
pub(super) fn read_contract_name(reader: &mut Reader<'_>) -> Result<ContractName, DecodeError> {
    let name = ContractName::read(reader)?;
    match name.as_str().len() {
        length if length > MAX_CONTRACT_NAME_LENGTH => Err(DecodeError::TooLarge {
            what: "contract name",
            length,
        }),
        _ => Ok(name),
    }
}
