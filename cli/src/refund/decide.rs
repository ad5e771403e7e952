//! Deciding on a refund: a function of what is wished, what is true, and what was sent before.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{Call, PaidIn, ReserveCall};
use recoup_protocol::error::ContractError;
use recoup_protocol::ids::RefundId;
use recoup_protocol::reads::{Refund, RefundQuote};
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::BurnHeight;
use recoup_stacks::transaction::PostConditionPrincipal;

use super::facts::Facts;
use super::refusal::Refusal;
use super::reserve::{RefundCall, ReservePlan, check_budget, check_delegate};
use super::same::{find_unsettled, is_on_chain};
use super::wish::Wish;
use crate::journal::{Book, RefundIntent};
use crate::token::{Fence, TokenInfo};

/// A refund that would be included later than this many burn blocks before its deadline is refused without `--force`:
/// two hours for a transaction to be included.
const SAFE_BLOCKS_LEFT: u64 = 12;

/// What to do about a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Sign and send it.
    Send(Box<Plan>),
    /// It was signed before: finish that journal entry.
    Resume(u64),
    /// It stands on chain already.
    Done(RefundId, Box<Refund>),
}

/// A refund that passed every check, and what the merchant is to know before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What the journal will say.
    pub intent: RefundIntent,
    /// The token.
    pub token: TokenInfo,
    /// The post-condition.
    pub fence: Fence,
    /// What the payer can still get back afterwards.
    pub left_after: BaseUnits,
    /// First burn height at which it is refused.
    pub deadline: BurnHeight,
    /// Burn height at which all this is true.
    pub burn_height: BurnHeight,
    /// What is left of the merchant's reserve and of the delegate's budget; none when the issuer signs itself.
    pub reserve: Option<ReservePlan>,
    /// What the merchant should think about.
    pub warnings: Vec<String>,
}

impl Plan {
    /// The contract call.
    #[must_use]
    pub fn call(&self) -> RefundCall {
        let refund = PaidIn {
            order: self.intent.order(),
            token: self.token.contract().cloned(),
        };
        match self.reserve {
            Some(_) => RefundCall::Reserve(ReserveCall::Refund(refund)),
            None => RefundCall::Core(Call::Refund(refund)),
        }
    }

    /// The contract that is called.
    #[must_use]
    pub fn contract(&self) -> &ContractId {
        self.reserve
            .as_ref()
            .map_or(&self.intent.core, |reserve| &reserve.contract)
    }
}

/// Decides. `force` overrides the safety margin before the deadline, nothing else.
///
/// # Errors
/// Every reason not to send, in the contract's own order.
pub fn decide(wish: &Wish, facts: &Facts, book: &Book, force: bool) -> Result<Decision, Refusal> {
    check_networks(wish, facts)?;
    let Some(quote) = &facts.quote else {
        let detail = format!("invoice {} in {}", wish.invoice_id, facts.core);
        return Err(Refusal::contract(ContractError::InvoiceNotFound, detail));
    };
    if let (Some((refund_id, refund)), Some(reference)) = (&facts.reference_refund, &wish.reference) {
        return if is_on_chain(wish, refund, quote) {
            Ok(Decision::Done(*refund_id, Box::new(refund.clone())))
        } else {
            Err(Refusal::ReferenceOfAnother {
                reference: reference.clone(),
                refund_id: *refund_id,
            })
        };
    }
    if let Some(entry) = find_unsettled(book, wish, facts, quote)? {
        return Ok(Decision::Resume(entry.number));
    }
    let issuer = facts.issuer_principal();
    check_delegate(wish, facts, quote)?;
    check_contract(wish, facts, quote, &issuer)?;
    let (deadline, blocks_left) = check_deadline(quote)?;
    if blocks_left < SAFE_BLOCKS_LEFT && !force {
        return Err(Refusal::CloseToDeadline { blocks_left });
    }
    let amount = check_amount(wish, facts, quote)?;
    if wish.payer == issuer {
        let detail = "the issuer cannot refund itself";
        return Err(Refusal::contract(ContractError::PayerNotAllowed, detail));
    }
    let reserve = check_budget(facts, quote, amount)?;
    let plan = plan(wish, facts, quote, amount, deadline);
    Ok(Decision::Send(Box::new(Plan { reserve, ..plan })))
}

fn check_networks(wish: &Wish, facts: &Facts) -> Result<(), Refusal> {
    let principals = [facts.core.clone().into(), facts.issuer.into(), wish.payer.clone()];
    let foreign = principals
        .into_iter()
        .find(|principal: &Principal| principal.network() != Some(facts.chain.network()));
    match foreign {
        Some(principal) => Err(Refusal::WrongNetwork {
            principal,
            chain: facts.chain,
        }),
        None => Ok(()),
    }
}

fn check_contract(
    wish: &Wish,
    facts: &Facts,
    quote: &RefundQuote,
    issuer: &Principal,
) -> Result<(), Refusal> {
    let may_refund = facts.operator.as_ref().is_some_and(|rights| rights.may_refund);
    if *issuer != quote.merchant && !may_refund {
        let detail = format!(
            "{issuer} is neither the merchant {} nor its operator",
            quote.merchant
        );
        return Err(Refusal::contract(ContractError::NotAuthorised, detail));
    }
    let Some(code) = quote.refusal else { return Ok(()) };
    let Some(error) = ContractError::from_code(code) else {
        return Err(Refusal::UnknownContractError(code));
    };
    let show = |amount| facts.token.show(amount);
    let detail = match error {
        ContractError::NothingPaid => format!("{} on invoice {}", wish.payer, wish.invoice_id),
        ContractError::WindowExpired => match quote.deadline {
            Some(deadline) => {
                format!(
                    "the deadline was burn height {deadline}, and it is {} now",
                    quote.burn_height
                )
            }
            None => format!("it is burn height {} now", quote.burn_height),
        },
        ContractError::FullyRefunded => {
            format!("paid {}, refunded {}", show(quote.paid), show(quote.refunded))
        }
        _ => format!("invoice {}, payer {}", wish.invoice_id, wish.payer),
    };
    Err(Refusal::contract(error, detail))
}

fn check_deadline(quote: &RefundQuote) -> Result<(BurnHeight, u64), Refusal> {
    // The contract names a deadline for whoever paid; without a refusal the payer did.
    let deadline = quote
        .deadline
        .ok_or_else(|| Refusal::contract(ContractError::NothingPaid, "the payer has no deadline"))?;
    Ok((deadline, deadline.get().saturating_sub(quote.burn_height.get())))
}

fn check_amount(wish: &Wish, facts: &Facts, quote: &RefundQuote) -> Result<BaseUnits, Refusal> {
    let amount = wish.asked.amount(quote.paid, quote.refundable);
    if amount.is_zero() {
        let detail = format!("{} of {} is nothing", wish.asked, facts.token.show(quote.paid));
        return Err(Refusal::contract(ContractError::InvalidAmount, detail));
    }
    if amount > quote.refundable {
        let show = |amount| facts.token.show(amount);
        let (asked, left) = (show(amount), show(quote.refundable));
        let (paid, refunded) = (show(quote.paid), show(quote.refunded));
        let detail = format!("{asked} asked for, {left} left: paid {paid}, refunded {refunded}");
        return Err(Refusal::contract(ContractError::MoreThanRefundable, detail));
    }
    Ok(amount)
}

fn plan(wish: &Wish, facts: &Facts, quote: &RefundQuote, amount: BaseUnits, deadline: BurnHeight) -> Plan {
    let payer_of_refund = match &facts.reserve {
        Some(reserve) => PostConditionPrincipal::Contract(reserve.contract.clone()),
        None => PostConditionPrincipal::Standard(facts.issuer),
    };
    let fence = facts.token.fence_of(payer_of_refund, amount);
    let mut warnings = Vec::new();
    if wish.payer.is_contract() {
        warnings.push("the payer is a contract: make sure that it can use what it gets".to_owned());
    }
    if !fence.is_exact {
        warnings.push(
            "the amount does not fit into a post-condition: the contract alone limits it exactly".to_owned(),
        );
    }
    Plan {
        intent: RefundIntent {
            core: facts.core.clone(),
            invoice_id: wish.invoice_id,
            merchant: quote.merchant.clone(),
            issuer: facts.issuer_principal(),
            delegate: facts.reserve.as_ref().map(|_| facts.issuer.into()),
            payer: wish.payer.clone(),
            token: quote.token.clone(),
            asked: wish.asked.to_string(),
            amount,
            expected_refunded: quote.refunded,
            reference: wish.reference.clone(),
            reason: wish.reason.clone(),
        },
        token: facts.token.clone(),
        fence,
        left_after: BaseUnits(quote.refundable.0.saturating_sub(amount.0)),
        deadline,
        burn_height: quote.burn_height,
        reserve: None,
        warnings,
    }
}
