//! Table `invoice`: invoices on every fork.

use chrono::{DateTime, Utc};
use recoup_protocol::api::{Invoice, InvoiceMore, Position};
use recoup_protocol::events::{InvoiceCreated, InvoiceState};
use recoup_protocol::ids::{InvoiceId, SubscriptionId};
use recoup_protocol::status::InvoiceStatus;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use super::DbError;
use super::contract_event::StoredEvent;
use super::convert::{
    amount, bigint, bigints, burn_height, column, hash, integers, invoice_status, optional_bigint,
    optional_principal, parsed, place, stacks_height, storable, token, token_column, unsigned,
};
use crate::accounting::Account;

/// An invoice that comes onto the chain.
#[derive(Debug, Clone, Copy)]
pub struct AdoptedInvoice<'a> {
    /// Where its event stands.
    pub stored: &'a StoredEvent,
    /// The event.
    pub created: &'a InvoiceCreated,
    /// Its state after the last event that comes onto the chain with it.
    pub state: &'a InvoiceState,
}

/// Makes invoices canonical: new ones are inserted, those that left the chain come back. Their derived statuses are those
/// as of a burn height.
///
/// # Errors
/// When the database is out of reach.
pub async fn adopt(
    connection: &mut PgConnection,
    invoices: &[AdoptedInvoice<'_>],
    as_of: BurnHeight,
) -> Result<(), DbError> {
    if invoices.is_empty() {
        return Ok(());
    }
    let stored = || invoices.iter().map(|adopted| adopted.stored);
    let created = || invoices.iter().map(|adopted| adopted.created);
    let states = States::of(invoices.iter().map(|adopted| adopted.state), as_of)?;
    sqlx::query!(
        "insert into invoice (
             index_block_hash, txid, ordinal, stacks_height, invoice_id, merchant, issuer, token, amount, min_payment,
             only_payer, reference, memo, subscription_id, created_burn_height, amount_paid, amount_refunded, status,
             refund_window, first_payment_at, expires_at, derived_status, canonical)
         select index_block_hash, txid, ordinal, stacks_height, invoice_id, merchant, issuer, token, amount::numeric,
                min_payment::numeric, only_payer, reference, memo, subscription_id::numeric, created_burn_height,
                amount_paid::numeric, amount_refunded::numeric, status, refund_window, first_payment_at, expires_at,
                derived_status, true
           from unnest(
                $1::bytea[], $2::bytea[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
                $15::bigint[], $16::text[], $17::text[], $18::smallint[], $19::bigint[], $20::bigint[], $21::bigint[],
                $22::smallint[])
             as new (
                index_block_hash, txid, ordinal, stacks_height, invoice_id, merchant, issuer, token, amount,
                min_payment, only_payer, reference, memo, subscription_id, created_burn_height, amount_paid,
                amount_refunded, status, refund_window, first_payment_at, expires_at, derived_status)
         on conflict (index_block_hash, txid, ordinal) do update
            set canonical = true, amount_paid = excluded.amount_paid, amount_refunded = excluded.amount_refunded,
                status = excluded.status, refund_window = excluded.refund_window,
                first_payment_at = excluded.first_payment_at, expires_at = excluded.expires_at,
                derived_status = excluded.derived_status",
        &column(stored(), |stored| stored.id.block.as_bytes().as_slice()) as _,
        &column(stored(), |stored| stored.id.txid.as_bytes().as_slice()) as _,
        &integers(stored(), "ordinal", |stored| stored.id.ordinal)?,
        &bigints(stored(), "stacks height", |stored| stored.stacks_height.get())?,
        &bigints(created(), "invoice id", |created| created.invoice_id.0)?,
        &column(created(), |created| created.merchant.to_string()),
        &column(created(), |created| created.issuer.to_string()),
        &column(created(), |created| token_column(&created.token)) as _,
        &column(created(), |created| created.amount.to_string()),
        &column(created(), |created| created
            .min_payment
            .map(|amount| amount.to_string())) as _,
        &column(created(), |created| created
            .only_payer
            .as_ref()
            .map(ToString::to_string)) as _,
        &column(created(), |created| created
            .reference
            .as_ref()
            .map(|reference| reference.as_str().to_owned())) as _,
        &column(created(), |created| created
            .memo
            .as_ref()
            .map(|memo| storable(memo.as_str()))) as _,
        &column(created(), |created| created
            .subscription_id
            .map(|id| id.to_string())) as _,
        &bigints(created(), "burn height", |created| created.burn_height.get())?,
        &states.amounts_paid,
        &states.amounts_refunded,
        &states.statuses,
        &states.refund_windows,
        &states.first_payments as _,
        &states.expiries,
        &states.derived_statuses,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The columns of invoices' states.
#[derive(Default)]
struct States {
    amounts_paid: Vec<String>,
    amounts_refunded: Vec<String>,
    statuses: Vec<i16>,
    refund_windows: Vec<i64>,
    first_payments: Vec<Option<i64>>,
    expiries: Vec<i64>,
    derived_statuses: Vec<i16>,
}

impl States {
    fn of<'a>(states: impl Iterator<Item = &'a InvoiceState>, as_of: BurnHeight) -> Result<Self, DbError> {
        let mut columns = Self::default();
        for state in states {
            let first_payment = state.first_payment_at.map(BurnHeight::get);
            let derived = state.status.derived(state.expires_at.get(), as_of.get());
            columns.amounts_paid.push(state.amount_paid.to_string());
            columns.amounts_refunded.push(state.amount_refunded.to_string());
            columns.statuses.push(i16::from(state.status.code()));
            columns
                .refund_windows
                .push(bigint(state.refund_window, "refund window")?);
            columns
                .first_payments
                .push(optional_bigint(first_payment, "burn height")?);
            columns
                .expiries
                .push(bigint(state.expires_at.get(), "burn height")?);
            columns.derived_statuses.push(i16::from(derived.code()));
        }
        Ok(columns)
    }
}

/// Takes the invoices that were created in these blocks off the chain.
///
/// # Errors
/// When the database is out of reach.
pub async fn orphan(connection: &mut PgConnection, blocks: &[Vec<u8>]) -> Result<(), DbError> {
    sqlx::query!(
        "update invoice set canonical = false where index_block_hash = any($1) and canonical",
        blocks
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets the states of canonical invoices, the derived ones as of a burn height.
///
/// # Errors
/// When the database is out of reach.
pub async fn update_states<'a>(
    connection: &mut PgConnection,
    invoices: impl Iterator<Item = (InvoiceId, &'a InvoiceState)> + Clone,
    as_of: BurnHeight,
) -> Result<(), DbError> {
    let ids = bigints(invoices.clone(), "invoice id", |(id, _)| id.0)?;
    if ids.is_empty() {
        return Ok(());
    }
    let states = States::of(invoices.map(|(_, state)| state), as_of)?;
    sqlx::query!(
        "update invoice
            set amount_paid = new.amount_paid::numeric, amount_refunded = new.amount_refunded::numeric,
                status = new.status, refund_window = new.refund_window, first_payment_at = new.first_payment_at,
                expires_at = new.expires_at, derived_status = new.derived_status
           from unnest(
                $1::bigint[], $2::text[], $3::text[], $4::smallint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::smallint[])
             as new (
                invoice_id, amount_paid, amount_refunded, status, refund_window, first_payment_at, expires_at,
                derived_status)
          where invoice.invoice_id = new.invoice_id and invoice.canonical",
        &ids,
        &states.amounts_paid,
        &states.amounts_refunded,
        &states.statuses,
        &states.refund_windows,
        &states.first_payments as _,
        &states.expiries,
        &states.derived_statuses,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Derives the statuses that change when the Bitcoin tip rises. It never falls.
///
/// # Errors
/// When the database is out of reach.
pub async fn expire(
    connection: &mut PgConnection,
    before: BurnHeight,
    now: BurnHeight,
) -> Result<(), DbError> {
    sqlx::query!(
        "update invoice set derived_status = 3
          where canonical and status in (0, 1) and expires_at > $1 and expires_at <= $2",
        bigint(before.get(), "burn height")?,
        bigint(now.get(), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is known of these canonical invoices, as far as they exist.
///
/// # Errors
/// When the database is out of reach.
pub async fn accounts(
    connection: &mut PgConnection,
    invoices: &[i64],
) -> Result<Vec<(InvoiceId, Account)>, DbError> {
    let rows = sqlx::query!(
        r#"select invoice_id, merchant, token, amount_paid::text as "amount_paid!",
                  amount_refunded::text as "amount_refunded!", status, refund_window, first_payment_at, expires_at
             from invoice where invoice_id = any($1) and canonical"#,
        invoices,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let state = InvoiceState {
                amount_paid: amount(&row.amount_paid, "invoice.amount_paid")?,
                amount_refunded: amount(&row.amount_refunded, "invoice.amount_refunded")?,
                status: invoice_status(row.status, "invoice.status")?,
                refund_window: unsigned(row.refund_window, "invoice.refund_window")?,
                first_payment_at: optional_burn_height(row.first_payment_at)?,
                expires_at: burn_height(row.expires_at, "invoice.expires_at")?,
            };
            let account = Account {
                merchant: parsed(&row.merchant, "invoice.merchant")?,
                token: token(row.token.as_deref(), "invoice.token")?,
                state,
            };
            Ok((
                InvoiceId(unsigned(row.invoice_id, "invoice.invoice_id")?),
                account,
            ))
        })
        .collect()
}

/// A query for canonical invoices: what it reads, then what stands behind `where`, then its arguments. A limit in the
/// subquery keeps the planner from reading all subscriptions to answer it for a page.
macro_rules! select_invoices {
    ($before:literal; $tail:literal; $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            InvoiceRow,
            $before + r#"select invoice.index_block_hash, txid, ordinal, invoice.stacks_height, invoice.invoice_id, merchant,
                      issuer, token, amount::text as "amount!", min_payment::text, only_payer, reference, memo,
                      subscription_id::text, created_burn_height, amount_paid::text as "amount_paid!",
                      amount_refunded::text as "amount_refunded!", derived_status, refund_window, first_payment_at,
                      expires_at, block_time,
                      coalesce((select true from subscription_change as change
                                 where change.invoice_id = invoice.invoice_id and change.canonical
                                   and change.disagreement is null
                                   and change.subscription_id = invoice.subscription_id limit 1), false)
                          as "subscription_proven!"
                 from invoice join block on block.index_block_hash = invoice.index_block_hash
                where invoice.canonical "# + $tail,
            $($argument),*
        )
    };
}

/// A canonical invoice, without its payers, payments and refunds; its status as of the burn height of the tip.
///
/// # Errors
/// When the database is out of reach.
pub async fn find(connection: &mut PgConnection, invoice: InvoiceId) -> Result<Option<Invoice>, DbError> {
    let row = select_invoices!(""; "and invoice_id = $1"; bigint(invoice.0, "invoice id")?)
        .fetch_optional(connection)
        .await?;
    row.map(InvoiceRow::invoice).transpose()
}

/// Which invoices to list. What is none does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InvoiceFilter {
    /// Whose wallet is paid.
    pub merchant: Option<Principal>,
    /// Who paid some of it.
    pub payer: Option<Principal>,
    /// The merchant's own id.
    pub reference: Option<String>,
    /// Derived at the burn height of the tip.
    pub status: Option<InvoiceStatus>,
}

/// Canonical invoices below an id, the newest first, without their payers, payments and refunds; their status as of the
/// burn height of the tip. Ids are in the order of creation.
///
/// # Errors
/// When the database is out of reach.
pub async fn page(
    connection: &mut PgConnection,
    filter: &InvoiceFilter,
    after: Option<InvoiceId>,
    limit: u32,
) -> Result<Vec<Invoice>, DbError> {
    let after = optional_bigint(after.map(|id| id.0), "invoice id")?;
    let limit = i64::from(limit);
    let rows = match &filter.payer {
        Some(payer) => of_payer(connection, payer, after, limit).await?,
        None => of_filter(connection, filter, after, limit).await?,
    };
    rows.into_iter().map(InvoiceRow::invoice).collect()
}

async fn of_payer(
    connection: &mut PgConnection,
    payer: &Principal,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<InvoiceRow>, DbError> {
    Ok(select_invoices!(
        "with paid as (
             select invoice_id from payer_ledger
              where payer = (select $1::text) and ($2::bigint is null or invoice_id < $2)
              order by invoice_id desc limit $3) ";
        "and invoice_id = any (array(select invoice_id from paid)) order by invoice_id desc";
        payer.to_string(),
        after,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

async fn of_filter(
    connection: &mut PgConnection,
    filter: &InvoiceFilter,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<InvoiceRow>, DbError> {
    Ok(select_invoices!(
        "";
        "and ($1::text is null or merchant = (select $1::text))
         and ($2::text is null or reference = (select $2::text))
         and ($3::smallint is null or derived_status = $3)
         and ($4::bigint is null or invoice_id < $4)
         order by invoice_id desc limit $5";
        filter.merchant.as_ref().map(ToString::to_string),
        filter.reference.as_deref(),
        filter.status.map(|status| i16::from(status.code())),
        after,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

fn optional_burn_height(height: Option<i64>) -> Result<Option<BurnHeight>, DbError> {
    height
        .map(|height| burn_height(height, "invoice.first_payment_at"))
        .transpose()
}

struct InvoiceRow {
    index_block_hash: Vec<u8>,
    txid: Vec<u8>,
    ordinal: i32,
    stacks_height: i64,
    invoice_id: i64,
    merchant: String,
    issuer: String,
    token: Option<String>,
    amount: String,
    min_payment: Option<String>,
    only_payer: Option<String>,
    reference: Option<String>,
    memo: Option<String>,
    subscription_id: Option<String>,
    created_burn_height: i64,
    amount_paid: String,
    amount_refunded: String,
    derived_status: i16,
    refund_window: i64,
    first_payment_at: Option<i64>,
    expires_at: i64,
    block_time: Option<DateTime<Utc>>,
    subscription_proven: bool,
}

impl InvoiceRow {
    fn invoice(self) -> Result<Invoice, DbError> {
        const COLUMN: &str = "invoice.subscription_id";
        let subscription_id = self.subscription_id.as_deref();
        Ok(Invoice {
            invoice_id: InvoiceId(unsigned(self.invoice_id, "invoice.invoice_id")?),
            merchant: parsed(&self.merchant, "invoice.merchant")?,
            issuer: parsed(&self.issuer, "invoice.issuer")?,
            token: token(self.token.as_deref(), "invoice.token")?,
            amount: amount(&self.amount, "invoice.amount")?,
            amount_paid: amount(&self.amount_paid, "invoice.amount_paid")?,
            amount_refunded: amount(&self.amount_refunded, "invoice.amount_refunded")?,
            status: invoice_status(self.derived_status, "invoice.derived_status")?,
            min_payment: self
                .min_payment
                .as_deref()
                .map(|text| amount(text, "invoice.min_payment"))
                .transpose()?,
            only_payer: optional_principal(self.only_payer.as_deref(), "invoice.only_payer")?,
            reference: self.reference,
            memo: self.memo,
            subscription_id: subscription_id
                .map(|id| parsed(id, COLUMN))
                .transpose()?
                .map(SubscriptionId),
            subscription_proven: self.subscription_proven,
            refund_window: unsigned(self.refund_window, "invoice.refund_window")?,
            first_payment_at: optional_burn_height(self.first_payment_at)?,
            expires_at: burn_height(self.expires_at, "invoice.expires_at")?,
            position: Position {
                txid: hash(&self.txid, "invoice.txid")?,
                ordinal: place(self.ordinal, "invoice.ordinal")?,
                index_block_hash: hash(&self.index_block_hash, "invoice.index_block_hash")?,
                stacks_height: stacks_height(self.stacks_height, "invoice.stacks_height")?,
                burn_height: burn_height(self.created_burn_height, "invoice.created_burn_height")?,
                block_time: self.block_time,
            },
            payers: Vec::new(),
            payments: Vec::new(),
            refunds: Vec::new(),
            more: InvoiceMore::default(),
        })
    }
}
