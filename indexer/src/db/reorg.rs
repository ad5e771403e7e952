//! Table `reorg`: every time canonical blocks left the chain.

use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, unsigned};
use crate::chain::TipChange;

/// Records a change of tip, if blocks left the chain by it.
///
/// # Errors
/// When the database is out of reach.
pub async fn record(connection: &mut PgConnection, change: &TipChange) -> Result<(), DbError> {
    let Some(old_tip) = change.old_tip.filter(|_| !change.orphaned.is_empty()) else {
        return Ok(());
    };
    let count = |blocks: usize| bigint(u64::try_from(blocks).unwrap_or(u64::MAX), "number of blocks");
    sqlx::query!(
        "insert into reorg (old_tip, new_tip, fork_point, orphaned_blocks, adopted_blocks)
         values ($1, $2, $3, $4::bigint::integer, $5::bigint::integer)",
        old_tip.as_bytes(),
        change.new_tip.as_ref().map(|id| id.as_bytes().as_slice()),
        change.fork_point.as_ref().map(|id| id.as_bytes().as_slice()),
        count(change.orphaned.len())?,
        count(change.adopted.len())?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many there were.
///
/// # Errors
/// When the database is out of reach.
pub async fn count(connection: &mut PgConnection) -> Result<u64, DbError> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from reorg"#)
        .fetch_one(connection)
        .await?;
    unsigned(count, "count of reorg")
}
