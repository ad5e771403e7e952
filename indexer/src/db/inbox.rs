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
    /// It stood in an event archive, and could not be read.
    Archive,
}

impl Source {
    const fn as_str(self) -> &'static str {
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
    let stored = sqlx::query!(
        "insert into inbox (source, path, body) values ($1, $2, $3)
         on conflict on constraint inbox_path_body_key do nothing",
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
    sqlx::query!(
        "insert into inbox (source, path, body) values ($1, $2, $3)
         on conflict on constraint inbox_path_body_key do update set processed_at = null",
        source.as_str(),
        path,
        body,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Places in the order of arrival for messages that do not go through the inbox.
///
/// # Errors
/// When the database is out of reach.
pub async fn reserve(connection: &mut PgConnection, messages: usize) -> Result<Vec<Arrival>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"select nextval(pg_get_serial_sequence('inbox', 'inbox_id')) as "id!" from generate_series(1, $1::bigint)"#,
        i64::try_from(messages).unwrap_or(i64::MAX),
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(Arrival).collect())
}

/// Keeps a message that did not go through the inbox; false when the same one is there already.
///
/// # Errors
/// When the database is out of reach.
pub async fn keep(connection: &mut PgConnection, message: &InboxMessage) -> Result<bool, DbError> {
    let kept = sqlx::query!(
        "insert into inbox (inbox_id, source, path, body, processed_at) overriding system value
         values ($1, $2, $3, $4, now())
         on conflict on constraint inbox_path_body_key do nothing",
        message.arrival.0,
        message.source.as_str(),
        message.path,
        message.body,
    )
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() > 0)
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
