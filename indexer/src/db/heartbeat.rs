//! Table `writer_heartbeat`: a sign of life of the writer.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::DbError;

/// Says that the writer lives.
///
/// # Errors
/// When the database is out of reach.
pub async fn beat(connection: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!("update writer_heartbeat set beaten_at = now()")
        .execute(connection)
        .await?;
    Ok(())
}

/// What the database says of itself and of the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignsOfLife {
    /// The database's clock.
    pub now: DateTime<Utc>,
    /// When the writer last said that it lives, as far as this database knows.
    pub writer: Option<DateTime<Utc>>,
    /// When a message was last stored, of those that are kept.
    pub last_message: Option<DateTime<Utc>>,
    /// When the oldest message that waits was stored.
    pub oldest_waiting: Option<DateTime<Utc>>,
    /// Whether this database follows another one.
    pub is_replica: bool,
}

impl SignsOfLife {
    /// How long ago something was, by the database's clock.
    #[must_use]
    pub fn since(&self, time: Option<DateTime<Utc>>) -> Option<TimeDelta> {
        time.map(|time| self.now.signed_duration_since(time))
    }
}

/// Reads them.
///
/// # Errors
/// When the database is out of reach.
pub async fn signs_of_life(connection: &mut PgConnection) -> Result<SignsOfLife, DbError> {
    let row = sqlx::query!(
        r#"select clock_timestamp() as "now!", pg_is_in_recovery() as "is_replica!",
                  (select beaten_at from writer_heartbeat) as writer,
                  (select received_at from inbox order by inbox_id desc limit 1) as last_message,
                  (select received_at from inbox where processed_at is null order by inbox_id limit 1)
                      as oldest_waiting"#
    )
    .fetch_one(connection)
    .await?;
    Ok(SignsOfLife {
        now: row.now,
        writer: row.writer,
        last_message: row.last_message,
        oldest_waiting: row.oldest_waiting,
        is_replica: row.is_replica,
    })
}
