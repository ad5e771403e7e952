//! The contracts in this program: what was tested is what is deployed and trusted.

use recoup_protocol::contracts::{
    CORE_CONTRACT_NAME, RESERVE_CONTRACT_NAME, SUBSCRIPTIONS_CONTRACT_NAME, TRAIT_CONTRACT_NAME,
};
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

/// The names of a public function's parameters in the released contract of this name; none for other contracts.
#[must_use]
pub fn parameters(contract: &str, function: &str) -> Vec<&'static str> {
    let source = RELEASED
        .iter()
        .find(|released| released.name == contract)
        .map_or("", |released| released.source);
    let opening = format!("(define-public ({function}");
    let is_whole = |rest: &&str| rest.starts_with(char::is_whitespace);
    let Some(after) = source.split(&opening).skip(1).find(is_whole) else {
        return Vec::new();
    };
    // Each parameter is `(name type)`; a type has parentheses of its own.
    let mut names = Vec::new();
    let mut depth = 1_u32;
    for (index, character) in after.char_indices() {
        match character {
            '(' => {
                if depth == 1 {
                    let name = after.get(index.saturating_add(1)..).unwrap_or_default();
                    names.extend(name.split_whitespace().next());
                }
                depth = depth.saturating_add(1);
            }
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
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

/// Plans and subscriptions, beside core.
pub const SUBSCRIPTIONS: Contract = Contract {
    name: SUBSCRIPTIONS_CONTRACT_NAME,
    source: include_str!("../../contracts/recoup-subscriptions.clar"),
};

/// Merchants' reserves, beside core.
pub const RESERVE: Contract = Contract {
    name: RESERVE_CONTRACT_NAME,
    source: include_str!("../../contracts/recoup-reserve.clar"),
};

/// The contracts of a release, each after those that it needs.
pub const RELEASED: [Contract; 4] = [TRAIT, CORE, SUBSCRIPTIONS, RESERVE];

/// A token for local chains that behaves as sBTC does.
pub const MOCK_SBTC: Contract = Contract {
    name: "mock-sbtc",
    source: include_str!("../../contracts/mocks/mock-sbtc.clar"),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_names_of_parameters() {
        assert_eq!(
            parameters("recoup-core", "refund-stx"),
            [
                "invoice-id",
                "payer",
                "amount",
                "expected-refunded",
                "reference",
                "reason"
            ]
        );
        assert_eq!(parameters("recoup-core", "refund-many-stx").len(), 1);
        assert!(parameters("recoup-core", "refund").is_empty());
        assert!(parameters("other", "refund-stx").is_empty());
    }
}
