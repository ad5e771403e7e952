//! Hashes and heights of the chain, one type each, so that no block hash is ever taken for a
//! transaction id and no Stacks height for a burn height.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stacks_common::util::hash::{Hash160, MerkleTree, Sha512Trunc256Sum};

use crate::hex::{self, HexError};

macro_rules! hash_type {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Number of bytes.
            pub const LENGTH: usize = $length;

            /// The hash with these bytes.
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// The bytes, in the order in which they are written.
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// Lower-case digits without `0x`, as RPC paths want them.
            pub fn to_bare_hex(&self) -> String {
                hex::encode(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&hex::encode_prefixed(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = HexError;

            fn from_str(text: &str) -> Result<Self, HexError> {
                hex::decode_array(text).map(Self)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = HexError;

            fn try_from(bytes: &[u8]) -> Result<Self, HexError> {
                let wrong = HexError::WrongLength { expected: $length, found: bytes.len() };
                bytes.try_into().map(Self).map_err(|_| wrong)
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

hash_type!(
    /// Transaction id: SHA-512/256 of the transaction's bytes (SIP-005).
    Txid,
    32
);
hash_type!(
    /// Hash of a Stacks block's header. Unique only together with its consensus hash.
    BlockHash,
    32
);
hash_type!(
    /// Identity of a Stacks block on every fork: SHA-512/256 of block hash and consensus hash.
    /// The node calls it `StacksBlockId` and, in JSON, `index_block_hash` or `block_id`.
    IndexBlockHash,
    32
);
hash_type!(
    /// Hash of a burnchain (Bitcoin) block header, in the byte order in which it is displayed.
    BurnBlockHash,
    32
);
hash_type!(
    /// Identity of a sortition: names the burn block, on its fork, that elected a tenure.
    ConsensusHash,
    20
);

hash_type!(
    /// Root of the chain's state after a block: what proofs of its content end in (SIP-004).
    StateRoot,
    32
);

impl IndexBlockHash {
    /// The identity of the block with this header hash in the tenure of this sortition.
    pub fn new(block_hash: &BlockHash, consensus_hash: &ConsensusHash) -> Self {
        let mut preimage = [0u8; BlockHash::LENGTH + ConsensusHash::LENGTH];
        let (front, back) = preimage.split_at_mut(BlockHash::LENGTH);
        front.copy_from_slice(block_hash.as_bytes());
        back.copy_from_slice(consensus_hash.as_bytes());
        Self(sha512_256(&preimage))
    }
}

macro_rules! height_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The height as a number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The height this many blocks later; `None` where it does not fit.
            pub fn checked_add(self, blocks: u64) -> Option<Self> {
                self.0.checked_add(blocks).map(Self)
            }

            /// The height this many blocks earlier; `None` below zero.
            pub fn checked_sub(self, blocks: u64) -> Option<Self> {
                self.0.checked_sub(blocks).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl From<u64> for $name {
            fn from(height: u64) -> Self {
                Self(height)
            }
        }
    };
}

height_type!(
    /// Height of a burnchain (Bitcoin) block.
    BurnHeight
);
height_type!(
    /// Height of a Stacks block.
    StacksHeight
);

/// SHA-512/256, the chain's hash for transactions and blocks.
pub(crate) fn sha512_256(data: &[u8]) -> [u8; 32] {
    Sha512Trunc256Sum::from_data(data).0
}

/// Root of the Merkle tree that a block's header commits to its transactions with (SIP-005); `None` without any.
pub(crate) fn transaction_root(transactions: &[Txid]) -> Option<[u8; 32]> {
    let leaves: Vec<Vec<u8>> = transactions.iter().map(|txid| txid.0.to_vec()).collect();
    let root = (!leaves.is_empty()).then(|| MerkleTree::<Sha512Trunc256Sum>::new(&leaves).root());
    root.map(|root| root.0)
}

/// RIPEMD-160 of SHA-256, the hash inside an address.
pub(crate) fn hash160(data: &[u8]) -> [u8; 20] {
    Hash160::from_data(data).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_a_prefix_and_may_be_read_without() {
        let digits = "ab".repeat(32);
        let txid: Txid = digits.parse().unwrap();
        assert_eq!(txid.to_string(), format!("0x{digits}"));
        assert_eq!(txid.to_string().parse::<Txid>().unwrap(), txid);
        assert_eq!(txid.to_bare_hex(), digits);
        assert_eq!(serde_json::to_string(&txid).unwrap(), format!("\"0x{digits}\""));
        assert_eq!(
            serde_json::from_str::<Txid>(&format!("\"{digits}\"")).unwrap(),
            txid
        );
        assert!("ab".parse::<Txid>().is_err());
    }

    #[test]
    fn heights_are_plain_numbers_in_json() {
        assert_eq!(serde_json::to_string(&BurnHeight(7)).unwrap(), "7");
        assert_eq!(
            serde_json::from_str::<StacksHeight>("9").unwrap(),
            StacksHeight(9)
        );
        assert_eq!(BurnHeight(1).checked_sub(2), None);
    }
}
