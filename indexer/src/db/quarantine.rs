//! Table `quarantine`: messages that could not be decoded or stored.

use sqlx::PgConnection;

use super::DbError;
use super::convert::{storable, unsigned};
use super::inbox::InboxMessage;

/// Puts a message aside, with a copy of its own; false when the same one is there already.
///
/// # Errors
/// When the database is out of reach.
pub async fn put(
    connection: &mut PgConnection,
    message: &InboxMessage,
    reason: &str,
) -> Result<bool, DbError> {
    let put = sqlx::query!(
        "insert into quarantine (inbox_id, source, path, body, received_at, reason)
         values ($1, $2, $3, $4, coalesce((select received_at from inbox where inbox_id = $1), now()), $5)
         on conflict do nothing",
        message.arrival.0,
        message.source.as_str(),
        message.path,
        message.body,
        storable(reason),
    )
    .execute(connection)
    .await?;
    Ok(put.rows_affected() > 0)
}

/// How many messages were put aside.
///
/// # Errors
/// When the database is out of reach.
pub async fn count(connection: &mut PgConnection) -> Result<u64, DbError> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from quarantine"#)
        .fetch_one(connection)
        .await?;
    unsigned(count, "count of quarantine")
}
