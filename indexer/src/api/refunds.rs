//! `GET /refunds`, `GET /refunds/{id}`

use axum::Json;
use axum::extract::State;
use recoup_protocol::api::{Page, Refund};
use recoup_protocol::ids::RefundId;
use sqlx::PgConnection;

use super::cursor::{ByAmount, Cursor};
use super::error::ApiFailure;
use super::parameters::{Parameters, Segment, path_id};
use super::refund_query::RefundQuery;
use super::router::Api;
use super::values::{DEFAULT_LIMIT, Limit};
use crate::db;
use crate::db::place::Place;
use crate::db::refund::{After, RefundOrder};

/// Refunds in an order in which a row's place never changes, so that pages neither skip nor repeat a row while others
/// arrive. When the block where the last page ended left the chain, the rest of the list may have changed: then the
/// answer is `cursor-orphaned` and the list is to be read again.
pub(super) async fn list(
    State(api): State<Api>,
    mut parameters: Parameters,
) -> Result<Json<Page<Refund>>, ApiFailure> {
    let query = RefundQuery::take(&mut parameters)?;
    let cursor = parameters.take::<Cursor>("cursor")?;
    let limit = parameters
        .take::<Limit>("limit")?
        .map_or(DEFAULT_LIMIT, |limit| limit.0);
    parameters.finish()?;
    query.check()?;
    let by_amount = matches!(query.order, RefundOrder::Largest | RefundOrder::Smallest);
    if cursor.is_some_and(|cursor| cursor.list != query.tag() || cursor.by_amount.is_some() != by_amount) {
        return Err(ApiFailure::InvalidParameter {
            name: "cursor",
            problem: "is one of a list with other filters or another order".to_owned(),
        });
    }

    let mut snapshot = api.snapshot().await?;
    query.check_against(&mut snapshot).await?;
    let ceiling = match cursor {
        Some(cursor) => {
            let pinned = cursor.by_amount.map(|by_amount| by_amount.ceiling_block);
            let block = pinned.unwrap_or(cursor.place.block);
            if query.is_canonical() && !db::block::is_canonical(&mut snapshot, &block).await? {
                return Err(ApiFailure::CursorOrphaned);
            }
            cursor.by_amount
        }
        None if by_amount => tip(&mut snapshot).await?,
        None => None,
    };
    let after = cursor.map(|cursor| After {
        key: cursor.place,
        amount: cursor
            .by_amount
            .map(|by_amount| by_amount.amount)
            .unwrap_or_default(),
    });
    let rows = db::refund::page(
        &mut snapshot,
        &query.filter,
        query.order,
        after,
        ceiling.map(|ceiling| ceiling.ceiling),
        // One more than asked for tells whether there is another page.
        limit.saturating_add(1),
    )
    .await?;
    let cursor_at = |(place, refund): &(Place, Refund)| Cursor {
        list: query.tag(),
        place: *place,
        by_amount: ceiling.map(|ceiling| ByAmount {
            amount: refund.amount,
            ..ceiling
        }),
    };
    let page = page_of(rows, limit, cursor_at);
    Ok(Json(Page {
        next_cursor: page.next_cursor,
        items: page.items.into_iter().map(|(_, refund)| refund).collect(),
    }))
}

/// Where a list by amount ends: what comes after it began is not in it.
async fn tip(connection: &mut PgConnection) -> Result<Option<ByAmount>, ApiFailure> {
    let tip = db::chain_tip::find(connection).await?.stacks;
    Ok(tip.map(|(ceiling_block, height)| ByAmount {
        amount: recoup_protocol::amount::BaseUnits::ZERO,
        ceiling: height.get(),
        ceiling_block,
    }))
}

/// Cuts off the row beyond the page, and names the place where it ends.
pub(super) fn page_of<T, C: ToString>(mut rows: Vec<T>, limit: u32, cursor_at: impl Fn(&T) -> C) -> Page<T> {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > wanted;
    rows.truncate(wanted);
    let last = rows.last().filter(|_| has_more);
    Page {
        next_cursor: last.map(|row| cursor_at(row).to_string()),
        items: rows,
    }
}

/// The canonical refund of an id.
pub(super) async fn show(
    State(api): State<Api>,
    Segment(id): Segment,
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
