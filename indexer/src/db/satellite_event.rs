//! Table `satellite_event`: prints of subscriptions and reserve on every fork.

use recoup_protocol::contracts::Contract;
use recoup_stacks::hash::StacksHeight;
use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, hash, integer, place, stacks_height, storable, unsigned};
use crate::normalised::{EventId, SatelliteEvent, SatellitePrint};

/// An event with its place on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSatelliteEvent {
    /// Its identity.
    pub id: EventId,
    /// Stacks height of its block.
    pub stacks_height: StacksHeight,
    /// Place of its transaction in the block.
    pub tx_index: u32,
    /// What it says.
    pub event: SatelliteEvent,
    /// Whether its transaction holds the token transfer that it speaks of.
    pub transfer_found: bool,
}

/// The columns that every row of an event begins with.
pub(super) struct Place<'event> {
    pub(super) block: &'event [u8],
    pub(super) txid: &'event [u8],
    pub(super) ordinal: i32,
    pub(super) stacks_height: i64,
    pub(super) tx_index: i32,
}

impl<'event> Place<'event> {
    pub(super) fn new(id: &'event EventId, height: StacksHeight, tx_index: u32) -> Result<Self, DbError> {
        Ok(Self {
            block: id.block.as_bytes(),
            txid: id.txid.as_bytes(),
            ordinal: integer(id.ordinal, "ordinal")?,
            stacks_height: bigint(height.get(), "stacks height")?,
            tx_index: integer(tx_index, "transaction index")?,
        })
    }
}

impl StoredSatelliteEvent {
    pub(super) fn place(&self) -> Result<Place<'_>, DbError> {
        Place::new(&self.id, self.stacks_height, self.tx_index)
    }
}

/// Stores an event, not canonical yet; one that is there stays as it is.
///
/// # Errors
/// When the database is out of reach.
pub async fn insert(
    connection: &mut PgConnection,
    print: &SatellitePrint,
    height: StacksHeight,
) -> Result<(), DbError> {
    let event = print.event.as_ref().map_err(Clone::clone).and_then(|event| {
        let misfit = event.out_of_range();
        misfit.map_or(Ok(event), |number| Err(format!("{number} is out of range")))
    });
    let (name, problem) = match event {
        Ok(event) => (Some(event.name()), None),
        Err(problem) => (None, Some(storable(&problem))),
    };
    let place = Place::new(&print.id, height, print.tx_index)?;
    sqlx::query!(
        "insert into satellite_event (
             index_block_hash, txid, ordinal, stacks_height, tx_index, contract, name, raw_value, transfer_found, problem)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (index_block_hash, txid, ordinal) do nothing",
        place.block,
        place.txid,
        place.ordinal,
        place.stacks_height,
        place.tx_index,
        print.contract.name(),
        name,
        print.raw_value,
        print.transfer_found,
        problem,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets or clears the canonical flag of all events of these blocks; answers how many there are.
///
/// # Errors
/// When the database is out of reach.
pub async fn set_canonical(
    connection: &mut PgConnection,
    blocks: &[Vec<u8>],
    canonical: bool,
) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "update satellite_event set canonical = $2 where index_block_hash = any($1)",
        blocks,
        canonical
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// The decodable events of these blocks, in the chain's order.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_blocks(
    connection: &mut PgConnection,
    blocks: &[Vec<u8>],
) -> Result<Vec<StoredSatelliteEvent>, DbError> {
    let rows = sqlx::query!(
        "select index_block_hash, txid, ordinal, stacks_height, tx_index, contract, raw_value, transfer_found
           from satellite_event
          where index_block_hash = any($1) and name is not null
          order by stacks_height, tx_index, ordinal",
        blocks,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let contract = Contract::ALL
                .into_iter()
                .find(|contract| contract.name() == row.contract)
                .ok_or(DbError::Corrupt {
                    column: "satellite_event.contract",
                })?;
            Ok(StoredSatelliteEvent {
                id: EventId {
                    block: hash(&row.index_block_hash, "satellite_event.index_block_hash")?,
                    txid: hash(&row.txid, "satellite_event.txid")?,
                    ordinal: place(row.ordinal, "satellite_event.ordinal")?,
                },
                stacks_height: stacks_height(row.stacks_height, "satellite_event.stacks_height")?,
                tx_index: place(row.tx_index, "satellite_event.tx_index")?,
                event: SatelliteEvent::decode(contract, &row.raw_value).map_err(|_| DbError::Corrupt {
                    column: "satellite_event.raw_value",
                })?,
                transfer_found: row.transfer_found,
            })
        })
        .collect()
}

/// How many events could not be decoded.
///
/// # Errors
/// When the database is out of reach.
pub async fn count_problems(connection: &mut PgConnection) -> Result<u64, DbError> {
    let count =
        sqlx::query_scalar!(r#"select count(*) as "count!" from satellite_event where problem is not null"#)
            .fetch_one(connection)
            .await?;
    unsigned(count, "count of satellite_event")
}

/// How many canonical events of subscriptions and reserve disagree with what is around them.
///
/// # Errors
/// When the database is out of reach.
pub async fn count_unproven(connection: &mut PgConnection) -> Result<u64, DbError> {
    let count = sqlx::query_scalar!(
        r#"select (select count(*) from subscription_change where canonical and disagreement is not null)
                  + (select count(*) from reserve_movement where canonical and disagreement is not null) as "count!""#
    )
    .fetch_one(connection)
    .await?;
    unsigned(count, "count of unproven events")
}
