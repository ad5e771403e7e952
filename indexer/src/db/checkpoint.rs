//! Tables `checkpoint` and `checkpoint_total`: one hash over all refunds up to a burn height.

use std::collections::BTreeMap;

use recoup_protocol::api::{Checkpoint, CheckpointTotal, SupersededCheckpoint};
use recoup_protocol::checkpoint::{MerkleTree, Root, TokenSum};
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, bigints, burn_height, column, optional_bigint, parsed, unsigned};

/// Tokens in one answer: anybody can make tokens and refund in them.
pub const TOKEN_LIMIT: u32 = 500;

/// The newest checkpoint, as far as the next one needs it.
#[derive(Debug, Clone)]
pub struct LastCheckpoint {
    /// Its height.
    pub burn_height: BurnHeight,
    /// The tree as it stood then.
    pub tree: MerkleTree,
}

/// A checkpoint to be written.
#[derive(Debug)]
pub struct NewCheckpoint<'a> {
    /// Its height.
    pub burn_height: BurnHeight,
    /// The tree of all refunds up to it.
    pub tree: &'a MerkleTree,
    /// Sums of the refunds since the checkpoint before.
    pub since: &'a BTreeMap<String, TokenSum>,
}

/// The newest that stands.
///
/// # Errors
/// When the database is out of reach.
pub async fn last(connection: &mut PgConnection) -> Result<Option<LastCheckpoint>, DbError> {
    let row = sqlx::query!(
        "select burn_height, refunds, frontier from checkpoint where superseded_at is null
          order by burn_height desc limit 1"
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let leaves = unsigned(row.refunds, "checkpoint.refunds")?;
    let tree = MerkleTree::resume(leaves, hashes(&row.frontier)?).map_err(|_| CORRUPT_FRONTIER)?;
    Ok(Some(LastCheckpoint {
        burn_height: burn_height(row.burn_height, "checkpoint.burn_height")?,
        tree,
    }))
}

/// Writes a checkpoint. One with this root that was taken back stands again.
///
/// # Errors
/// When the database is out of reach.
pub async fn insert(connection: &mut PgConnection, made: &NewCheckpoint<'_>) -> Result<(), DbError> {
    let height = bigint(made.burn_height.get(), "burn height")?;
    let root = made.tree.root();
    let frontier: Vec<u8> = made
        .tree
        .frontier()
        .iter()
        .flat_map(|hash| *hash.as_bytes())
        .collect();
    sqlx::query!(
        "insert into checkpoint (burn_height, root, refunds, frontier) values ($1, $2, $3, $4)
         on conflict on constraint checkpoint_pkey do update set superseded_at = null",
        height,
        root.as_bytes(),
        bigint(made.tree.leaves(), "refunds")?,
        frontier,
    )
    .execute(&mut *connection)
    .await?;
    if made.since.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into checkpoint_total (token, burn_height, root, refunds, refunded)
         select since.token, $1, $2, since.refunds + coalesce(before.refunds, 0),
                since.refunded::numeric + coalesce(before.refunded, 0)
           from unnest($3::text[], $4::bigint[], $5::text[]) as since (token, refunds, refunded)
           left join lateral (
                select total.refunds, total.refunded
                  from checkpoint_total as total join checkpoint using (burn_height, root)
                 where checkpoint.superseded_at is null and total.token = since.token and total.burn_height < $1
                 order by total.burn_height desc limit 1) as before on true
         on conflict do nothing",
        height,
        root.as_bytes(),
        &column(made.since.keys(), String::as_str) as _,
        &bigints(made.since.values(), "refunds", |sum| sum.refunds)?,
        &column(made.since.values(), |sum| sum.refunded.to_string()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes back those from this height on; answers how many.
///
/// # Errors
/// When the database is out of reach.
pub async fn supersede_from(connection: &mut PgConnection, from: BurnHeight) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "update checkpoint set superseded_at = now() where superseded_at is null and burn_height >= $1",
        bigint(from.get(), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// A page of those that stand, the newest first, below a height.
///
/// # Errors
/// When the database is out of reach.
pub async fn page(
    connection: &mut PgConnection,
    below: Option<BurnHeight>,
    limit: u32,
) -> Result<Vec<Checkpoint>, DbError> {
    let rows = sqlx::query_as!(
        CheckpointRow,
        "select burn_height, root, refunds, frontier from checkpoint
          where superseded_at is null and ($1::bigint is null or burn_height < $1)
          order by burn_height desc limit $2",
        optional_bigint(below.map(BurnHeight::get), "burn height")?,
        i64::from(limit),
    )
    .fetch_all(&mut *connection)
    .await?;
    complete(connection, rows).await
}

/// The one of this height that stands; without a height, the newest.
///
/// # Errors
/// When the database is out of reach.
pub async fn find(
    connection: &mut PgConnection,
    height: Option<BurnHeight>,
) -> Result<Option<Checkpoint>, DbError> {
    let row = sqlx::query_as!(
        CheckpointRow,
        "select burn_height, root, refunds, frontier from checkpoint
          where superseded_at is null and ($1::bigint is null or burn_height = $1)
          order by burn_height desc limit 1",
        optional_bigint(height.map(BurnHeight::get), "burn height")?,
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(complete(connection, row).await?.pop())
}

/// The first above a height that stands; without a height, the first of all.
///
/// # Errors
/// When the database is out of reach.
pub async fn first_above(
    connection: &mut PgConnection,
    height: Option<BurnHeight>,
) -> Result<Option<Checkpoint>, DbError> {
    let row = sqlx::query_as!(
        CheckpointRow,
        "select burn_height, root, refunds, frontier from checkpoint
          where superseded_at is null and ($1::bigint is null or burn_height > $1)
          order by burn_height limit 1",
        optional_bigint(height.map(BurnHeight::get), "burn height")?,
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(complete(connection, row).await?.pop())
}

struct CheckpointRow {
    burn_height: i64,
    root: Vec<u8>,
    refunds: i64,
    frontier: Vec<u8>,
}

/// The rows with their totals and what stood there before.
async fn complete(
    connection: &mut PgConnection,
    rows: Vec<CheckpointRow>,
) -> Result<Vec<Checkpoint>, DbError> {
    let heights: Vec<i64> = rows.iter().map(|row| row.burn_height).collect();
    let mut totals = totals(&mut *connection, &heights).await?;
    let mut superseded = superseded(connection, &heights).await?;
    let limit = usize::try_from(TOKEN_LIMIT).unwrap_or(usize::MAX);
    rows.into_iter()
        .map(|row| {
            let mut totals = totals.remove(&row.burn_height).unwrap_or_default();
            let has_more_tokens = totals.len() > limit;
            totals.truncate(limit);
            Ok(Checkpoint {
                burn_height: burn_height(row.burn_height, "checkpoint.burn_height")?,
                refunds: unsigned(row.refunds, "checkpoint.refunds")?,
                root: root(&row.root)?,
                totals,
                has_more_tokens,
                frontier: hashes(&row.frontier)?,
                superseded: superseded.remove(&row.burn_height).unwrap_or_default(),
            })
        })
        .collect()
}

async fn totals(
    connection: &mut PgConnection,
    heights: &[i64],
) -> Result<BTreeMap<i64, Vec<CheckpointTotal>>, DbError> {
    let rows = sqlx::query!(
        r#"with recursive held as (
               (select token from checkpoint_total order by token limit 1)
               union all
               select (select next.token from checkpoint_total as next where next.token > held.token
                        order by next.token limit 1)
                 from held where held.token is not null)
           select asked.burn_height as "burn_height!", held.token as "token!", last.refunds as "refunds!",
                  last.refunded::text as "refunded!"
             from unnest($1::bigint[]) as asked (burn_height)
            cross join (select token from held where token is not null limit $2) as held
            cross join lateral (
                  select total.refunds, total.refunded
                    from checkpoint_total as total
                   where total.token = held.token and total.burn_height <= asked.burn_height
                     and (select checkpoint.superseded_at is null from checkpoint
                           where checkpoint.burn_height = total.burn_height and checkpoint.root = total.root)
                   order by total.burn_height desc limit 1) as last
            order by asked.burn_height, held.token"#,
        heights,
        i64::from(TOKEN_LIMIT).saturating_add(1),
    )
    .fetch_all(connection)
    .await?;
    let mut totals: BTreeMap<i64, Vec<CheckpointTotal>> = BTreeMap::new();
    for row in rows {
        totals.entry(row.burn_height).or_default().push(CheckpointTotal {
            token: parsed(&row.token, "checkpoint_total.token")?,
            refunds: unsigned(row.refunds, "checkpoint_total.refunds")?,
            refunded: parsed(&row.refunded, "checkpoint_total.refunded")?,
        });
    }
    Ok(totals)
}

async fn superseded(
    connection: &mut PgConnection,
    heights: &[i64],
) -> Result<BTreeMap<i64, Vec<SupersededCheckpoint>>, DbError> {
    let rows = sqlx::query!(
        r#"select burn_height, root, refunds, superseded_at as "superseded_at!" from checkpoint
            where burn_height = any($1) and superseded_at is not null
            order by burn_height, superseded_at, root"#,
        heights,
    )
    .fetch_all(connection)
    .await?;
    let mut superseded: BTreeMap<i64, Vec<SupersededCheckpoint>> = BTreeMap::new();
    for row in rows {
        let of_height = superseded.entry(row.burn_height).or_default();
        of_height.push(SupersededCheckpoint {
            root: root(&row.root)?,
            refunds: unsigned(row.refunds, "checkpoint.refunds")?,
            superseded_at: row.superseded_at,
        });
    }
    Ok(superseded)
}

const CORRUPT_FRONTIER: DbError = DbError::Corrupt {
    column: "checkpoint.frontier",
};

fn root(bytes: &[u8]) -> Result<Root, DbError> {
    let bytes = bytes.try_into().map_err(|_| DbError::Corrupt {
        column: "checkpoint.root",
    })?;
    Ok(Root::from_bytes(bytes))
}

fn hashes(bytes: &[u8]) -> Result<Vec<Root>, DbError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() {
        Ok(hashes.iter().copied().map(Root::from_bytes).collect())
    } else {
        Err(CORRUPT_FRONTIER)
    }
}
