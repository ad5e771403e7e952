//! Table `refund_status_change`: the history of each refund.

use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use super::DbError;
use super::convert::optional_bigint;
use super::refund::RefundStatus;

/// Records that all refunds of these blocks got a status.
///
/// # Errors
/// When the database is out of reach.
pub async fn record(
    connection: &mut PgConnection,
    blocks: &[Vec<u8>],
    status: RefundStatus,
    burn_tip: Option<BurnHeight>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into refund_status_change (index_block_hash, txid, ordinal, status, burn_height)
         select index_block_hash, txid, ordinal, $2, $3
           from refund where index_block_hash = any($1)
          order by stacks_height, tx_index, ordinal",
        blocks,
        status.as_str(),
        optional_bigint(burn_tip.map(BurnHeight::get), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}
