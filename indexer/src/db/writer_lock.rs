//! One writer: an advisory lock of a session, which ends with its holder.

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::DbError;

/// Any number does, as long as it is always the same; this one spells "recoup".
const LOCK_KEY: i64 = 0x7265_636f_7570;

/// Proof that this process alone writes. Holds as long as its connection.
#[derive(Debug)]
pub struct WriterLock {
    connection: PgConnection,
}

impl WriterLock {
    /// Waits until no other process writes.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn wait(options: &PgConnectOptions) -> Result<Self, DbError> {
        let options = options.clone().application_name("recoup-indexer writer");
        let mut connection = PgConnection::connect_with(&options).await?;
        let held = sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "held!""#, LOCK_KEY)
            .fetch_one(&mut connection)
            .await?;
        if !held {
            tracing::info!("another process writes; standing by");
            sqlx::query!("select pg_advisory_lock($1)", LOCK_KEY)
                .execute(&mut connection)
                .await?;
        }
        Ok(Self { connection })
    }

    /// Whether the lock still holds: it ends when the connection breaks.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&mut self) -> Result<(), DbError> {
        Ok(self.connection.ping().await?)
    }
}
