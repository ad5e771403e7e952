//! `GET /merchants/{principal}`, `GET /payers/{principal}`, `GET /stats`

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use recoup_protocol::api::{PrincipalTotals, Stats, StatsBucket};
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use super::error::ApiFailure;
use super::parameters::{Parameters, Segment};
use super::refund_query::check_reached;
use super::router::Api;
use super::values::{Bucket, BucketWord, Day, Height, Number};
use crate::db;
use crate::db::refund::{RefundFilter, RefundOrder};
use crate::db::running_total::{Boundary, Scope, TOKEN_LIMIT};

/// Refunds shown beside the totals.
const RECENT: u32 = 10;
/// Most buckets of a series.
const MAX_BUCKETS: u64 = 400;
/// Buckets of a series that names no beginning.
const DEFAULT_BUCKETS: u64 = 30;
/// Burn blocks of a bucket when nobody says how many: about a day.
const DEFAULT_SIZE: u32 = 144;

/// What a merchant took and gave back.
pub(super) async fn merchant(
    State(api): State<Api>,
    Segment(principal): Segment,
    parameters: Parameters,
) -> Result<Json<PrincipalTotals>, ApiFailure> {
    let merchant = path_principal(&principal, "merchant")?;
    let filter = RefundFilter {
        merchant: Some(merchant.clone()),
        ..RefundFilter::default()
    };
    of_principal(
        &api,
        parameters,
        merchant.clone(),
        Scope::Merchant(&merchant),
        filter,
    )
    .await
}

/// What a payer paid and got back.
pub(super) async fn payer(
    State(api): State<Api>,
    Segment(principal): Segment,
    parameters: Parameters,
) -> Result<Json<PrincipalTotals>, ApiFailure> {
    let payer = path_principal(&principal, "payer")?;
    let filter = RefundFilter {
        payer: Some(payer.clone()),
        ..RefundFilter::default()
    };
    of_principal(&api, parameters, payer.clone(), Scope::Payer(&payer), filter).await
}

fn path_principal(text: &str, what: &'static str) -> Result<Principal, ApiFailure> {
    text.parse().map_err(|_| ApiFailure::NotFound {
        what,
        id: text.chars().take(40).collect(),
    })
}

async fn of_principal(
    api: &Api,
    mut parameters: Parameters,
    principal: Principal,
    scope: Scope<'_>,
    mut filter: RefundFilter,
) -> Result<Json<PrincipalTotals>, ApiFailure> {
    let as_of = parameters
        .take::<Height>("as_of_burn_height")?
        .map(|height| height.0);
    parameters.finish()?;
    let mut snapshot = api.snapshot().await?;
    if let Some(as_of) = as_of {
        check_reached(&mut snapshot, as_of).await?;
    }
    let mut totals = db::running_total::find(&mut snapshot, scope, as_of).await?;
    let shown = usize::try_from(TOKEN_LIMIT).unwrap_or(usize::MAX);
    let has_more_tokens = totals.len() > shown;
    totals.truncate(shown);
    filter.to_burn_height = as_of;
    let recent = db::refund::page(&mut snapshot, &filter, RefundOrder::Newest, None, None, RECENT).await?;
    Ok(Json(PrincipalTotals {
        principal,
        as_of_burn_height: as_of,
        totals,
        has_more_tokens,
        recent_refunds: recent.into_iter().map(|(_, refund)| refund).collect(),
    }))
}

/// Payments and refunds in one token, day by day or by burn blocks.
pub(super) async fn stats(
    State(api): State<Api>,
    mut parameters: Parameters,
) -> Result<Json<Stats>, ApiFailure> {
    let merchant: Option<Principal> = parameters.take("merchant")?;
    let token: Token = parameters.take("token")?.unwrap_or(Token::Stx);
    let bucket = parameters.take::<BucketWord>("bucket")?;
    let mut snapshot = api.snapshot().await?;
    let series = match bucket.map_or(Bucket::Day, |word| word.0) {
        Bucket::Day => Series::of_days(&mut snapshot, &mut parameters).await?,
        Bucket::Burn => Series::of_burn_blocks(&mut snapshot, &mut parameters).await?,
    };
    parameters.finish()?;
    let scope = merchant.as_ref().map_or(Scope::All, Scope::Merchant);
    let moved = db::running_total::series(&mut snapshot, scope, &token, &series.boundaries).await?;
    let buckets = series.labels.into_iter().zip(moved);
    Ok(Json(Stats {
        merchant,
        token,
        buckets: buckets
            .map(|((from_burn_height, from_time), bucket)| StatsBucket {
                from_burn_height,
                from_time,
                ..bucket
            })
            .collect(),
    }))
}

/// The buckets of a series: where each begins, and one boundary more than there are.
struct Series {
    labels: Vec<(Option<BurnHeight>, Option<DateTime<Utc>>)>,
    boundaries: Vec<Boundary>,
}

impl Series {
    async fn of_days(connection: &mut PgConnection, parameters: &mut Parameters) -> Result<Self, ApiFailure> {
        let from = parameters.take::<Day>("from_day")?.map(|day| day.0);
        let to = parameters.take::<Day>("to_day")?.map(|day| day.0);
        let to = match to {
            Some(to) => to,
            None => db::block::newest_time(&mut *connection)
                .await?
                .unwrap_or_default()
                .date_naive(),
        };
        let shortly_before = to
            .checked_sub_days(Days::new(DEFAULT_BUCKETS.saturating_sub(1)))
            .unwrap_or(to);
        let from = from.unwrap_or(shortly_before);
        let days = to.signed_duration_since(from).num_days().saturating_add(1);
        let days = bucket_count(u64::try_from(days).ok(), "from_day", "to_day")?;
        let midnights: Vec<DateTime<Utc>> = (0..=days)
            .map_while(|day| from.checked_add_days(Days::new(day)))
            .map(midnight)
            .collect();
        let labels = midnights.iter().map(|time| (None, Some(*time)));
        Ok(Self {
            labels: labels.collect(),
            boundaries: db::running_total::boundaries_at(connection, &midnights).await?,
        })
    }

    async fn of_burn_blocks(
        connection: &mut PgConnection,
        parameters: &mut Parameters,
    ) -> Result<Self, ApiFailure> {
        let size = parameters.take::<Number<1, 1_000_000>>("size")?;
        let size = u64::from(size.map_or(DEFAULT_SIZE, |size| size.0));
        let from = parameters
            .take::<Height>("from_burn_height")?
            .map(|height| height.0.get());
        let to = parameters
            .take::<Height>("to_burn_height")?
            .map(|height| height.0.get());
        let to = match to {
            Some(to) => to,
            None => db::chain_tip::find(connection)
                .await?
                .burn
                .map_or(0, |tip| tip.height.get()),
        };
        let shortly_before = to
            .saturating_add(1)
            .saturating_sub(size.saturating_mul(DEFAULT_BUCKETS));
        let from = from.unwrap_or(shortly_before);
        let blocks = to.checked_sub(from).map(|blocks| blocks.saturating_add(1));
        let count = blocks.map(|blocks| blocks.div_ceil(size));
        let count = bucket_count(count, "from_burn_height", "to_burn_height")?;
        let starts = (0..=count).map(|place| from.saturating_add(place.saturating_mul(size)));
        let (labels, boundaries) = starts
            .map(|start| {
                // The last bucket ends where it was asked to end.
                let below = start.min(to.saturating_add(1));
                let burn_height = i64::try_from(below).unwrap_or(i64::MAX).saturating_sub(1);
                let boundary = Boundary {
                    burn_height,
                    stacks_height: i64::MAX,
                };
                ((Some(BurnHeight(start)), None), boundary)
            })
            .unzip();
        Ok(Self { labels, boundaries })
    }
}

fn bucket_count(count: Option<u64>, from: &'static str, to: &'static str) -> Result<u64, ApiFailure> {
    match count {
        Some(count) if (1..=MAX_BUCKETS).contains(&count) => Ok(count),
        Some(count) if count > MAX_BUCKETS => Err(ApiFailure::InvalidParameter {
            name: from,
            problem: format!("to `{to}` are {count} buckets, and at most {MAX_BUCKETS} are answered"),
        }),
        _ => Err(ApiFailure::InvalidParameter {
            name: from,
            problem: format!("is after `{to}`"),
        }),
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}
