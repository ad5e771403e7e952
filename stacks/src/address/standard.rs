//! Addresses of keys, as c32check text (SIP-005).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stacks_common::address::c32;

use super::Network;
use crate::name::NameError;
use crate::wire::{EndOfInput, Reader};

/// Why text or bytes are not an address or a principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The version does not fit into the address's one character.
    #[error("address version {version} is not below 32")]
    Version {
        /// The version byte.
        version: u8,
    },
    /// Not c32check, or its checksum is wrong: a typing error.
    #[error("{text:?} is not a valid Stacks address: a character is wrong or missing")]
    Invalid {
        /// The text.
        text: String,
    },
    /// Valid, but not as the chain writes it (lower case, or `O` for `0`).
    #[error("{text:?} is not written as the chain writes it; did you mean {canonical}?")]
    NotCanonical {
        /// The text.
        text: String,
        /// The same address as the chain writes it.
        canonical: String,
    },
    /// The part behind the dot is not a contract name.
    #[error(transparent)]
    ContractName(#[from] NameError),
    /// A contract was asked for, and the text has no dot.
    #[error("{text:?} is not a contract: expected ADDRESS.name")]
    NotAContract {
        /// The text.
        text: String,
    },
}

/// The address of a key, or of several: a version, which tells network and kind, and a hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    version: u8,
    hash160: [u8; 20],
}

impl Address {
    /// The address of these parts; refuses a version that cannot be written.
    pub fn new(version: u8, hash160: [u8; 20]) -> Result<Self, AddressError> {
        if version >= 32 {
            return Err(AddressError::Version { version });
        }
        Ok(Self { version, hash160 })
    }

    /// The address of one key on this network, from the hash of the public key.
    pub const fn single_sig(network: Network, hash160: [u8; 20]) -> Self {
        Self {
            version: network.single_sig_version(),
            hash160,
        }
    }

    /// The address of several keys on this network, from the hash of their script.
    pub const fn multi_sig(network: Network, hash160: [u8; 20]) -> Self {
        Self {
            version: network.multi_sig_version(),
            hash160,
        }
    }

    /// Version byte, below 32.
    pub const fn version(&self) -> u8 {
        self.version
    }

    /// Hash of the public key or script.
    pub const fn hash160(&self) -> &[u8; 20] {
        &self.hash160
    }

    /// The network it belongs to; `None` for the versions that no wallet makes.
    pub const fn network(&self) -> Option<Network> {
        Network::from_address_version(self.version)
    }

    /// Reads version and hash.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Result<Self, AddressError>, EndOfInput> {
        let version = reader.u8()?;
        let hash160 = reader.array()?;
        Ok(Self::new(version, hash160))
    }

    /// Appends version and hash.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.version);
        out.extend_from_slice(&self.hash160);
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Fails only for a version of 32 or more, which `new` refuses.
        let text = c32::c32_address(self.version, &self.hash160).map_err(|_| fmt::Error)?;
        formatter.write_str(&text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let invalid = || AddressError::Invalid {
            text: text.to_owned(),
        };
        // The decoder cuts the first character off without looking at it.
        if !text.is_ascii() || !text.starts_with(['S', 's']) {
            return Err(invalid());
        }
        let (version, hash) = c32::c32_address_decode(text).map_err(|_| invalid())?;
        let hash160 = hash.try_into().map_err(|_| invalid())?;
        let address = Self::new(version, hash160)?;
        let canonical = address.to_string();
        if canonical != text {
            return Err(AddressError::NotCanonical {
                text: text.to_owned(),
                canonical,
            });
        }
        Ok(address)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPLOYER: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM";

    #[test]
    fn reads_and_writes_known_addresses() {
        let deployer: Address = DEPLOYER.parse().unwrap();
        assert_eq!(deployer.version(), 26);
        assert_eq!(deployer.network(), Some(Network::Testnet));
        assert_eq!(
            crate::hex::encode(deployer.hash160()),
            "6d78de7b0625dfbfc16c3a8a5735f6dc3dc3f2ce"
        );
        // The boot address: all zeros keep their leading zeros.
        for boot in ["SP000000000000000000002Q6VF78", "ST000000000000000000002AMW42H"] {
            let address: Address = boot.parse().unwrap();
            assert_eq!(address.hash160(), &[0; 20]);
            assert_eq!(address.to_string(), boot);
        }
    }

    #[test]
    fn refuses_typing_errors() {
        let wrong = [
            "",
            "S",
            "ST",
            "é",
            "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZG",
            "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGN",
            "XT1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
            "SP1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
            " ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
        ];
        for text in wrong {
            assert!(
                matches!(text.parse::<Address>(), Err(AddressError::Invalid { .. })),
                "{text:?}"
            );
        }
    }

    #[test]
    fn says_how_the_chain_writes_it() {
        let expected = AddressError::NotCanonical {
            text: DEPLOYER.to_lowercase(),
            canonical: DEPLOYER.to_owned(),
        };
        assert_eq!(DEPLOYER.to_lowercase().parse::<Address>(), Err(expected));
    }

    #[test]
    fn refuses_versions_that_cannot_be_written() {
        assert_eq!(
            Address::new(32, [0; 20]),
            Err(AddressError::Version { version: 32 })
        );
    }
}
