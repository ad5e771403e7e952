//! Whether what an event says agrees with what went before it on its own chain. No I/O.
//!
//! The contract's events carry the state after them, so each can be checked against the state before it. What does not
//! agree is stored and flagged, never hidden: it means that we missed something, or that the contract is not the one
//! we know.

use std::collections::{BTreeMap, HashMap};

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::events::{Event, InvoiceState, PaymentReceived, RefundProcessed};
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::sum::Sum;
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;

mod satellites;

pub use satellites::{
    ReserveBooks, Standing, SubscriptionBooks, reserve_disagreement, subscription_disagreement,
};

/// What is known of an invoice before an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose invoice.
    pub merchant: Principal,
    /// What it is paid in.
    pub token: Token,
    /// Its mutable state.
    pub state: InvoiceState,
}

impl Account {
    /// First burn height at which nothing can be refunded to the payer of a ledger.
    #[must_use]
    pub fn deadline(&self, ledger: &Ledger) -> BurnHeight {
        let first_paid_at = ledger.first_paid_at.get();
        BurnHeight(first_paid_at.saturating_add(self.state.refund_window))
    }
}

/// What one payer paid and was refunded on an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    /// Sum of its payments.
    pub paid: BaseUnits,
    /// Sum of its refunds.
    pub refunded: BaseUnits,
    /// Burn height of its first payment.
    pub first_paid_at: BurnHeight,
}

impl Ledger {
    /// The payer's ledger after an event; none for events that change none.
    #[must_use]
    pub fn after(event: &Event) -> Option<(&Principal, Self)> {
        let (payer, paid, refunded, deadline, state) = match event {
            Event::PaymentReceived(event) => (
                &event.payer,
                event.payer_paid,
                event.payer_refunded,
                event.deadline,
                &event.state,
            ),
            Event::RefundProcessed(event) => (
                &event.payer,
                event.payer_paid,
                event.payer_refunded,
                event.deadline,
                &event.state,
            ),
            _ => return None,
        };
        let first_paid_at = BurnHeight(deadline.get().saturating_sub(state.refund_window));
        Some((
            payer,
            Self {
                paid,
                refunded,
                first_paid_at,
            },
        ))
    }
}

/// Sums by merchant and token.
pub type Refundable = BTreeMap<(Principal, Token), Sum>;

/// Accounts and ledgers while events are posted to them in the chain's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// Invoices.
    pub accounts: HashMap<InvoiceId, Account>,
    /// What each payer paid and was refunded on each invoice.
    pub ledgers: BTreeMap<(InvoiceId, Principal), Ledger>,
}

impl Books {
    /// What payers can still get back at a burn height, by merchant and token.
    #[must_use]
    pub fn refundable(&self, as_of: BurnHeight) -> Refundable {
        let mut sums = BTreeMap::<(&Principal, &Token), Sum>::new();
        for ((id, _), ledger) in &self.ledgers {
            let Some(account) = self.accounts.get(id) else {
                continue;
            };
            let left = ledger.paid.checked_sub(ledger.refunded).unwrap_or_default();
            if account.deadline(ledger) > as_of && left > BaseUnits::ZERO {
                let sum = sums.entry((&account.merchant, &account.token)).or_default();
                *sum = sum.plus(left);
            }
        }
        sums.into_iter()
            .map(|((merchant, token), sum)| ((merchant.clone(), token.clone()), sum))
            .collect()
    }

    /// What does not agree among an event, its token transfer and the books before it.
    #[must_use]
    pub fn disagreement(&self, event: &Event, transfer_found: bool) -> Option<&'static str> {
        let (id, _) = event.invoice()?;
        let account = self.accounts.get(&id);
        let ledger_of = |payer: &Principal| self.ledgers.get(&(id, payer.clone()));
        let disagreement = match event {
            Event::PaymentReceived(payment) => {
                payment_disagreement(payment, account, ledger_of(&payment.payer))
            }
            Event::RefundProcessed(refund) => refund_disagreement(refund, account, ledger_of(&refund.payer)),
            _ => None,
        };
        let no_transfer = (!transfer_found).then_some("the transaction holds no such token transfer");
        no_transfer.or(disagreement)
    }

    /// Enters an event.
    pub fn post(&mut self, event: &Event) {
        if let Event::InvoiceCreated(created) = event {
            let account = Account {
                merchant: created.merchant.clone(),
                token: created.token.clone(),
                state: created.state.clone(),
            };
            self.accounts.insert(created.invoice_id, account);
        } else if let Some((id, state)) = event.invoice()
            && let Some(account) = self.accounts.get_mut(&id)
        {
            account.state = state.clone();
        }
        self.post_ledger(event);
    }

    /// Enters what an event says of its payer.
    pub fn post_ledger(&mut self, event: &Event) {
        if let Some((id, _)) = event.invoice()
            && let Some((payer, ledger)) = Ledger::after(event)
        {
            self.ledgers.insert((id, payer.clone()), ledger);
        }
    }
}

/// What does not agree in a payment, if anything.
#[must_use]
pub fn payment_disagreement(
    event: &PaymentReceived,
    account: Option<&Account>,
    ledger: Option<&Ledger>,
) -> Option<&'static str> {
    let Some(account) = account else {
        return Some("no earlier event of the invoice is known");
    };
    let before = ledger.copied().unwrap_or(Ledger {
        paid: BaseUnits::ZERO,
        refunded: BaseUnits::ZERO,
        first_paid_at: event.burn_height,
    });
    first_broken(&[
        (
            event.merchant == account.merchant,
            "merchant is not the invoice's",
        ),
        (event.token == account.token, "token is not the invoice's"),
        (
            Some(event.payer_paid) == before.paid.checked_add(event.amount),
            "payer-paid is not the sum of payments",
        ),
        (
            event.payer_refunded == before.refunded,
            "payer-refunded changed in a payment",
        ),
        (
            Some(event.state.amount_paid) == account.state.amount_paid.checked_add(event.amount),
            "amount-paid is not the sum of payments",
        ),
        (
            event.state.amount_refunded == account.state.amount_refunded,
            "amount-refunded changed in a payment",
        ),
        (
            Some(event.deadline) == before.first_paid_at.checked_add(event.state.refund_window),
            "deadline is not first payment + refund window",
        ),
    ])
}

/// What does not agree in a refund, if anything.
#[must_use]
pub fn refund_disagreement(
    event: &RefundProcessed,
    account: Option<&Account>,
    ledger: Option<&Ledger>,
) -> Option<&'static str> {
    let Some(account) = account else {
        return Some("no earlier event of the invoice is known");
    };
    let Some(before) = ledger else {
        return Some("no payment of the payer is known");
    };
    first_broken(&[
        (
            event.merchant == account.merchant,
            "merchant is not the invoice's",
        ),
        (event.token == account.token, "token is not the invoice's"),
        (
            Some(event.payer_refunded) == before.refunded.checked_add(event.amount),
            "payer-refunded is not the sum of refunds",
        ),
        (event.payer_paid == before.paid, "payer-paid changed in a refund"),
        (
            event.payer_refunded <= event.payer_paid,
            "the payer was refunded more than it paid",
        ),
        (
            Some(event.state.amount_refunded) == account.state.amount_refunded.checked_add(event.amount),
            "amount-refunded is not the sum of refunds",
        ),
        (
            event.state.amount_paid == account.state.amount_paid,
            "amount-paid changed in a refund",
        ),
        (
            event.state.amount_refunded <= event.state.amount_paid,
            "more was refunded than paid",
        ),
        (
            Some(event.deadline) == before.first_paid_at.checked_add(event.state.refund_window),
            "deadline is not first payment + refund window",
        ),
        (
            event.burn_height < event.deadline,
            "the refund is past its deadline",
        ),
    ])
}

fn first_broken(rules: &[(bool, &'static str)]) -> Option<&'static str> {
    rules.iter().find(|(holds, _)| !holds).map(|(_, rule)| *rule)
}

#[cfg(test)]
mod tests;
