//! Table `contract_event`: core's prints on every fork.

use chrono::{DateTime, Utc};
use recoup_protocol::events::Event;
use recoup_protocol::ids::InvoiceId;
use recoup_stacks::hash::StacksHeight;
use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, bigints, column, hash, integers, place, stacks_height, storable, unsigned};
use super::place::{AfterColumns, Place};
use crate::normalised::{CoreEvent, EventId};

/// An event with its place on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its identity.
    pub id: EventId,
    /// Stacks height of its block.
    pub stacks_height: StacksHeight,
    /// Place of its transaction in the block.
    pub tx_index: u32,
    /// What it says.
    pub event: Event,
    /// Whether its transaction holds the token transfer that it speaks of.
    pub transfer_found: bool,
}

/// An event that is not stored yet.
#[derive(Debug, Clone, Copy)]
pub struct NewEvent<'a> {
    /// The event.
    pub event: &'a CoreEvent,
    /// Stacks height of its block.
    pub stacks_height: StacksHeight,
    /// Whether its block is on the chain.
    pub canonical: bool,
}

/// Stores events; one that is there stays as it is.
///
/// # Errors
/// When the database is out of reach.
pub async fn insert(connection: &mut PgConnection, events: &[NewEvent<'_>]) -> Result<(), DbError> {
    if events.is_empty() {
        return Ok(());
    }
    let core_events = || events.iter().map(|new| new.event);
    let (mut names, mut invoices, mut payers, mut problems) = (vec![], vec![], vec![], vec![]);
    for event in core_events() {
        let (keys, problem) = match event.event.as_ref().map_err(Clone::clone).and_then(Keys::of) {
            Ok(keys) => (keys, None),
            Err(problem) => (Keys::default(), Some(storable(&problem))),
        };
        names.push(keys.name);
        invoices.push(keys.invoice_id);
        payers.push(keys.payer);
        problems.push(problem);
    }
    sqlx::query!(
        "insert into contract_event (
             index_block_hash, txid, ordinal, stacks_height, tx_index, raw_value, transfer_found, canonical, name,
             invoice_id, payer, problem)
         select * from unnest(
             $1::bytea[], $2::bytea[], $3::integer[], $4::bigint[], $5::integer[], $6::bytea[], $7::boolean[],
             $8::boolean[], $9::text[], $10::bigint[], $11::text[], $12::text[])
         on conflict (index_block_hash, txid, ordinal) do nothing",
        &column(core_events(), |event| event.id.block.as_bytes().as_slice()) as _,
        &column(core_events(), |event| event.id.txid.as_bytes().as_slice()) as _,
        &integers(core_events(), "ordinal", |event| event.id.ordinal)?,
        &bigints(events, "stacks height", |new| new.stacks_height.get())?,
        &integers(core_events(), "transaction index", |event| event.tx_index)?,
        &column(core_events(), |event| event.raw_value.as_slice()) as _,
        &column(core_events(), |event| event.transfer_found),
        &column(events, |new| new.canonical),
        &names as _,
        &invoices as _,
        &payers as _,
        &problems as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether the tables can hold what the event says. One that they cannot is kept as a problem.
#[must_use]
pub fn is_storable(event: &Event) -> bool {
    Keys::check_ids(event).is_ok()
}

/// What an event is found by.
#[derive(Default)]
struct Keys {
    name: Option<&'static str>,
    invoice_id: Option<i64>,
    payer: Option<String>,
}

impl Keys {
    fn of(event: &Event) -> Result<Self, String> {
        Ok(Self {
            name: Some(event.name()),
            invoice_id: Self::check_ids(event)?,
            payer: match event {
                Event::PaymentReceived(payment) => Some(payment.payer.to_string()),
                Event::RefundProcessed(refund) => Some(refund.payer.to_string()),
                _ => None,
            },
        })
    }

    /// Ids beyond a bigint cannot come from core, which counts from 1: such an event is a problem, not a crash.
    fn check_ids(event: &Event) -> Result<Option<i64>, String> {
        let fits = |id: u64| i64::try_from(id).map_err(|_| format!("id {id} is out of range"));
        if let Event::RefundProcessed(refund) = event {
            fits(refund.refund_id.0)?;
        }
        event.invoice().map(|(id, _)| fits(id.0)).transpose()
    }
}

/// Sets or clears the canonical flag of all events of these blocks.
///
/// # Errors
/// When the database is out of reach.
pub async fn set_canonical(
    connection: &mut PgConnection,
    blocks: &[Vec<u8>],
    canonical: bool,
) -> Result<(), DbError> {
    sqlx::query!(
        "update contract_event set canonical = $2 where index_block_hash = any($1)",
        blocks,
        canonical
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The decodable events of these blocks, in the chain's order.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_blocks(
    connection: &mut PgConnection,
    blocks: &[Vec<u8>],
) -> Result<Vec<StoredEvent>, DbError> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"select index_block_hash as "index_block_hash!", txid as "txid!", ordinal as "ordinal!",
                  stacks_height as "stacks_height!", tx_index as "tx_index!", raw_value as "raw_value!",
                  transfer_found as "transfer_found!"
             from contract_event
            where index_block_hash = any($1) and name is not null
            order by stacks_height, tx_index, ordinal"#,
        blocks,
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(EventRow::event).collect()
}

/// The last canonical event of each of these invoices.
///
/// # Errors
/// When the database is out of reach.
pub async fn last_of_invoices(
    connection: &mut PgConnection,
    invoices: &[i64],
) -> Result<Vec<StoredEvent>, DbError> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"select last.index_block_hash as "index_block_hash!", last.txid as "txid!", last.ordinal as "ordinal!",
                  last.stacks_height as "stacks_height!", last.tx_index as "tx_index!",
                  last.raw_value as "raw_value!", last.transfer_found as "transfer_found!"
             from unnest($1::bigint[]) as touched (invoice_id)
            cross join lateral (
                  select index_block_hash, txid, ordinal, stacks_height, tx_index, raw_value, transfer_found
                    from contract_event
                   where contract_event.invoice_id = touched.invoice_id and canonical
                   order by stacks_height desc, tx_index desc, ordinal desc
                   limit 1) as last"#,
        invoices,
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(EventRow::event).collect()
}

/// The last canonical event of each of these payers' ledgers; the two lists go in pairs.
///
/// # Errors
/// When the database is out of reach.
pub async fn last_of_ledgers(
    connection: &mut PgConnection,
    invoices: &[i64],
    payers: &[String],
) -> Result<Vec<StoredEvent>, DbError> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"select last.index_block_hash as "index_block_hash!", last.txid as "txid!", last.ordinal as "ordinal!",
                  last.stacks_height as "stacks_height!", last.tx_index as "tx_index!",
                  last.raw_value as "raw_value!", last.transfer_found as "transfer_found!"
             from unnest($1::bigint[], $2::text[]) as touched (invoice_id, payer)
            cross join lateral (
                  select index_block_hash, txid, ordinal, stacks_height, tx_index, raw_value, transfer_found
                    from contract_event
                   where contract_event.invoice_id = touched.invoice_id
                     and contract_event.payer = touched.payer and canonical
                   order by stacks_height desc, tx_index desc, ordinal desc
                   limit 1) as last"#,
        invoices,
        payers,
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(EventRow::event).collect()
}

/// An event and the time of its block.
pub type TimedEvent = (StoredEvent, Option<DateTime<Utc>>);

/// What happened to a canonical invoice beyond a place, in the chain's order.
///
/// # Errors
/// When the database is out of reach.
pub async fn timeline(
    connection: &mut PgConnection,
    invoice: InvoiceId,
    after: Option<Place>,
    limit: u32,
) -> Result<Vec<TimedEvent>, DbError> {
    let after = AfterColumns::of(after)?;
    let rows = sqlx::query!(
        "select event.index_block_hash, txid, ordinal, event.stacks_height, tx_index, raw_value, transfer_found,
                block_time
           from contract_event as event join block on block.index_block_hash = event.index_block_hash
          where invoice_id = $1 and event.canonical
            and ($2::bigint is null or (event.stacks_height, tx_index, ordinal) > ($2, $3, $4))
          order by event.stacks_height, tx_index, ordinal limit $5",
        bigint(invoice.0, "invoice id")?,
        after.stacks_height,
        after.tx_index,
        after.ordinal,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let event = EventRow {
                index_block_hash: row.index_block_hash,
                txid: row.txid,
                ordinal: row.ordinal,
                stacks_height: row.stacks_height,
                tx_index: row.tx_index,
                raw_value: row.raw_value,
                transfer_found: row.transfer_found,
            };
            Ok((event.event()?, row.block_time))
        })
        .collect()
}

/// How many events could not be decoded.
///
/// # Errors
/// When the database is out of reach.
pub async fn count_problems(connection: &mut PgConnection) -> Result<u64, DbError> {
    let count =
        sqlx::query_scalar!(r#"select count(*) as "count!" from contract_event where problem is not null"#)
            .fetch_one(connection)
            .await?;
    unsigned(count, "count of contract_event")
}

struct EventRow {
    index_block_hash: Vec<u8>,
    txid: Vec<u8>,
    ordinal: i32,
    stacks_height: i64,
    tx_index: i32,
    raw_value: Vec<u8>,
    transfer_found: bool,
}

impl EventRow {
    fn event(&self) -> Result<StoredEvent, DbError> {
        Ok(StoredEvent {
            id: EventId {
                block: hash(&self.index_block_hash, "contract_event.index_block_hash")?,
                txid: hash(&self.txid, "contract_event.txid")?,
                ordinal: place(self.ordinal, "contract_event.ordinal")?,
            },
            stacks_height: stacks_height(self.stacks_height, "contract_event.stacks_height")?,
            tx_index: place(self.tx_index, "contract_event.tx_index")?,
            event: Event::decode(&self.raw_value).map_err(|_| DbError::Corrupt {
                column: "contract_event.raw_value",
            })?,
            transfer_found: self.transfer_found,
        })
    }
}
