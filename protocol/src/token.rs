//! What an invoice is paid in.

use std::fmt;
use std::str::FromStr;

use recoup_stacks::address::{AddressError, Principal};
use serde::{Deserialize, Serialize};

/// STX or a SIP-010 token. JSON and command line: `STX`, or the token contract's id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Token {
    /// The chain's own coin, 6 decimals.
    Stx,
    /// A token contract. A plain principal is possible on chain (the contract does not look at it) and can never be paid.
    Sip010(Principal),
}

impl Token {
    /// Decimals of STX.
    pub const STX_DECIMALS: u8 = 6;

    /// From the contract's `(optional principal)`.
    #[must_use]
    pub fn from_contract(contract: Option<Principal>) -> Self {
        contract.map_or(Self::Stx, Self::Sip010)
    }

    /// The token contract; `None` for STX.
    #[must_use]
    pub const fn contract(&self) -> Option<&Principal> {
        match self {
            Self::Stx => None,
            Self::Sip010(contract) => Some(contract),
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stx => f.pad("STX"),
            Self::Sip010(contract) => contract.fmt(f),
        }
    }
}

impl FromStr for Token {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("STX") {
            Ok(Self::Stx)
        } else {
            text.parse().map(Self::Sip010)
        }
    }
}

impl TryFrom<String> for Token {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.to_string()
    }
}
