//! `GET /invoices/{id}`

use axum::Json;
use axum::extract::{Path, State};
use recoup_protocol::api::Invoice;
use recoup_protocol::ids::InvoiceId;

use super::error::ApiFailure;
use super::parameters::{Parameters, path_id};
use super::router::Api;
use crate::db;

/// An invoice with all that happened to it, as of one moment.
pub(super) async fn show(
    State(api): State<Api>,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Invoice>, ApiFailure> {
    parameters.finish()?;
    let invoice_id: InvoiceId = path_id(&id, "invoice", |id: &InvoiceId| id.0)?;
    let mut snapshot = api.snapshot().await?;
    let tip = db::chain_tip::find(&mut snapshot).await?;
    let burn_height = tip.burn.map(|burn| burn.height).unwrap_or_default();
    let found = db::invoice::find(&mut snapshot, invoice_id, burn_height).await?;
    let mut invoice = found.ok_or(ApiFailure::NotFound { what: "invoice", id })?;
    invoice.payers = db::payer_ledger::of_invoice(&mut snapshot, invoice_id, invoice.refund_window).await?;
    invoice.payments = db::payment::of_invoice(&mut snapshot, invoice_id).await?;
    invoice.refunds = db::refund::of_invoice(&mut snapshot, invoice_id).await?;
    Ok(Json(invoice))
}
