//! Whether the issuer can pay.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::error::ContractError;
use recoup_stacks::address::{Address, Principal};

use crate::failure::{Failure, Kind};
use crate::node::View;
use crate::refund::Funds;
use crate::token::TokenInfo;

/// What the issuer owns, and its account's next nonce. One request, two for a token.
///
/// # Errors
/// When the node does not answer, or the token makes no sense.
pub(super) async fn read_funds(
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
/// When they are not: how much is missing, and where.
pub(super) fn ensure_funds(
    token: &TokenInfo,
    sum: BaseUnits,
    fee: u64,
    funds: Funds,
    issuer: Address,
) -> Result<(), Failure> {
    let fee = BaseUnits(fee.into());
    if let TokenInfo::Stx = token {
        let with_fee = sum.checked_add(fee).unwrap_or(BaseUnits(u128::MAX));
        return require(token, with_fee, funds.micro_stx, issuer);
    }
    require(token, sum, funds.token, issuer)?;
    require(&TokenInfo::Stx, fee, funds.micro_stx, issuer)
}

fn require(token: &TokenInfo, needed: BaseUnits, there: BaseUnits, issuer: Address) -> Result<(), Failure> {
    let missing = BaseUnits(needed.0.saturating_sub(there.0));
    if missing.is_zero() {
        return Ok(());
    }
    let error = ContractError::InsufficientBalance;
    let mut failure = Failure::new(Kind::Refused, error.meaning())
        .contract_error(error.code(), error.name())
        .hint(format!(
            "send {} to {issuer}, then run the same command again",
            token.show(missing)
        ));
    failure.causes.push(format!(
        "{} needed with the fees, {} there at {issuer}",
        token.show(needed),
        token.show(there)
    ));
    Err(failure)
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
    }
}
