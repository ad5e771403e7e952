//! Table `burn_block`: Bitcoin blocks on every fork.

use std::collections::HashSet;

use recoup_stacks::hash::{BurnBlockHash, BurnHeight, ConsensusHash};
use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, bigints, burn_height, column, hash, optional_hash};
use crate::chain::{Arrival, BurnHeader, BurnPoint};

/// Stores blocks; one that is there only learns what it lacks. No block twice.
///
/// # Errors
/// When the database is out of reach.
pub async fn insert(connection: &mut PgConnection, blocks: &[(BurnHeader, Arrival)]) -> Result<(), DbError> {
    if blocks.is_empty() {
        return Ok(());
    }
    let headers = || blocks.iter().map(|(header, _)| header);
    sqlx::query!(
        "insert into burn_block (burn_block_hash, burn_height, parent_burn_block_hash, consensus_hash, inbox_id)
         select * from unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bigint[])
         on conflict (burn_block_hash) do update
            set parent_burn_block_hash = coalesce(burn_block.parent_burn_block_hash, excluded.parent_burn_block_hash),
                consensus_hash = coalesce(burn_block.consensus_hash, excluded.consensus_hash)
          where burn_block.parent_burn_block_hash is null or burn_block.consensus_hash is null",
        &column(headers(), |header| header.point.hash.as_bytes().as_slice()) as _,
        &bigints(headers(), "burn height", |header| header.point.height.get())?,
        &column(headers(), |header| header
            .parent
            .as_ref()
            .map(|parent| parent.as_bytes().as_slice())) as _,
        &column(headers(), |header| header
            .consensus_hash
            .as_ref()
            .map(|hash| hash.as_bytes().as_slice())) as _,
        &column(blocks, |(_, arrival)| arrival.0),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of these blocks are stored.
///
/// # Errors
/// When the database is out of reach.
pub async fn known(
    connection: &mut PgConnection,
    hashes: &[BurnBlockHash],
) -> Result<HashSet<BurnBlockHash>, DbError> {
    if hashes.is_empty() {
        return Ok(HashSet::new());
    }
    let found = sqlx::query_scalar!(
        "select burn_block_hash from burn_block where burn_block_hash = any($1)",
        &column(hashes, |id| id.as_bytes().as_slice()) as _,
    )
    .fetch_all(connection)
    .await?;
    found
        .iter()
        .map(|id| hash(id, "burn_block.burn_block_hash"))
        .collect()
}

/// Whether a block is stored.
///
/// # Errors
/// When the database is out of reach.
pub async fn exists(connection: &mut PgConnection, id: &BurnBlockHash) -> Result<bool, DbError> {
    let exists = sqlx::query_scalar!(
        r#"select exists (select from burn_block where burn_block_hash = $1) as "exists!""#,
        id.as_bytes(),
    )
    .fetch_one(connection)
    .await?;
    Ok(exists)
}

/// The block of a sortition, on any fork.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_sortition(
    connection: &mut PgConnection,
    consensus_hash: &ConsensusHash,
) -> Result<Option<BurnPoint>, DbError> {
    let row = sqlx::query!(
        "select burn_block_hash, burn_height from burn_block where consensus_hash = $1 limit 1",
        consensus_hash.as_bytes(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(BurnPoint {
            height: burn_height(row.burn_height, "burn_block.burn_height")?,
            hash: hash(&row.burn_block_hash, "burn_block.burn_block_hash")?,
        })
    })
    .transpose()
}

/// Blocks from a height on, the lowest first.
///
/// # Errors
/// When the database is out of reach.
pub async fn load_from(
    connection: &mut PgConnection,
    horizon: BurnHeight,
) -> Result<Vec<BurnHeader>, DbError> {
    let rows = sqlx::query!(
        "select burn_block_hash, burn_height, parent_burn_block_hash, consensus_hash
           from burn_block where burn_height >= $1 order by burn_height",
        bigint(horizon.get(), "burn height")?,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(BurnHeader {
                point: BurnPoint {
                    height: burn_height(row.burn_height, "burn_block.burn_height")?,
                    hash: hash(&row.burn_block_hash, "burn_block.burn_block_hash")?,
                },
                parent: optional_hash(
                    row.parent_burn_block_hash.as_deref(),
                    "burn_block.parent_burn_block_hash",
                )?,
                consensus_hash: optional_hash(row.consensus_hash.as_deref(), "burn_block.consensus_hash")?,
            })
        })
        .collect()
}
