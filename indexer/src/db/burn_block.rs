//! Table `burn_block`: Bitcoin blocks on every fork.

use recoup_stacks::hash::{BurnBlockHash, BurnHeight, ConsensusHash};
use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, burn_height, hash, optional_hash};
use crate::chain::{Arrival, BurnHeader, BurnPoint};

/// Stores a block; one that is there stays as it is.
///
/// # Errors
/// When the database is out of reach.
pub async fn insert(
    connection: &mut PgConnection,
    header: &BurnHeader,
    arrival: Arrival,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into burn_block (burn_block_hash, burn_height, parent_burn_block_hash, consensus_hash, inbox_id)
         values ($1, $2, $3, $4, $5)
         on conflict (burn_block_hash) do nothing",
        header.point.hash.as_bytes(),
        bigint(header.point.height.get(), "burn height")?,
        header.parent.as_ref().map(|parent| parent.as_bytes().as_slice()),
        header.consensus_hash.as_ref().map(|hash| hash.as_bytes().as_slice()),
        arrival.0,
    )
    .execute(connection)
    .await?;
    Ok(())
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
