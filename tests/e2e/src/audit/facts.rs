//! What both the contract and the indexer know, in one shape, so that the two can be compared.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::api::PaidFrom;
use recoup_protocol::ids::{InvoiceId, PlanId, RefundId, SubscriptionId};
use recoup_protocol::status::{InvoiceStatus, SubscriptionStatus};
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use serde::Serialize;

/// Everything that one side holds, in the order of ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// All invoices.
    pub invoices: Vec<InvoiceFacts>,
    /// All refunds.
    pub refunds: Vec<RefundFacts>,
    /// All subscriptions.
    pub subscriptions: Vec<SubscriptionFacts>,
    /// Reserves that hold something or have delegates, by merchant and token.
    pub reserves: Vec<ReserveFacts>,
}

/// One invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the contract's own")]
pub struct InvoiceFacts {
    pub invoice_id: InvoiceId,
    pub merchant: Principal,
    pub token: Token,
    pub amount: BaseUnits,
    pub amount_paid: BaseUnits,
    pub amount_refunded: BaseUnits,
    /// Derived at the current burn height.
    pub status: InvoiceStatus,
    pub min_payment: Option<BaseUnits>,
    pub only_payer: Option<Principal>,
    pub refund_window: u64,
    pub created_at: BurnHeight,
    pub expires_at: BurnHeight,
    pub first_payment_at: Option<BurnHeight>,
    pub reference: Option<String>,
    pub memo: Option<String>,
    pub subscription_id: Option<SubscriptionId>,
    /// In the order of first payments.
    pub payers: Vec<PayerFacts>,
    /// In the order of issue.
    pub refunds: Vec<RefundId>,
}

/// What one payer paid and was refunded on an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the contract's own")]
pub struct PayerFacts {
    pub payer: Principal,
    pub paid: BaseUnits,
    pub refunded: BaseUnits,
    pub deadline: BurnHeight,
}

/// One refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the contract's own")]
pub struct RefundFacts {
    pub refund_id: RefundId,
    pub invoice_id: InvoiceId,
    pub merchant: Principal,
    pub issuer: Principal,
    pub paid_from: PaidFrom,
    pub payer: Principal,
    pub token: Token,
    pub amount: BaseUnits,
    pub reason: Option<String>,
    pub reference: Option<String>,
    pub burn_height: BurnHeight,
}

/// One subscription, on the terms of its plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the contract's own")]
pub struct SubscriptionFacts {
    pub subscription_id: SubscriptionId,
    pub plan_id: PlanId,
    pub merchant: Principal,
    pub payer: Principal,
    pub token: Token,
    pub amount: BaseUnits,
    pub interval: u64,
    pub refund_window: u64,
    pub started_at: BurnHeight,
    pub next_due: BurnHeight,
    pub payment_count: u64,
    /// Derived at the current burn height.
    pub status: SubscriptionStatus,
    /// Its payments, oldest first.
    pub invoices: Vec<InvoiceId>,
}

/// What one merchant holds in reserve in one token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the contract's own")]
pub struct ReserveFacts {
    pub merchant: Principal,
    pub token: Token,
    pub balance: BaseUnits,
    /// By name.
    pub delegates: Vec<DelegateFacts>,
}

impl ReserveFacts {
    /// The contract cannot tell such a reserve from one that never was.
    pub(super) fn is_empty(&self) -> bool {
        self.balance == BaseUnits::ZERO && self.delegates.is_empty()
    }
}

/// What one delegate may refund from a reserve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the contract's own")]
pub struct DelegateFacts {
    pub delegate: Principal,
    pub per_refund: BaseUnits,
    pub per_period: BaseUnits,
    pub period: u64,
    pub period_start: BurnHeight,
    pub spent: BaseUnits,
    pub expires_at: BurnHeight,
}
