//! The value type and its constructors.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::codec::{ParseError, is_clarity_ascii};
use super::tuple::Tuple;
use crate::address::{Address, ContractId, Principal};

/// A Clarity value. Numbers are whole base units, up to 128 bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// `int`
    Int(i128),
    /// `uint`
    UInt(u128),
    /// `buff`
    Buffer(Vec<u8>),
    /// `bool`
    Bool(bool),
    /// `principal`
    Principal(Principal),
    /// `(ok ..)`
    Ok(Box<Value>),
    /// `(err ..)`
    Err(Box<Value>),
    /// `none`
    None,
    /// `(some ..)`
    Some(Box<Value>),
    /// `(list ..)`
    List(Vec<Value>),
    /// `{name: ..}`
    Tuple(Tuple),
    /// `string-ascii`
    StringAscii(String),
    /// `string-utf8`
    StringUtf8(String),
}

/// Text that does not fit into a `string-ascii`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("character {character:?} cannot stand in a string-ascii")]
pub struct InvalidText {
    /// The first character that does not fit.
    pub character: char,
}

impl Value {
    /// `(ok value)`
    pub fn ok(value: impl Into<Self>) -> Self {
        Self::Ok(Box::new(value.into()))
    }

    /// `(err value)`
    pub fn err(value: impl Into<Self>) -> Self {
        Self::Err(Box::new(value.into()))
    }

    /// `(some value)`
    pub fn some(value: impl Into<Self>) -> Self {
        Self::Some(Box::new(value.into()))
    }

    /// `none` or `(some value)`
    pub fn optional(value: Option<impl Into<Self>>) -> Self {
        value.map_or(Self::None, Self::some)
    }

    /// A `string-ascii`, if the text can stand in one.
    pub fn string_ascii(text: impl Into<String>) -> Result<Self, InvalidText> {
        let text = text.into();
        match text
            .chars()
            .find(|character| !u8::try_from(*character).is_ok_and(is_clarity_ascii))
        {
            Some(character) => Err(InvalidText { character }),
            None => Ok(Self::StringAscii(text)),
        }
    }

    /// A `string-utf8`.
    pub fn string_utf8(text: impl Into<String>) -> Self {
        Self::StringUtf8(text.into())
    }

    /// The kind of value, as Clarity names the type: for messages.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Int(_) => "int",
            Self::UInt(_) => "uint",
            Self::Buffer(_) => "buff",
            Self::Bool(_) => "bool",
            Self::Principal(_) => "principal",
            Self::Ok(_) | Self::Err(_) => "response",
            Self::None | Self::Some(_) => "optional",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::StringAscii(_) => "string-ascii",
            Self::StringUtf8(_) => "string-utf8",
        }
    }

    /// The value whose consensus bytes these digits are, with or without `0x`.
    pub fn from_hex(text: &str) -> Result<Self, ParseError> {
        Ok(Self::decode(&crate::hex::decode(text)?)?)
    }

    /// The consensus bytes as digits, with `0x`.
    pub fn to_hex(&self) -> String {
        crate::hex::encode_prefixed(&self.encode())
    }
}

impl From<i128> for Value {
    fn from(number: i128) -> Self {
        Self::Int(number)
    }
}

impl From<u128> for Value {
    fn from(number: u128) -> Self {
        Self::UInt(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<Principal> for Value {
    fn from(principal: Principal) -> Self {
        Self::Principal(principal)
    }
}

impl From<Address> for Value {
    fn from(address: Address) -> Self {
        Self::Principal(address.into())
    }
}

impl From<ContractId> for Value {
    fn from(contract: ContractId) -> Self {
        Self::Principal(contract.into())
    }
}

impl From<Tuple> for Value {
    fn from(tuple: Tuple) -> Self {
        Self::Tuple(tuple)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::List(items)
    }
}

/// As nodes write values in JSON: hexadecimal consensus bytes with `0x`.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_hex(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
