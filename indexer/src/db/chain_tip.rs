//! Table `chain_tip`: where the canonical chain ends.

use recoup_stacks::hash::{BurnHeight, IndexBlockHash, StacksHeight};
use sqlx::PgConnection;

use super::DbError;
use super::convert::{burn_height, hash, optional_bigint, stacks_height};
use crate::chain::{Arrival, BurnPoint};

/// Where the canonical chain ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChainTip {
    /// Stacks tip.
    pub stacks: Option<(IndexBlockHash, StacksHeight)>,
    /// Bitcoin tip.
    pub burn: Option<BurnPoint>,
    /// Blocks whose burn view is at most this high are final.
    pub final_burn_height: Option<BurnHeight>,
}

impl ChainTip {
    /// Burn height that the tables hold as of; 0 before the first Bitcoin block.
    #[must_use]
    pub fn burn_height(&self) -> BurnHeight {
        self.burn.map(|point| point.height).unwrap_or_default()
    }
}

/// Reads both tips.
///
/// # Errors
/// When the database is out of reach.
pub async fn find(connection: &mut PgConnection) -> Result<ChainTip, DbError> {
    let row =
        sqlx::query!(
        "select index_block_hash, stacks_height, burn_block_hash, burn_height, final_burn_height from chain_tip"
    )
            .fetch_one(connection)
            .await?;
    let stacks = match row.index_block_hash.zip(row.stacks_height) {
        None => None,
        Some((id, height)) => Some((
            hash(&id, "chain_tip.index_block_hash")?,
            stacks_height(height, "chain_tip.stacks_height")?,
        )),
    };
    let burn = match row.burn_block_hash.zip(row.burn_height) {
        None => None,
        Some((id, height)) => Some(BurnPoint {
            hash: hash(&id, "chain_tip.burn_block_hash")?,
            height: burn_height(height, "chain_tip.burn_height")?,
        }),
    };
    let final_burn_height = row
        .final_burn_height
        .map(|height| burn_height(height, "chain_tip.final_burn_height"))
        .transpose()?;
    Ok(ChainTip {
        stacks,
        burn,
        final_burn_height,
    })
}

/// Moves both tips.
///
/// # Errors
/// When the database is out of reach.
pub async fn update(connection: &mut PgConnection, tip: &ChainTip) -> Result<(), DbError> {
    sqlx::query!(
        "update chain_tip
            set index_block_hash = $1, stacks_height = $2, burn_block_hash = $3, burn_height = $4,
                final_burn_height = $5, updated_at = now()",
        tip.stacks.as_ref().map(|(id, _)| id.as_bytes().as_slice()),
        optional_bigint(tip.stacks.map(|(_, height)| height.get()), "stacks height")?,
        tip.burn.as_ref().map(|point| point.hash.as_bytes().as_slice()),
        optional_bigint(tip.burn.map(|point| point.height.get()), "burn height")?,
        optional_bigint(tip.final_burn_height.map(BurnHeight::get), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The message processed last, locked against other writers until the transaction ends.
///
/// # Errors
/// When the database is out of reach.
pub async fn lock_cursor(connection: &mut PgConnection) -> Result<Option<Arrival>, DbError> {
    let cursor = sqlx::query_scalar!("select inbox_id from chain_tip for update")
        .fetch_one(connection)
        .await?;
    Ok(cursor.map(Arrival))
}

/// Remembers the message processed last.
///
/// # Errors
/// When the database is out of reach.
pub async fn set_cursor(connection: &mut PgConnection, arrival: Arrival) -> Result<(), DbError> {
    sqlx::query!("update chain_tip set inbox_id = $1", arrival.0)
        .execute(connection)
        .await?;
    Ok(())
}
