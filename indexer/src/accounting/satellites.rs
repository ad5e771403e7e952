//! Whether what subscriptions and reserve say agrees with core's events beside it and with what went before. No I/O.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::events::{
    InvoiceCreated, RefundProcessed, ReserveEvent, ReserveRefunded, SubscriptionState, SubscriptionsEvent,
};
use recoup_protocol::reads::{Delegate, Plan};
use recoup_protocol::status::SubscriptionStatus;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::BurnHeight;

use super::first_broken;

/// Where a subscription stands after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Periods paid.
    pub payments: u64,
    /// First burn height that is not paid for.
    pub next_due: BurnHeight,
    /// As stored: never lapsed.
    pub status: SubscriptionStatus,
}

/// What is known of a subscription when an event about it comes.
#[derive(Debug, Clone, Copy)]
pub struct SubscriptionBooks<'books> {
    /// Its plan.
    pub plan: Option<&'books Plan>,
    /// Where it stood; none before it started.
    pub before: Option<Standing>,
    /// Core's invoice of the event's id in its transaction.
    pub invoice: Option<&'books InvoiceCreated>,
    /// The contract that follows subscriptions.
    pub subscriptions: &'books ContractId,
}

/// What does not agree in an event about a subscription, if anything.
#[must_use]
pub fn subscription_disagreement(
    event: &SubscriptionsEvent,
    books: SubscriptionBooks<'_>,
) -> Option<&'static str> {
    let state = event.subscription()?;
    let Some(plan) = books.plan else {
        return Some("the plan is not known");
    };
    let of_plan = terms_disagreement(state, plan);
    let step = match (event, books.before) {
        (SubscriptionsEvent::SubscriptionStarted(_), None) => start_disagreement(state, event.burn_height()),
        (SubscriptionsEvent::SubscriptionStarted(_), Some(_)) => Some("it started before"),
        (_, None) => Some("its start is not known"),
        (SubscriptionsEvent::SubscriptionPaid(_), Some(before)) => {
            payment_step_disagreement(state, before, event.burn_height())
        }
        (_, Some(before)) => first_broken(&[
            (state.payments == before.payments, "payments changed at its end"),
            (state.next_due == before.next_due, "next-due changed at its end"),
            (
                state.status == SubscriptionStatus::Cancelled,
                "status is not cancelled",
            ),
        ]),
    };
    let of_invoice = match event {
        SubscriptionsEvent::SubscriptionStarted(_) | SubscriptionsEvent::SubscriptionPaid(_) => {
            invoice_disagreement(state, books.invoice, books.subscriptions)
        }
        _ => None,
    };
    of_plan.or(step).or(of_invoice)
}

fn terms_disagreement(state: &SubscriptionState, plan: &Plan) -> Option<&'static str> {
    first_broken(&[
        (state.merchant == plan.merchant, "merchant is not the plan's"),
        (state.token == plan.token, "token is not the plan's"),
        (state.amount == plan.amount, "amount is not the plan's"),
        (state.interval == plan.interval, "interval is not the plan's"),
        (
            state.refund_window == plan.refund_window,
            "refund window is not the plan's",
        ),
    ])
}

fn start_disagreement(state: &SubscriptionState, now: BurnHeight) -> Option<&'static str> {
    first_broken(&[
        (state.payments == 1, "it did not start with one payment"),
        (state.started_at == now, "started-at is not the event's height"),
        (
            Some(state.next_due) == now.checked_add(state.interval),
            "next-due is not one interval later",
        ),
        (state.status == SubscriptionStatus::Active, "status is not active"),
    ])
}

fn payment_step_disagreement(
    state: &SubscriptionState,
    before: Standing,
    now: BurnHeight,
) -> Option<&'static str> {
    first_broken(&[
        (
            before.status == SubscriptionStatus::Active,
            "it was cancelled before",
        ),
        (
            Some(state.payments) == before.payments.checked_add(1),
            "payments is not one more",
        ),
        (
            Some(state.next_due) == before.next_due.max(now).checked_add(state.interval),
            "next-due is not one interval later",
        ),
        (state.status == SubscriptionStatus::Active, "status is not active"),
    ])
}

fn invoice_disagreement(
    state: &SubscriptionState,
    invoice: Option<&InvoiceCreated>,
    subscriptions: &ContractId,
) -> Option<&'static str> {
    let Some(invoice) = invoice else {
        return Some("the transaction holds no such invoice of core");
    };
    let is_issuer = invoice.issuer.as_contract() == Some(subscriptions);
    first_broken(&[
        (
            is_issuer,
            "the invoice's issuer is not the subscriptions contract",
        ),
        (
            invoice.subscription_id == Some(state.subscription_id),
            "the invoice names another subscription",
        ),
        (
            invoice.merchant == state.merchant,
            "the invoice's merchant is another",
        ),
        (
            invoice.only_payer.as_ref() == Some(&state.payer),
            "the invoice's payer is another",
        ),
        (invoice.token == state.token, "the invoice's token is another"),
        (invoice.amount == state.amount, "the invoice's amount is another"),
    ])
}

/// What is known of a reserve when an event about it comes.
#[derive(Debug, Clone, Copy)]
pub struct ReserveBooks<'books> {
    /// What it held.
    pub balance: BaseUnits,
    /// What the event's delegate might do.
    pub delegate: Option<&'books Delegate>,
    /// Core's refund of the event's id in its transaction.
    pub refund: Option<&'books RefundProcessed>,
    /// The contract that holds the reserves.
    pub reserve: &'books ContractId,
}

/// What does not agree in a movement of a reserve, if anything.
#[must_use]
pub fn reserve_disagreement(event: &ReserveEvent, books: ReserveBooks<'_>) -> Option<&'static str> {
    let expected = match event {
        ReserveEvent::ReserveDeposited(moved) => books.balance.checked_add(moved.amount),
        ReserveEvent::ReserveWithdrawn(moved) => books.balance.checked_sub(moved.amount),
        ReserveEvent::ReserveRefunded(refund) => books.balance.checked_sub(refund.amount),
        ReserveEvent::DelegateSet(_) | ReserveEvent::DelegateRevoked(_) => return None,
    };
    let of_balance = (event.balance() != expected).then_some("balance is not the sum of movements");
    let of_refund = match event {
        ReserveEvent::ReserveRefunded(refund) => {
            budget_disagreement(refund, books.delegate).or_else(|| refund_disagreement(refund, books))
        }
        _ => None,
    };
    of_balance.or(of_refund)
}

fn budget_disagreement(refund: &ReserveRefunded, before: Option<&Delegate>) -> Option<&'static str> {
    let Some(before) = before else {
        return Some("no delegation is known");
    };
    let after = &refund.budget;
    let spent_before = if after.period_start == before.period_start {
        before.spent
    } else {
        BaseUnits::ZERO
    };
    let limits = |budget: &Delegate| {
        (
            budget.per_refund,
            budget.per_period,
            budget.period,
            budget.expires_at,
        )
    };
    first_broken(&[
        (
            limits(after) == limits(before),
            "the delegate's limits changed in a refund",
        ),
        (
            Some(after.spent) == spent_before.checked_add(refund.amount),
            "spent is not the sum of refunds",
        ),
        (
            refund.amount <= after.per_refund,
            "the refund is above the delegate's limit",
        ),
        (
            after.spent <= after.per_period,
            "the refund is above the delegate's budget",
        ),
        (refund.burn_height < after.expires_at, "the delegation was over"),
    ])
}

fn refund_disagreement(refund: &ReserveRefunded, books: ReserveBooks<'_>) -> Option<&'static str> {
    let Some(core) = books.refund else {
        return Some("the transaction holds no such refund of core");
    };
    first_broken(&[
        (
            core.issuer == Principal::from(books.reserve.clone()),
            "the refund's issuer is not the reserve",
        ),
        (
            core.invoice_id == refund.invoice_id,
            "the refund's invoice is another",
        ),
        (
            core.merchant == refund.merchant,
            "the refund's merchant is another",
        ),
        (core.payer == refund.payer, "the refund's payer is another"),
        (core.token == refund.token, "the refund's token is another"),
        (core.amount == refund.amount, "the refund's amount is another"),
    ])
}
