//! One writer: an advisory lock of a session, which ends with its holder.

use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::DbError;

/// Any number does, as long as it is always the same; this one spells "recoup".
const LOCK_KEY: i64 = 0x7265_636f_7570;
/// How long a held lock is believed without a look: the connection may have broken.
const BELIEVED_FOR: Duration = Duration::from_secs(5);

/// The right to write. It keeps two writers from working against each other; that they could not spoil the tables is
/// the cursor's doing, see [`super::chain_tip::lock_cursor`].
#[derive(Debug)]
pub struct WriterLock {
    options: PgConnectOptions,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    connection: PgConnection,
    checked_at: Instant,
}

impl WriterLock {
    /// Prepares the lock; it is not held yet.
    #[must_use]
    pub fn new(options: &PgConnectOptions) -> Self {
        Self {
            options: options.clone().application_name("recoup-indexer writer"),
            held: None,
        }
    }

    /// Takes the lock, or makes sure that it still holds; false while another process has it.
    ///
    /// # Errors
    /// When the database is out of reach. The lock is not held then.
    pub async fn hold(&mut self) -> Result<bool, DbError> {
        if let Some(mut held) = self.held.take() {
            if held.checked_at.elapsed() > BELIEVED_FOR {
                held.connection.ping().await?;
                held.checked_at = Instant::now();
            }
            self.held = Some(held);
            return Ok(true);
        }
        let mut connection = PgConnection::connect_with(&self.options).await?;
        let taken = sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "taken!""#, LOCK_KEY)
            .fetch_one(&mut connection)
            .await?;
        if taken {
            self.held = Some(Held {
                connection,
                checked_at: Instant::now(),
            });
        } else {
            connection.close().await?;
        }
        Ok(taken)
    }
}
