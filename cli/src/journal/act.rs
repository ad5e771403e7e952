//! Calls that are neither invoice, payment nor refund: what is to hold after them.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::{InvoiceId, PlanId, SubscriptionId};
use recoup_protocol::token::Token;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::BurnHeight;
use serde::{Deserialize, Serialize};

/// A call, by whom and of which contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActIntent {
    /// The contract that is called.
    pub contract: ContractId,
    /// Whose wallet signs.
    pub sender: Principal,
    /// What it does.
    pub act: Act,
}

/// What a call does. What was true when it was planned is part of it where the effect could not be told otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the fields are the contracts' own, or say so by `before`"
)]
pub enum Act {
    /// The sender appoints or revokes an operator.
    SetOperator {
        operator: Principal,
        may_refund: bool,
        may_invoice: bool,
    },
    /// The sender's invoice takes no more payments.
    CancelInvoice { invoice_id: InvoiceId },
    /// The sender's invoice can be refunded for longer.
    ExtendWindow { invoice_id: InvoiceId, new_window: u64 },
    /// The sender offers a plan.
    CreatePlan {
        token: Token,
        amount: BaseUnits,
        interval: u64,
        refund_window: u64,
        newest_plan_before: u64,
    },
    /// The sender's plan takes no new subscriptions.
    ClosePlan { plan_id: PlanId },
    /// The sender subscribes and pays the first period.
    Subscribe {
        plan_id: PlanId,
        newest_subscription_before: u64,
    },
    /// The sender pays the next period.
    PayPeriod {
        subscription_id: SubscriptionId,
        payments_before: u64,
    },
    /// The sender ends a subscription.
    CancelSubscription { subscription_id: SubscriptionId },
    /// The sender adds to its reserve.
    Deposit {
        token: Token,
        amount: BaseUnits,
        balance_before: BaseUnits,
    },
    /// The sender takes from its reserve.
    Withdraw {
        token: Token,
        amount: BaseUnits,
        balance_before: BaseUnits,
    },
    /// The sender names a delegate of its reserve.
    SetDelegate {
        delegate: Principal,
        token: Token,
        per_refund: BaseUnits,
        per_period: BaseUnits,
        period: u64,
        expires_in: u64,
        height_before: BurnHeight,
    },
    /// The sender ends a delegation.
    RevokeDelegate { delegate: Principal, token: Token },
    /// A nonce that nobody uses is used up, so that later ones can be included: by a call that is certain to fail.
    FillNonce { nonce: u64 },
}

impl Act {
    /// In a few words, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::SetOperator {
                operator,
                may_refund: false,
                may_invoice: false,
            } => format!("end of operator {operator}"),
            Self::SetOperator { operator, .. } => format!("operator {operator}"),
            Self::CancelInvoice { invoice_id } => format!("cancellation of invoice {invoice_id}"),
            Self::ExtendWindow {
                invoice_id,
                new_window,
            } => format!("refund window of {new_window} burn blocks for invoice {invoice_id}"),
            Self::CreatePlan { interval, .. } => format!("plan of {interval} burn blocks"),
            Self::ClosePlan { plan_id } => format!("end of plan {plan_id}"),
            Self::Subscribe { plan_id, .. } => format!("subscription to plan {plan_id}"),
            Self::PayPeriod { subscription_id, .. } => format!("payment of subscription {subscription_id}"),
            Self::CancelSubscription { subscription_id } => format!("end of subscription {subscription_id}"),
            Self::Deposit { token, .. } => format!("deposit of {token} into the reserve"),
            Self::Withdraw { token, .. } => format!("withdrawal of {token} from the reserve"),
            Self::SetDelegate { delegate, .. } => format!("delegate {delegate}"),
            Self::RevokeDelegate { delegate, .. } => format!("end of delegate {delegate}"),
            Self::FillNonce { nonce } => format!("filler of nonce {nonce}"),
        }
    }

    /// The act without what was true before it: two that are equal so were asked for by the same command.
    #[must_use]
    pub fn wish(&self) -> Self {
        let mut wish = self.clone();
        match &mut wish {
            Self::CreatePlan {
                newest_plan_before: before,
                ..
            }
            | Self::Subscribe {
                newest_subscription_before: before,
                ..
            }
            | Self::PayPeriod {
                payments_before: before,
                ..
            } => *before = 0,
            Self::Deposit { balance_before, .. } | Self::Withdraw { balance_before, .. } => {
                *balance_before = BaseUnits::ZERO;
            }
            Self::SetDelegate { height_before, .. } => *height_before = BurnHeight(0),
            Self::SetOperator { .. }
            | Self::CancelInvoice { .. }
            | Self::ExtendWindow { .. }
            | Self::ClosePlan { .. }
            | Self::CancelSubscription { .. }
            | Self::RevokeDelegate { .. }
            | Self::FillNonce { .. } => {}
        }
        wish
    }
}

impl ActIntent {
    /// Whether the same command asks for both.
    #[must_use]
    pub fn is_same_wish(&self, other: &Self) -> bool {
        self.contract == other.contract && self.sender == other.sender && self.act.wish() == other.act.wish()
    }
}
