//! How subscriptions are read: newest first, by their id, which never changes for a row.

use chrono::{DateTime, Utc};
use recoup_protocol::api::{Position, Subscription, SubscriptionPayment};
use recoup_protocol::ids::{InvoiceId, PlanId, SubscriptionId};
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use crate::db::DbError;
use crate::db::convert::{
    amount, burn_height, hash, invoice_status, optional_bigint, parsed, place, stacks_height,
    subscription_column, subscription_status, token, unsigned,
};

/// Which subscriptions to list: a merchant's, a payer's, or those of one with the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscriptionFilter {
    /// Who is paid.
    pub merchant: Option<Principal>,
    /// Who pays.
    pub payer: Option<Principal>,
}

/// A query for canonical subscriptions: what stands behind `where`, and its arguments.
macro_rules! select_subscriptions {
    ($tail:literal; $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            SubscriptionRow,
            r#"select subscription.index_block_hash, txid, ordinal, subscription.stacks_height,
                      subscription.subscription_id, plan_id, merchant, payer, token, amount::text as "amount!",
                      interval_blocks, refund_window, started_at, last.payments as "payments!",
                      last.next_due as "next_due!", last.status as "status!", block_time
                 from subscription
                 join block on block.index_block_hash = subscription.index_block_hash
                cross join lateral (
                      select payments, next_due, status
                        from subscription_change
                       where subscription_change.subscription_id = subscription.subscription_id and canonical
                       order by stacks_height desc, tx_index desc, ordinal desc
                       limit 1) as last
                where subscription.canonical and "# + $tail,
            $($argument),*
        )
    };
}

/// Subscriptions, newest first, from below `before` on; their status as of a burn height.
///
/// # Errors
/// When the database is out of reach.
pub async fn page(
    connection: &mut PgConnection,
    filter: &SubscriptionFilter,
    before: Option<SubscriptionId>,
    limit: u32,
    as_of: BurnHeight,
) -> Result<Vec<Subscription>, DbError> {
    let rows = select_subscriptions!(
        "($1::text is null or merchant = (select $1::text))
            and ($2::text is null or payer = (select $2::text))
            and ($3::bigint is null or subscription.subscription_id < $3)
          order by subscription.subscription_id desc
          limit $4";
        filter.merchant.as_ref().map(ToString::to_string),
        filter.payer.as_ref().map(ToString::to_string),
        before.map(subscription_column).transpose()?,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| row.subscription(as_of)).collect()
}

/// A canonical subscription, without its payments; its status as of a burn height.
///
/// # Errors
/// When the database is out of reach.
pub async fn find(
    connection: &mut PgConnection,
    id: SubscriptionId,
    as_of: BurnHeight,
) -> Result<Option<Subscription>, DbError> {
    let row = select_subscriptions!(
        "subscription.subscription_id = $1";
        subscription_column(id)?,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| row.subscription(as_of)).transpose()
}

/// The payments of a canonical subscription, newest first, from below number `before` on.
///
/// # Errors
/// When the database is out of reach.
pub async fn payments(
    connection: &mut PgConnection,
    id: SubscriptionId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<SubscriptionPayment>, DbError> {
    let rows = sqlx::query_as!(
        PaymentRow,
        r#"select change.index_block_hash, change.txid, change.ordinal, change.stacks_height,
                  change.payments as number, invoice.invoice_id as "invoice_id!", change.burn_height, change.disagreement,
                  invoice.amount_paid::text as "amount_paid!", invoice.amount_refunded::text as "amount_refunded!",
                  invoice.status, block_time
             from subscription_change as change
             join block on block.index_block_hash = change.index_block_hash
             join invoice on invoice.invoice_id = change.invoice_id and invoice.canonical
            where change.subscription_id = $1 and change.canonical and change.invoice_id is not null
              and ($2::bigint is null or change.payments < $2)
            order by change.payments desc
            limit $3"#,
        subscription_column(id)?,
        optional_bigint(before, "payment number")?,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(PaymentRow::payment).collect()
}

struct SubscriptionRow {
    index_block_hash: Vec<u8>,
    txid: Vec<u8>,
    ordinal: i32,
    stacks_height: i64,
    subscription_id: i64,
    plan_id: i64,
    merchant: String,
    payer: String,
    token: Option<String>,
    amount: String,
    interval_blocks: i64,
    refund_window: i64,
    started_at: i64,
    payments: i64,
    next_due: i64,
    status: i16,
    block_time: Option<DateTime<Utc>>,
}

impl SubscriptionRow {
    fn subscription(self, as_of: BurnHeight) -> Result<Subscription, DbError> {
        let next_due = burn_height(self.next_due, "subscription_change.next_due")?;
        let started_at = burn_height(self.started_at, "subscription.started_at")?;
        Ok(Subscription {
            subscription_id: SubscriptionId(
                unsigned(self.subscription_id, "subscription.subscription_id")?.into(),
            ),
            plan_id: PlanId(unsigned(self.plan_id, "subscription.plan_id")?),
            merchant: parsed(&self.merchant, "subscription.merchant")?,
            payer: parsed(&self.payer, "subscription.payer")?,
            token: token(self.token.as_deref(), "subscription.token")?,
            amount: amount(&self.amount, "subscription.amount")?,
            interval: unsigned(self.interval_blocks, "subscription.interval_blocks")?,
            refund_window: unsigned(self.refund_window, "subscription.refund_window")?,
            started_at,
            next_due,
            payment_count: unsigned(self.payments, "subscription_change.payments")?,
            status: subscription_status(self.status)?.derived(next_due.get(), as_of.get()),
            position: Position {
                txid: hash(&self.txid, "subscription.txid")?,
                ordinal: place(self.ordinal, "subscription.ordinal")?,
                index_block_hash: hash(&self.index_block_hash, "subscription.index_block_hash")?,
                stacks_height: stacks_height(self.stacks_height, "subscription.stacks_height")?,
                burn_height: started_at,
                block_time: self.block_time,
            },
        })
    }
}

struct PaymentRow {
    index_block_hash: Vec<u8>,
    txid: Vec<u8>,
    ordinal: i32,
    stacks_height: i64,
    number: i64,
    invoice_id: i64,
    burn_height: i64,
    disagreement: Option<String>,
    amount_paid: String,
    amount_refunded: String,
    status: i16,
    block_time: Option<DateTime<Utc>>,
}

impl PaymentRow {
    fn payment(self) -> Result<SubscriptionPayment, DbError> {
        Ok(SubscriptionPayment {
            number: unsigned(self.number, "subscription_change.payments")?,
            invoice_id: InvoiceId(unsigned(self.invoice_id, "subscription_change.invoice_id")?),
            amount_paid: amount(&self.amount_paid, "invoice.amount_paid")?,
            amount_refunded: amount(&self.amount_refunded, "invoice.amount_refunded")?,
            // A payment's invoice is paid when it is made: it never expires.
            invoice_status: invoice_status(self.status, "invoice.status")?,
            proven: self.disagreement.is_none(),
            disagreement: self.disagreement,
            position: Position {
                txid: hash(&self.txid, "subscription_change.txid")?,
                ordinal: place(self.ordinal, "subscription_change.ordinal")?,
                index_block_hash: hash(&self.index_block_hash, "subscription_change.index_block_hash")?,
                stacks_height: stacks_height(self.stacks_height, "subscription_change.stacks_height")?,
                burn_height: burn_height(self.burn_height, "subscription_change.burn_height")?,
                block_time: self.block_time,
            },
        })
    }
}
