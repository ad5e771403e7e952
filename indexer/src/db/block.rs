//! Table `block`: Stacks blocks on every fork.

use std::collections::HashSet;

use recoup_protocol::api::Tip;
use recoup_stacks::hash::{BurnHeight, ConsensusHash, IndexBlockHash, StacksHeight};
use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, burn_height, hash, optional_hash, stacks_height};
use crate::chain::{Arrival, AttachedBlock, BlockHeader, BurnPoint, BurnView};
use crate::normalised::NormalisedBlock;

/// Stores a block as detached; one that is there stays as it is. False then.
///
/// # Errors
/// When the database is out of reach.
pub async fn insert(connection: &mut PgConnection, block: &NormalisedBlock) -> Result<bool, DbError> {
    let header = &block.header;
    let inserted = sqlx::query!(
        "insert into block (
             index_block_hash, block_hash, parent_index_block_hash, stacks_height, election_burn_block_hash,
             election_burn_height, consensus_hash, announced_view_consensus_hash, is_nakamoto, block_time, inbox_id,
             attached)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, false)
         on conflict (index_block_hash) do nothing",
        header.id.as_bytes(),
        block.block_hash.as_bytes(),
        header.parent.as_bytes(),
        bigint(header.height.get(), "stacks height")?,
        header.election.hash.as_bytes(),
        bigint(header.election.height.get(), "burn height")?,
        header.consensus_hash.as_ref().map(|hash| hash.as_bytes().as_slice()),
        header.announced_view.as_ref().map(|hash| hash.as_bytes().as_slice()),
        header.is_nakamoto,
        block.time,
        header.arrival.0,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() > 0)
}

/// Marks a block as connected with the root, with the burn view that it got by that.
///
/// # Errors
/// When the database is out of reach.
pub async fn attach(connection: &mut PgConnection, block: &AttachedBlock) -> Result<(), DbError> {
    let (point, consensus_hash) = match block.view {
        BurnView::Known(point) => (Some(point), None),
        BurnView::Unresolved(consensus_hash) => (None, Some(consensus_hash)),
    };
    sqlx::query!(
        "update block
            set attached = true, burn_view_hash = $2, burn_view_height = $3, burn_view_consensus_hash = $4
          where index_block_hash = $1",
        block.header.id.as_bytes(),
        point.as_ref().map(|point| point.hash.as_bytes().as_slice()),
        point
            .map(|point| bigint(point.height.get(), "burn height"))
            .transpose()?,
        consensus_hash.as_ref().map(|hash| hash.as_bytes().as_slice()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Completes the burn views that waited for this Bitcoin block.
///
/// # Errors
/// When the database is out of reach.
pub async fn resolve_views(
    connection: &mut PgConnection,
    consensus_hash: &ConsensusHash,
    point: BurnPoint,
) -> Result<(), DbError> {
    sqlx::query!(
        "update block set burn_view_hash = $2, burn_view_height = $3
          where burn_view_consensus_hash = $1 and burn_view_hash is null",
        consensus_hash.as_bytes(),
        point.hash.as_bytes(),
        bigint(point.height.get(), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets or clears the canonical flag.
///
/// # Errors
/// When the database is out of reach.
pub async fn set_canonical(
    connection: &mut PgConnection,
    blocks: &[Vec<u8>],
    canonical: bool,
) -> Result<(), DbError> {
    sqlx::query!(
        "update block set canonical = $2 where index_block_hash = any($1)",
        blocks,
        canonical
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is stored of a block's place: whether it is there, and the height of its election.
///
/// # Errors
/// When the database is out of reach.
pub async fn election_height(
    connection: &mut PgConnection,
    id: &IndexBlockHash,
) -> Result<Option<BurnHeight>, DbError> {
    let height = sqlx::query_scalar!(
        "select election_burn_height from block where index_block_hash = $1",
        id.as_bytes()
    )
    .fetch_optional(connection)
    .await?;
    height
        .map(|height| burn_height(height, "block.election_burn_height"))
        .transpose()
}

/// Which of these blocks are stored.
///
/// # Errors
/// When the database is out of reach.
pub async fn known(
    connection: &mut PgConnection,
    ids: &[IndexBlockHash],
) -> Result<HashSet<IndexBlockHash>, DbError> {
    let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.as_bytes().to_vec()).collect();
    let found = sqlx::query_scalar!(
        "select index_block_hash from block where index_block_hash = any($1)",
        &ids
    )
    .fetch_all(connection)
    .await?;
    found
        .iter()
        .map(|id| hash(id, "block.index_block_hash"))
        .collect()
}

/// Whether a block is stored and canonical.
///
/// # Errors
/// When the database is out of reach.
pub async fn is_canonical(connection: &mut PgConnection, id: &IndexBlockHash) -> Result<bool, DbError> {
    let canonical = sqlx::query_scalar!(
        r#"select exists (select from block where index_block_hash = $1 and canonical) as "canonical!""#,
        id.as_bytes(),
    )
    .fetch_one(connection)
    .await?;
    Ok(canonical)
}

/// The canonical chain's newest block, with the Bitcoin block that it saw (the one that elected it, until that is
/// known).
///
/// # Errors
/// When the database is out of reach.
pub async fn tip(connection: &mut PgConnection) -> Result<Option<Tip>, DbError> {
    let row = sqlx::query!(
        r#"select block.index_block_hash, block.stacks_height,
                  coalesce(burn_view_hash, election_burn_block_hash) as "burn_block_hash!",
                  coalesce(burn_view_height, election_burn_height) as "burn_height!"
             from chain_tip join block on block.index_block_hash = chain_tip.index_block_hash"#
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Tip {
            index_block_hash: hash(&row.index_block_hash, "block.index_block_hash")?,
            stacks_height: stacks_height(row.stacks_height, "block.stacks_height")?,
            burn_block_hash: hash(&row.burn_block_hash, "block.burn_view_hash")?,
            burn_height: burn_height(row.burn_height, "block.burn_view_height")?,
        })
    })
    .transpose()
}

/// The greatest Stacks height of a connected block that was elected below a burn height.
///
/// # Errors
/// When the database is out of reach.
pub async fn highest_elected_below(
    connection: &mut PgConnection,
    horizon: BurnHeight,
) -> Result<Option<StacksHeight>, DbError> {
    let height = sqlx::query_scalar!(
        "select stacks_height from block where attached and election_burn_height < $1
          order by stacks_height desc limit 1",
        bigint(horizon.get(), "burn height")?,
    )
    .fetch_optional(connection)
    .await?;
    height
        .map(|height| stacks_height(height, "block.stacks_height"))
        .transpose()
}

/// Forgets detached blocks below the root, with their events.
///
/// # Errors
/// When the database is out of reach.
pub async fn delete_below_root(connection: &mut PgConnection, root: StacksHeight) -> Result<(), DbError> {
    let root = bigint(root.get(), "root height")?;
    sqlx::query!(
        "delete from contract_event using block
          where block.index_block_hash = contract_event.index_block_hash
            and not block.attached and block.stacks_height < $1",
        root,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from block where not attached and stacks_height < $1",
        root
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Blocks connected with the root and elected from a height on.
///
/// # Errors
/// When the database is out of reach.
pub async fn load_attached_from(
    connection: &mut PgConnection,
    horizon: BurnHeight,
) -> Result<Vec<AttachedBlock>, DbError> {
    let rows = sqlx::query_as!(
        HeaderRow,
        "select index_block_hash, parent_index_block_hash, stacks_height, election_burn_block_hash,
                election_burn_height, consensus_hash, announced_view_consensus_hash, is_nakamoto, inbox_id,
                burn_view_hash, burn_view_height, burn_view_consensus_hash
           from block
          where attached and election_burn_height >= $1",
        bigint(horizon.get(), "burn height")?,
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(HeaderRow::attached).collect()
}

/// Blocks that are not connected with the root.
///
/// # Errors
/// When the database is out of reach.
pub async fn load_detached(connection: &mut PgConnection) -> Result<Vec<BlockHeader>, DbError> {
    let rows = sqlx::query_as!(
        HeaderRow,
        "select index_block_hash, parent_index_block_hash, stacks_height, election_burn_block_hash,
                election_burn_height, consensus_hash, announced_view_consensus_hash, is_nakamoto, inbox_id,
                burn_view_hash, burn_view_height, burn_view_consensus_hash
           from block
          where not attached",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(HeaderRow::header).collect()
}

struct HeaderRow {
    index_block_hash: Vec<u8>,
    parent_index_block_hash: Vec<u8>,
    stacks_height: i64,
    election_burn_block_hash: Vec<u8>,
    election_burn_height: i64,
    consensus_hash: Option<Vec<u8>>,
    announced_view_consensus_hash: Option<Vec<u8>>,
    is_nakamoto: bool,
    inbox_id: i64,
    burn_view_hash: Option<Vec<u8>>,
    burn_view_height: Option<i64>,
    burn_view_consensus_hash: Option<Vec<u8>>,
}

impl HeaderRow {
    fn header(&self) -> Result<BlockHeader, DbError> {
        Ok(BlockHeader {
            id: hash(&self.index_block_hash, "block.index_block_hash")?,
            parent: hash(&self.parent_index_block_hash, "block.parent_index_block_hash")?,
            height: stacks_height(self.stacks_height, "block.stacks_height")?,
            election: BurnPoint {
                height: burn_height(self.election_burn_height, "block.election_burn_height")?,
                hash: hash(&self.election_burn_block_hash, "block.election_burn_block_hash")?,
            },
            consensus_hash: optional_hash(self.consensus_hash.as_deref(), "block.consensus_hash")?,
            announced_view: optional_hash(
                self.announced_view_consensus_hash.as_deref(),
                "block.announced_view_consensus_hash",
            )?,
            is_nakamoto: self.is_nakamoto,
            arrival: Arrival(self.inbox_id),
        })
    }

    fn attached(&self) -> Result<AttachedBlock, DbError> {
        const COLUMN: &str = "block.burn_view_consensus_hash";
        let view = match (
            &self.burn_view_hash,
            self.burn_view_height,
            &self.burn_view_consensus_hash,
        ) {
            (Some(id), Some(height), _) => BurnView::Known(BurnPoint {
                height: burn_height(height, "block.burn_view_height")?,
                hash: hash(id, "block.burn_view_hash")?,
            }),
            (_, _, Some(consensus_hash)) => BurnView::Unresolved(hash(consensus_hash, COLUMN)?),
            _ => return Err(DbError::Corrupt { column: COLUMN }),
        };
        Ok(AttachedBlock {
            header: self.header()?,
            view,
        })
    }
}
