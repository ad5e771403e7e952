//! Table `gap`: parents that never came.

use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, unsigned};

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapKind {
    /// A Stacks block.
    Block,
    /// A Bitcoin block.
    BurnBlock,
}

impl GapKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::BurnBlock => "burn_block",
        }
    }
}

/// Notes that a parent is missing.
///
/// # Errors
/// When the database is out of reach.
pub async fn open(
    connection: &mut PgConnection,
    kind: GapKind,
    missing_hash: &[u8],
    expected_height: u64,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into gap (kind, missing_hash, expected_height) values ($1, $2, $3)
         on conflict on constraint gap_pkey do update
            set closed_at = null, off_chain = false where gap.closed_at is not null",
        kind.as_str(),
        missing_hash,
        bigint(expected_height, "expected height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that blocks came; nothing happens for those that nobody missed.
///
/// # Errors
/// When the database is out of reach.
pub async fn close(connection: &mut PgConnection, kind: GapKind, hashes: &[&[u8]]) -> Result<(), DbError> {
    if hashes.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update gap set closed_at = now() where kind = $1 and missing_hash = any($2) and closed_at is null",
        kind.as_str(),
        hashes as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Closes the gaps of Stacks blocks below the root: nothing there is missed.
///
/// # Errors
/// When the database is out of reach.
pub async fn close_below_root(connection: &mut PgConnection, root: u64) -> Result<(), DbError> {
    sqlx::query!(
        "update gap set closed_at = now() where kind = 'block' and expected_height < $1 and closed_at is null",
        bigint(root, "root height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A parent that never came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Its hash.
    pub missing_hash: Vec<u8>,
    /// The height it must have.
    pub expected_height: u64,
}

/// Open gaps of a kind, the highest first, off the node's chain or not.
///
/// # Errors
/// When the database is out of reach.
pub async fn open_of_kind(
    connection: &mut PgConnection,
    kind: GapKind,
    limit: i64,
) -> Result<Vec<Gap>, DbError> {
    let rows = sqlx::query!(
        "select missing_hash, expected_height from gap
          where kind = $1 and closed_at is null order by expected_height desc limit $2",
        kind.as_str(),
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Gap {
                missing_hash: row.missing_hash,
                expected_height: unsigned(row.expected_height, "gap.expected_height")?,
            })
        })
        .collect()
}

/// Notes whether the node has another Bitcoin block in the place of the missing one.
///
/// # Errors
/// When the database is out of reach.
pub async fn set_off_chain(
    connection: &mut PgConnection,
    missing_hash: &[u8],
    off_chain: bool,
) -> Result<(), DbError> {
    sqlx::query!(
        "update gap set off_chain = $2 where kind = 'burn_block' and missing_hash = $1 and off_chain <> $2",
        missing_hash,
        off_chain,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many gaps are open, without those off the node's chain.
///
/// # Errors
/// When the database is out of reach.
pub async fn count_open(connection: &mut PgConnection) -> Result<u64, DbError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from gap where closed_at is null and not off_chain"#
    )
    .fetch_one(connection)
    .await?;
    unsigned(count, "count of gap")
}
