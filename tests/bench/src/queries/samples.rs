//! What the questions are about: refunds drawn at random, so that large merchants come often and small ones, too.

use anyhow::{Context as _, Result};
use recoup_block_tree::Random;
use sqlx::Row as _;

use crate::database::Database;

/// A refund of the history, and what stands near it.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) refund: i64,
    pub(super) invoice: i64,
    /// An invoice whose events are there: see `made_up.sql`.
    pub(super) whole_invoice: i64,
    /// The first refund of that one.
    pub(super) whole_refund: i64,
    pub(super) merchant: String,
    pub(super) payer: String,
    pub(super) token: String,
    pub(super) amount: String,
    /// Of this refund or another one, as not all have one.
    pub(super) reference: String,
    pub(super) merchant_of_reference: String,
    pub(super) words: String,
    pub(super) merchant_of_words: String,
    pub(super) txid: String,
    pub(super) burn_height: i64,
    /// Of its block, RFC 3339.
    pub(super) time: String,
    pub(super) month_before: String,
    pub(super) subscription: i64,
}

/// So many refunds.
pub(super) fn draw(database: &mut Database, count: usize) -> Result<Vec<Sample>> {
    let refunds = database.count("select count(*) from refund where canonical")?;
    let subscriptions = database.count("select count(*) from subscription")?;
    let invoices = database.count("select max(invoice_id) from invoice")?;
    let mut random = Random::new(7);
    let mut below = |bound: i64| -> Result<i64> {
        let bound = usize::try_from(bound).context("a count")?;
        Ok(i64::try_from(random.below(bound.max(1)))?)
    };
    (0..count)
        .map(|_| {
            let refund = below(refunds)?.saturating_add(1);
            let whole_invoice = below(invoices / 10)?.saturating_mul(10).saturating_add(1);
            sample(
                database,
                refund,
                whole_invoice,
                below(subscriptions)?.saturating_add(1),
            )
        })
        .collect()
}

fn sample(database: &mut Database, refund: i64, whole_invoice: i64, subscription: i64) -> Result<Sample> {
    let query = format!(
        "select refund.invoice_id, refund.merchant, payer, coalesce(token, 'STX') as token, amount::text,
                '0x' || encode(txid, 'hex') as txid, burn_height, named.reference, named.merchant as named_merchant,
                (select min(refund_id) from refund where invoice_id = {whole_invoice} and canonical) as whole_refund,
                spoken.merchant as spoken_merchant, split_part(spoken.reason, ', ', 2) as words,
                to_char(block_time, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as time,
                to_char(block_time - interval '30 days', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as month_before
           from refund
           join block using (index_block_hash)
          cross join lateral (
                select reference, merchant from refund as named
                 where named.refund_id between refund.refund_id - 200 and refund.refund_id and named.canonical
                   and named.reference is not null
                 order by refund_id desc limit 1) as named
          cross join lateral (
                select reason, merchant from refund as spoken
                 where spoken.refund_id between refund.refund_id - 200 and refund.refund_id and spoken.canonical
                   and spoken.reason is not null
                 order by refund_id desc limit 1) as spoken
          where refund.refund_id >= {refund} and refund.canonical order by refund_id limit 1"
    );
    let rows = database.rows(query)?;
    let row = rows.first().context("a refund of this id")?;
    Ok(Sample {
        refund,
        invoice: row.try_get("invoice_id")?,
        whole_invoice,
        whole_refund: row.try_get("whole_refund")?,
        merchant: row.try_get("merchant")?,
        payer: row.try_get("payer")?,
        token: row.try_get("token")?,
        amount: row.try_get("amount")?,
        reference: row.try_get("reference")?,
        merchant_of_reference: row.try_get("named_merchant")?,
        words: row.try_get("words")?,
        merchant_of_words: row.try_get("spoken_merchant")?,
        txid: row.try_get("txid")?,
        burn_height: row.try_get("burn_height")?,
        time: row.try_get("time")?,
        month_before: row.try_get("month_before")?,
        subscription,
    })
}
