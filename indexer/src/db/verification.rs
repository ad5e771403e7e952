//! Reads for `verify`: rows as they are, column by column, and rules that rows must keep among each other.

use std::collections::BTreeMap;

use recoup_stacks::hash::IndexBlockHash;
use sqlx::PgConnection;

use super::DbError;
use super::convert::{hash, unsigned};

pub mod satellites;

/// Most broken places that are named of one rule.
const NAMED: i64 = 200;

/// A row: its columns in PostgreSQL's own text form; none for null.
pub type Columns = BTreeMap<String, Option<String>>;

/// A row of one of the tables that events fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Invoice that it concerns.
    pub invoice_id: i64,
    /// Identity of its event, or the payer of a ledger.
    pub key: String,
    /// Its columns.
    pub columns: Columns,
}

macro_rules! rows {
    ($connection:expr, $invoices:expr, $table:literal, $key:literal, $condition:literal) => {
        sqlx::query_as!(
            RawRow,
            "select invoice_id as \"invoice_id!\", "
                + $key
                + " as \"key!\", texts.names as \"names!\",
                    texts.texts as \"texts!: Vec<Option<String>>\"
               from "
                + $table
                + "
              cross join lateral (
                   select array_agg(key) as names, array_agg(value) as texts
                     from jsonb_each_text(to_jsonb("
                + $table
                + "))) as texts
              where "
                + $condition
                + " and invoice_id = any($1)",
            $invoices,
        )
        .fetch_all(&mut *$connection)
        .await?
        .into_iter()
        .map(RawRow::row)
        .collect()
    };
}

struct RawRow {
    invoice_id: i64,
    key: String,
    names: Vec<String>,
    texts: Vec<Option<String>>,
}

impl RawRow {
    fn row(self) -> Row {
        Row {
            invoice_id: self.invoice_id,
            key: self.key,
            columns: self.names.into_iter().zip(self.texts).collect(),
        }
    }
}

/// The canonical rows of some invoices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InvoiceRows {
    /// Table `contract_event`.
    pub events: Vec<Row>,
    /// Table `invoice`.
    pub invoices: Vec<Row>,
    /// Table `payer_ledger`.
    pub ledgers: Vec<Row>,
    /// Table `payment`.
    pub payments: Vec<Row>,
    /// Table `refund`.
    pub refunds: Vec<Row>,
}

/// Reads the canonical rows of these invoices.
///
/// # Errors
/// When the database is out of reach.
pub async fn rows_of(connection: &mut PgConnection, invoices: &[i64]) -> Result<InvoiceRows, DbError> {
    Ok(InvoiceRows {
        events: rows!(
            connection,
            invoices,
            "contract_event",
            "format('%s/%s/%s', encode(index_block_hash, 'hex'), encode(txid, 'hex'), ordinal)",
            "canonical"
        ),
        invoices: rows!(
            connection,
            invoices,
            "invoice",
            "format('%s/%s/%s', encode(index_block_hash, 'hex'), encode(txid, 'hex'), ordinal)",
            "canonical"
        ),
        ledgers: rows!(connection, invoices, "payer_ledger", "payer", "true"),
        payments: rows!(
            connection,
            invoices,
            "payment",
            "format('%s/%s/%s', encode(index_block_hash, 'hex'), encode(txid, 'hex'), ordinal)",
            "canonical"
        ),
        refunds: rows!(
            connection,
            invoices,
            "refund",
            "format('%s/%s/%s', encode(index_block_hash, 'hex'), encode(txid, 'hex'), ordinal)",
            "canonical"
        ),
    })
}

/// The next canonical invoice ids that any table names, after one, in order.
///
/// # Errors
/// When the database is out of reach.
pub async fn invoice_ids_after(
    connection: &mut PgConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select invoice_id as "invoice_id!" from (
               (select distinct invoice_id from contract_event where canonical and invoice_id > $1 order by 1 limit $2)
               union
               (select distinct invoice_id from invoice where canonical and invoice_id > $1 order by 1 limit $2)
               union
               (select distinct invoice_id from payer_ledger where invoice_id > $1 order by 1 limit $2)
               union
               (select distinct invoice_id from payment where canonical and invoice_id > $1 order by 1 limit $2)
               union
               (select distinct invoice_id from refund where canonical and invoice_id > $1 order by 1 limit $2)
           ) as named order by 1 limit $2"#,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// A place where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenRule {
    /// The rule.
    pub rule: String,
    /// Table and row.
    pub place: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// Places where flags disagree with the blocks' flags, statuses with heights and histories, ids and their order with
/// each other, or totals and balances with what they sum up; some of each kind, if many.
///
/// # Errors
/// When the database is out of reach.
pub async fn broken_rules(connection: &mut PgConnection) -> Result<Vec<BrokenRule>, DbError> {
    let mut broken = flags(&mut *connection).await?;
    broken.extend(statuses(&mut *connection).await?);
    broken.extend(ids(&mut *connection).await?);
    broken.extend(totals(&mut *connection).await?);
    broken.extend(refundable_totals(&mut *connection).await?);
    broken.extend(satellites::broken_rules(connection).await?);
    Ok(broken)
}

/// Totals of everybody, of merchants and of payers, from the payments and refunds below each block.
async fn totals(connection: &mut PgConnection) -> Result<Vec<BrokenRule>, DbError> {
    Ok(sqlx::query_as!(
        BrokenRule,
        r#"with movement as (
               select index_block_hash, stacks_height, merchant, payer, coalesce(token, 'STX') as token,
                      amount::numeric as paid, 0::numeric as refunded, 1 as payments, 0 as refunds
                 from payment where canonical
               union all
               select index_block_hash, stacks_height, merchant, payer, coalesce(token, 'STX'),
                      0, amount::numeric, 0, 1
                 from refund where canonical),
           of_block as (
               select scope, subject, token, stacks_height, index_block_hash, sum(paid) as paid,
                      sum(refunded) as refunded, sum(payments) as payments, sum(refunds) as refunds
                 from movement
                cross join lateral (values ('all', ''), ('merchant', merchant), ('payer', payer))
                   as concerned (scope, subject)
                group by scope, subject, token, stacks_height, index_block_hash),
           expected as (
               select scope, subject, token, index_block_hash,
                      format('paid %s, refunded %s, %s payments, %s refunds', sum(paid) over so_far,
                             sum(refunded) over so_far, sum(payments) over so_far, sum(refunds) over so_far) as total
                 from of_block
               window so_far as (partition by scope, subject, token order by stacks_height)),
           stored as (
               select scope, subject, token, index_block_hash,
                      format('paid %s, refunded %s, %s payments, %s refunds', paid, refunded, payments, refunds) as total
                 from running_total)
           select 'totals are the sums of payments and refunds' as "rule!",
                  format('running_total %s %s %s at block %s', scope, subject, token, encode(index_block_hash, 'hex'))
                      as "place!",
                  coalesce(expected.total, 'nothing') as "expected!", coalesce(stored.total, 'nothing') as "found!"
             from expected full join stored using (scope, subject, token, index_block_hash)
            where expected.total is distinct from stored.total
            limit $1"#,
        NAMED,
    )
    .fetch_all(connection)
    .await?)
}

/// What can still be refunded, from the ledgers whose deadline is to come.
async fn refundable_totals(connection: &mut PgConnection) -> Result<Vec<BrokenRule>, DbError> {
    Ok(sqlx::query_as!(
        BrokenRule,
        r#"with expected as (
               select merchant, coalesce(token, 'STX') as token,
                      sum(paid::numeric - refunded::numeric) as amount
                 from payer_ledger
                 join invoice on invoice.invoice_id = payer_ledger.invoice_id and invoice.canonical
                cross join chain_tip
                where refunded < paid and first_paid_at + refund_window > coalesce(chain_tip.burn_height, 0)
                group by merchant, coalesce(token, 'STX'))
           select 'what can be refunded is the sum of open ledgers' as "rule!",
                  format('refundable_total %s %s', merchant, token) as "place!",
                  coalesce(expected.amount, 0)::text as "expected!",
                  coalesce(refundable_total.amount, 0)::text as "found!"
             from expected full join refundable_total using (merchant, token)
            where coalesce(expected.amount, 0) <> coalesce(refundable_total.amount, 0)
            limit $1"#,
        NAMED,
    )
    .fetch_all(connection)
    .await?)
}

async fn flags(connection: &mut PgConnection) -> Result<Vec<BrokenRule>, DbError> {
    Ok(sqlx::query_as!(
        BrokenRule,
        r#"with flagged as (
               select 'contract_event' as relation, index_block_hash, txid, ordinal, canonical from contract_event
               union all
               select 'invoice', index_block_hash, txid, ordinal, canonical from invoice
               union all
               select 'payment', index_block_hash, txid, ordinal, canonical from payment
               union all
               select 'satellite_event', index_block_hash, txid, ordinal, canonical from satellite_event
               union all
               select 'operator_change', index_block_hash, txid, ordinal, canonical from operator_change
               union all
               select 'subscription_plan', index_block_hash, txid, ordinal, canonical from subscription_plan
               union all
               select 'subscription', index_block_hash, txid, ordinal, canonical from subscription
               union all
               select 'subscription_change', index_block_hash, txid, ordinal, canonical from subscription_change
               union all
               select 'reserve_movement', index_block_hash, txid, ordinal, canonical from reserve_movement
               union all
               select 'reserve_delegate_change', index_block_hash, txid, ordinal, canonical from reserve_delegate_change)
           select 'canonical is the block''s' as "rule!",
                  format('%s %s/%s/%s', relation, encode(index_block_hash, 'hex'), encode(txid, 'hex'), ordinal)
                      as "place!",
                  coalesce(block.canonical::text, 'no such block') as "expected!", flagged.canonical::text as "found!"
             from flagged left join block using (index_block_hash)
            where block.canonical is distinct from flagged.canonical
            limit $1"#,
        NAMED,
    )
    .fetch_all(connection)
    .await?)
}

async fn statuses(connection: &mut PgConnection) -> Result<Vec<BrokenRule>, DbError> {
    let mut broken = sqlx::query_as!(
        BrokenRule,
        r#"with judged as (
               select refund.index_block_hash, txid, ordinal, refund_id, status,
                      case when not block.canonical then 'orphaned'
                           when block.burn_view_height <= final_burn_height then 'final' else 'seen' end as expected
                 from refund join block on block.index_block_hash = refund.index_block_hash cross join chain_tip)
           select 'status is that of the block' as "rule!",
                  format('refund %s %s/%s/%s', refund_id, encode(index_block_hash, 'hex'), encode(txid, 'hex'), ordinal)
                      as "place!",
                  expected as "expected!", status as "found!"
             from judged where status <> expected limit $1"#,
        NAMED,
    )
    .fetch_all(&mut *connection)
    .await?;
    let of_history = sqlx::query_as!(
        BrokenRule,
        r#"with change as (
               select index_block_hash, txid, ordinal, status, refund_status_change_id as id,
                      lag(status) over of_refund as before, lead(status) over of_refund as next
                 from refund_status_change
               window of_refund as (
                      partition by index_block_hash, txid, ordinal order by refund_status_change_id)),
           ended as (select index_block_hash, txid, ordinal, status from change where next is null)
           select 'the history begins with seen' as "rule!",
                  format('refund_status_change %s', id) as "place!", 'seen' as "expected!", status as "found!"
             from change where before is null and status <> 'seen'
           union all
           select 'a status follows another one', format('refund_status_change %s', id),
                  case before when 'orphaned' then 'seen' when 'seen' then 'final or orphaned'
                              else 'seen or orphaned' end, status
             from change
            where before = status or (before = 'orphaned' and status <> 'seen')
           union all
           select 'the history ends with the status',
                  format('refund %s %s/%s/%s', refund_id, encode(index_block_hash, 'hex'), encode(txid, 'hex'), ordinal),
                  refund.status, coalesce(ended.status, 'no history')
             from refund left join ended using (index_block_hash, txid, ordinal)
            where ended.status is distinct from refund.status
            limit $1"#,
        NAMED,
    )
    .fetch_all(connection)
    .await?;
    broken.extend(of_history);
    Ok(broken)
}

async fn ids(connection: &mut PgConnection) -> Result<Vec<BrokenRule>, DbError> {
    Ok(sqlx::query_as!(
        BrokenRule,
        r#"with refunds as (
               select refund_id as id, lag(refund_id) over place as before, stacks_height
                 from refund where canonical
               window place as (order by stacks_height, tx_index, ordinal)),
           invoices as (
               select invoice.invoice_id as id, lag(invoice.invoice_id) over place as before, invoice.stacks_height
                 from invoice join contract_event using (index_block_hash, txid, ordinal)
                where invoice.canonical
               window place as (order by invoice.stacks_height, tx_index, ordinal))
           select 'refund ids count up without a hole in the order of the chain' as "rule!",
                  format('refund at Stacks height %s', stacks_height) as "place!",
                  (before + 1)::text as "expected!", id::text as "found!"
             from refunds where id <> before + 1
           union all
           select 'invoice ids count up without a hole in the order of the chain',
                  format('invoice at Stacks height %s', stacks_height), (before + 1)::text, id::text
             from invoices where id <> before + 1
            limit $1"#,
        NAMED,
    )
    .fetch_all(connection)
    .await?)
}

/// The canonical blocks, as flagged.
///
/// # Errors
/// When the database is out of reach.
pub async fn canonical_blocks(connection: &mut PgConnection) -> Result<Vec<IndexBlockHash>, DbError> {
    let ids =
        sqlx::query_scalar!("select index_block_hash from block where canonical order by stacks_height")
            .fetch_all(connection)
            .await?;
    ids.iter().map(|id| hash(id, "block.index_block_hash")).collect()
}

/// How many canonical invoices and refunds there are.
///
/// # Errors
/// When the database is out of reach.
pub async fn counts(connection: &mut PgConnection) -> Result<(u64, u64), DbError> {
    let row = sqlx::query!(
        r#"select (select count(*) from invoice where canonical) as "invoices!",
                  (select count(*) from refund where canonical) as "refunds!""#
    )
    .fetch_one(connection)
    .await?;
    Ok((
        unsigned(row.invoices, "count of invoice")?,
        unsigned(row.refunds, "count of refund")?,
    ))
}

/// Makes all that is read until the end of the transaction one picture.
///
/// # Errors
/// When the database is out of reach.
pub async fn take_picture(connection: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(&mut *connection)
        .await?;
    sqlx::query!("set local statement_timeout = 0")
        .execute(connection)
        .await?;
    Ok(())
}
