//! Whether the issuer can pay.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::error::ContractError;
use recoup_stacks::address::{Address, Principal};

use super::facts::Funds;
use crate::failure::{Failure, Kind};
use crate::node::View;
use crate::token::TokenInfo;

/// What the issuer owns, and its account's next nonce. One request, two for a token.
///
/// # Errors
/// When the node does not answer, or the token makes no sense.
pub async fn read_funds(
    view: &View<'_>,
    token: &TokenInfo,
    issuer: Address,
) -> Result<(Funds, u64), Failure> {
    let issuer = Principal::from(issuer);
    let account = view.account(&issuer).await?;
    let micro_stx = BaseUnits(account.balance);
    let token = match token {
        TokenInfo::Stx => micro_stx,
        TokenInfo::Sip010(info) => view.token_balance(info, &issuer).await?,
    };
    Ok((Funds { micro_stx, token }, account.nonce))
}

/// Makes sure that the sum of a token, and the fee in micro-STX, are there.
///
/// # Errors
/// When they are not: how much of what is missing, and where.
pub fn ensure_funds(
    token: &TokenInfo,
    sum: BaseUnits,
    fee: u64,
    funds: Funds,
    issuer: Address,
) -> Result<(), Failure> {
    let fee = BaseUnits(fee.into());
    let shortages = if let TokenInfo::Stx = token {
        let with_fee = sum.checked_add(fee).unwrap_or(BaseUnits(u128::MAX));
        vec![shortage(token, with_fee, " with the fees", funds.micro_stx)]
    } else {
        vec![
            shortage(token, sum, "", funds.token),
            shortage(&TokenInfo::Stx, fee, " for the fees", funds.micro_stx),
        ]
    };
    let shortages: Vec<Shortage> = shortages.into_iter().flatten().collect();
    if shortages.is_empty() {
        return Ok(());
    }
    let missing: Vec<&str> = shortages.iter().map(|one| one.missing.as_str()).collect();
    let error = ContractError::InsufficientBalance;
    let mut failure = Failure::new(Kind::Refused, error.meaning())
        .contract_error(error.code(), error.name())
        .hint(format!(
            "send {} to {issuer}, then run the same command again",
            missing.join(" and ")
        ));
    let cause = |one: &Shortage| format!("{}, {} there at {issuer}", one.needed, one.there);
    failure.causes.extend(shortages.iter().map(cause));
    Err(failure)
}

struct Shortage {
    missing: String,
    needed: String,
    there: String,
}

fn shortage(token: &TokenInfo, needed: BaseUnits, what_for: &str, there: BaseUnits) -> Option<Shortage> {
    let missing = BaseUnits(needed.0.saturating_sub(there.0));
    (!missing.is_zero()).then(|| Shortage {
        missing: token.show(missing),
        needed: format!("{} needed{what_for}", token.show(needed)),
        there: token.show(there),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_much_of_what_is_missing_where() {
        let issuer: Address = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5".parse().unwrap();
        let funds = Funds {
            micro_stx: BaseUnits(1_000_300),
            token: BaseUnits(1_000_300),
        };
        let ensure = |sum| ensure_funds(&TokenInfo::Stx, BaseUnits(sum), 300, funds, issuer);
        assert_eq!(ensure(1_000_000), Ok(()));
        let failure = ensure(1_500_000).unwrap_err();
        let hint = failure.hint.unwrap();
        assert!(
            hint.contains("0.5 STX") && hint.contains(&issuer.to_string()),
            "{hint}"
        );
        assert_eq!(failure.contract_error.unwrap().code, 1030);
        assert!(ensure(u128::MAX).is_err());
        assert_eq!(ensure(1_000_001).unwrap_err().causes.len(), 1);
    }

    #[test]
    fn of_a_token_both_it_and_the_fee_are_named() {
        let token = TokenInfo::Sip010(crate::token::Sip010Info {
            asset: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.mock-sbtc::sbtc-token"
                .parse()
                .unwrap(),
            symbol: "sBTC".to_owned(),
            decimals: 8,
            has_available_balance: true,
        });
        let issuer: Address = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5".parse().unwrap();
        let funds = Funds {
            micro_stx: BaseUnits(100),
            token: BaseUnits(1),
        };
        let failure = ensure_funds(&token, BaseUnits(3), 300, funds, issuer).unwrap_err();
        insta::assert_snapshot!(failure.to_text());
    }
}
