//! Table `refund_status_change`: the history of each refund.

use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use super::DbError;
use super::convert::{column, integers, optional_bigint};
use super::refund::RefundStatus;
use crate::normalised::EventId;

/// Records that all refunds of these blocks left the chain.
///
/// # Errors
/// When the database is out of reach.
pub async fn record_orphaned(
    connection: &mut PgConnection,
    blocks: &[Vec<u8>],
    burn_tip: Option<BurnHeight>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into refund_status_change (index_block_hash, txid, ordinal, status, burn_height)
         select index_block_hash, txid, ordinal, 'orphaned', $2
           from refund where index_block_hash = any($1)
          order by stacks_height, tx_index, ordinal",
        blocks,
        optional_bigint(burn_tip.map(BurnHeight::get), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A refund's new status, and the height of the Bitcoin tip with which it came.
pub type StatusChange = (EventId, RefundStatus, Option<BurnHeight>);

/// Records changes of status, in this order.
///
/// # Errors
/// When the database is out of reach.
pub async fn record(connection: &mut PgConnection, changes: &[StatusChange]) -> Result<(), DbError> {
    if changes.is_empty() {
        return Ok(());
    }
    let heights: Vec<Option<i64>> = changes
        .iter()
        .map(|(.., burn_tip)| optional_bigint(burn_tip.map(BurnHeight::get), "burn height"))
        .collect::<Result<_, _>>()?;
    sqlx::query!(
        "insert into refund_status_change (index_block_hash, txid, ordinal, status, burn_height)
         select * from unnest($1::bytea[], $2::bytea[], $3::integer[], $4::text[], $5::bigint[])",
        &column(changes, |(id, ..)| id.block.as_bytes().as_slice()) as _,
        &column(changes, |(id, ..)| id.txid.as_bytes().as_slice()) as _,
        &integers(changes, "ordinal", |(id, ..)| id.ordinal)?,
        &column(changes, |(_, status, _)| status.as_str()) as _,
        &heights as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
