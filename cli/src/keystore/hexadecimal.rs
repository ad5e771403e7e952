//! Bytes that stand as hexadecimal text in a keystore file.

use recoup_stacks::hex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::envelope::EnvelopeError;

/// Exactly `N` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HexArray<const N: usize>(pub(super) [u8; N]);

/// Any number of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HexVec(pub(super) Vec<u8>);

impl<const N: usize> HexArray<N> {
    pub(super) fn random() -> Result<Self, EnvelopeError> {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes).map_err(EnvelopeError::Randomness)?;
        Ok(Self(bytes))
    }
}

impl<const N: usize> Serialize for HexArray<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for HexArray<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode_array(&text)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

impl Serialize for HexVec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for HexVec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(&text).map(Self).map_err(serde::de::Error::custom)
    }
}
