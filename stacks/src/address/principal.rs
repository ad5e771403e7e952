//! Principals: an address, or a contract of an address.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Address, AddressError, ContractName, Network};

/// A contract: who deployed it, and its name. Written `ADDRESS.name`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContractId {
    /// The deployer.
    pub address: Address,
    /// The name given by the deployer.
    pub name: ContractName,
}

impl ContractId {
    /// The contract of this deployer and name.
    pub const fn new(address: Address, name: ContractName) -> Self {
        Self { address, name }
    }
}

/// Anything that can own assets and send: a key's address or a contract.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// An address of one or several keys.
    Standard(Address),
    /// A contract.
    Contract(ContractId),
}

impl Principal {
    /// The address, or the address of the contract's deployer.
    pub const fn address(&self) -> &Address {
        match self {
            Self::Standard(address) => address,
            Self::Contract(contract) => &contract.address,
        }
    }

    /// The contract, where it is one.
    pub const fn as_contract(&self) -> Option<&ContractId> {
        match self {
            Self::Standard(_) => None,
            Self::Contract(contract) => Some(contract),
        }
    }

    /// True for a contract.
    pub const fn is_contract(&self) -> bool {
        matches!(self, Self::Contract(_))
    }

    /// The network its address belongs to.
    pub const fn network(&self) -> Option<Network> {
        self.address().network()
    }
}

impl From<Address> for Principal {
    fn from(address: Address) -> Self {
        Self::Standard(address)
    }
}

impl From<ContractId> for Principal {
    fn from(contract: ContractId) -> Self {
        Self::Contract(contract)
    }
}

impl fmt::Display for ContractId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.address, self.name)
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard(address) => address.fmt(formatter),
            Self::Contract(contract) => fmt::Display::fmt(contract, formatter),
        }
    }
}

impl FromStr for ContractId {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (address, name) = text.split_once('.').ok_or_else(|| AddressError::NotAContract {
            text: text.to_owned(),
        })?;
        Ok(Self {
            address: address.parse()?,
            name: name.parse()?,
        })
    }
}

impl FromStr for Principal {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.contains('.') {
            text.parse().map(Self::Contract)
        } else {
            text.parse().map(Self::Standard)
        }
    }
}

macro_rules! text_in_json {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

text_in_json!(ContractId);
text_in_json!(Principal);

#[cfg(test)]
mod tests {
    use super::*;

    const DEPLOYER: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM";

    #[test]
    fn reads_and_writes_both_kinds() {
        let standard: Principal = DEPLOYER.parse().unwrap();
        assert!(!standard.is_contract());
        let text = format!("{DEPLOYER}.recoup-core");
        let contract: Principal = text.parse().unwrap();
        assert_eq!(contract.as_contract().unwrap().name.as_str(), "recoup-core");
        assert_eq!(contract.to_string(), text);
        assert_eq!(serde_json::to_string(&contract).unwrap(), format!("\"{text}\""));
        assert_eq!(
            serde_json::from_str::<Principal>(&format!("\"{text}\"")).unwrap(),
            contract
        );
        assert!(standard < contract);
    }

    #[test]
    fn refuses_what_is_neither() {
        assert!(matches!(
            DEPLOYER.parse::<ContractId>(),
            Err(AddressError::NotAContract { .. })
        ));
        for text in [
            "",
            ".",
            ".a",
            "ST1.a",
            "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.",
            "x.y.z",
        ] {
            assert!(text.parse::<Principal>().is_err(), "{text:?}");
        }
        let two_dots = format!("{DEPLOYER}.a.b");
        assert!(matches!(
            two_dots.parse::<Principal>(),
            Err(AddressError::ContractName(_))
        ));
    }
}
