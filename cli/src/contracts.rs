//! The contracts in this program: what was tested is what is deployed and trusted.

use recoup_protocol::contracts::{CORE_CONTRACT_NAME, TRAIT_CONTRACT_NAME};
use recoup_stacks::hex;
use sha2::{Digest as _, Sha256};

/// A contract's name and source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contract {
    /// The name it is deployed under.
    pub name: &'static str,
    /// Its source, byte for byte.
    pub source: &'static str,
}

impl Contract {
    /// SHA-256 of the source, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256(self.source)
    }
}

/// SHA-256 of a source, in hexadecimal.
#[must_use]
pub fn sha256(source: &str) -> String {
    hex::encode(&Sha256::digest(source))
}

/// The token trait that `recoup-core` is built on.
pub const TRAIT: Contract = Contract {
    name: TRAIT_CONTRACT_NAME,
    source: include_str!("../../contracts/traits/sip-010-trait.clar"),
};

/// `recoup-core` itself.
pub const CORE: Contract = Contract {
    name: CORE_CONTRACT_NAME,
    source: include_str!("../../contracts/recoup-core.clar"),
};

/// A token for local chains that behaves as sBTC does.
pub const MOCK_SBTC: Contract = Contract {
    name: "mock-sbtc",
    source: include_str!("../../contracts/mocks/mock-sbtc.clar"),
};
