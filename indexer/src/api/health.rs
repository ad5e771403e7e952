//! `GET /health`, `GET /ready` and `GET /metrics`: how this process is doing.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use recoup_protocol::api::{ApiError, ErrorBody, ProcessHealth, Readiness};

use super::error::ApiFailure;
use super::parameters::Parameters;
use super::router::ApiContext;
use crate::diagnosis::{Diagnosis, diagnose};

const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How things stand, and all that is wrong. 503 when even that cannot be told.
pub(super) async fn health(
    State(context): State<ApiContext>,
    parameters: Parameters,
) -> Result<Response, ApiFailure> {
    parameters.finish()?;
    let diagnosis = context.diagnose().await;
    Ok(match diagnosis.health {
        Some(health) => Json(health).into_response(),
        None => {
            let errors = diagnosis.conditions.into_iter().map(|condition| ApiError {
                code: condition.code,
                detail: condition.detail,
            });
            let body = ErrorBody {
                errors: errors.collect(),
            };
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    })
}

/// Whether requests should come here: 200 or 503.
pub(super) async fn ready(
    State(context): State<ApiContext>,
    parameters: Parameters,
) -> Result<Response, ApiFailure> {
    parameters.finish()?;
    let diagnosis = context.diagnose().await;
    let ready = diagnosis.is_ready();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = Readiness {
        ready,
        conditions: diagnosis.conditions,
    };
    Ok((status, Json(body)).into_response())
}

/// All numbers, for Prometheus.
pub(super) async fn metrics(State(context): State<ApiContext>) -> Response {
    let diagnosis = context.diagnose().await;
    let pools = [("read", &context.pools.read), ("store", &context.pools.store)];
    let is_writer = context.vitals.is_writer();
    match context.vitals.metrics().encode(&diagnosis, is_writer, &pools) {
        Ok(text) => ([(header::CONTENT_TYPE, METRICS_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl ApiContext {
    async fn diagnose(&self) -> Diagnosis {
        let process = ProcessHealth {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            observer: self.parts.observer,
            ingest: self.parts.ingest,
            is_writer: self.vitals.is_writer(),
            api: self.parts.api,
        };
        diagnose(&self.pools.read, Some((&self.vitals, &self.followed, process))).await
    }
}
