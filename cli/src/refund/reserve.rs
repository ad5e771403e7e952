//! Refunds that a delegate issues from the merchant's reserve.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{Call, ContractCall, ReserveCall};
use recoup_protocol::error::ContractError;
use recoup_protocol::reads::{Delegate, RefundQuote};
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::clarity::{ClarityName, Value};

use super::facts::{Facts, ReserveFacts};
use super::refusal::Refusal;
use super::wish::Wish;

/// The call that issues a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundCall {
    /// Of core, paid by whoever signs.
    Core(Call),
    /// Of the reserve, paid from it.
    Reserve(ReserveCall),
}

impl ContractCall for RefundCall {
    fn function(&self) -> ClarityName {
        match self {
            Self::Core(call) => call.function(),
            Self::Reserve(call) => call.function(),
        }
    }

    fn arguments(&self) -> Vec<Value> {
        match self {
            Self::Core(call) => call.arguments(),
            Self::Reserve(call) => call.arguments(),
        }
    }
}

/// What is left after a refund from a reserve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservePlan {
    /// The contract.
    pub contract: ContractId,
    /// Of the merchant's balance in it.
    pub balance_after: BaseUnits,
    /// Of the delegate's budget in this period.
    pub budget_after: BaseUnits,
}

/// Makes the reserve's own checks, in its order; core's are made elsewhere.
pub(super) fn check_delegate(wish: &Wish, facts: &Facts, quote: &RefundQuote) -> Result<(), Refusal> {
    let Some(reserve) = &facts.reserve else {
        return Ok(());
    };
    let wallet = Principal::from(facts.issuer);
    let Some(delegate) = &reserve.delegate else {
        let detail = format!("{wallet} for {} of {}", quote.token, quote.merchant);
        return Err(Refusal::contract(ContractError::NotDelegate, detail));
    };
    if wish.payer == wallet {
        let detail = format!("{wallet} is the payer");
        return Err(Refusal::contract(ContractError::DelegateIsPayer, detail));
    }
    if quote.burn_height >= delegate.expires_at {
        let detail = format!(
            "it ended at burn height {}, and it is {} now",
            delegate.expires_at, quote.burn_height
        );
        return Err(Refusal::contract(ContractError::DelegationExpired, detail));
    }
    Ok(())
}

/// Whether the amount is within the delegate's limits and the reserve.
pub(super) fn check_budget(
    facts: &Facts,
    quote: &RefundQuote,
    amount: BaseUnits,
) -> Result<Option<ReservePlan>, Refusal> {
    let Some(ReserveFacts {
        contract,
        balance,
        delegate: Some(delegate),
    }) = &facts.reserve
    else {
        return Ok(None);
    };
    let left = delegate.left(quote.burn_height);
    check_limits(facts, delegate, left, amount)?;
    if amount > *balance {
        let detail = format!(
            "{} asked for, {} there",
            facts.token.show(amount),
            facts.token.show(*balance)
        );
        return Err(Refusal::contract(ContractError::ReserveTooLow, detail));
    }
    Ok(Some(ReservePlan {
        contract: contract.clone(),
        balance_after: BaseUnits(balance.0.saturating_sub(amount.0)),
        budget_after: BaseUnits(left.0.saturating_sub(amount.0)),
    }))
}

fn check_limits(
    facts: &Facts,
    delegate: &Delegate,
    left: BaseUnits,
    amount: BaseUnits,
) -> Result<(), Refusal> {
    let show = |amount| facts.token.show(amount);
    if amount > delegate.per_refund {
        let detail = format!(
            "{} asked for, at most {}",
            show(amount),
            show(delegate.per_refund)
        );
        return Err(Refusal::contract(ContractError::AboveLimit, detail));
    }
    if amount > left {
        let detail = format!(
            "{} asked for, {} left of {}",
            show(amount),
            show(left),
            show(delegate.per_period)
        );
        return Err(Refusal::contract(ContractError::BudgetSpent, detail));
    }
    Ok(())
}
