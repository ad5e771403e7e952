//! Follows what subscriptions and reserve say, and whom merchants appoint, in the transaction that moves the tip.

use std::collections::HashMap;

use recoup_protocol::events::{
    Event, InvoiceCreated, RefundProcessed, ReserveEvent, SubscriptionPaid, SubscriptionsEvent,
};
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_stacks::hash::{IndexBlockHash, Txid};
use sqlx::PgConnection;

use super::books::AdoptedEvent;
use crate::accounting::{ReserveBooks, SubscriptionBooks, reserve_disagreement, subscription_disagreement};
use crate::db::satellite_event::StoredSatelliteEvent;
use crate::db::{self, DbError};
use crate::normalised::{EventId, SatelliteEvent, Satellites};

/// Takes what these blocks say off the chain: it goes back to the last canonical events.
pub(super) async fn orphan(connection: &mut PgConnection, blocks: &[Vec<u8>]) -> Result<(), DbError> {
    db::operator_change::orphan(&mut *connection, blocks).await?;
    if db::satellite_event::set_canonical(&mut *connection, blocks, false).await? == 0 {
        return Ok(());
    }
    db::subscription::orphan(&mut *connection, blocks).await?;
    db::reserve::orphan(&mut *connection, blocks).await?;
    db::reserve::refresh(connection, blocks).await
}

/// Puts what these blocks say on the chain, each event checked against core's beside it and the state before it. `core` is
/// core's events of these blocks, and of others.
pub(super) async fn adopt(
    connection: &mut PgConnection,
    blocks: &[Vec<u8>],
    core: &[AdoptedEvent],
    satellites: &Satellites,
) -> Result<(), DbError> {
    if blocks.is_empty() {
        return Ok(());
    }
    if db::satellite_event::set_canonical(&mut *connection, blocks, true).await? == 0 {
        return Ok(());
    }
    let beside = Beside {
        core: by_transaction(core),
        satellites,
    };
    for stored in &db::satellite_event::of_blocks(&mut *connection, blocks).await? {
        match &stored.event {
            SatelliteEvent::Subscriptions(event) => {
                beside
                    .adopt_subscriptions(&mut *connection, stored, event)
                    .await?;
            }
            SatelliteEvent::Reserve(event) => beside.adopt_reserve(&mut *connection, stored, event).await?,
        }
    }
    db::reserve::refresh(connection, blocks).await
}

/// A transaction in a block.
type Place = (IndexBlockHash, Txid);

fn by_transaction(core: &[AdoptedEvent]) -> HashMap<Place, Vec<&Event>> {
    let mut transactions: HashMap<Place, Vec<&Event>> = HashMap::new();
    for (stored, _) in core {
        let place = (stored.id.block, stored.id.txid);
        transactions.entry(place).or_default().push(&stored.event);
    }
    transactions
}

/// What stands beside the events that are put on the chain.
struct Beside<'blocks> {
    core: HashMap<Place, Vec<&'blocks Event>>,
    satellites: &'blocks Satellites,
}

impl<'blocks> Beside<'blocks> {
    async fn adopt_subscriptions(
        &self,
        connection: &mut PgConnection,
        stored: &StoredSatelliteEvent,
        event: &SubscriptionsEvent,
    ) -> Result<(), DbError> {
        let invoice = match event {
            SubscriptionsEvent::PlanCreated(changed) | SubscriptionsEvent::PlanClosed(changed) => {
                return db::subscription::adopt_plan(connection, stored, changed).await;
            }
            SubscriptionsEvent::SubscriptionStarted(SubscriptionPaid { invoice_id, .. })
            | SubscriptionsEvent::SubscriptionPaid(SubscriptionPaid { invoice_id, .. }) => Some(*invoice_id),
            SubscriptionsEvent::SubscriptionCancelled(_) => None,
        };
        let Some(state) = event.subscription() else {
            return Ok(());
        };
        let plan = db::subscription::find_plan(&mut *connection, state.plan_id).await?;
        let books = SubscriptionBooks {
            plan: plan.as_ref(),
            before: db::subscription::find_standing(&mut *connection, state.subscription_id).await?,
            invoice: invoice.and_then(|id| self.invoice(&stored.id, id)),
            subscriptions: &self.satellites.subscriptions,
        };
        let disagreement = subscription_disagreement(event, books);
        if let SubscriptionsEvent::SubscriptionStarted(_) = event {
            db::subscription::adopt_start(&mut *connection, stored, state).await?;
        }
        let height = event.burn_height();
        db::subscription::adopt_change(connection, stored, state, invoice, height, disagreement).await
    }

    async fn adopt_reserve(
        &self,
        connection: &mut PgConnection,
        stored: &StoredSatelliteEvent,
        event: &ReserveEvent,
    ) -> Result<(), DbError> {
        let (merchant, token) = event.reserve();
        let delegate = match event.delegate() {
            Some(delegate) => db::reserve::delegate(&mut *connection, merchant, delegate, token).await?,
            None => None,
        };
        let refund = match event {
            ReserveEvent::ReserveRefunded(refund) => self.refund(&stored.id, refund.refund_id),
            _ => None,
        };
        let books = ReserveBooks {
            balance: db::reserve::balance(&mut *connection, merchant, token).await?,
            delegate: delegate.as_ref(),
            refund,
            reserve: &self.satellites.reserve,
        };
        let no_transfer = (!stored.transfer_found).then_some("the transaction holds no such token transfer");
        let disagreement = no_transfer.or_else(|| reserve_disagreement(event, books));
        db::reserve::adopt_movement(&mut *connection, stored, event, disagreement).await?;
        db::reserve::adopt_delegate(connection, stored, event).await
    }

    /// Core's events of the same transaction.
    fn of_transaction(&self, id: &EventId) -> impl Iterator<Item = &'blocks Event> {
        self.core.get(&(id.block, id.txid)).into_iter().flatten().copied()
    }

    fn invoice(&self, beside: &EventId, id: InvoiceId) -> Option<&'blocks InvoiceCreated> {
        self.of_transaction(beside).find_map(|event| match event {
            Event::InvoiceCreated(created) if created.invoice_id == id => Some(created),
            _ => None,
        })
    }

    fn refund(&self, beside: &EventId, id: RefundId) -> Option<&'blocks RefundProcessed> {
        self.of_transaction(beside).find_map(|event| match event {
            Event::RefundProcessed(refund) if refund.refund_id == id => Some(refund),
            _ => None,
        })
    }
}
