//! Table `quarantine`: messages that could not be decoded.

use sqlx::PgConnection;

use super::DbError;
use super::convert::{storable, unsigned};
use crate::chain::Arrival;

/// Puts a message aside.
///
/// # Errors
/// When the database is out of reach.
pub async fn put(
    connection: &mut PgConnection,
    arrival: Arrival,
    path: &str,
    reason: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into quarantine (inbox_id, path, reason) values ($1, $2, $3) on conflict (inbox_id) do nothing",
        arrival.0,
        path,
        storable(reason),
    )
    .execute(connection)
    .await?;
    Ok(())
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
