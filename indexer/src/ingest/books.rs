//! What events say, in rows: invoices, ledgers, payments and refunds of blocks that join or leave the chain.

use std::collections::{BTreeSet, HashSet};

use recoup_protocol::events::{Event, InvoiceCreated, OperatorSet};
use recoup_protocol::ids::InvoiceId;
use recoup_stacks::hash::{BurnHeight, IndexBlockHash};
use sqlx::PgConnection;

use super::changes::Written;
use super::phases::{Phase, Phases};
use super::satellites;
use crate::accounting::{Books, Ledger};
use crate::db::contract_event::StoredEvent;
use crate::db::invoice::AdoptedInvoice;
use crate::db::payment::AdoptedPayment;
use crate::db::refund::{AdoptedRefund, RefundStatus};
use crate::db::refund_status_change::StatusChange;
use crate::db::{self, DbError};
use crate::normalised::Satellites;

/// Takes blocks off the chain: flags change, and what their events touched goes back to its last canonical event. What time
/// changes is as of the tip of the tables.
pub(super) async fn orphan(
    connection: &mut PgConnection,
    blocks: &[IndexBlockHash],
    as_of: BurnHeight,
    burn_tip: Option<BurnHeight>,
) -> Result<(), DbError> {
    let blocks: Vec<Vec<u8>> = blocks.iter().map(|id| id.as_bytes().to_vec()).collect();
    let events = db::contract_event::of_blocks(&mut *connection, &blocks).await?;
    let touched = Touched::by(&mut *connection, &events).await?;
    if !touched.invoices.is_empty() {
        db::deferred_index::build_for_forks(&mut *connection).await?;
    }
    let before = load(&mut *connection, &touched).await?.refundable(as_of);
    db::block::set_canonical(&mut *connection, &blocks, false).await?;
    db::contract_event::set_canonical(&mut *connection, &blocks, false).await?;
    db::invoice::orphan(&mut *connection, &blocks).await?;
    db::payment::orphan(&mut *connection, &blocks).await?;
    db::refund::orphan(&mut *connection, &blocks).await?;
    db::running_total::orphan(&mut *connection, &blocks).await?;
    satellites::orphan(&mut *connection, &blocks).await?;
    db::refund_status_change::record_orphaned(&mut *connection, &blocks, burn_tip).await?;

    db::payer_ledger::delete(&mut *connection, &touched.ledger_invoices, &touched.ledger_payers).await?;
    let last = db::contract_event::last_of_ledgers(
        &mut *connection,
        &touched.ledger_invoices,
        &touched.ledger_payers,
    );
    let mut books = Books::default();
    for stored in last.await? {
        books.post_ledger(&stored.event);
    }
    let last = db::contract_event::last_of_invoices(&mut *connection, &touched.invoices).await?;
    let states = last.iter().filter_map(|stored| stored.event.invoice());
    db::invoice::update_states(&mut *connection, states, as_of).await?;
    let accounts = db::invoice::accounts(&mut *connection, &touched.invoices).await?;
    books.accounts = accounts.into_iter().collect();
    db::payer_ledger::upsert(&mut *connection, &books).await?;
    db::refundable_total::change(connection, &before, &books.refundable(as_of)).await
}

/// Heights of the Bitcoin tip.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tips {
    /// That of the tables, until they are moved on.
    pub(super) of_tables: BurnHeight,
    /// The new one.
    pub(super) burn: Option<BurnHeight>,
}

/// Puts blocks on the chain: their events become rows, each checked against the state before it. What time changes is as
/// of the tip of the tables.
pub(super) async fn adopt(
    connection: &mut PgConnection,
    phases: &Phases,
    mut written: Written,
    contracts: &Satellites,
    is_final: impl Fn(&IndexBlockHash) -> bool,
    tips: Tips,
) -> Result<(), DbError> {
    let satellite_blocks = std::mem::take(&mut written.satellite_blocks);
    let events = events_of(&mut *connection, written).await?;
    adopt_core(&mut *connection, phases, &events, is_final, tips).await?;
    let beside = satellites::adopt(connection, &satellite_blocks, &events, contracts);
    phases.timed(Phase::Satellites, beside).await
}

async fn adopt_core(
    connection: &mut PgConnection,
    phases: &Phases,
    events: &[AdoptedEvent],
    is_final: impl Fn(&IndexBlockHash) -> bool,
    tips: Tips,
) -> Result<(), DbError> {
    if events.is_empty() {
        return Ok(());
    }
    let touched = Touched::by(&mut *connection, events.iter().map(|(stored, _)| stored)).await?;
    let accounts = load(&mut *connection, &touched);
    let mut books = phases.timed(Phase::Accounts, accounts).await?;
    let before = books.refundable(tips.of_tables);
    let mut rows = Rows::default();
    for (stored, adopted_at) in events {
        rows.add(
            stored,
            books.disagreement(&stored.event, stored.transfer_found),
            is_final(&stored.id.block),
            *adopted_at,
            tips.burn,
        );
        books.post(&stored.event);
    }
    rows.write(&mut *connection, phases, &books, tips.of_tables)
        .await?;
    let ledgers = db::payer_ledger::upsert(&mut *connection, &books);
    phases.timed(Phase::Ledgers, ledgers).await?;
    let after = books.refundable(tips.of_tables);
    let refundable = db::refundable_total::change(&mut *connection, &before, &after);
    phases.timed(Phase::Totals, refundable).await?;
    let moved: BTreeSet<IndexBlockHash> = events
        .iter()
        .filter(|(stored, _)| Ledger::after(&stored.event).is_some())
        .map(|(stored, _)| stored.id.block)
        .collect();
    let totals = db::running_total::extend(connection, &moved);
    phases.timed(Phase::Totals, totals).await
}

/// An event of a block that joins the chain, with the height of the Bitcoin tip by then.
pub(super) type AdoptedEvent = (StoredEvent, Option<BurnHeight>);

/// The events of adopted blocks in the chain's order.
async fn events_of(
    connection: &mut PgConnection,
    mut written: Written,
) -> Result<Vec<AdoptedEvent>, DbError> {
    let is_stored_before = |id: &IndexBlockHash| !written.new_events.contains_key(id);
    let before: Vec<Vec<u8>> = written
        .adopted
        .iter()
        .filter(|(id, _)| is_stored_before(id))
        .map(|(id, _)| id.as_bytes().to_vec())
        .collect();
    if !before.is_empty() {
        for stored in db::contract_event::of_blocks(connection, &before).await? {
            written
                .new_events
                .entry(stored.id.block)
                .or_default()
                .push(stored);
        }
    }
    let mut events = Vec::new();
    for (id, adopted_at) in &written.adopted {
        let of_block = written.new_events.remove(id).unwrap_or_default();
        events.extend(of_block.into_iter().map(|stored| (stored, *adopted_at)));
    }
    Ok(events)
}

/// Rows of adopted events, by table.
#[derive(Default)]
struct Rows<'a> {
    created: Vec<(&'a StoredEvent, &'a InvoiceCreated)>,
    payments: Vec<AdoptedPayment<'a>>,
    refunds: Vec<AdoptedRefund<'a>>,
    operators: Vec<(&'a StoredEvent, &'a OperatorSet)>,
    seen: Vec<StatusChange>,
    made_final: Vec<StatusChange>,
}

impl<'a> Rows<'a> {
    fn add(
        &mut self,
        stored: &'a StoredEvent,
        disagreement: Option<&'static str>,
        is_final: bool,
        adopted_at: Option<BurnHeight>,
        burn_tip: Option<BurnHeight>,
    ) {
        match &stored.event {
            Event::InvoiceCreated(created) => self.created.push((stored, created)),
            Event::PaymentReceived(payment) => self.payments.push(AdoptedPayment {
                stored,
                payment,
                disagreement,
            }),
            Event::RefundProcessed(refund) => {
                self.seen.push((stored.id, RefundStatus::Seen, adopted_at));
                let status = if is_final {
                    self.made_final.push((stored.id, RefundStatus::Final, burn_tip));
                    RefundStatus::Final
                } else {
                    RefundStatus::Seen
                };
                self.refunds.push(AdoptedRefund {
                    stored,
                    refund,
                    disagreement,
                    status,
                });
            }
            Event::OperatorSet(set) => self.operators.push((stored, set)),
            Event::InvoiceCancelled(_) | Event::RefundWindowExtended(_) => {}
        }
    }

    /// Writes them, the invoices as they are after the last event.
    async fn write(
        &self,
        connection: &mut PgConnection,
        phases: &Phases,
        books: &Books,
        as_of: BurnHeight,
    ) -> Result<(), DbError> {
        let invoices = self.write_invoices(&mut *connection, books, as_of);
        phases.timed(Phase::Invoices, invoices).await?;
        let payments = db::payment::adopt(&mut *connection, &self.payments);
        phases.timed(Phase::Payments, payments).await?;
        let refunds = db::refund::adopt(&mut *connection, &self.refunds);
        phases.timed(Phase::Refunds, refunds).await?;
        for (stored, set) in &self.operators {
            db::operator_change::adopt(&mut *connection, stored, set).await?;
        }
        let history = db::refund_status_change::record(&mut *connection, &self.seen);
        phases.timed(Phase::History, history).await?;
        let history = db::refund_status_change::record(connection, &self.made_final);
        phases.timed(Phase::History, history).await
    }

    async fn write_invoices(
        &self,
        connection: &mut PgConnection,
        books: &Books,
        as_of: BurnHeight,
    ) -> Result<(), DbError> {
        let created: HashSet<InvoiceId> = self.created.iter().map(|(_, event)| event.invoice_id).collect();
        let earlier = books.accounts.iter().filter(|(id, _)| !created.contains(id));
        db::invoice::update_states(
            &mut *connection,
            earlier.map(|(id, account)| (*id, &account.state)),
            as_of,
        )
        .await?;
        let invoices: Vec<AdoptedInvoice<'_>> = self
            .created
            .iter()
            .map(|(stored, created)| AdoptedInvoice {
                stored,
                created,
                state: books
                    .accounts
                    .get(&created.invoice_id)
                    .map_or(&created.state, |account| &account.state),
            })
            .collect();
        db::invoice::adopt(connection, &invoices, as_of).await
    }
}

/// What a list of events concerns, as the queries want it.
struct Touched {
    invoices: Vec<i64>,
    ledger_invoices: Vec<i64>,
    ledger_payers: Vec<String>,
}

impl Touched {
    /// A longer window moves the deadlines of all who paid the invoice.
    async fn by<'a>(
        connection: &mut PgConnection,
        events: impl IntoIterator<Item = &'a StoredEvent>,
    ) -> Result<Self, DbError> {
        let mut invoices = BTreeSet::new();
        let mut ledgers = BTreeSet::new();
        let mut extended = Vec::new();
        for stored in events {
            let Some((id, _)) = stored.event.invoice() else {
                continue;
            };
            // Ids beyond a bigint were put aside when they were stored.
            let Ok(id) = i64::try_from(id.0) else { continue };
            invoices.insert(id);
            if let Some((payer, _)) = Ledger::after(&stored.event) {
                ledgers.insert((id, payer.to_string()));
            }
            if matches!(stored.event, Event::RefundWindowExtended(_)) {
                extended.push(id);
            }
        }
        ledgers.extend(db::payer_ledger::of_invoices(connection, &extended).await?);
        let (ledger_invoices, ledger_payers) = ledgers.into_iter().unzip();
        Ok(Self {
            invoices: invoices.into_iter().collect(),
            ledger_invoices,
            ledger_payers,
        })
    }
}

async fn load(connection: &mut PgConnection, touched: &Touched) -> Result<Books, DbError> {
    let accounts = db::invoice::accounts(&mut *connection, &touched.invoices).await?;
    let ledgers =
        db::payer_ledger::find(connection, &touched.ledger_invoices, &touched.ledger_payers).await?;
    Ok(Books {
        accounts: accounts.into_iter().collect(),
        ledgers: ledgers.into_iter().collect(),
    })
}
