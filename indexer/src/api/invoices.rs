//! `GET /invoices`, `GET /invoices/{id}/timeline`

use axum::Json;
use axum::extract::State;
use recoup_protocol::api::{InvoiceSummary, Page, Position, TimelineEntry};
use recoup_protocol::events::Event;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::text::Reference;

use super::error::ApiFailure;
use super::invoice::PlacePage;
use super::parameters::{Parameters, Segment};
use super::refunds::page_of;
use super::router::Api;
use super::values::{DEFAULT_LIMIT, InvoiceStatusWord, Limit};
use crate::db;
use crate::db::contract_event::TimedEvent;
use crate::db::invoice::InvoiceFilter;
use crate::db::place::Place;

/// Invoices, the newest first.
pub(super) async fn list(
    State(api): State<Api>,
    mut parameters: Parameters,
) -> Result<Json<Page<InvoiceSummary>>, ApiFailure> {
    let filter = InvoiceFilter {
        merchant: parameters.take("merchant")?,
        payer: parameters.take("payer")?,
        reference: parameters
            .take::<Reference>("reference")?
            .map(|reference| reference.as_str().to_owned()),
        status: parameters.take::<InvoiceStatusWord>("status")?.map(|word| word.0),
    };
    let after = parameters.take::<InvoiceCursor>("cursor")?;
    let limit = parameters
        .take::<Limit>("limit")?
        .map_or(DEFAULT_LIMIT, |limit| limit.0);
    parameters.finish()?;
    check(&filter)?;

    let mut snapshot = api.snapshot().await?;
    if let Some(after) = after
        && !db::block::is_canonical(&mut snapshot, &after.block).await?
    {
        return Err(ApiFailure::CursorOrphaned);
    }
    let after = after.map(|after| after.invoice);
    let rows = db::invoice::page(&mut snapshot, &filter, after, limit.saturating_add(1)).await?;
    let rows = rows.into_iter().map(InvoiceSummary::from).collect();
    Ok(Json(page_of(rows, limit, |invoice: &InvoiceSummary| {
        InvoiceCursor {
            invoice: invoice.invoice_id,
            block: invoice.position.index_block_hash,
        }
    })))
}

/// That an index answers the filter.
fn check(filter: &InvoiceFilter) -> Result<(), ApiFailure> {
    let given: Vec<&str> = [
        ("merchant", filter.merchant.is_some()),
        ("payer", filter.payer.is_some()),
        ("reference", filter.reference.is_some()),
        ("status", filter.status.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, is_given)| is_given.then_some(name))
    .collect();
    match given[..] {
        []
        | ["merchant"]
        | ["payer"]
        | ["merchant", "reference"]
        | ["merchant", "status"]
        | ["merchant", "reference", "status"] => Ok(()),
        _ => Err(ApiFailure::UnsupportedFilters {
            given: given.join(" + "),
            allowed: "no filter; merchant; payer; merchant + reference; merchant + status".to_owned(),
        }),
    }
}

/// Where a page of invoices ended.
#[derive(Debug, Clone, Copy)]
struct InvoiceCursor {
    invoice: InvoiceId,
    block: recoup_stacks::hash::IndexBlockHash,
}

impl std::fmt::Display for InvoiceCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.invoice, self.block.to_bare_hex())
    }
}

impl std::str::FromStr for InvoiceCursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (invoice, block) = text.split_once('.')?;
            let invoice: InvoiceId = invoice.parse().ok()?;
            i64::try_from(invoice.0).ok()?;
            let cursor = Self {
                invoice,
                block: block.parse().ok()?,
            };
            (cursor.to_string() == text).then_some(cursor)
        };
        read().ok_or("not a cursor that a page gave")
    }
}

/// What happened to an invoice, in the chain's order.
pub(super) async fn timeline(
    State(api): State<Api>,
    Segment(id): Segment,
    parameters: Parameters,
) -> Result<Json<Page<TimelineEntry>>, ApiFailure> {
    let asked = PlacePage::take(parameters, &id, "timeline")?;
    let PlacePage {
        invoice_id, limit, ..
    } = asked;
    let mut snapshot = api.snapshot().await?;
    let after = asked.after(&mut snapshot).await?;
    let events =
        db::contract_event::timeline(&mut snapshot, invoice_id, after, limit.saturating_add(1)).await?;
    if events.is_empty() && after.is_none() {
        return Err(ApiFailure::NotFound { what: "invoice", id });
    }
    let page = page_of(events, limit, |(stored, _): &TimedEvent| {
        asked.cursor(Place {
            stacks_height: stored.stacks_height.get(),
            tx_index: stored.tx_index,
            ordinal: stored.id.ordinal,
            block: stored.id.block,
        })
    });
    Ok(Json(Page {
        items: page.items.iter().filter_map(entry).collect(),
        next_cursor: page.next_cursor,
    }))
}

/// An event of an invoice; those of none are in no timeline.
fn entry((stored, block_time): &TimedEvent) -> Option<TimelineEntry> {
    let (_, state) = stored.event.invoice()?;
    let (payer, amount, refund_id) = match &stored.event {
        Event::PaymentReceived(payment) => (Some(payment.payer.clone()), Some(payment.amount), None),
        Event::RefundProcessed(refund) => (
            Some(refund.payer.clone()),
            Some(refund.amount),
            Some(refund.refund_id),
        ),
        _ => (None, None, None),
    };
    Some(TimelineEntry {
        event: stored.event.name().to_owned(),
        payer,
        amount,
        refund_id,
        amount_paid: state.amount_paid,
        amount_refunded: state.amount_refunded,
        status: state.status,
        refund_window: state.refund_window,
        expires_at: state.expires_at,
        position: Position {
            txid: stored.id.txid,
            ordinal: stored.id.ordinal,
            index_block_hash: stored.id.block,
            stacks_height: stored.stacks_height,
            burn_height: stored.event.burn_height(),
            block_time: *block_time,
        },
    })
}
