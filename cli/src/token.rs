//! What is known of a token: how to read and write its amounts, and how to hold a transfer to one amount.

use recoup_protocol::amount::{AmountError, BaseUnits};
use recoup_protocol::sum::Sum;
use recoup_protocol::text::display_safe;
use recoup_protocol::token::Token;
use recoup_stacks::address::{Address, AssetId, ContractId};
use recoup_stacks::transaction::{FungibleCondition, PostCondition, PostConditionPrincipal};
use serde::{Deserialize, Serialize};

/// A token whose amounts can be shown and whose transfers can be fenced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenInfo {
    /// The chain's own coin.
    Stx,
    /// A SIP-010 token.
    Sip010(Sip010Info),
}

/// What a SIP-010 contract says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sip010Info {
    /// The fungible token that the contract defines.
    pub asset: AssetId,
    /// What it calls itself. Anybody can call their token anything: the contract's id is what counts.
    pub symbol: String,
    /// Digits after the point.
    pub decimals: u8,
    /// Has `get-balance-available` (sBTC: what is not locked for a withdrawal) beside `get-balance`.
    pub has_available_balance: bool,
}

impl TokenInfo {
    /// As the contract names it.
    #[must_use]
    pub fn token(&self) -> Token {
        match self {
            Self::Stx => Token::Stx,
            Self::Sip010(info) => Token::Sip010(info.asset.contract.clone().into()),
        }
    }

    /// The token's contract.
    #[must_use]
    pub const fn contract(&self) -> Option<&ContractId> {
        match self {
            Self::Stx => None,
            Self::Sip010(info) => Some(&info.asset.contract),
        }
    }

    /// What it calls itself.
    #[must_use]
    pub fn symbol(&self) -> &str {
        match self {
            Self::Stx => "STX",
            Self::Sip010(info) => &info.symbol,
        }
    }

    /// Digits after the point.
    #[must_use]
    pub const fn decimals(&self) -> u8 {
        match self {
            Self::Stx => Token::STX_DECIMALS,
            Self::Sip010(info) => info.decimals,
        }
    }

    /// An amount as people read it, with its symbol.
    #[must_use]
    pub fn show(&self, amount: BaseUnits) -> String {
        format!(
            "{} {}",
            amount.to_decimal(self.decimals()),
            display_safe(self.symbol())
        )
    }

    /// A sum as people read it, with its symbol.
    #[must_use]
    pub fn show_sum(&self, sum: Sum) -> String {
        format!(
            "{} {}",
            sum.to_decimal(self.decimals()),
            display_safe(self.symbol())
        )
    }

    /// An amount as people type it.
    ///
    /// # Errors
    /// When it is none, or has more digits than the token.
    pub fn read(&self, text: &str) -> Result<BaseUnits, AmountError> {
        BaseUnits::parse_decimal(text, self.decimals())
    }

    /// The post-condition that holds a transaction to exactly this amount leaving `sender`.
    #[must_use]
    pub fn fence(&self, sender: Address, amount: BaseUnits) -> Fence {
        self.fence_of(PostConditionPrincipal::Standard(sender), amount)
    }

    /// The same for any principal, such as a contract that pays.
    #[must_use]
    pub fn fence_of(&self, principal: PostConditionPrincipal, amount: BaseUnits) -> Fence {
        // Post-conditions carry 64 bits.
        let (condition, limit, is_exact) = match u64::try_from(amount.0) {
            Ok(limit) => (FungibleCondition::Equal, limit, true),
            Err(_) => (FungibleCondition::GreaterOrEqual, u64::MAX, false),
        };
        let post_condition = match self {
            Self::Stx => PostCondition::Stx {
                principal,
                condition,
                amount: limit,
            },
            Self::Sip010(info) => PostCondition::Fungible {
                principal,
                asset: info.asset.clone(),
                condition,
                amount: limit,
            },
        };
        Fence {
            post_condition,
            is_exact,
        }
    }
}

/// A post-condition, and whether it says exactly what is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// To be sent with the transaction, in deny mode.
    pub post_condition: PostCondition,
    /// False where the amount does not fit: then the contract's own check is the only exact one.
    pub is_exact: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sbtc() -> TokenInfo {
        TokenInfo::Sip010(Sip010Info {
            asset: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.mock-sbtc::sbtc-token"
                .parse()
                .unwrap(),
            symbol: "sB\u{202e}TC".to_owned(),
            decimals: 8,
            has_available_balance: false,
        })
    }

    fn sender() -> Address {
        "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5".parse().unwrap()
    }

    #[test]
    fn amounts_have_the_tokens_digits_and_a_harmless_symbol() {
        assert_eq!(TokenInfo::Stx.show(BaseUnits(1_500_000)), "1.5 STX");
        assert_eq!(sbtc().show(BaseUnits(12_000)), "0.00012 sB\\u{202e}TC");
        assert_eq!(sbtc().read("0.00000001").unwrap(), BaseUnits(1));
        assert!(matches!(
            TokenInfo::Stx.read("0.0000001"),
            Err(AmountError::TooPrecise { .. })
        ));
    }

    #[test]
    fn a_fence_lets_exactly_the_amount_leave_the_sender() {
        let fence = sbtc().fence(sender(), BaseUnits(7));
        assert!(fence.is_exact);
        let PostCondition::Fungible {
            principal,
            asset,
            condition,
            amount,
        } = fence.post_condition
        else {
            panic!("not a fungible condition")
        };
        assert_eq!(principal, PostConditionPrincipal::Standard(sender()));
        assert_eq!(asset.name.as_str(), "sbtc-token");
        assert_eq!((condition, amount), (FungibleCondition::Equal, 7));
    }

    #[test]
    fn above_64_bits_a_fence_is_the_nearest_lower_bound() {
        let largest = TokenInfo::Stx.fence(sender(), BaseUnits(u64::MAX.into()));
        assert!(largest.is_exact);
        let fence = TokenInfo::Stx.fence(sender(), BaseUnits(u128::from(u64::MAX) + 1));
        assert!(!fence.is_exact);
        let PostCondition::Stx {
            condition, amount, ..
        } = fence.post_condition
        else {
            panic!("not STX")
        };
        assert_eq!((condition, amount), (FungibleCondition::GreaterOrEqual, u64::MAX));
    }
}
