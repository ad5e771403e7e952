//! JSON of totals, series, lists of invoices and their timelines.

use chrono::{DateTime, Utc};
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use serde::{Deserialize, Serialize};

use super::{Invoice, Position, Refund};
use crate::amount::BaseUnits;
use crate::ids::{InvoiceId, RefundId, SubscriptionId};
use crate::status::InvoiceStatus;
use crate::sum::Sum;
use crate::token::Token;

/// What was paid and refunded in one token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokenTotals {
    /// What it was paid in.
    pub token: Token,
    /// Sum of the payments.
    pub paid: Sum,
    /// Sum of the refunds.
    pub refunded: Sum,
    /// How many payments.
    pub payments: u64,
    /// How many refunds.
    pub refunds: u64,
    /// Refunded / paid, cut off after six digits; none when nothing was paid.
    pub rate: Option<String>,
}

/// What a merchant took and gave back, or a payer paid and got back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PrincipalTotals {
    /// Whose.
    pub principal: Principal,
    /// The chain was cut after this burn height; none: all of it.
    pub as_of_burn_height: Option<BurnHeight>,
    /// By token contract; at most 500.
    pub totals: Vec<TokenTotals>,
    /// Whether there are more tokens than these.
    pub has_more_tokens: bool,
    /// The newest ten refunds.
    pub recent_refunds: Vec<Refund>,
}

/// Payments and refunds in one token over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stats {
    /// Whose; none: everybody's.
    pub merchant: Option<Principal>,
    /// In what.
    pub token: Token,
    /// One after the other, without holes.
    pub buckets: Vec<StatsBucket>,
}

/// What moved in one bucket of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StatsBucket {
    /// First burn height of a bucket of burn blocks.
    pub from_burn_height: Option<BurnHeight>,
    /// Beginning of a bucket of a day, in UTC.
    pub from_time: Option<DateTime<Utc>>,
    /// Sum of the payments.
    pub paid: Sum,
    /// Sum of the refunds.
    pub refunded: Sum,
    /// How many payments.
    pub payments: u64,
    /// How many refunds.
    pub refunds: u64,
}

/// An invoice in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvoiceSummary {
    /// The contract's name for it: valid on its fork.
    pub invoice_id: InvoiceId,
    /// Whose wallet is paid.
    pub merchant: Principal,
    /// What it is paid in.
    pub token: Token,
    /// What is to be paid.
    pub amount: BaseUnits,
    /// Sum of all payments.
    pub amount_paid: BaseUnits,
    /// Sum of all refunds.
    pub amount_refunded: BaseUnits,
    /// Derived at the chain's burn height.
    pub status: InvoiceStatus,
    /// The merchant's own name for it.
    pub reference: Option<String>,
    /// The merchant's public text, raw.
    pub memo: Option<String>,
    /// The subscription that it is a payment of.
    pub subscription_id: Option<SubscriptionId>,
    /// Burn blocks from a payer's first payment to its deadline.
    pub refund_window: u64,
    /// First burn height at which payments are refused.
    pub expires_at: BurnHeight,
    /// Where its creation stands.
    pub position: Position,
}

impl From<Invoice> for InvoiceSummary {
    fn from(invoice: Invoice) -> Self {
        Self {
            invoice_id: invoice.invoice_id,
            merchant: invoice.merchant,
            token: invoice.token,
            amount: invoice.amount,
            amount_paid: invoice.amount_paid,
            amount_refunded: invoice.amount_refunded,
            status: invoice.status,
            reference: invoice.reference,
            memo: invoice.memo,
            subscription_id: invoice.subscription_id,
            refund_window: invoice.refund_window,
            expires_at: invoice.expires_at,
            position: invoice.position,
        }
    }
}

/// One thing that happened to an invoice, with the invoice's state after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimelineEntry {
    /// The contract's event: `invoice-created`, `payment-received`, `refund-processed`, `invoice-cancelled` or
    /// `refund-window-extended`.
    pub event: String,
    /// Who paid or was refunded.
    pub payer: Option<Principal>,
    /// What was paid or refunded.
    pub amount: Option<BaseUnits>,
    /// The refund.
    pub refund_id: Option<RefundId>,
    /// Sum of all payments after it.
    pub amount_paid: BaseUnits,
    /// Sum of all refunds after it.
    pub amount_refunded: BaseUnits,
    /// As stored after it: never expired.
    pub status: InvoiceStatus,
    /// Burn blocks from a payer's first payment to its deadline, after it.
    pub refund_window: u64,
    /// First burn height at which payments are refused, after it.
    pub expires_at: BurnHeight,
    /// Where it stands.
    pub position: Position,
}
