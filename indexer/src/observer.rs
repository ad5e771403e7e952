//! The endpoint that a node's `[[events_observer]]` points to: stores what comes, and nothing else.
//!
//! The node repeats a message until it is answered with 200, and waits with all others meanwhile. So 200 means stored,
//! and whatever the message says is looked at later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, StatusCode, Uri};
use axum::routing::any;
use sqlx::PgPool;
use tokio::sync::{Notify, watch};

use crate::db::inbox::{self, Source};
use crate::db::{self, DbError};
use crate::diagnosis::{Condition, Vitals};
use crate::failpoint::CommitPoint;
use crate::metrics::MessageOutcome;

/// Longest that a message may take to be stored; the node waits 10 seconds when it is configured as documented.
const STORE_LIMIT: Duration = Duration::from_secs(8);
/// How often the waiting messages are counted where another process follows them.
const DEPTH_EVERY: Duration = Duration::from_secs(1);

/// What the endpoint needs to know.
#[derive(Debug, Clone)]
pub struct ObserverSettings {
    /// Secret first part of every path, without slashes; none: every path is taken.
    pub path_prefix: Option<String>,
    /// Longest body in bytes.
    pub body_limit: usize,
    /// Waiting messages at which the node is told to try again later.
    pub inbox_limit: u64,
}

/// Tells ingest that a message was stored, and the endpoint how many wait.
#[derive(Debug, Clone, Default)]
pub struct Inbox {
    /// Rings when a message was stored.
    pub arrived: Arc<Notify>,
    depth: Arc<AtomicU64>,
}

impl Inbox {
    /// How many messages wait, as of the last look or message.
    #[must_use]
    pub fn depth(&self) -> u64 {
        self.depth.load(Ordering::Relaxed)
    }

    /// Sets the number of waiting messages, as the table has it.
    pub fn set_depth(&self, depth: u64) {
        self.depth.store(depth, Ordering::Relaxed);
    }

    /// Says that a message waits no longer.
    pub fn message_processed(&self) {
        let fewer = |depth: u64| Some(depth.saturating_sub(1));
        // Cannot fail: there always is a next value.
        let _ = self
            .depth
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
    }

    /// Says that a message waits.
    pub fn message_stored(&self) {
        self.depth.fetch_add(1, Ordering::Relaxed);
        self.arrived.notify_one();
    }
}

#[derive(Debug, Clone)]
struct Endpoint {
    pool: PgPool,
    inbox: Inbox,
    vitals: Vitals,
    path_prefix: Option<Arc<str>>,
    inbox_limit: u64,
}

/// The endpoint's routes.
pub fn router(pool: PgPool, inbox: Inbox, vitals: Vitals, settings: &ObserverSettings) -> Router {
    let endpoint = Endpoint {
        pool,
        inbox,
        vitals,
        path_prefix: settings
            .path_prefix
            .as_deref()
            .map(|prefix| format!("/{prefix}").into()),
        inbox_limit: settings.inbox_limit,
    };
    Router::new()
        .fallback(any(receive))
        .layer(DefaultBodyLimit::max(settings.body_limit))
        .with_state(endpoint)
}

/// Keeps the number of waiting messages up to date where another process follows them.
pub async fn watch_depth(pool: PgPool, inbox: Inbox, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Ok(mut connection) = pool.acquire().await
            && let Ok(depth) = inbox::depth(&mut connection).await
        {
            inbox.set_depth(depth);
        }
        tokio::select! {
            () = tokio::time::sleep(DEPTH_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn receive(State(endpoint): State<Endpoint>, method: Method, uri: Uri, body: Bytes) -> StatusCode {
    let Some(path) = endpoint.inner_path(uri.path()) else {
        return StatusCode::NOT_FOUND;
    };
    if method != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    if endpoint.is_full() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    // A database that is gone without a word would hold the node for ever.
    let stored = match tokio::time::timeout(STORE_LIMIT, endpoint.store(path, &body)).await {
        Ok(stored) => stored,
        Err(_) => Err(DbError::Sqlx(sqlx::Error::PoolTimedOut)),
    };
    match stored {
        Ok(outcome) => {
            endpoint.vitals.is_over(Condition::ObserverRefusing);
            endpoint.vitals.metrics().message(outcome);
            StatusCode::OK
        }
        Err(error) => {
            tracing::error!(
                error = %error.with_causes(),
                path,
                "message not stored; the node is told to try again"
            );
            endpoint
                .vitals
                .suffers(Condition::ObserverRefusing, error.in_short());
            endpoint.vitals.metrics().message(MessageOutcome::Refused);
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

impl Endpoint {
    /// The path below the secret prefix.
    fn inner_path<'a>(&self, path: &'a str) -> Option<&'a str> {
        match &self.path_prefix {
            None => Some(path),
            Some(prefix) => path
                .strip_prefix(&**prefix)
                .filter(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }

    /// Whether no more messages are taken for now.
    fn is_full(&self) -> bool {
        let waiting = self.inbox.depth();
        if waiting < self.inbox_limit {
            self.vitals.is_over(Condition::InboxFull);
            return false;
        }
        tracing::warn!(waiting, "inbox is full; the node is told to try again");
        let detail = format!("{waiting} messages wait");
        self.vitals.suffers(Condition::InboxFull, &detail);
        self.vitals.metrics().message(MessageOutcome::Refused);
        true
    }

    async fn store(&self, path: &str, body: &[u8]) -> Result<MessageOutcome, DbError> {
        let mut connection = self.pool.acquire().await?;
        let stored = inbox::store(&mut connection, Source::Observer, path, body);
        if db::autocommit(CommitPoint::MessageStore, stored).await? {
            self.inbox.message_stored();
            Ok(MessageOutcome::Stored)
        } else {
            Ok(MessageOutcome::Repeated)
        }
    }
}
