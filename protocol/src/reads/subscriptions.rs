//! Read-only functions of `recoup-subscriptions`.

use recoup_stacks::address::Principal;
use recoup_stacks::clarity::{ClarityName, Value};
use recoup_stacks::hash::BurnHeight;

use super::{ReadOnly, optional_record, read_only};
use crate::amount::BaseUnits;
use crate::ids::{PlanId, SubscriptionId};
use crate::record::{Field, Record, RecordError, record};
use crate::status::SubscriptionStatus;
use crate::token::Token;

read_only! {
    /// The plan; none if there is no such plan.
    GetPlan(
        /// Which plan.
        plan_id: PlanId
    ) = "get-plan" => Option<Plan>, optional_record;
    /// The subscription, with derived status; none if there is no such subscription.
    GetSubscription(
        /// Which subscription.
        subscription_id: SubscriptionId
    ) = "get-subscription" => Option<Subscription>, optional_record;
    /// The newest ids.
    GetLastSubscriptionIds() = "get-last-ids" => LastSubscriptionIds, LastSubscriptionIds::from_value;
}

record! {
    /// A plan: immutable but for `open`.
    pub struct Plan {
        /// Who is paid.
        merchant: Principal = "merchant",
        /// What it is paid in.
        token: Token = "token",
        /// Of each period.
        amount: BaseUnits = "amount",
        /// Burn blocks that one payment pays for.
        interval: u64 = "interval",
        /// Burn blocks in which each payment can be refunded.
        refund_window: u64 = "refund-window",
        /// Whether it takes new subscriptions.
        open: bool = "open",
    }
}

record! {
    /// A subscription as the contract keeps it (`subscriptions`) and shows it (`get-subscription`, with derived status).
    pub struct Subscription {
        /// Its plan.
        plan_id: PlanId = "plan-id",
        /// Who pays.
        payer: Principal = "payer",
        /// Burn height of the first payment.
        started_at: BurnHeight = "started-at",
        /// First burn height that is not paid for.
        next_due: BurnHeight = "next-due",
        /// How many periods were paid.
        payments: u64 = "payments",
        /// Stored in the map, derived in the function's answer.
        status: SubscriptionStatus = "status",
    }
}

record! {
    /// The newest ids; 0 before the first.
    pub struct LastSubscriptionIds {
        /// Newest plan.
        plan_id: u64 = "plan-id",
        /// Newest subscription.
        subscription_id: u64 = "subscription-id",
    }
}
