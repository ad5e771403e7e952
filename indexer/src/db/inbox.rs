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
}

impl Source {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Observer => "observer",
        }
    }
}

/// A stored message.
#[derive(Debug, Clone)]
pub struct InboxMessage {
    /// Order of arrival.
    pub arrival: Arrival,
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

/// The oldest message that waits.
///
/// # Errors
/// When the database is out of reach.
pub async fn next(connection: &mut PgConnection) -> Result<Option<InboxMessage>, DbError> {
    let row = sqlx::query!(
        "select inbox_id, path, body from inbox where processed_at is null order by inbox_id limit 1"
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| InboxMessage {
        arrival: Arrival(row.inbox_id),
        path: row.path,
        body: row.body,
    }))
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
