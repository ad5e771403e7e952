//! Above which amount of which token a second person is needed.

use std::collections::BTreeMap;

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::token::Token;
use recoup_stacks::address::Address;
use recoup_stacks::hash::BurnHeight;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Kind};
use crate::journal::ApprovalTerms;
use crate::token::TokenInfo;

/// About a day.
const DEFAULT_VALID_FOR: u64 = 144;

/// The profile's section `approval`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ApprovalSettings {
    /// Who may approve: addresses of wallets that are not the one that refunds.
    pub approvers: Vec<Address>,
    /// `STX` or a token contract, and the amount in the token's decimals up to which nobody is asked. What is not named
    /// needs an approval at any amount.
    #[serde(default)]
    pub above: BTreeMap<String, String>,
    /// Burn blocks in which an approval has to be given and used.
    pub valid_for: Option<u64>,
}

impl ApprovalSettings {
    /// Whether an amount of a token needs a second person.
    ///
    /// # Errors
    /// When the settings cannot be understood: nothing is sent past a rule that nobody can read.
    pub fn needs_approval(&self, token: &TokenInfo, amount: BaseUnits) -> Result<bool, Failure> {
        let unreadable = |what: String| {
            Failure::new(Kind::Usage, what)
                .context("the profile's section `approval` cannot be understood")
                .hint("write `STX = \"100\"` or `\"SP...token\" = \"0.5\"` below `above`")
        };
        for (name, limit) in &self.above {
            let named: Token = name
                .parse()
                .map_err(|error| unreadable(format!("`{name}`: {error}")))?;
            if named == token.token() {
                let limit = token
                    .read(limit)
                    .map_err(|error| unreadable(format!("`{name}`: {error}")))?;
                return Ok(amount > limit);
            }
        }
        Ok(true)
    }

    /// What an approval asked for at this height is bound to.
    #[must_use]
    pub fn terms(&self, burn_height: BurnHeight, fee_ceiling: u64) -> ApprovalTerms {
        let valid_for = self.valid_for.unwrap_or(DEFAULT_VALID_FOR);
        ApprovalTerms {
            fee_ceiling,
            expires_at: BurnHeight(burn_height.get().saturating_add(valid_for)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Sip010Info;

    fn settings(text: &str) -> ApprovalSettings {
        toml_edit::de::from_str(text).unwrap()
    }

    fn sbtc() -> TokenInfo {
        TokenInfo::Sip010(Sip010Info {
            asset: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.mock-sbtc::sbtc-token"
                .parse()
                .unwrap(),
            symbol: "sBTC".to_owned(),
            decimals: 8,
            has_available_balance: false,
        })
    }

    #[test]
    fn a_limit_is_read_in_the_tokens_digits_and_what_is_not_named_is_above_it() {
        let settings = settings("approvers = []\nabove.STX = \"1.5\"");
        let stx = |amount| settings.needs_approval(&TokenInfo::Stx, BaseUnits(amount));
        assert_eq!((stx(1_500_000), stx(1_500_001)), (Ok(false), Ok(true)));
        assert_eq!(settings.needs_approval(&sbtc(), BaseUnits(1)), Ok(true));
    }

    #[test]
    fn settings_that_nobody_can_read_let_nothing_through() {
        for text in [
            "above.STX = \"many\"",
            "above.SXT = \"1\"",
            "above.STX = \"0.0000001\"",
        ] {
            let settings = settings(&format!("approvers = []\n{text}"));
            assert!(
                settings.needs_approval(&TokenInfo::Stx, BaseUnits(1)).is_err(),
                "{text}"
            );
        }
    }
}
