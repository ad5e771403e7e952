//! One writer: the connection that holds an advisory lock, which ends with it.
//!
//! The tables are written through this very connection. So a process that lost the lock, because its connection broke
//! or the server ended it, has lost the means to write too, whether it noticed or not.

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::{DbError, deferred_index};

/// Any number does, as long as it is always the same; this one spells "recoup".
const LOCK_KEY: i64 = 0x7265_636f_7570;

/// What the server is to do with a writer that hangs: a frozen process must not keep others from writing.
const LIMITS: [(&str, &str); 6] = [
    // It asks for messages every second.
    ("idle_session_timeout", "15s"),
    // Reading the longest message takes seconds.
    ("idle_in_transaction_session_timeout", "20s"),
    // Somebody else's lock is waited for, then said.
    ("lock_timeout", "10s"),
    ("statement_timeout", "300s"),
    // A machine that is gone is noticed.
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "5"),
];

/// The right to write, if this process has it.
#[derive(Debug)]
pub struct Writer {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl Writer {
    /// Prepares the right to write; it is not taken yet.
    #[must_use]
    pub fn new(options: &PgConnectOptions) -> Self {
        let options = options
            .clone()
            .application_name("recoup-indexer writer")
            .options(LIMITS);
        Self {
            options,
            connection: None,
        }
    }

    /// The connection to write through; none while another process writes. Who takes it gives it back with
    /// [`Writer::give_back`] when all went well, and drops it otherwise: the next one is a new one.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn take(&mut self) -> Result<Option<PgConnection>, DbError> {
        if let Some(connection) = self.connection.take() {
            return Ok(Some(connection));
        }
        let mut connection = PgConnection::connect_with(&self.options).await?;
        let taken = sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "taken!""#, LOCK_KEY)
            .fetch_one(&mut connection)
            .await?;
        if taken {
            deferred_index::build_all(&mut connection).await?;
            return Ok(Some(connection));
        }
        connection.close().await?;
        Ok(None)
    }

    /// Keeps the right to write.
    pub fn give_back(&mut self, connection: PgConnection) {
        self.connection = Some(connection);
    }
}

/// Whether no process has the right to write; none gets it until the transaction ends.
pub(super) async fn nobody_writes(connection: &mut PgConnection) -> Result<bool, DbError> {
    let nobody = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "nobody!""#, LOCK_KEY)
        .fetch_one(connection)
        .await?;
    Ok(nobody)
}
