//! Connections.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::DbError;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Longest that a reader's statement may take.
const READ_LIMIT: Duration = Duration::from_secs(5);
/// Longest wait for a free connection.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(5);
const WRITE_CONNECTIONS: u32 = 12;
const READ_CONNECTIONS: u32 = 12;

/// Connections for the two kinds of work.
#[derive(Debug, Clone)]
pub struct Pools {
    /// Ingest and inbox.
    pub write: PgPool,
    /// API: read-only transactions with a time limit.
    pub read: PgPool,
}

/// Prepares the pools. Connections are made when they are needed, so that a database that starts later is waited for.
#[must_use]
pub fn connect(options: &PgConnectOptions) -> Pools {
    let options = options.clone().application_name("recoup-indexer");
    let read_options = options.clone().options([
        ("statement_timeout", READ_LIMIT.as_millis().to_string()),
        ("default_transaction_read_only", "on".to_owned()),
        // Filters that are not used are null; only a plan made for the values at hand leaves them out.
        ("plan_cache_mode", "force_custom_plan".to_owned()),
    ]);
    let pool = |size| {
        PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(ACQUIRE_LIMIT)
    };
    Pools {
        write: pool(WRITE_CONNECTIONS).connect_lazy_with(options),
        read: pool(READ_CONNECTIONS).connect_lazy_with(read_options),
    }
}

/// Brings the tables up to date. Several processes may do this at once: one does, the others wait.
///
/// # Errors
/// When the database is out of reach, or was changed by a newer version.
pub async fn migrate(pool: &PgPool) -> Result<(), DbError> {
    Ok(MIGRATIONS.run(pool).await?)
}
