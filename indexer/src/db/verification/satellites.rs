//! Reads for `verify` of what subscriptions, reserve and operators say.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::PgConnection;

use super::{BrokenRule, Columns, NAMED};
use crate::db::DbError;
use crate::db::convert::unsigned;

/// An event, and what the tables hold under its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRows {
    /// The event.
    pub event: Columns,
    /// Core's invoices and refunds of its transaction, as serialised by the chain.
    pub core: Vec<Vec<u8>>,
    /// The row in each table that such events fill, by the table's name.
    pub rows: Vec<(&'static str, Option<Columns>)>,
}

fn columns(row: &str) -> Result<Columns, DbError> {
    serde_json::from_str(row).map_err(|_| DbError::Corrupt {
        column: "a row as JSON",
    })
}

fn optional_columns(row: Option<&str>) -> Result<Option<Columns>, DbError> {
    row.map(columns).transpose()
}

/// Every canonical event of subscriptions and reserve with its rows, in the chain's order, as a stream: there may be
/// more than fit into memory.
pub fn satellite_events(connection: &mut PgConnection) -> BoxStream<'_, Result<EventRows, DbError>> {
    let rows = sqlx::query!(
        r#"select (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(event))) as "event!",
                  (select array_agg(core.raw_value order by core.ordinal)
                     from contract_event as core
                    where core.index_block_hash = event.index_block_hash and core.txid = event.txid
                      and core.name in ('invoice-created', 'refund-processed')) as core,
                  (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(subscription_plan)))
                      as subscription_plan,
                  (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(subscription)))
                      as subscription,
                  (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(subscription_change)))
                      as subscription_change,
                  (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(reserve_movement)))
                      as reserve_movement,
                  (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(reserve_delegate_change)))
                      as reserve_delegate_change
             from satellite_event as event
             left join subscription_plan using (index_block_hash, txid, ordinal)
             left join subscription using (index_block_hash, txid, ordinal)
             left join subscription_change using (index_block_hash, txid, ordinal)
             left join reserve_movement using (index_block_hash, txid, ordinal)
             left join reserve_delegate_change using (index_block_hash, txid, ordinal)
            where event.canonical
            order by event.stacks_height, event.tx_index, event.ordinal"#
    )
    .fetch(connection);
    Box::pin(rows.map_err(DbError::from).and_then(async |row| {
        let tables = [
            ("subscription_plan", row.subscription_plan),
            ("subscription", row.subscription),
            ("subscription_change", row.subscription_change),
            ("reserve_movement", row.reserve_movement),
            ("reserve_delegate_change", row.reserve_delegate_change),
        ];
        Ok(EventRows {
            event: columns(&row.event)?,
            core: row.core.unwrap_or_default(),
            rows: tables
                .into_iter()
                .map(|(table, row)| Ok((table, optional_columns(row.as_deref())?)))
                .collect::<Result<_, DbError>>()?,
        })
    }))
}

/// Every canonical event of core that concerns no invoice, or has a row in `operator_change`, in the chain's order.
pub fn operator_events(connection: &mut PgConnection) -> BoxStream<'_, Result<EventRows, DbError>> {
    let rows = sqlx::query!(
        r#"select (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(event))) as "event!",
                  (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(operator_change)))
                      as operator_change
             from contract_event as event left join operator_change using (index_block_hash, txid, ordinal)
            where event.canonical and (event.invoice_id is null or operator_change.txid is not null)
            order by event.stacks_height, event.tx_index, event.ordinal"#
    )
    .fetch(connection);
    Box::pin(rows.map_err(DbError::from).and_then(async |row| {
        let row_of_operator = optional_columns(row.operator_change.as_deref())?;
        Ok(EventRows {
            event: columns(&row.event)?,
            core: Vec::new(),
            rows: vec![("operator_change", row_of_operator)],
        })
    }))
}

/// Tables `reserve` and `reserve_delegate`, row by row.
///
/// # Errors
/// When the database is out of reach.
pub async fn current_reserves(
    connection: &mut PgConnection,
) -> Result<(Vec<Columns>, Vec<Columns>), DbError> {
    let reserves = sqlx::query_scalar!(
        r#"select (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(reserve))) as "row!"
             from reserve"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let delegates = sqlx::query_scalar!(
        r#"select (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(reserve_delegate)))
                  as "row!"
             from reserve_delegate"#
    )
    .fetch_all(connection)
    .await?;
    let read = |rows: Vec<String>| rows.iter().map(|row| columns(row)).collect::<Result<Vec<_>, _>>();
    Ok((read(reserves)?, read(delegates)?))
}

/// How many plans and subscriptions there are.
///
/// # Errors
/// When the database is out of reach.
pub async fn counts(connection: &mut PgConnection) -> Result<(u64, u64), DbError> {
    let row = sqlx::query!(
        r#"select (select count(distinct plan_id) from subscription_plan where canonical) as "plans!",
                  (select count(*) from subscription where canonical) as "subscriptions!""#
    )
    .fetch_one(connection)
    .await?;
    Ok((
        unsigned(row.plans, "count of subscription_plan")?,
        unsigned(row.subscriptions, "count of subscription")?,
    ))
}

/// The next plans after one, as they stand: the columns that the contract keeps, by id.
///
/// # Errors
/// When the database is out of reach.
pub async fn plans_after(
    connection: &mut PgConnection,
    after: i64,
    limit: i64,
) -> Result<BTreeMap<i64, Columns>, DbError> {
    let rows = sqlx::query!(
        r#"select plan_id, (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(plan))) as "row!"
             from (select distinct on (plan_id) plan_id, merchant, token, amount, interval_blocks, refund_window, is_open
                     from subscription_plan
                    where canonical and plan_id > $1 order by plan_id, is_open limit $2) as plan"#,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.plan_id, columns(&row.row)?)))
        .collect()
}

/// The next subscriptions after one, as they stand: the columns that the contract keeps, by id.
///
/// # Errors
/// When the database is out of reach.
pub async fn subscriptions_after(
    connection: &mut PgConnection,
    after: i64,
    limit: i64,
) -> Result<BTreeMap<i64, Columns>, DbError> {
    let rows = sqlx::query!(
        r#"select subscription_id,
                  (select jsonb_object_agg(key, value)::text
                     from jsonb_each_text(to_jsonb(started) || coalesce(to_jsonb(last), '{}'))) as "row!"
             from (select subscription_id, plan_id, merchant, payer, token, amount, interval_blocks, refund_window,
                          started_at
                     from subscription
                    where canonical and subscription_id > $1 order by subscription_id limit $2) as started
             left join lateral (
                  select payments, next_due, status
                    from subscription_change
                   where subscription_change.subscription_id = started.subscription_id and canonical
                   order by stacks_height desc, tx_index desc, ordinal desc
                   limit 1) as last on true"#,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.subscription_id, columns(&row.row)?)))
        .collect()
}

/// Keys of the contracts' maps that cannot be counted up, with what the tables hold under each; none: nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRow {
    /// Whose.
    pub merchant: String,
    /// The operator or delegate; none for reserves.
    pub other: Option<String>,
    /// Contract id of the token; none for STX, and for operators.
    pub token: Option<String>,
    /// What the tables hold.
    pub columns: Option<Columns>,
}

macro_rules! keyed_rows {
    ($connection:expr, $query:literal) => {
        sqlx::query!($query)
            .fetch_all($connection)
            .await?
            .into_iter()
            .map(|row| {
                Ok(KeyedRow {
                    merchant: row.merchant,
                    other: row.other,
                    token: row.token,
                    columns: optional_columns(row.columns.as_deref())?,
                })
            })
            .collect()
    };
}

/// Every reserve that any table names, and one of each merchant in each token of its invoices.
///
/// # Errors
/// When the database is out of reach.
pub async fn reserves(connection: &mut PgConnection) -> Result<Vec<KeyedRow>, DbError> {
    keyed_rows!(
        connection,
        r#"with known as (
               select merchant, coalesce(token, 'STX') as token from reserve
               union select merchant, coalesce(token, 'STX') from reserve_movement where canonical
               union select merchant, coalesce(token, 'STX') from invoice where canonical)
           select known.merchant as "merchant!", null::text as other, nullif(known.token, 'STX') as token,
                  (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(reserve))) as columns
             from known left join reserve
               on reserve.merchant = known.merchant and coalesce(reserve.token, 'STX') = known.token
            order by known.merchant, known.token"#
    )
}

/// Every delegate that any table names.
///
/// # Errors
/// When the database is out of reach.
pub async fn delegates(connection: &mut PgConnection) -> Result<Vec<KeyedRow>, DbError> {
    keyed_rows!(
        connection,
        r#"with known as (
               select merchant, delegate, coalesce(token, 'STX') as token from reserve_delegate
               union select merchant, delegate, coalesce(token, 'STX') from reserve_delegate_change where canonical)
           select known.merchant as "merchant!", known.delegate as other, nullif(known.token, 'STX') as token,
                  (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(reserve_delegate))) as columns
             from known left join reserve_delegate
               on reserve_delegate.merchant = known.merchant and reserve_delegate.delegate = known.delegate
              and coalesce(reserve_delegate.token, 'STX') = known.token
            order by known.merchant, known.delegate, known.token"#
    )
}

/// Every operator that a merchant appointed, and whoever invoiced or refunded for one; with its rights, if it has any.
///
/// # Errors
/// When the database is out of reach.
pub async fn operators(connection: &mut PgConnection) -> Result<Vec<KeyedRow>, DbError> {
    keyed_rows!(
        connection,
        r#"with known as (
               select merchant, operator from operator_change where canonical
               union select merchant, issuer from invoice where canonical and issuer <> merchant
               union select merchant, issuer from refund where canonical and issuer <> merchant)
           select known.merchant as "merchant!", known.operator as other, null::text as token,
                  (select jsonb_object_agg(key, value)::text from jsonb_each_text(to_jsonb(last))) as columns
             from known left join lateral (
                  select may_refund, may_invoice
                    from operator_change as change
                   where change.merchant = known.merchant and change.operator = known.operator and canonical
                   order by stacks_height desc, tx_index desc, ordinal desc
                   limit 1) as last on last.may_refund or last.may_invoice
            order by known.merchant, known.operator"#
    )
}

/// Places where rows of subscriptions, reserve and operators contradict each other or core's rows beside them; some of
/// each kind, if many. What must have been seen from the beginning is not judged in a database that lacks it.
///
/// # Errors
/// When the database is out of reach.
pub async fn broken_rules(connection: &mut PgConnection) -> Result<Vec<BrokenRule>, DbError> {
    let mut broken = sums(&mut *connection).await?;
    broken.extend(issuers(connection).await?);
    Ok(broken)
}

async fn sums(connection: &mut PgConnection) -> Result<Vec<BrokenRule>, DbError> {
    Ok(sqlx::query_as!(
        BrokenRule,
        r#"with moved as (
               select merchant, coalesce(token, 'STX') as token,
                      sum(case kind when 'deposit' then amount::numeric else -amount::numeric end)::text as balance
                 from reserve_movement where canonical group by 1, 2),
           held as (select merchant, coalesce(token, 'STX') as token, balance::text as balance from reserve),
           paid as (
               select subscription_id, count(invoice_id)::text as periods, max(payments)::text as payments
                 from subscription_change where canonical group by subscription_id)
           select 'a balance is the sum of the movements' as "rule!",
                  format('reserve %s %s', merchant, token) as "place!",
                  coalesce(moved.balance, 'nothing') as "expected!", coalesce(held.balance, 'nothing') as "found!"
             from moved full join held using (merchant, token) cross join indexed_chain
            where moved.balance is distinct from held.balance and satellites_from_height is null
           union all
           select 'payments are the periods that were paid', format('subscription %s', subscription_id), periods, payments
             from paid cross join indexed_chain
            where periods <> payments and satellites_from_height is null
            limit $1"#,
        NAMED,
    )
    .fetch_all(connection)
    .await?)
}

async fn issuers(connection: &mut PgConnection) -> Result<Vec<BrokenRule>, DbError> {
    Ok(sqlx::query_as!(
        BrokenRule,
        r#"select 'a refund by the reserve is a movement of it' as "rule!", format('refund %s', refund_id) as "place!",
                  'a row in reserve_movement' as "expected!", 'nothing' as "found!"
             from refund join indexed_chain on issuer = reserve_contract and satellites_from_height is null
            where canonical
              and not exists (select from reserve_movement as movement
                               where movement.refund_id = refund.refund_id and movement.canonical)
           union all
           select 'an invoice by the subscriptions contract is a period of a subscription', format('invoice %s', invoice_id),
                  'a row in subscription_change', 'nothing'
             from invoice join indexed_chain on issuer = subscriptions_contract and satellites_from_height is null
            where canonical
              and not exists (select from subscription_change as change
                               where change.invoice_id = invoice.invoice_id and change.canonical)
           union all
           select 'a reference names one thing of its merchant', format('%s reference %s of %s', kind, reference, merchant),
                  'one', count(*)::text
             from (select 'invoice' as kind, merchant, reference from invoice where canonical
                   union all
                   select 'refund', merchant, reference from refund where canonical) as referring
            where reference is not null
            group by kind, merchant, reference
           having count(*) > 1
            limit $1"#,
        NAMED,
    )
    .fetch_all(connection)
    .await?)
}
