//! `GET /subscriptions`, `GET /subscriptions/{id}`, `GET /reserves/{merchant}`, `GET /operators/{merchant}`

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::api::{
    Operators, Page, Reserve, ReserveDelegate, Reserves, Subscription, SubscriptionHistory,
};
use recoup_protocol::ids::SubscriptionId;
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use super::error::ApiFailure;
use super::parameters::{Parameters, Segment};
use super::refunds::page_of;
use super::router::Api;
use super::values::{DEFAULT_LIMIT, Limit};
use crate::db;
use crate::db::DbError;
use crate::db::subscription::SubscriptionFilter;

/// Subscriptions, newest first. An id never changes for a row, so that pages neither skip nor repeat one while others
/// start.
pub(super) async fn subscriptions(
    State(api): State<Api>,
    mut parameters: Parameters,
) -> Result<Json<Page<Subscription>>, ApiFailure> {
    let filter = SubscriptionFilter {
        merchant: parameters.take("merchant")?,
        payer: parameters.take("payer")?,
    };
    let before = number_cursor(&mut parameters)?.map(|id| SubscriptionId(id.into()));
    let limit = rows_wanted(&mut parameters)?;
    parameters.finish()?;
    let mut snapshot = api.snapshot().await?;
    let now = burn_height(&mut snapshot).await?;
    let rows = db::subscription::page(&mut snapshot, &filter, before, limit.saturating_add(1), now).await?;
    Ok(Json(page_of(rows, limit, |last| last.subscription_id)))
}

/// A subscription with its payments, newest first.
pub(super) async fn subscription(
    State(api): State<Api>,
    Segment(id): Segment,
    mut parameters: Parameters,
) -> Result<Json<SubscriptionHistory>, ApiFailure> {
    let before = number_cursor(&mut parameters)?;
    let limit = rows_wanted(&mut parameters)?;
    parameters.finish()?;
    let not_found = || ApiFailure::NotFound {
        what: "subscription",
        id: id.chars().take(40).collect(),
    };
    let subscription_id: SubscriptionId = id.parse().map_err(|_| not_found())?;
    if i64::try_from(subscription_id.0).is_err() {
        return Err(not_found());
    }
    let mut snapshot = api.snapshot().await?;
    let now = burn_height(&mut snapshot).await?;
    let found = db::subscription::find(&mut snapshot, subscription_id, now).await?;
    let subscription = found.ok_or_else(not_found)?;
    let rows =
        db::subscription::payments(&mut snapshot, subscription_id, before, limit.saturating_add(1)).await?;
    Ok(Json(SubscriptionHistory {
        subscription,
        payments: page_of(rows, limit, |last| last.number),
    }))
}

/// What a merchant holds in reserve, against what its payers can still get back.
pub(super) async fn reserves(
    State(api): State<Api>,
    Segment(merchant): Segment,
    parameters: Parameters,
) -> Result<Json<Reserves>, ApiFailure> {
    parameters.finish()?;
    let merchant = principal(&merchant)?;
    let mut snapshot = api.snapshot().await?;
    let now = burn_height(&mut snapshot).await?;
    let chain = db::indexed_chain::find(&mut snapshot).await?;
    let contract = chain.and_then(|chain| chain.satellites).map(|both| both.reserve);
    let operators = db::operator_change::of_merchant(&mut snapshot, &merchant).await?;
    let may_refund = operators
        .iter()
        .any(|operator| operator.may_refund && operator.operator.as_contract() == contract.as_ref());
    let mut tokens = BTreeMap::<Token, (BaseUnits, BaseUnits, Vec<ReserveDelegate>)>::new();
    for (token, balance) in db::reserve::of_merchant(&mut snapshot, &merchant).await? {
        tokens.entry(token).or_default().0 = balance;
    }
    for (token, refundable) in db::refundable_total::of_merchant(&mut snapshot, &merchant).await? {
        tokens.entry(token).or_default().1 = refundable;
    }
    for (token, delegate) in db::reserve::delegates_of_merchant(&mut snapshot, &merchant, now).await? {
        tokens.entry(token).or_default().2.push(delegate);
    }
    let reserve = |(token, (balance, refundable, delegates))| Reserve {
        token,
        balance,
        refundable,
        covered: balance >= refundable,
        delegates,
    };
    Ok(Json(Reserves {
        merchant,
        may_refund,
        burn_height: now,
        reserves: tokens.into_iter().map(reserve).collect(),
    }))
}

/// Who may act for a merchant.
pub(super) async fn operators(
    State(api): State<Api>,
    Segment(merchant): Segment,
    parameters: Parameters,
) -> Result<Json<Operators>, ApiFailure> {
    parameters.finish()?;
    let merchant = principal(&merchant)?;
    let mut snapshot = api.snapshot().await?;
    let operators = db::operator_change::of_merchant(&mut snapshot, &merchant).await?;
    Ok(Json(Operators { merchant, operators }))
}

fn rows_wanted(parameters: &mut Parameters) -> Result<u32, ApiFailure> {
    let limit = parameters.take::<Limit>("limit")?;
    Ok(limit.map_or(DEFAULT_LIMIT, |limit| limit.0))
}

/// The cursor of a list that is ordered by a number: the last one shown.
fn number_cursor(parameters: &mut Parameters) -> Result<Option<u64>, ApiFailure> {
    let cursor: Option<u64> = parameters.take("cursor")?;
    match cursor {
        Some(number) if i64::try_from(number).is_err() => Err(ApiFailure::InvalidParameter {
            name: "cursor",
            problem: "not a cursor that a page gave".to_owned(),
        }),
        cursor => Ok(cursor),
    }
}

fn principal(text: &str) -> Result<Principal, ApiFailure> {
    text.parse().map_err(
        |error: recoup_stacks::address::AddressError| ApiFailure::InvalidParameter {
            name: "merchant",
            problem: error.to_string(),
        },
    )
}

/// The chain's burn height: what statuses are derived at.
async fn burn_height(connection: &mut PgConnection) -> Result<BurnHeight, DbError> {
    Ok(db::chain_tip::find(connection).await?.burn_height())
}
