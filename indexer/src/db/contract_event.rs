//! Table `contract_event`: core's prints on every fork.

use recoup_protocol::events::Event;
use recoup_stacks::hash::StacksHeight;
use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, hash, integer, place, stacks_height, storable, unsigned};
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

/// Stores an event, not canonical yet; one that is there stays as it is.
///
/// # Errors
/// When the database is out of reach.
pub async fn insert(
    connection: &mut PgConnection,
    event: &CoreEvent,
    height: StacksHeight,
) -> Result<(), DbError> {
    let keys = event.event.as_ref().map_err(Clone::clone).and_then(Keys::of);
    let (name, invoice_id, payer, problem) = match keys {
        Ok(keys) => (Some(keys.name), keys.invoice_id, keys.payer, None),
        Err(problem) => (None, None, None, Some(storable(&problem))),
    };
    sqlx::query!(
        "insert into contract_event (
             index_block_hash, txid, ordinal, stacks_height, tx_index, name, invoice_id, payer, raw_value,
             transfer_found, problem)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (index_block_hash, txid, ordinal) do nothing",
        event.id.block.as_bytes(),
        event.id.txid.as_bytes(),
        integer(event.id.ordinal, "ordinal")?,
        bigint(height.get(), "stacks height")?,
        integer(event.tx_index, "transaction index")?,
        name,
        invoice_id,
        payer,
        event.raw_value,
        event.transfer_found,
        problem,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What an event is found by.
struct Keys {
    name: &'static str,
    invoice_id: Option<i64>,
    payer: Option<String>,
}

impl Keys {
    /// Ids beyond a bigint cannot come from core, which counts from 1: such an event is a problem, not a crash.
    fn of(event: &Event) -> Result<Self, String> {
        let fits = |id: u64| i64::try_from(id).map_err(|_| format!("id {id} is out of range"));
        if let Event::RefundProcessed(refund) = event {
            fits(refund.refund_id.0)?;
        }
        Ok(Self {
            name: event.name(),
            invoice_id: event.invoice().map(|(id, _)| fits(id.0)).transpose()?,
            payer: match event {
                Event::PaymentReceived(payment) => Some(payment.payer.to_string()),
                Event::RefundProcessed(refund) => Some(refund.payer.to_string()),
                _ => None,
            },
        })
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
