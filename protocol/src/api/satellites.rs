//! JSON about subscriptions, reserves and operators.

use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use serde::{Deserialize, Serialize};

use super::{Page, Position};
use crate::amount::BaseUnits;
use crate::ids::{InvoiceId, PlanId, SubscriptionId};
use crate::status::{InvoiceStatus, SubscriptionStatus};
use crate::token::Token;

/// Whose funds paid a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PaidFrom {
    /// The merchant's own wallet.
    Merchant,
    /// The balance of an operator that the merchant appointed.
    Operator,
    /// The merchant's reserve, by one of its delegates.
    Reserve,
}

/// Who may act for a merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Operator {
    /// Who was appointed; often a contract.
    pub operator: Principal,
    /// Whether it may refund, from its own balance.
    pub may_refund: bool,
    /// Whether it may make invoices that are paid in the same call.
    pub may_invoice: bool,
    /// Where it got these rights.
    pub position: Position,
}

/// All that may act for a merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Operators {
    /// Who appointed them.
    pub merchant: Principal,
    /// By name.
    pub operators: Vec<Operator>,
}

/// One subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Subscription {
    /// The contract's name for it: valid on its fork.
    pub subscription_id: SubscriptionId,
    /// Its plan.
    pub plan_id: PlanId,
    /// Who is paid.
    pub merchant: Principal,
    /// Who pays.
    pub payer: Principal,
    /// What it is paid in.
    pub token: Token,
    /// Of each period.
    pub amount: BaseUnits,
    /// Burn blocks that one payment pays for.
    pub interval: u64,
    /// Burn blocks in which each payment can be refunded.
    pub refund_window: u64,
    /// Burn height of the first payment.
    pub started_at: BurnHeight,
    /// First burn height that is not paid for.
    pub next_due: BurnHeight,
    /// How many periods were paid.
    pub payment_count: u64,
    /// Derived at the chain's burn height.
    pub status: SubscriptionStatus,
    /// Where its start stands.
    pub position: Position,
}

/// One period's payment: an invoice, made and paid in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SubscriptionPayment {
    /// Which payment of the subscription, from 1.
    pub number: u64,
    /// Its invoice, with payer, deadline and refunds.
    pub invoice_id: InvoiceId,
    /// What was paid.
    pub amount_paid: BaseUnits,
    /// What of it went back.
    pub amount_refunded: BaseUnits,
    /// The invoice's.
    pub invoice_status: InvoiceStatus,
    /// Whether the subscription's event and the invoice agree.
    pub proven: bool,
    /// What does not agree; none when it is proven.
    pub disagreement: Option<String>,
    /// Where to find it.
    pub position: Position,
}

/// A subscription with its payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SubscriptionHistory {
    /// The subscription.
    pub subscription: Subscription,
    /// Newest first.
    pub payments: Page<SubscriptionPayment>,
}

/// Who may refund from a merchant's reserve in one token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReserveDelegate {
    /// Who.
    pub delegate: Principal,
    /// At most so much at once.
    pub per_refund: BaseUnits,
    /// At most so much in a period.
    pub per_period: BaseUnits,
    /// Burn blocks.
    pub period: u64,
    /// Burn height; the next period starts with the first refund after this one ended.
    pub period_start: BurnHeight,
    /// Refunded since `period_start`.
    pub spent: BaseUnits,
    /// What may still be refunded at the chain's burn height.
    pub left: BaseUnits,
    /// First burn height at which the delegate cannot refund.
    pub expires_at: BurnHeight,
}

/// A merchant's reserve in one token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reserve {
    /// Which token.
    pub token: Token,
    /// What it holds.
    pub balance: BaseUnits,
    /// What the merchant's payers can still get back at the chain's burn height.
    pub refundable: BaseUnits,
    /// Whether the balance reaches for all of that.
    pub covered: bool,
    /// By name.
    pub delegates: Vec<ReserveDelegate>,
}

/// A merchant's reserves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reserves {
    /// Whose.
    pub merchant: Principal,
    /// Whether the reserve is an operator that may refund for the merchant: without that, no delegate can.
    pub may_refund: bool,
    /// The chain's burn height.
    pub burn_height: BurnHeight,
    /// STX first; also tokens without a balance, where payers can get something back or somebody is delegate.
    pub reserves: Vec<Reserve>,
}
