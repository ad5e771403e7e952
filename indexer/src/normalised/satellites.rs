//! The contracts beside core: which they are, and what they print.

use recoup_protocol::contracts::Contract;
use recoup_protocol::events::{EventError, ReserveEvent, SubscriptionState, SubscriptionsEvent};
use recoup_protocol::reads::Delegate;
use recoup_stacks::address::ContractId;

/// The contracts beside core whose prints count too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Satellites {
    /// Plans and subscriptions.
    pub subscriptions: ContractId,
    /// Merchants' reserves.
    pub reserve: ContractId,
}

impl Satellites {
    /// The contracts of core's deployer, under the released names.
    #[must_use]
    pub const fn beside(core: &ContractId) -> Self {
        Self {
            subscriptions: Contract::Subscriptions.beside(core),
            reserve: Contract::Reserve.beside(core),
        }
    }
}

/// One event of a contract beside core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SatelliteEvent {
    /// Of `recoup-subscriptions`.
    Subscriptions(SubscriptionsEvent),
    /// Of `recoup-reserve`.
    Reserve(ReserveEvent),
}

impl SatelliteEvent {
    /// Reads a print's raw bytes as an event of this contract.
    ///
    /// # Errors
    /// [`EventError`] when they are not exactly one of its events. Core has none of this type.
    pub fn decode(contract: Contract, raw_value: &[u8]) -> Result<Self, EventError> {
        match contract {
            Contract::Subscriptions => SubscriptionsEvent::decode(raw_value).map(Self::Subscriptions),
            Contract::Reserve => ReserveEvent::decode(raw_value).map(Self::Reserve),
            Contract::Core => Err(EventError::UnknownName("an event of core".to_owned())),
        }
    }

    /// The name under `event`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Subscriptions(event) => event.name(),
            Self::Reserve(event) => event.name(),
        }
    }

    /// The first of its ids and heights that no column holds. The contracts count from 1 and bound what callers give them:
    /// such an event is a problem, not a crash.
    #[must_use]
    pub fn out_of_range(&self) -> Option<u128> {
        let fields = match self {
            Self::Subscriptions(
                SubscriptionsEvent::PlanCreated(event) | SubscriptionsEvent::PlanClosed(event),
            ) => vec![
                event.plan_id.0.into(),
                event.burn_height.0.into(),
                event.plan.interval.into(),
                event.plan.refund_window.into(),
            ],
            Self::Subscriptions(
                SubscriptionsEvent::SubscriptionStarted(event) | SubscriptionsEvent::SubscriptionPaid(event),
            ) => {
                let mut fields = subscription_fields(&event.state);
                fields.extend([u128::from(event.invoice_id.0), event.burn_height.0.into()]);
                fields
            }
            Self::Subscriptions(SubscriptionsEvent::SubscriptionCancelled(event)) => {
                let mut fields = subscription_fields(&event.state);
                fields.push(event.burn_height.0.into());
                fields
            }
            Self::Reserve(event) => reserve_fields(event),
        };
        fields.into_iter().find(|number| i64::try_from(*number).is_err())
    }
}

fn subscription_fields(state: &SubscriptionState) -> Vec<u128> {
    vec![
        state.subscription_id.0,
        state.plan_id.0.into(),
        state.interval.into(),
        state.refund_window.into(),
        state.started_at.0.into(),
        state.next_due.0.into(),
        state.payments.into(),
    ]
}

fn reserve_fields(event: &ReserveEvent) -> Vec<u128> {
    let budget_fields = |budget: &Delegate| {
        [
            u128::from(budget.period),
            budget.period_start.0.into(),
            budget.expires_at.0.into(),
        ]
    };
    let mut fields = vec![u128::from(event.burn_height().0)];
    match event {
        ReserveEvent::DelegateSet(set) => fields.extend(budget_fields(&set.budget)),
        ReserveEvent::ReserveRefunded(refund) => {
            fields.extend([u128::from(refund.refund_id.0), refund.invoice_id.0.into()]);
            fields.extend(budget_fields(&refund.budget));
        }
        ReserveEvent::ReserveDeposited(_)
        | ReserveEvent::ReserveWithdrawn(_)
        | ReserveEvent::DelegateRevoked(_) => {}
    }
    fields
}
