//! Assets: a token is named by its contract and, as one contract can define several, its own name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AddressError, ContractId};
use crate::name::{ClarityName, NameError};

/// Why text is not an asset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssetError {
    /// No `::` between contract and asset name.
    #[error("{text:?} is not an asset: expected ADDRESS.contract::asset")]
    Format {
        /// The text.
        text: String,
    },
    /// The contract is none.
    #[error(transparent)]
    Contract(#[from] AddressError),
    /// The asset's name is none.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// A fungible or non-fungible token: `ADDRESS.contract::asset`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId {
    /// The contract that defines the asset.
    pub contract: ContractId,
    /// The name it has there (`define-fungible-token`, `define-non-fungible-token`).
    pub name: ClarityName,
}

impl AssetId {
    /// The asset of this contract and name.
    pub const fn new(contract: ContractId, name: ClarityName) -> Self {
        Self { contract, name }
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}::{}", self.contract, self.name)
    }
}

impl fmt::Debug for AssetId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for AssetId {
    type Err = AssetError;

    fn from_str(text: &str) -> Result<Self, AssetError> {
        let (contract, name) = text.split_once("::").ok_or_else(|| AssetError::Format {
            text: text.to_owned(),
        })?;
        Ok(Self {
            contract: contract.parse()?,
            name: name.parse()?,
        })
    }
}

impl Serialize for AssetId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AssetId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_identifiers() {
        let text = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.rig-token::rig";
        let asset: AssetId = text.parse().unwrap();
        assert_eq!(asset.name.as_str(), "rig");
        assert_eq!(asset.to_string(), text);
        assert!(matches!("STX".parse::<AssetId>(), Err(AssetError::Format { .. })));
        assert!(matches!(
            "a.b::c".parse::<AssetId>(),
            Err(AssetError::Contract(_))
        ));
    }
}
