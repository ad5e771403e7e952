//! Names as Clarity writes them: of contracts, functions, assets and tuple fields.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::{EndOfInput, Reader};

/// Longest name that Clarity knows, in bytes.
const MAX_NAME_LENGTH: usize = 128;

/// Why text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No characters, or more than the node accepts.
    #[error("a {kind} name has 1 to 128 characters, not {length}")]
    Length {
        /// What was to be named.
        kind: &'static str,
        /// Bytes that were given.
        length: usize,
    },
    /// A character that Clarity does not allow at its place.
    #[error("{name:?} is not a valid {kind} name")]
    Characters {
        /// What was to be named.
        kind: &'static str,
        /// The text.
        name: String,
    },
}

/// Why bytes do not hold a name with its length in front.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadNameError {
    #[error(transparent)]
    End(#[from] EndOfInput),
    #[error(transparent)]
    Name(#[from] NameError),
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $is_valid:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Cow<'static, str>);

        impl $name {
            /// A name known when the program is written: `const X: ` and the compiler checks it.
            ///
            /// # Panics
            ///
            /// When it is not a valid name; at compile time where the result is a constant.
            pub const fn from_static(name: &'static str) -> Self {
                if !$is_valid(name.as_bytes()) {
                    panic!("not a valid name");
                }
                Self(Cow::Borrowed(name))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Checks a name that comes from elsewhere.
            pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
                let name = name.into();
                if name.is_empty() || name.len() > MAX_NAME_LENGTH {
                    return Err(NameError::Length { kind: $kind, length: name.len() });
                }
                if !$is_valid(name.as_bytes()) {
                    return Err(NameError::Characters { kind: $kind, name });
                }
                Ok(Self(Cow::Owned(name)))
            }

            /// Reads one byte of length and the name.
            pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ReadNameError> {
                let length = usize::from(reader.u8()?);
                let bytes = reader.take(length)?;
                // Names are ASCII; anything else becomes a character that no name may hold.
                Ok(Self::new(String::from_utf8_lossy(bytes))?)
            }

            /// Appends one byte of length and the name.
            pub(crate) fn write(&self, out: &mut Vec<u8>) {
                // A name has at most 128 bytes, so its length always fits.
                out.push(u8::try_from(self.0.len()).unwrap_or(u8::MAX));
                out.extend_from_slice(self.0.as_bytes());
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

name_type!(
    /// Name of a function, an asset, a map, a variable or a tuple field.
    ClarityName,
    "Clarity",
    is_clarity_name
);
name_type!(
    /// Name of a contract, unique for its deployer.
    ///
    /// Principals may carry 128 characters for history's sake; a contract that is deployed or called
    /// has at most 40, which the transaction codec enforces.
    ContractName,
    "contract",
    is_contract_name
);

/// `^[a-zA-Z]([a-zA-Z0-9]|[-_!?+<>=/*])*$|^[-+=/*]$|^[<>]=?$`, at most 128 bytes.
const fn is_clarity_name(name: &[u8]) -> bool {
    match name {
        [b'-' | b'+' | b'=' | b'/' | b'*' | b'<' | b'>'] | [b'<' | b'>', b'='] => true,
        [first, rest @ ..] if first.is_ascii_alphabetic() => {
            let mut rest = rest;
            while let Some((byte, tail)) = rest.split_first() {
                let symbol = matches!(
                    byte,
                    b'-' | b'_' | b'!' | b'?' | b'+' | b'<' | b'>' | b'=' | b'/' | b'*'
                );
                if !byte.is_ascii_alphanumeric() && !symbol {
                    return false;
                }
                rest = tail;
            }
            name.len() <= MAX_NAME_LENGTH
        }
        _ => false,
    }
}

/// `^[a-zA-Z]([a-zA-Z0-9]|[-_])*$|^__transient$`, at most 128 bytes.
const fn is_contract_name(name: &[u8]) -> bool {
    match name {
        b"__transient" => true,
        [first, rest @ ..] if first.is_ascii_alphabetic() => {
            let mut rest = rest;
            while let Some((byte, tail)) = rest.split_first() {
                if !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_') {
                    return false;
                }
                rest = tail;
            }
            name.len() <= MAX_NAME_LENGTH
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clarity_names_follow_the_node_rule() {
        for name in ["a", "get-balance", "is-ok?", "x!", "<=", ">", "+", "a_b<>=/*"] {
            assert_eq!(ClarityName::new(name).unwrap().as_str(), name);
        }
        for name in ["", "1a", "-a", "a b", "a.b", "<>", "é", "a\u{0}", "=="] {
            assert!(ClarityName::new(name).is_err(), "{name:?} was taken");
        }
        assert!(ClarityName::new("a".repeat(128)).is_ok());
        assert!(ClarityName::new("a".repeat(129)).is_err());
    }

    #[test]
    fn contract_names_follow_the_node_rule() {
        for name in ["a", "recoup-core", "a_1", "__transient"] {
            assert_eq!(ContractName::new(name).unwrap().as_str(), name);
        }
        for name in ["", "1a", "_a", "a?", "a.b", "__transientx"] {
            assert!(ContractName::new(name).is_err(), "{name:?} was taken");
        }
    }

    #[test]
    fn constants_are_checked_by_the_compiler() {
        const AMOUNT: ClarityName = ClarityName::from_static("amount");
        assert_eq!(AMOUNT, ClarityName::new("amount").unwrap());
    }
}
