//! `GET /refunds`, `GET /refunds/{id}`

use std::str::FromStr;

use axum::Json;
use axum::extract::{Path, State};
use recoup_protocol::api::{Page, Refund};
use recoup_protocol::ids::{InvoiceId, RefundId};

use super::cursor::Cursor;
use super::error::ApiFailure;
use super::parameters::{Parameters, path_id};
use super::router::Api;
use crate::db;
use crate::db::refund::{RefundFilter, RefundStatus};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

/// Refunds, newest first. A row's place never changes, so that pages neither skip nor repeat a row while others arrive.
/// When the block where the last page ended left the chain, the rest of the list may have changed below it: then the
/// answer is `cursor-orphaned` and the list is to be read again.
pub(super) async fn list(
    State(api): State<Api>,
    mut parameters: Parameters,
) -> Result<Json<Page<Refund>>, ApiFailure> {
    let filter = RefundFilter {
        merchant: parameters.take("merchant")?,
        payer: parameters.take("payer")?,
        invoice: parameters.take::<Bounded<InvoiceId>>("invoice")?.map(|id| id.0),
        status: parameters.take::<StatusWord>("status")?.map(|word| word.0),
    };
    let after = parameters.take::<Cursor>("cursor")?.map(|cursor| cursor.0);
    let limit = parameters
        .take::<Limit>("limit")?
        .map_or(DEFAULT_LIMIT, |limit| limit.0);
    parameters.finish()?;

    let mut snapshot = api.snapshot().await?;
    if let Some(key) = after
        && filter.status != Some(RefundStatus::Orphaned)
        && !db::block::is_canonical(&mut snapshot, &key.block).await?
    {
        return Err(ApiFailure::CursorOrphaned);
    }
    // One more than asked for tells whether there is another page.
    let mut rows = db::refund::page(&mut snapshot, &filter, after, limit.saturating_add(1)).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > wanted;
    rows.truncate(wanted);
    let last = rows.last().filter(|_| has_more);
    let next_cursor = last.map(|(key, _)| Cursor(*key).to_string());
    Ok(Json(Page {
        next_cursor,
        items: rows.into_iter().map(|(_, refund)| refund).collect(),
    }))
}

/// The canonical refund of an id.
pub(super) async fn show(
    State(api): State<Api>,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Refund>, ApiFailure> {
    parameters.finish()?;
    let refund_id: RefundId = path_id(&id, "refund", |id: &RefundId| id.0)?;
    let mut snapshot = api.snapshot().await?;
    let refund = db::refund::find(&mut snapshot, refund_id).await?;
    refund
        .map(Json)
        .ok_or(ApiFailure::NotFound { what: "refund", id })
}

/// An id that fits its column.
struct Bounded<T>(T);

impl FromStr for Bounded<InvoiceId> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let id: InvoiceId = text
            .parse()
            .map_err(|error: recoup_protocol::ids::ParseIdError| error.to_string())?;
        i64::try_from(id.0)
            .map(|_| Self(id))
            .map_err(|_| "no invoice can have this id".to_owned())
    }
}

struct StatusWord(RefundStatus);

impl FromStr for StatusWord {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = [RefundStatus::Seen, RefundStatus::Final, RefundStatus::Orphaned];
        let status = known.into_iter().find(|status| status.as_str() == text);
        status
            .map(Self)
            .ok_or("must be seen, final or orphaned; without it, seen and final are listed")
    }
}

struct Limit(u32);

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(Self(limit)),
            _ => Err(format!("must be a number from 1 to {MAX_LIMIT}")),
        }
    }
}
