//! Table `invoice`: invoices on every fork.

use chrono::{DateTime, Utc};
use recoup_protocol::api::{Invoice, Position};
use recoup_protocol::events::{InvoiceCreated, InvoiceState};
use recoup_protocol::ids::{InvoiceId, SubscriptionId};
use recoup_protocol::status::InvoiceStatus;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use super::DbError;
use super::contract_event::StoredEvent;
use super::convert::{
    amount, bigint, burn_height, hash, integer, optional_bigint, optional_principal, parsed, place,
    stacks_height, storable, token, token_column, unsigned,
};
use crate::accounting::Account;

/// Makes an invoice canonical: a new one is inserted, one that left the chain comes back.
///
/// # Errors
/// When the database is out of reach.
pub async fn adopt(
    connection: &mut PgConnection,
    stored: &StoredEvent,
    created: &InvoiceCreated,
) -> Result<(), DbError> {
    let state = &created.state;
    sqlx::query!(
        "insert into invoice (
             index_block_hash, txid, ordinal, stacks_height, invoice_id, merchant, issuer, token, amount, min_payment,
             only_payer, reference, memo, subscription_id, created_burn_height, amount_paid, amount_refunded, status,
             refund_window, first_payment_at, expires_at, canonical)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::numeric, $10::text::numeric, $11, $12, $13, $14::text::numeric, $15,
                 $16::text::numeric, $17::text::numeric, $18, $19, $20, $21, true)
         on conflict (index_block_hash, txid, ordinal) do update set canonical = true",
        stored.id.block.as_bytes(),
        stored.id.txid.as_bytes(),
        integer(stored.id.ordinal, "ordinal")?,
        bigint(stored.stacks_height.get(), "stacks height")?,
        bigint(created.invoice_id.0, "invoice id")?,
        created.merchant.to_string(),
        created.issuer.to_string(),
        token_column(&created.token),
        created.amount.to_string(),
        created.min_payment.map(|amount| amount.to_string()),
        created.only_payer.as_ref().map(ToString::to_string),
        created.reference.as_ref().map(|reference| reference.as_str().to_owned()),
        created.memo.as_ref().map(|memo| storable(memo.as_str())),
        created.subscription_id.map(|id| id.to_string()),
        bigint(created.burn_height.get(), "burn height")?,
        state.amount_paid.to_string(),
        state.amount_refunded.to_string(),
        i16::from(state.status.code()),
        bigint(state.refund_window, "refund window")?,
        optional_bigint(state.first_payment_at.map(BurnHeight::get), "burn height")?,
        bigint(state.expires_at.get(), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
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

/// Sets the state of a canonical invoice.
///
/// # Errors
/// When the database is out of reach.
pub async fn update_state(
    connection: &mut PgConnection,
    invoice: InvoiceId,
    state: &InvoiceState,
) -> Result<(), DbError> {
    sqlx::query!(
        "update invoice
            set amount_paid = $2::text::numeric, amount_refunded = $3::text::numeric, status = $4, refund_window = $5,
                first_payment_at = $6, expires_at = $7
          where invoice_id = $1 and canonical",
        bigint(invoice.0, "invoice id")?,
        state.amount_paid.to_string(),
        state.amount_refunded.to_string(),
        i16::from(state.status.code()),
        bigint(state.refund_window, "refund window")?,
        optional_bigint(state.first_payment_at.map(BurnHeight::get), "burn height")?,
        bigint(state.expires_at.get(), "burn height")?,
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
                status: stored_status(row.status)?,
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

/// A canonical invoice, without its payers, payments and refunds; its status as of a burn height.
///
/// # Errors
/// When the database is out of reach.
pub async fn find(
    connection: &mut PgConnection,
    invoice: InvoiceId,
    as_of: BurnHeight,
) -> Result<Option<Invoice>, DbError> {
    let row = sqlx::query_as!(
        InvoiceRow,
        r#"select invoice.index_block_hash, txid, ordinal, invoice.stacks_height, invoice_id, merchant, issuer, token,
                  amount::text as "amount!", min_payment::text, only_payer, reference, memo, subscription_id::text,
                  created_burn_height, amount_paid::text as "amount_paid!",
                  amount_refunded::text as "amount_refunded!", status, refund_window, first_payment_at, expires_at,
                  block_time
             from invoice join block on block.index_block_hash = invoice.index_block_hash
            where invoice_id = $1 and invoice.canonical"#,
        bigint(invoice.0, "invoice id")?,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| row.invoice(as_of)).transpose()
}

fn stored_status(code: i16) -> Result<InvoiceStatus, DbError> {
    let corrupt = DbError::Corrupt {
        column: "invoice.status",
    };
    u128::try_from(code)
        .ok()
        .and_then(InvoiceStatus::from_code)
        .ok_or(corrupt)
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
    status: i16,
    refund_window: i64,
    first_payment_at: Option<i64>,
    expires_at: i64,
    block_time: Option<DateTime<Utc>>,
}

impl InvoiceRow {
    fn invoice(self, as_of: BurnHeight) -> Result<Invoice, DbError> {
        let expires_at = burn_height(self.expires_at, "invoice.expires_at")?;
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
            status: stored_status(self.status)?.derived(expires_at.get(), as_of.get()),
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
            refund_window: unsigned(self.refund_window, "invoice.refund_window")?,
            first_payment_at: optional_burn_height(self.first_payment_at)?,
            expires_at,
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
        })
    }
}
