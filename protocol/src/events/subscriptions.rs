//! The events of `recoup-subscriptions`.

use recoup_stacks::address::Principal;
use recoup_stacks::clarity::Value;
use recoup_stacks::hash::BurnHeight;

use super::{EventError, event_name, events, read_event, write_event};
use crate::amount::BaseUnits;
use crate::ids::{InvoiceId, PlanId, SubscriptionId};
use crate::reads::Plan;
use crate::record::record;
use crate::status::SubscriptionStatus;
use crate::token::Token;

record! {
    /// `plan-created` or `plan-closed`
    pub struct PlanChanged {
        /// Which plan.
        plan_id: PlanId = "plan-id",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
        ..
        /// After the event.
        plan: Plan,
    }
}

record! {
    /// A subscription with its plan's terms, part of every event about it.
    pub struct SubscriptionState {
        /// Which subscription.
        subscription_id: SubscriptionId = "subscription-id",
        /// Its plan.
        plan_id: PlanId = "plan-id",
        /// Who is paid.
        merchant: Principal = "merchant",
        /// Who pays.
        payer: Principal = "payer",
        /// What it is paid in.
        token: Token = "token",
        /// Of each period.
        amount: BaseUnits = "amount",
        /// Burn blocks that one payment pays for.
        interval: u64 = "interval",
        /// Burn blocks in which each payment can be refunded.
        refund_window: u64 = "refund-window",
        /// Burn height of the first payment.
        started_at: BurnHeight = "started-at",
        /// First burn height that is not paid for.
        next_due: BurnHeight = "next-due",
        /// How many periods were paid.
        payments: u64 = "payments",
        /// As stored: never lapsed.
        status: SubscriptionStatus = "status",
    }
}

record! {
    /// `subscription-started` or `subscription-paid`
    pub struct SubscriptionPaid {
        /// The invoice that `recoup-core` made and took for it in the same transaction.
        invoice_id: InvoiceId = "invoice-id",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
        ..
        /// After the event.
        state: SubscriptionState,
    }
}

record! {
    /// `subscription-cancelled`
    pub struct SubscriptionCancelled {
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
        ..
        /// After the event.
        state: SubscriptionState,
    }
}

events! {
    /// One event of `recoup-subscriptions`.
    SubscriptionsEvent {
        PlanCreated(PlanChanged) = "plan-created",
        PlanClosed(PlanChanged) = "plan-closed",
        SubscriptionStarted(SubscriptionPaid) = "subscription-started",
        SubscriptionPaid(SubscriptionPaid) = "subscription-paid",
        SubscriptionCancelled(SubscriptionCancelled) = "subscription-cancelled",
    }
}

impl SubscriptionsEvent {
    /// The subscription that the event is about; `None` for plans.
    #[must_use]
    pub const fn subscription(&self) -> Option<&SubscriptionState> {
        match self {
            Self::PlanCreated(_) | Self::PlanClosed(_) => None,
            Self::SubscriptionStarted(event) | Self::SubscriptionPaid(event) => Some(&event.state),
            Self::SubscriptionCancelled(event) => Some(&event.state),
        }
    }
}
