//! Where a refund comes from: its event and its block.

use recoup_protocol::api::{Position, ProofBlock};
use sqlx::PgConnection;

use crate::db::DbError;
use crate::db::convert::{burn_height, hash, integer, optional_hash, place, stacks_height};

/// The print that a refund was read from, and its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOrigin {
    /// The print's value as serialised by the chain.
    pub raw_value: Vec<u8>,
    /// Whether its transaction holds the token transfer that it speaks of.
    pub transfer_found: bool,
    /// Place of its transaction in the block.
    pub tx_index: u32,
    /// The block.
    pub block: ProofBlock,
}

/// The event at a refund's place.
///
/// # Errors
/// When the database is out of reach, or has no event there.
pub async fn origin(connection: &mut PgConnection, position: &Position) -> Result<RefundOrigin, DbError> {
    let row = sqlx::query!(
        "select raw_value, transfer_found, tx_index, block.index_block_hash, block_hash, parent_index_block_hash,
                block.stacks_height, consensus_hash, election_burn_block_hash, election_burn_height, block_time
           from contract_event join block on block.index_block_hash = contract_event.index_block_hash
          where contract_event.index_block_hash = $1 and txid = $2 and ordinal = $3",
        position.index_block_hash.as_bytes().as_slice(),
        position.txid.as_bytes().as_slice(),
        integer(position.ordinal, "ordinal")?,
    )
    .fetch_optional(connection)
    .await?;
    let row = row.ok_or(DbError::Corrupt {
        column: "refund.ordinal",
    })?;
    Ok(RefundOrigin {
        raw_value: row.raw_value,
        transfer_found: row.transfer_found,
        tx_index: place(row.tx_index, "contract_event.tx_index")?,
        block: ProofBlock {
            index_block_hash: hash(&row.index_block_hash, "block.index_block_hash")?,
            block_hash: hash(&row.block_hash, "block.block_hash")?,
            parent_index_block_hash: hash(&row.parent_index_block_hash, "block.parent_index_block_hash")?,
            stacks_height: stacks_height(row.stacks_height, "block.stacks_height")?,
            consensus_hash: optional_hash(row.consensus_hash.as_deref(), "block.consensus_hash")?,
            election_burn_block_hash: hash(&row.election_burn_block_hash, "block.election_burn_block_hash")?,
            election_burn_height: burn_height(row.election_burn_height, "block.election_burn_height")?,
            block_time: row.block_time,
        },
    })
}
