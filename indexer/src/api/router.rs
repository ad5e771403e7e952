//! Paths, limits and the database of the API.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use recoup_protocol::api::BASE_PATH;
use sqlx::postgres::Postgres;
use sqlx::{PgPool, Transaction};

use super::error::ApiFailure;
use super::{health, invoices, refunds};

/// What the API needs to know.
#[derive(Debug, Clone, Copy)]
pub struct ApiSettings {
    /// Longest time that a request may take.
    pub time_limit: Duration,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            time_limit: Duration::from_secs(10),
        }
    }
}

/// The API's state: connections that can only read.
#[derive(Debug, Clone)]
pub(super) struct Api {
    pub(super) pool: PgPool,
}

impl Api {
    /// A transaction in which every query sees the same moment.
    pub(super) async fn snapshot(&self) -> Result<Transaction<'static, Postgres>, ApiFailure> {
        snapshot(&self.pool).await
    }
}

/// A transaction in which every query sees the same moment.
pub(super) async fn snapshot(pool: &PgPool) -> Result<Transaction<'static, Postgres>, ApiFailure> {
    Ok(pool
        .begin_with("begin isolation level repeatable read read only")
        .await?)
}

/// The API's routes, below `/api/v1`.
pub fn router(pool: PgPool, settings: ApiSettings) -> Router {
    let paths = Router::new()
        .route("/refunds", get(refunds::list))
        .route("/refunds/{id}", get(refunds::show))
        .route("/invoices/{id}", get(invoices::show))
        .route("/health", get(health::show));
    Router::new()
        .nest(BASE_PATH, paths)
        .fallback(|| async { ApiFailure::NoSuchPath })
        .method_not_allowed_fallback(|| async { ApiFailure::MethodNotAllowed })
        .layer(middleware::from_fn(move |request, next| {
            within(settings.time_limit, request, next)
        }))
        .with_state(Api { pool })
}

async fn within(limit: Duration, request: Request, next: Next) -> Result<Response, ApiFailure> {
    tokio::time::timeout(limit, next.run(request))
        .await
        .map_err(|_| ApiFailure::TimedOut)
}
