//! Refunds as checkpoints hold them.

use std::borrow::Cow;

use recoup_protocol::checkpoint::RefundLeaf;
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use super::filter::RefundFilter;
use crate::db::DbError;
use crate::db::convert::{amount, bigint, burn_height, hash, place, stacks_height, unsigned};

/// A refund that is to be put into a checkpoint.
pub struct LeafRow {
    refund_id: i64,
    invoice_id: i64,
    merchant: String,
    issuer: String,
    payer: String,
    token: Option<String>,
    amount: String,
    reason: Option<String>,
    reference: Option<String>,
    payer_paid: String,
    payer_refunded: String,
    deadline: i64,
    proven: bool,
    txid: Vec<u8>,
    ordinal: i32,
    index_block_hash: Vec<u8>,
    stacks_height: i64,
    tx_index: i32,
    burn_height: i64,
}

impl LeafRow {
    /// Burn height printed by the event.
    ///
    /// # Errors
    /// When the column holds none.
    pub fn burn_height(&self) -> Result<BurnHeight, DbError> {
        burn_height(self.burn_height, "refund.burn_height")
    }

    /// What is hashed.
    ///
    /// # Errors
    /// When a column holds something else than ingest writes.
    pub fn leaf(&self) -> Result<RefundLeaf<'_>, DbError> {
        Ok(RefundLeaf {
            refund_id: RefundId(unsigned(self.refund_id, "refund.refund_id")?),
            invoice_id: InvoiceId(unsigned(self.invoice_id, "refund.invoice_id")?),
            merchant: Cow::Borrowed(&self.merchant),
            issuer: Cow::Borrowed(&self.issuer),
            payer: Cow::Borrowed(&self.payer),
            token: Cow::Borrowed(self.token.as_deref().unwrap_or("STX")),
            amount: amount(&self.amount, "refund.amount")?,
            reason: self.reason.as_deref().map(Cow::Borrowed),
            reference: self.reference.as_deref().map(Cow::Borrowed),
            payer_paid: amount(&self.payer_paid, "refund.payer_paid")?,
            payer_refunded: amount(&self.payer_refunded, "refund.payer_refunded")?,
            deadline: burn_height(self.deadline, "refund.deadline")?,
            proven: self.proven,
            txid: hash(&self.txid, "refund.txid")?,
            ordinal: place(self.ordinal, "refund.ordinal")?,
            index_block_hash: hash(&self.index_block_hash, "refund.index_block_hash")?,
            stacks_height: stacks_height(self.stacks_height, "refund.stacks_height")?,
            burn_height: self.burn_height()?,
        })
    }
}

/// Canonical refunds of a range of burn heights, one page after the other, in the chain's order.
#[derive(Debug)]
pub struct LeafPages {
    /// Place of the last row that was given.
    after: (i64, i32, i32),
    /// Stacks height that all are below.
    end: Option<i64>,
    to: i64,
}

impl LeafPages {
    /// Those from one burn height to another, both included.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn between(
        connection: &mut PgConnection,
        from: BurnHeight,
        to: BurnHeight,
    ) -> Result<Self, DbError> {
        let range = RefundFilter {
            from_burn_height: Some(from),
            to_burn_height: Some(to),
            ..RefundFilter::default()
        };
        let bounds = range.bounds(connection).await?;
        Ok(Self {
            after: (bounds.lowest.unwrap_or(0), -1, -1),
            end: bounds.end,
            to: bigint(to.get(), "burn height")?,
        })
    }

    /// The next of them; empty after the last.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn next(&mut self, connection: &mut PgConnection) -> Result<Vec<LeafRow>, DbError> {
        let (height, tx_index, ordinal) = self.after;
        let rows = sqlx::query_as!(
            LeafRow,
            r#"select refund_id, invoice_id, merchant, issuer, payer, token, amount::text as "amount!", reason, reference,
                      payer_paid::text as "payer_paid!", payer_refunded::text as "payer_refunded!", deadline,
                      disagreement is null as "proven!", txid, ordinal, index_block_hash, stacks_height, tx_index,
                      burn_height
                 from refund
                where canonical and (stacks_height, tx_index, ordinal) > ($1, $2, $3)
                  and ($4::bigint is null or stacks_height < $4) and burn_height <= $5
                order by stacks_height, tx_index, ordinal
                limit $6"#,
            height,
            tx_index,
            ordinal,
            self.end,
            self.to,
            PAGE,
        )
        .fetch_all(connection)
        .await?;
        if let Some(last) = rows.last() {
            self.after = (last.stacks_height, last.tx_index, last.ordinal);
        }
        Ok(rows)
    }
}

/// Rows that are in memory at a time.
const PAGE: i64 = 2_000;

/// Burn height of the first canonical refund; none when there is none.
///
/// # Errors
/// When the database is out of reach.
pub async fn first_burn_height(connection: &mut PgConnection) -> Result<Option<BurnHeight>, DbError> {
    let first = sqlx::query_scalar!(
        "select burn_height from refund where canonical order by burn_height, stacks_height limit 1"
    )
    .fetch_optional(connection)
    .await?;
    first
        .map(|height| burn_height(height, "refund.burn_height"))
        .transpose()
}
