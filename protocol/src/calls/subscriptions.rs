//! Calls of `recoup-subscriptions`.

use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::clarity::{ClarityName, Value};

use super::{ContractCall, by_token, trait_argument};
use crate::amount::BaseUnits;
use crate::ids::{PlanId, SubscriptionId};
use crate::record::Field as _;
use crate::token::Token;

/// A public function of `recoup-subscriptions` with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionsCall {
    /// `create-plan`: the caller becomes the merchant.
    CreatePlan(CreatePlan),
    /// `close-plan`
    ClosePlan {
        /// Of the calling merchant.
        plan_id: PlanId,
    },
    /// `subscribe-stx` or `subscribe-ft`: pays the first period.
    Subscribe {
        /// Which plan.
        plan_id: PlanId,
        /// What the payer believes to be the plan's terms.
        payment: PeriodPayment,
    },
    /// `pay-stx` or `pay-ft`: pays the next period.
    Pay {
        /// Which subscription.
        subscription_id: SubscriptionId,
        /// What the payer believes to be the plan's terms.
        payment: PeriodPayment,
    },
    /// `cancel`
    Cancel {
        /// Of the calling payer or merchant.
        subscription_id: SubscriptionId,
    },
}

/// Arguments of `create-plan`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePlan {
    /// What it is paid in.
    pub token: Token,
    /// Of each period.
    pub amount: BaseUnits,
    /// Burn blocks that one payment pays for.
    pub interval: u64,
    /// Burn blocks, of each payment; none = the contract's default.
    pub refund_window: Option<u64>,
}

/// One period's payment, as the payer means it: the contract refuses when the plan's terms are others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodPayment {
    /// Whom the payer means to pay: a fork can give an id to another plan.
    pub merchant: Principal,
    /// The plan's amount.
    pub amount: BaseUnits,
    /// `None` for STX.
    pub token: Option<ContractId>,
}

impl PeriodPayment {
    fn arguments(&self, id: Value) -> Vec<Value> {
        let mut arguments = vec![id, self.merchant.write(), self.amount.write()];
        arguments.extend(trait_argument(&self.token));
        arguments
    }
}

impl ContractCall for SubscriptionsCall {
    fn function(&self) -> ClarityName {
        ClarityName::from_static(match self {
            Self::CreatePlan(_) => "create-plan",
            Self::ClosePlan { .. } => "close-plan",
            Self::Subscribe { payment, .. } => by_token(&payment.token, "subscribe-stx", "subscribe-ft"),
            Self::Pay { payment, .. } => by_token(&payment.token, "pay-stx", "pay-ft"),
            Self::Cancel { .. } => "cancel",
        })
    }

    fn arguments(&self) -> Vec<Value> {
        match self {
            Self::CreatePlan(plan) => vec![
                plan.token.write(),
                plan.amount.write(),
                plan.interval.write(),
                plan.refund_window.write(),
            ],
            Self::ClosePlan { plan_id } => vec![plan_id.write()],
            Self::Subscribe { plan_id, payment } => payment.arguments(plan_id.write()),
            Self::Pay {
                subscription_id,
                payment,
            } => payment.arguments(subscription_id.write()),
            Self::Cancel { subscription_id } => vec![subscription_id.write()],
        }
    }
}
