//! `GET /invoices/{id}`, `GET /invoices/{id}/payers`, `GET /invoices/{id}/payments`

use axum::Json;
use axum::extract::State;
use recoup_protocol::api::{BASE_PATH, Invoice, InvoiceMore, Page, PayerLedger, Payment};
use recoup_protocol::ids::InvoiceId;
use recoup_stacks::address::Principal;
use sqlx::PgConnection;

use super::cursor::{Cursor, ListTag};
use super::error::ApiFailure;
use super::parameters::{Parameters, Segment, path_id};
use super::refund_query::RefundQuery;
use super::refunds::page_of;
use super::router::Api;
use super::values::{DEFAULT_LIMIT, Limit};
use crate::db;
use crate::db::place::Place;
use crate::db::refund::RefundOrder;

/// Rows of each list that an invoice itself shows: a crowd can pay one invoice.
const SHOWN: u32 = 100;

/// An invoice with the beginning of all that happened to it, as of one moment.
pub(super) async fn show(
    State(api): State<Api>,
    Segment(id): Segment,
    parameters: Parameters,
) -> Result<Json<Invoice>, ApiFailure> {
    parameters.finish()?;
    let invoice_id = invoice_id(&id)?;
    let mut snapshot = api.snapshot().await?;
    let mut invoice = find(&mut snapshot, invoice_id, id).await?;
    // One more than shown tells whether there are others.
    let limit = SHOWN.saturating_add(1);
    let payers =
        db::payer_ledger::page(&mut snapshot, invoice_id, invoice.refund_window, None, limit).await?;
    let payers = page_of(payers, SHOWN, payer_cursor);
    let payments = db::payment::page(&mut snapshot, invoice_id, None, limit).await?;
    let payments = page_of(payments, SHOWN, |(place, _)| {
        place_cursor(tag("payments", invoice_id), *place)
    });
    let query = RefundQuery::of_invoice(invoice_id);
    let refunds = db::refund::page(
        &mut snapshot,
        &query.filter,
        RefundOrder::Oldest,
        None,
        None,
        limit,
    )
    .await?;
    let refunds = page_of(refunds, SHOWN, |(place, _)| place_cursor(query.tag(), *place));
    let path = |path: String, cursor: Option<String>| {
        cursor.map(|cursor| format!("{BASE_PATH}/{path}cursor={cursor}"))
    };
    invoice.more = InvoiceMore {
        payers: path(format!("invoices/{invoice_id}/payers?"), payers.next_cursor),
        payments: path(format!("invoices/{invoice_id}/payments?"), payments.next_cursor),
        refunds: path(
            format!("refunds?invoice={invoice_id}&order=oldest&"),
            refunds.next_cursor,
        ),
    };
    invoice.payers = payers.items;
    invoice.payments = without_places(payments.items);
    invoice.refunds = without_places(refunds.items);
    Ok(Json(invoice))
}

/// The payers of an invoice, by name.
pub(super) async fn payers(
    State(api): State<Api>,
    Segment(id): Segment,
    mut parameters: Parameters,
) -> Result<Json<Page<PayerLedger>>, ApiFailure> {
    let after: Option<Principal> = parameters.take("cursor")?;
    let limit = limit(&mut parameters)?;
    parameters.finish()?;
    let invoice_id = invoice_id(&id)?;
    let mut snapshot = api.snapshot().await?;
    let window = find(&mut snapshot, invoice_id, id).await?.refund_window;
    let wanted = limit.saturating_add(1);
    let rows = db::payer_ledger::page(&mut snapshot, invoice_id, window, after.as_ref(), wanted).await?;
    Ok(Json(page_of(rows, limit, payer_cursor)))
}

/// The payments of an invoice, in the chain's order.
pub(super) async fn payments(
    State(api): State<Api>,
    Segment(id): Segment,
    parameters: Parameters,
) -> Result<Json<Page<Payment>>, ApiFailure> {
    let asked = PlacePage::take(parameters, &id, "payments")?;
    let mut snapshot = api.snapshot().await?;
    let after = asked.after(&mut snapshot).await?;
    find(&mut snapshot, asked.invoice_id, id).await?;
    let wanted = asked.limit.saturating_add(1);
    let rows = db::payment::page(&mut snapshot, asked.invoice_id, after, wanted).await?;
    let page = page_of(rows, asked.limit, |(place, _)| asked.cursor(*place));
    Ok(Json(Page {
        items: without_places(page.items),
        next_cursor: page.next_cursor,
    }))
}

/// A page that is asked for of one of an invoice's lists in the chain's order.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlacePage {
    pub(super) invoice_id: InvoiceId,
    pub(super) limit: u32,
    list: ListTag,
    cursor: Option<Cursor>,
}

impl PlacePage {
    /// Takes the parameters; the cursor must be one of this list.
    pub(super) fn take(mut parameters: Parameters, id: &str, list: &str) -> Result<Self, ApiFailure> {
        let cursor = parameters.take::<Cursor>("cursor")?;
        let limit = limit(&mut parameters)?;
        parameters.finish()?;
        let invoice_id = invoice_id(id)?;
        let list = tag(list, invoice_id);
        if cursor.is_some_and(|cursor| cursor.list != list || cursor.by_amount.is_some()) {
            return Err(ApiFailure::InvalidParameter {
                name: "cursor",
                problem: "is one of another list".to_owned(),
            });
        }
        Ok(Self {
            invoice_id,
            limit,
            list,
            cursor,
        })
    }

    /// Where the page before ended, when that is still on the chain.
    pub(super) async fn after(&self, connection: &mut PgConnection) -> Result<Option<Place>, ApiFailure> {
        let after = self.cursor.map(|cursor| cursor.place);
        match &after {
            Some(place) if !db::block::is_canonical(connection, &place.block).await? => {
                Err(ApiFailure::CursorOrphaned)
            }
            _ => Ok(after),
        }
    }

    /// Where this page ends.
    pub(super) fn cursor(&self, place: Place) -> Cursor {
        place_cursor(self.list, place)
    }
}

fn tag(list: &str, invoice: InvoiceId) -> ListTag {
    ListTag::of(&format!("{list} {invoice}"))
}

fn place_cursor(list: ListTag, place: Place) -> Cursor {
    Cursor {
        list,
        place,
        by_amount: None,
    }
}

fn payer_cursor(last: &PayerLedger) -> Principal {
    last.payer.clone()
}

fn without_places<T>(rows: Vec<(Place, T)>) -> Vec<T> {
    rows.into_iter().map(|(_, row)| row).collect()
}

fn limit(parameters: &mut Parameters) -> Result<u32, ApiFailure> {
    let limit = parameters.take::<Limit>("limit")?;
    Ok(limit.map_or(DEFAULT_LIMIT, |limit| limit.0))
}

fn invoice_id(text: &str) -> Result<InvoiceId, ApiFailure> {
    path_id(text, "invoice", |id: &InvoiceId| id.0)
}

async fn find(connection: &mut PgConnection, invoice: InvoiceId, id: String) -> Result<Invoice, ApiFailure> {
    let found = db::invoice::find(connection, invoice).await?;
    found.ok_or(ApiFailure::NotFound { what: "invoice", id })
}
