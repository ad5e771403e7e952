//! Connections.

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgConnection, PgPool};

use super::{DbError, deferred_index};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Longest that a reader's statement may take, where nobody says.
const READ_LIMIT: Duration = Duration::from_secs(5);
/// Longest that storing a message may take: the node waits 10 seconds when it is configured as documented.
const STORE_LIMIT: Duration = Duration::from_secs(6);
/// Longest that a reader's transaction may wait for its client.
const IDLE_LIMIT: Duration = Duration::from_secs(60);
/// Longest wait for a free connection.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(5);
const STORE_CONNECTIONS: u32 = 6;
const WRITE_CONNECTIONS: u32 = 4;
const READ_CONNECTIONS: u32 = 12;

/// Connections for the kinds of work. [`super::Writer`] has its own.
#[derive(Debug, Clone)]
pub struct Pools {
    /// What takes as long as it takes: imports, upkeep.
    pub write: PgPool,
    /// Storing messages: short statements with a time limit.
    pub store: PgPool,
    /// API: read-only transactions with a time limit.
    pub read: PgPool,
}

/// Prepares the pools; the API reads from `read`, if it is given. Connections are made when they are needed, so that a
/// database that starts later is waited for.
#[must_use]
pub fn connect(options: &PgConnectOptions, read: Option<&PgConnectOptions>) -> Pools {
    connect_with(options, read, READ_LIMIT)
}

/// The same with another limit for a reader's statement.
#[must_use]
pub fn connect_with(
    options: &PgConnectOptions,
    read: Option<&PgConnectOptions>,
    read_limit: Duration,
) -> Pools {
    let named = |options: &PgConnectOptions| options.clone().application_name("recoup-indexer");
    let limit = |limit: Duration| ("statement_timeout", limit.as_millis().to_string());
    let read_options = named(read.unwrap_or(options)).options([
        limit(read_limit),
        ("default_transaction_read_only", "on".to_owned()),
        // Whoever takes an export and stops reading holds nothing for ever.
        (
            "idle_in_transaction_session_timeout",
            IDLE_LIMIT.as_millis().to_string(),
        ),
        // Filters that are not used are null; only a plan made for the values at hand leaves them out.
        ("plan_cache_mode", "force_custom_plan".to_owned()),
        // Every list is read from the index that has its order. Where PostgreSQL thinks that few rows match, it would
        // rather collect and sort them all: when it is wrong about one merchant, those are millions.
        ("enable_sort", "off".to_owned()),
        ("enable_bitmapscan", "off".to_owned()),
        // A sort that cannot be avoided is priced out of all reason, and PostgreSQL would compile the query for it: a
        // quarter of a second for what takes a few milliseconds.
        ("jit", "off".to_owned()),
    ]);
    let pool = |size| {
        PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(ACQUIRE_LIMIT)
    };
    Pools {
        write: pool(WRITE_CONNECTIONS).connect_lazy_with(named(options)),
        store: pool(STORE_CONNECTIONS).connect_lazy_with(named(options).options([limit(STORE_LIMIT)])),
        read: pool(READ_CONNECTIONS).connect_lazy_with(read_options),
    }
}

/// Lets the rest of a reader's transaction sort what it found, and look words up: for what is known to be few.
///
/// # Errors
/// When the database is out of reach.
pub(super) async fn allow_sorting(connection: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!(
        r#"select set_config('enable_sort', 'on', true) as "sort!",
                  set_config('enable_bitmapscan', 'on', true) as "bitmap!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Brings the tables up to date. Several processes may do this at once: one does, the others wait.
///
/// # Errors
/// When the database is out of reach, or was changed by a newer version.
pub async fn migrate(pool: &PgPool) -> Result<(), DbError> {
    let mut connection = pool.acquire().await?;
    // A migration may change what an import left out.
    if deferred_index::any_if_known(&mut connection).await? && !has_current_schema(&mut connection).await? {
        deferred_index::build_all(&mut connection).await?;
    }
    drop(connection);
    Ok(MIGRATIONS.run(pool).await?)
}

/// Whether the tables are of this program's version.
///
/// # Errors
/// When the database is out of reach, or holds no tables of ours.
pub async fn has_current_schema(connection: &mut PgConnection) -> Result<bool, DbError> {
    // The table is the migrator's own; a query of it cannot be checked when this is compiled.
    let newest: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
        .fetch_one(connection)
        .await?;
    Ok(newest == MIGRATIONS.iter().map(|migration| migration.version).max())
}
