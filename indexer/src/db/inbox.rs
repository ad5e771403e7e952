//! Table `inbox`: every message as it came.

use sqlx::PgConnection;

use super::DbError;
use super::convert::unsigned;
use crate::chain::Arrival;

/// Where a message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A node pushed it.
    Observer,
    /// It was asked of a node.
    Node,
    /// It stood in an event archive. Such messages are not in the inbox, only in quarantine.
    Archive,
}

impl Source {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Observer => "observer",
            Self::Node => "node",
            Self::Archive => "archive",
        }
    }

    fn from_column(text: &str) -> Result<Self, DbError> {
        [Self::Observer, Self::Node, Self::Archive]
            .into_iter()
            .find(|source| source.as_str() == text)
            .ok_or(DbError::Corrupt {
                column: "inbox.source",
            })
    }
}

/// A stored message.
#[derive(Debug, Clone)]
pub struct InboxMessage {
    /// Order of arrival.
    pub arrival: Arrival,
    /// Where it came from.
    pub source: Source,
    /// Request path.
    pub path: String,
    /// Raw body.
    pub body: Vec<u8>,
}

/// Stores a message; false when the same one is there already.
///
/// # Errors
/// When the database is out of reach.
pub async fn store(
    connection: &mut PgConnection,
    source: Source,
    path: &str,
    body: &[u8],
) -> Result<bool, DbError> {
    match insert(&mut *connection, source, path, body).await {
        Err(error) if error.is_missing_partition() => {
            super::inbox_partition::add_in_need(&mut *connection).await?;
            insert(connection, source, path, body).await
        }
        stored => stored,
    }
}

/// One statement, so that a message and its digest are stored together, and repeated ones wait for each other.
async fn insert(
    connection: &mut PgConnection,
    source: Source,
    path: &str,
    body: &[u8],
) -> Result<bool, DbError> {
    let stored = sqlx::query!(
        "with digest as (
             insert into inbox_digest (path_sha256, body_sha256, inbox_id)
             values (sha256(convert_to($2, 'UTF8')), sha256($3), nextval('inbox_id_seq'))
             on conflict on constraint inbox_digest_pkey do nothing
             returning inbox_id, body_sha256)
         insert into inbox (inbox_id, source, path, body, body_sha256)
         select inbox_id, $1, $2, $3, body_sha256 from digest",
        source.as_str(),
        path,
        body,
    )
    .execute(connection)
    .await?;
    Ok(stored.rows_affected() > 0)
}

/// Stores a message that is known to be missed: the same one waits again, if it was stored before.
///
/// # Errors
/// When the database is out of reach.
pub async fn store_missed(
    connection: &mut PgConnection,
    source: Source,
    path: &str,
    body: &[u8],
) -> Result<(), DbError> {
    if !store(&mut *connection, source, path, body).await? {
        sqlx::query!(
            "update inbox set processed_at = null
              where inbox_id = (select inbox_id from inbox_digest
                                 where path_sha256 = sha256(convert_to($1, 'UTF8')) and body_sha256 = sha256($2))",
            path,
            body,
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Places in the order of arrival for messages that do not go through the inbox.
///
/// # Errors
/// When the database is out of reach.
pub async fn reserve(connection: &mut PgConnection, messages: usize) -> Result<Vec<Arrival>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"select nextval('inbox_id_seq') as "id!" from generate_series(1, $1::bigint)"#,
        i64::try_from(messages).unwrap_or(i64::MAX),
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(Arrival).collect())
}

/// The oldest message that waits.
///
/// # Errors
/// When the database is out of reach.
pub async fn next(connection: &mut PgConnection) -> Result<Option<InboxMessage>, DbError> {
    let row = sqlx::query!(
        "select inbox_id, source, path, body from inbox where processed_at is null order by inbox_id limit 1"
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(InboxMessage {
            arrival: Arrival(row.inbox_id),
            source: Source::from_column(&row.source)?,
            path: row.path,
            body: row.body,
        })
    })
    .transpose()
}

/// Marks a message as done.
///
/// # Errors
/// When the database is out of reach.
pub async fn mark_processed(connection: &mut PgConnection, arrival: Arrival) -> Result<(), DbError> {
    sqlx::query!(
        "update inbox set processed_at = now() where inbox_id = $1",
        arrival.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many messages wait.
///
/// # Errors
/// When the database is out of reach.
pub async fn depth(connection: &mut PgConnection) -> Result<u64, DbError> {
    let depth = sqlx::query_scalar!(r#"select count(*) as "depth!" from inbox where processed_at is null"#)
        .fetch_one(connection)
        .await?;
    unsigned(depth, "count of inbox")
}
