//! Paths, limits and the database of the API.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use recoup_protocol::api::BASE_PATH;
use recoup_stacks::address::ContractId;
use recoup_stacks::rpc::NodeClient;
use sqlx::postgres::Postgres;
use sqlx::{PgPool, Transaction};
use tokio::sync::Semaphore;

use super::error::ApiFailure;
use super::limits::{self, CorsOrigins, Limiter, RateLimit};
use super::proof::{self, Witness};
use super::{checkpoints, export, health, invoice, invoices, openapi, refunds, satellites, totals};
use crate::config::Parts;
use crate::db::Pools;
use crate::diagnosis::{Followed, Vitals};

/// Exports that may run at once.
const EXPORTS_AT_ONCE: usize = 4;

/// What the API needs to know.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// Longest time that a request may take.
    pub time_limit: Duration,
    /// Longest time that one statement of the database may take.
    pub statement_limit: Duration,
    /// How much one client may ask; none: as much as it likes.
    pub rate_limit: Option<RateLimit>,
    /// Which web pages may read it.
    pub cors: CorsOrigins,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            time_limit: Duration::from_secs(10),
            statement_limit: Duration::from_secs(5),
            rate_limit: None,
            cors: CorsOrigins::None,
        }
    }
}

/// The process that answers.
#[derive(Debug, Clone)]
pub struct ApiContext {
    /// Its connections.
    pub pools: Pools,
    /// How it is doing.
    pub vitals: Vitals,
    /// What it follows.
    pub followed: Followed,
    /// What it does.
    pub parts: Parts,
    /// Whom it asks for proofs; none: the tables alone answer.
    pub node: Option<NodeClient>,
}

/// The API's state: connections that can only read.
#[derive(Debug, Clone)]
pub(super) struct Api {
    pub(super) pool: PgPool,
    /// How many more exports may run: each holds a connection for as long as its client reads.
    pub(super) exports: Arc<Semaphore>,
    /// Whose refunds these are.
    pub(super) core_contract: ContractId,
    /// What the node says of them.
    pub(super) witness: Witness,
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

/// The API's routes, below `/api/v1`. Where that part is switched off, the process tells how it is doing and no more.
pub fn router(context: ApiContext, settings: &ApiSettings) -> Router {
    let mut paths = Router::new();
    if context.parts.api {
        let api = Api {
            pool: context.pools.read.clone(),
            exports: Arc::new(Semaphore::new(EXPORTS_AT_ONCE)),
            core_contract: context.followed.core_contract.clone(),
            witness: Witness::new(context.node.clone(), settings.time_limit),
        };
        // Whoever watches over the process is not counted among its clients.
        let history = match &settings.rate_limit {
            Some(limit) => {
                let limiter = Limiter::new(limit);
                history(api).layer(middleware::from_fn_with_state(limiter, limits::limit))
            }
            None => history(api),
        };
        paths = paths.merge(history);
    }
    let time_limit = settings.time_limit;
    let vitals = context.vitals.clone();
    let paths = paths.merge(
        Router::new()
            .route("/health", get(health::health))
            .route("/ready", get(health::ready))
            .route("/metrics", get(health::metrics))
            .with_state(context),
    );
    Router::new()
        .nest(BASE_PATH, paths)
        .fallback(|| async { ApiFailure::NoSuchPath })
        .method_not_allowed_fallback(|| async { ApiFailure::MethodNotAllowed })
        .layer(middleware::from_fn(move |request, next| {
            within(time_limit, request, next)
        }))
        .layer(settings.cors.layer())
        .layer(middleware::from_fn(move |request, next| {
            count(vitals.clone(), request, next)
        }))
}

/// What auditors ask for.
fn history(api: Api) -> Router {
    Router::new()
        .route("/refunds", get(refunds::list))
        .route("/refunds/{id}", get(refunds::show))
        .route("/refunds/{id}/proof", get(proof::show))
        .route("/invoices", get(invoices::list))
        .route("/invoices/{id}", get(invoice::show))
        .route("/invoices/{id}/payers", get(invoice::payers))
        .route("/invoices/{id}/payments", get(invoice::payments))
        .route("/invoices/{id}/timeline", get(invoices::timeline))
        .route("/merchants/{principal}", get(totals::merchant))
        .route("/payers/{principal}", get(totals::payer))
        .route("/stats", get(totals::stats))
        .route("/subscriptions", get(satellites::subscriptions))
        .route("/subscriptions/{id}", get(satellites::subscription))
        .route("/reserves/{merchant}", get(satellites::reserves))
        .route("/operators/{merchant}", get(satellites::operators))
        .route("/checkpoints", get(checkpoints::list))
        .route("/checkpoints/{burn_height}", get(checkpoints::show))
        .route("/export/refunds.csv", get(export::csv))
        .route("/export/refunds.jsonl", get(export::jsonl))
        .with_state(api)
        .merge(openapi::routes())
}

async fn within(limit: Duration, request: Request, next: Next) -> Result<Response, ApiFailure> {
    tokio::time::timeout(limit, next.run(request))
        .await
        .map_err(|_| ApiFailure::TimedOut)
}

async fn count(vitals: Vitals, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    vitals
        .metrics()
        .request(&route, response.status().as_u16(), started.elapsed());
    response
}
