//! Table `block`: Stacks blocks on every fork.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use recoup_protocol::api::Tip;
use recoup_stacks::hash::{BurnHeight, ConsensusHash, IndexBlockHash, StacksHeight};
use sqlx::PgConnection;

use super::DbError;
use super::convert::{
    bigint, bigints, burn_height, column, hash, optional_bigint, optional_hash, stacks_height,
};
use crate::chain::{Arrival, AttachedBlock, BlockHeader, BurnPoint, BurnView};
use crate::normalised::NormalisedBlock;

/// A block that is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBlock {
    /// The block.
    pub block: NormalisedBlock,
    /// Its burn view, when it is connected with the root.
    pub view: Option<BurnView>,
}

/// Stores blocks; one that is there stays as it is. Those that `is_canonical` names are on the chain at once.
///
/// # Errors
/// When the database is out of reach.
pub async fn insert(
    connection: &mut PgConnection,
    blocks: &[NewBlock],
    is_canonical: impl Fn(&IndexBlockHash) -> bool,
) -> Result<(), DbError> {
    if blocks.is_empty() {
        return Ok(());
    }
    let views = Views::of(blocks.iter().map(|new| new.view))?;
    let headers = || blocks.iter().map(|new| &new.block.header);
    let attached: Vec<bool> = blocks.iter().map(|new| new.view.is_some()).collect();
    let canonical: Vec<bool> = headers().map(|header| is_canonical(&header.id)).collect();
    sqlx::query!(
        "insert into block (
             index_block_hash, block_hash, parent_index_block_hash, stacks_height, election_burn_block_hash,
             election_burn_height, consensus_hash, announced_view_consensus_hash, is_nakamoto, block_time, inbox_id,
             burn_view_hash, burn_view_height, burn_view_consensus_hash, attached, canonical)
         select * from unnest(
             $1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bytea[], $6::bigint[], $7::bytea[], $8::bytea[],
             $9::boolean[], $10::timestamptz[], $11::bigint[], $12::bytea[], $13::bigint[], $14::bytea[],
             $15::boolean[], $16::boolean[])
         on conflict (index_block_hash) do nothing",
        &column(headers(), |header| header.id.as_bytes().as_slice()) as _,
        &column(blocks, |new| new.block.block_hash.as_bytes().as_slice()) as _,
        &column(headers(), |header| header.parent.as_bytes().as_slice()) as _,
        &bigints(headers(), "stacks height", |header| header.height.get())?,
        &column(headers(), |header| header.election.hash.as_bytes().as_slice()) as _,
        &bigints(headers(), "burn height", |header| header.election.height.get())?,
        &column(headers(), |header| header
            .consensus_hash
            .as_ref()
            .map(|hash| hash.as_bytes().as_slice())) as _,
        &column(headers(), |header| header
            .announced_view
            .as_ref()
            .map(|hash| hash.as_bytes().as_slice())) as _,
        &column(headers(), |header| header.is_nakamoto),
        &column(blocks, |new| new.block.time) as _,
        &column(headers(), |header| header.arrival.0),
        &views.hashes as _,
        &views.heights as _,
        &views.consensus_hashes as _,
        &attached,
        &canonical,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks stored blocks as connected with the root, with the burn views that they got by that.
///
/// # Errors
/// When the database is out of reach.
pub async fn attach(connection: &mut PgConnection, blocks: &[AttachedBlock]) -> Result<(), DbError> {
    if blocks.is_empty() {
        return Ok(());
    }
    let views = Views::of(blocks.iter().map(|block| Some(block.view)))?;
    sqlx::query!(
        "update block
            set attached = true, burn_view_hash = new.burn_view_hash, burn_view_height = new.burn_view_height,
                burn_view_consensus_hash = new.burn_view_consensus_hash
           from unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bytea[])
             as new (index_block_hash, burn_view_hash, burn_view_height, burn_view_consensus_hash)
          where block.index_block_hash = new.index_block_hash",
        &column(blocks, |block| block.header.id.as_bytes().as_slice()) as _,
        &views.hashes as _,
        &views.heights as _,
        &views.consensus_hashes as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The columns of burn views.
#[derive(Default)]
struct Views {
    hashes: Vec<Option<Vec<u8>>>,
    heights: Vec<Option<i64>>,
    consensus_hashes: Vec<Option<Vec<u8>>>,
}

impl Views {
    fn of(views: impl Iterator<Item = Option<BurnView>>) -> Result<Self, DbError> {
        let mut columns = Self::default();
        for view in views {
            let (point, consensus_hash) = match view {
                Some(BurnView::Known(point)) => (Some(point), None),
                Some(BurnView::Unresolved(consensus_hash)) => (None, Some(consensus_hash)),
                None => (None, None),
            };
            let height = point.map(|point| point.height.get());
            columns
                .hashes
                .push(point.map(|point| point.hash.as_bytes().to_vec()));
            columns.heights.push(optional_bigint(height, "burn height")?);
            columns
                .consensus_hashes
                .push(consensus_hash.map(|hash| hash.as_bytes().to_vec()));
        }
        Ok(columns)
    }
}

/// Completes the burn views that waited for these sortitions; false when none did.
///
/// # Errors
/// When the database is out of reach.
pub async fn resolve_views(
    connection: &mut PgConnection,
    sortitions: &[(ConsensusHash, BurnPoint)],
) -> Result<bool, DbError> {
    if sortitions.is_empty() {
        return Ok(false);
    }
    let resolved = sqlx::query!(
        "update block set burn_view_hash = sortition.burn_block_hash, burn_view_height = sortition.burn_height
           from unnest($1::bytea[], $2::bytea[], $3::bigint[])
             as sortition (consensus_hash, burn_block_hash, burn_height)
          where block.burn_view_consensus_hash = sortition.consensus_hash and block.burn_view_hash is null",
        &column(sortitions, |(consensus_hash, _)| consensus_hash
            .as_bytes()
            .as_slice()) as _,
        &column(sortitions, |(_, point)| point.hash.as_bytes().as_slice()) as _,
        &bigints(sortitions, "burn height", |(_, point)| point.height.get())?,
    )
    .execute(connection)
    .await?;
    Ok(resolved.rows_affected() > 0)
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
    Ok(elections(connection, ids).await?.into_keys().collect())
}

/// The greatest burn view of a canonical block that is at most this high; none when no block's is.
///
/// # Errors
/// When the database is out of reach.
pub async fn greatest_view(
    connection: &mut PgConnection,
    limit: BurnHeight,
) -> Result<Option<BurnHeight>, DbError> {
    let view = sqlx::query_scalar!(
        "select burn_view_height from block where canonical and burn_view_height <= $1
          order by burn_view_height desc limit 1",
        bigint(limit.get(), "burn height")?,
    )
    .fetch_optional(connection)
    .await?;
    view.flatten()
        .map(|view| burn_height(view, "block.burn_view_height"))
        .transpose()
}

/// Which of these blocks are stored, and at which burn heights their tenures were elected.
///
/// # Errors
/// When the database is out of reach.
pub async fn elections(
    connection: &mut PgConnection,
    ids: &[IndexBlockHash],
) -> Result<HashMap<IndexBlockHash, BurnHeight>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = sqlx::query!(
        "select index_block_hash, election_burn_height from block where index_block_hash = any($1)",
        &column(ids, |id| id.as_bytes().as_slice()) as _,
    )
    .fetch_all(connection)
    .await?;
    found
        .iter()
        .map(|row| {
            Ok((
                hash(&row.index_block_hash, "block.index_block_hash")?,
                burn_height(row.election_burn_height, "block.election_burn_height")?,
            ))
        })
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

/// The time of the newest canonical block that has one.
///
/// # Errors
/// When the database is out of reach.
pub async fn newest_time(connection: &mut PgConnection) -> Result<Option<DateTime<Utc>>, DbError> {
    let time = sqlx::query_scalar!(
        r#"select block_time as "block_time!" from block where canonical and block_time is not null
            order by block_time desc, stacks_height desc limit 1"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(time)
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
        "delete from satellite_event using block
          where block.index_block_hash = satellite_event.index_block_hash
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
