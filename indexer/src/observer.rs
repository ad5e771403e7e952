//! The endpoint that a node's `[[events_observer]]` points to: stores what comes, and nothing else.
//!
//! The node repeats a message until it is answered with 200, and waits with all others meanwhile. So 200 means stored,
//! and whatever the message says is looked at later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, StatusCode, Uri};
use axum::routing::any;
use sqlx::PgPool;
use tokio::sync::Notify;

use crate::db::DbError;
use crate::db::inbox::{self, Source};

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
    path_prefix: Option<Arc<str>>,
    inbox_limit: u64,
}

/// The endpoint's routes.
pub fn router(pool: PgPool, inbox: Inbox, settings: &ObserverSettings) -> Router {
    let endpoint = Endpoint {
        pool,
        inbox,
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

async fn receive(State(endpoint): State<Endpoint>, method: Method, uri: Uri, body: Bytes) -> StatusCode {
    let Some(path) = endpoint.inner_path(uri.path()) else {
        return StatusCode::NOT_FOUND;
    };
    if method != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    let waiting = endpoint.inbox.depth();
    if waiting >= endpoint.inbox_limit {
        tracing::warn!(waiting, "inbox is full; the node is told to try again");
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    match endpoint.store(path, &body).await {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            tracing::error!(
                error = %error.with_causes(),
                path,
                "message not stored; the node is told to try again"
            );
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

    async fn store(&self, path: &str, body: &[u8]) -> Result<(), DbError> {
        let mut connection = self.pool.acquire().await?;
        if inbox::store(&mut connection, Source::Observer, path, body).await? {
            self.inbox.message_stored();
        }
        Ok(())
    }
}
