//! Subscriptions, reserve and operators: rows against events, and what stands now against the contracts' maps.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt as _;
use recoup_protocol::ids::{PlanId, SubscriptionId};
use recoup_protocol::maps::{BalanceKey, DelegateKey, MapKey, OperatorKey, PlanKey, SubscriptionKey};
use recoup_protocol::reads::{OperatorRights, Plan, Subscription};
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use serde::Serialize;
use sqlx::PgConnection;

use super::asking::{STEP, ask_all, next_ids};
use super::contract::{Contract, height};
use super::difference::{Differences, Side, columns};
use super::run::VerifyError;
use super::satellite_rows::{SatelliteBooks, budget_columns, check_operator, terms};
use crate::db::DbError;
use crate::db::verification::Columns;
use crate::db::verification::satellites::{self as rows, KeyedRow};
use crate::normalised::Satellites;

/// How much was looked at beside invoices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SatelliteCounts {
    /// Plans.
    pub plans: u64,
    /// Subscriptions.
    pub subscriptions: u64,
    /// Reserves, each of a merchant in a token; those that may be and are not among them.
    pub reserves: u64,
    /// Delegates of reserves, former ones among them.
    pub delegates: u64,
    /// Operators, former ones among them.
    pub operators: u64,
}

/// The contracts that are asked.
#[derive(Debug, Clone)]
pub(super) struct Contracts {
    pub(super) core: Contract,
    pub(super) subscriptions: Contract,
    pub(super) reserve: Contract,
}

/// Compares every row with its event, and the tables of what stands now with what all events come to.
pub(super) async fn check_rows(
    picture: &mut PgConnection,
    satellites: Satellites,
    differences: &mut Differences,
) -> Result<(), DbError> {
    let mut books = SatelliteBooks::new(satellites);
    let mut events = rows::satellite_events(&mut *picture);
    while let Some(event) = events.try_next().await? {
        books.post(&event, differences);
    }
    drop(events);
    let (reserves, delegates) = rows::current_reserves(&mut *picture).await?;
    books.check_current(&reserves, &delegates, differences);
    let mut events = rows::operator_events(picture);
    while let Some(event) = events.try_next().await? {
        check_operator(&event, differences);
    }
    Ok(())
}

/// Compares what stands now with the contracts' maps.
pub(super) async fn check_contracts(
    picture: &mut PgConnection,
    contracts: &Contracts,
    differences: &mut Differences,
) -> Result<SatelliteCounts, VerifyError> {
    let (stored_plans, stored_subscriptions) = rows::counts(&mut *picture).await?;
    let plans = contracts
        .subscriptions
        .last_id_if_deployed("last-plan-id")
        .await?;
    let subscriptions = contracts
        .subscriptions
        .last_id_if_deployed("last-subscription-id")
        .await?;
    for (variable, expected, found) in [
        ("last-plan-id", plans, stored_plans),
        ("last-subscription-id", subscriptions, stored_subscriptions),
    ] {
        let place = || format!("{variable}, the number of rows");
        let (expected, found) = (Some(expected.to_string()), Some(found.to_string()));
        differences.compare(Side::Contract, place, expected, found);
    }
    Ok(SatelliteCounts {
        plans: check_plans(&mut *picture, contracts, plans, differences).await?,
        subscriptions: check_subscriptions(&mut *picture, contracts, subscriptions, differences).await?,
        reserves: check_reserves(&mut *picture, contracts, differences).await?,
        delegates: check_delegates(&mut *picture, contracts, differences).await?,
        operators: check_operators(picture, contracts, differences).await?,
    })
}

async fn check_plans(
    picture: &mut PgConnection,
    contracts: &Contracts,
    last: u64,
    differences: &mut Differences,
) -> Result<u64, VerifyError> {
    let (mut after, mut looked_at) = (0, 0_u64);
    loop {
        let stored = rows::plans_after(&mut *picture, start(after), STEP).await?;
        let ids = next_ids(stored.keys().copied(), after, last, u64::MAX);
        let Some(newest) = ids.last() else { break };
        after = *newest;
        let keys: Vec<PlanKey> = ids.iter().map(|id| PlanKey(PlanId(*id))).collect();
        let entries = entries(&contracts.subscriptions, keys).await?;
        compare_by_id("subscription_plan", &ids, &entries, &stored, terms, differences);
        looked_at = looked_at.saturating_add(count(&ids));
    }
    Ok(looked_at)
}

async fn check_subscriptions(
    picture: &mut PgConnection,
    contracts: &Contracts,
    last: u64,
    differences: &mut Differences,
) -> Result<u64, VerifyError> {
    let (mut after, mut looked_at) = (0, 0_u64);
    loop {
        let stored = rows::subscriptions_after(&mut *picture, start(after), STEP).await?;
        let ids = next_ids(stored.keys().copied(), after, last, u64::MAX);
        let Some(newest) = ids.last() else { break };
        after = *newest;
        let keys: Vec<_> = ids
            .iter()
            .map(|id| SubscriptionKey(SubscriptionId((*id).into())))
            .collect();
        let subscriptions = entries(&contracts.subscriptions, keys).await?;
        let plans: BTreeSet<PlanId> = subscriptions
            .iter()
            .flatten()
            .map(|entry| entry.plan_id)
            .collect();
        let keys: Vec<_> = plans.iter().map(|id| PlanKey(*id)).collect();
        let plans: BTreeMap<PlanId, Option<Plan>> = plans
            .into_iter()
            .zip(entries(&contracts.subscriptions, keys).await?)
            .collect();
        let whole = |entry: &Subscription| {
            let plan = plans.get(&entry.plan_id).and_then(Option::as_ref);
            subscription_columns(entry, plan)
        };
        compare_by_id("subscription", &ids, &subscriptions, &stored, whole, differences);
        looked_at = looked_at.saturating_add(count(&ids));
    }
    Ok(looked_at)
}

/// The row with its plan's terms, which the contract keeps once.
fn subscription_columns(entry: &Subscription, plan: Option<&Plan>) -> Columns {
    let mut row = columns([
        ("plan_id", Some(entry.plan_id.to_string())),
        ("payer", Some(entry.payer.to_string())),
        ("started_at", height(entry.started_at)),
        ("next_due", height(entry.next_due)),
        ("payments", Some(entry.payments.to_string())),
        ("status", Some(entry.status.code().to_string())),
    ]);
    let mut of_plan = plan.map(terms).unwrap_or_default();
    // A subscription goes on when its plan takes no new ones.
    of_plan.remove("is_open");
    row.extend(of_plan);
    row
}

async fn check_reserves(
    picture: &mut PgConnection,
    contracts: &Contracts,
    differences: &mut Differences,
) -> Result<u64, VerifyError> {
    let known = rows::reserves(picture).await?;
    let key = |row: &KeyedRow| {
        Some(BalanceKey {
            merchant: row.merchant.parse().ok()?,
            token: token(row)?,
        })
    };
    check_keyed(
        "reserve",
        &contracts.reserve,
        &known,
        key,
        differences,
        |balance| columns([("balance", Some(balance.to_string()))]),
    )
    .await
}

async fn check_delegates(
    picture: &mut PgConnection,
    contracts: &Contracts,
    differences: &mut Differences,
) -> Result<u64, VerifyError> {
    let known = rows::delegates(picture).await?;
    let key = |row: &KeyedRow| {
        Some(DelegateKey {
            merchant: row.merchant.parse().ok()?,
            delegate: row.other.as_ref()?.parse().ok()?,
            token: token(row)?,
        })
    };
    check_keyed(
        "reserve_delegate",
        &contracts.reserve,
        &known,
        key,
        differences,
        |budget| budget_columns(Some(budget)),
    )
    .await
}

async fn check_operators(
    picture: &mut PgConnection,
    contracts: &Contracts,
    differences: &mut Differences,
) -> Result<u64, VerifyError> {
    let known = rows::operators(picture).await?;
    let key = |row: &KeyedRow| {
        Some(OperatorKey {
            merchant: row.merchant.parse().ok()?,
            operator: row.other.as_ref()?.parse().ok()?,
        })
    };
    let rights = |rights: &OperatorRights| {
        columns([
            ("may_refund", Some(rights.may_refund.to_string())),
            ("may_invoice", Some(rights.may_invoice.to_string())),
        ])
    };
    check_keyed("operator", &contracts.core, &known, key, differences, rights).await
}

/// Compares rows under keys that cannot be counted up.
async fn check_keyed<K: MapKey + Send + Sync + 'static>(
    table: &str,
    contract: &Contract,
    known: &[KeyedRow],
    key: impl Fn(&KeyedRow) -> Option<K>,
    differences: &mut Differences,
    row_of: impl Fn(&K::Entry) -> Columns,
) -> Result<u64, VerifyError>
where
    K::Entry: Send + 'static,
{
    for known in known.chunks(usize::try_from(STEP).unwrap_or(1)) {
        let mut rows = Vec::new();
        let mut keys = Vec::new();
        for row in known {
            match key(row) {
                Some(key) => {
                    rows.push(row);
                    keys.push(key);
                }
                None => differences.note(
                    Side::Rows,
                    format!("{table} {}", name_of(row)),
                    Some("names that can be on chain".to_owned()),
                    Some("others".to_owned()),
                ),
            }
        }
        let entries = entries(contract, keys).await?;
        for (row, entry) in rows.iter().zip(&entries) {
            let place = format!("{table} {}", name_of(row));
            let expected = entry.as_ref().map(&row_of);
            if expected.is_some() || row.columns.is_some() {
                differences.compare_row(Side::Contract, &place, expected.as_ref(), row.columns.as_ref());
            }
        }
    }
    Ok(count(known))
}

fn name_of(row: &KeyedRow) -> String {
    [Some(&row.merchant), row.other.as_ref(), row.token.as_ref()]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

fn token(row: &KeyedRow) -> Option<Token> {
    match &row.token {
        None => Some(Token::Stx),
        Some(contract) => Some(Token::from_contract(Some(contract.parse::<Principal>().ok()?))),
    }
}

fn compare_by_id<E>(
    table: &str,
    ids: &[u64],
    entries: &[Option<E>],
    stored: &BTreeMap<i64, Columns>,
    row_of: impl Fn(&E) -> Columns,
    differences: &mut Differences,
) {
    for (id, entry) in ids.iter().zip(entries) {
        let found = i64::try_from(*id).ok().and_then(|id| stored.get(&id));
        let expected = entry.as_ref().map(&row_of);
        let place = format!("{table} {id}");
        differences.compare_row(Side::Contract, &place, expected.as_ref(), found);
    }
}

async fn entries<K: MapKey + Send + Sync + 'static>(
    contract: &Contract,
    keys: Vec<K>,
) -> Result<Vec<Option<K::Entry>>, VerifyError>
where
    K::Entry: Send + 'static,
{
    ask_all(keys, |key| {
        let contract = contract.clone();
        async move { contract.entry(&key).await }
    })
    .await
}

fn start(after: u64) -> i64 {
    i64::try_from(after).unwrap_or(i64::MAX)
}

fn count<T>(things: &[T]) -> u64 {
    u64::try_from(things.len()).unwrap_or(u64::MAX)
}
