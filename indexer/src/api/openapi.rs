//! `GET /openapi.json`, `GET /docs`: what the API answers, for programs and for people.

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use recoup_protocol::api::{BASE_PATH, ErrorBody};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::operations::{Answer, OPERATIONS, Operation};

/// Everything from here, nothing from elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// The OpenAPI 3.1 document.
#[must_use]
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let refusal = generator.subschema_for::<ErrorBody>().to_value();
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let answer = match &operation.answer {
            Answer::Json(schema) => json!({"application/json": {"schema": schema(&mut generator)}}),
            Answer::Text(kind) => json!({ *kind: {"schema": {"type": "string"}} }),
        };
        paths.insert(
            operation.path.to_owned(),
            json!({"get": described(operation, answer, &refusal)}),
        );
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Recoup: refunds on Stacks, for auditors",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Read only. Amounts are decimal strings of base units, times RFC 3339 in UTC. Texts are \
                            strangers' words: escape them wherever they are shown.",
            "license": {"name": "GPL-3.0-only", "identifier": "GPL-3.0-only"},
        },
        "servers": [{"url": BASE_PATH}],
        "paths": paths,
        "components": {"schemas": generator.take_definitions(true)},
    })
}

fn described(operation: &Operation, answer: Value, refusal: &Value) -> Value {
    let mut responses = Map::new();
    responses.insert("200".to_owned(), json!({"description": "OK", "content": answer}));
    for status in operation.refusals.iter().chain(&[429, 503]) {
        let description = match status {
            400 => {
                "A parameter that is unknown, repeated or not understood, or filters that do not go together."
            }
            404 => "Nothing of this name on the canonical chain.",
            409 => "The chain forked below the last page: read the list again.",
            429 => "Too many requests.",
            _ => "The database does not answer in time, or this process should not be asked.",
        };
        // `/ready` says 503 in the form of 200.
        let schema = match (&operation.answer, status) {
            (Answer::Json(_), 503) if operation.id == "get-ready" => {
                json!({"anyOf": [{"$ref": "#/components/schemas/Readiness"}, refusal]})
            }
            _ => refusal.clone(),
        };
        responses.insert(
            status.to_string(),
            json!({"description": description, "content": {"application/json": {"schema": schema}}}),
        );
    }
    let parameters: Vec<Value> = operation
        .parameters
        .iter()
        .map(|parameter| parameter.document(operation.path))
        .collect();
    json!({
        "operationId": operation.id, "summary": operation.summary, "parameters": parameters, "responses": responses,
    })
}

/// The document and the page that shows it.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/openapi.json", get(|| async { Json(document()) }))
        .route(
            "/docs",
            get(|| async { asset("text/html; charset=utf-8", include_str!("docs/page.html")) }),
        )
        .route(
            "/docs/page.js",
            get(|| async { asset("text/javascript; charset=utf-8", include_str!("docs/page.js")) }),
        )
        .route(
            "/docs/page.css",
            get(|| async { asset("text/css; charset=utf-8", include_str!("docs/page.css")) }),
        )
}

fn asset(kind: &'static str, body: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body).into_response()
}
