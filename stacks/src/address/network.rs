//! The two networks, and what tells them apart on the wire.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A chain's number, part of every transaction so that none can be replayed on another chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainId(pub u32);

impl ChainId {
    /// Mainnet.
    pub const MAINNET: Self = Self(0x0000_0001);
    /// Testnet and, unless configured otherwise, every local chain.
    pub const TESTNET: Self = Self(0x8000_0000);
}

impl fmt::Display for ChainId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#010x}", self.0)
    }
}

/// Which kind of network: decides address versions and the transaction's version byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Real money.
    Mainnet,
    /// Testnet and local chains.
    Testnet,
}

/// A network that we do not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown network {0:?}: expected \"mainnet\" or \"testnet\"")]
pub struct UnknownNetwork(pub String);

impl Network {
    /// Address version of one key: `SP..` or `ST..`.
    pub const fn single_sig_version(self) -> u8 {
        match self {
            Self::Mainnet => 22,
            Self::Testnet => 26,
        }
    }

    /// Address version of several keys: `SM..` or `SN..`.
    pub const fn multi_sig_version(self) -> u8 {
        match self {
            Self::Mainnet => 20,
            Self::Testnet => 21,
        }
    }

    /// First byte of a transaction.
    pub const fn transaction_version(self) -> u8 {
        match self {
            Self::Mainnet => 0x00,
            Self::Testnet => 0x80,
        }
    }

    /// The chain id that this kind of network has unless configured otherwise.
    pub const fn default_chain_id(self) -> ChainId {
        match self {
            Self::Mainnet => ChainId::MAINNET,
            Self::Testnet => ChainId::TESTNET,
        }
    }

    /// The network whose addresses have this version byte.
    pub const fn from_address_version(version: u8) -> Option<Self> {
        match version {
            20 | 22 => Some(Self::Mainnet),
            21 | 26 => Some(Self::Testnet),
            _ => None,
        }
    }

    /// The name on the command line and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Testnet => "testnet",
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(text: &str) -> Result<Self, UnknownNetwork> {
        match text {
            "mainnet" => Ok(Self::Mainnet),
            "testnet" => Ok(Self::Testnet),
            _ => Err(UnknownNetwork(text.to_owned())),
        }
    }
}
