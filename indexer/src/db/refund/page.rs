//! How refunds are read: always in the order of their place on the chain, which never changes for a row.

use chrono::{DateTime, Utc};
use recoup_protocol::api::{Position, Refund, Tier};
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_stacks::address::Principal;
use recoup_stacks::hash::IndexBlockHash;
use sqlx::PgConnection;

use super::RefundStatus;
use crate::db::DbError;
use crate::db::convert::{
    amount, bigint, burn_height, hash, integer, optional_bigint, parsed, place, stacks_height, token,
    unsigned,
};

/// The place of a refund on the chain: a total order over all forks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundKey {
    /// Stacks height of its block.
    pub stacks_height: u64,
    /// Place of its transaction in the block.
    pub tx_index: u32,
    /// Place of its event in the transaction.
    pub ordinal: u32,
    /// Its block, where forks have two refunds at the same place.
    pub block: IndexBlockHash,
}

/// Which refunds to list. What is none does not filter; without a status, the canonical ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefundFilter {
    /// Merchant of the invoice.
    pub merchant: Option<Principal>,
    /// Who got the refund.
    pub payer: Option<Principal>,
    /// What was refunded.
    pub invoice: Option<InvoiceId>,
    /// Where it stands.
    pub status: Option<RefundStatus>,
}

/// One query for each partial index; within it, a filter that is null is left out by the planner.
macro_rules! select_page {
    ($standing:literal, $filter:expr, $after:expr, $limit:expr) => {
        sqlx::query_as!(
            RefundRow,
            r#"select refund.index_block_hash, txid, ordinal, refund.stacks_height, tx_index, refund_id, invoice_id,
                      merchant, issuer, payer, token, amount::text as "amount!", reason, reference,
                      payer_paid::text as "payer_paid!", payer_refunded::text as "payer_refunded!", deadline,
                      refund.burn_height, disagreement, status, block_time
                 from refund join block on block.index_block_hash = refund.index_block_hash
                where ($1::text is null or merchant = $1)
                  and ($2::text is null or payer = $2)
                  and ($3::bigint is null or invoice_id = $3)
                  and ($4::bigint is null
                       or (refund.stacks_height, tx_index, ordinal, refund.index_block_hash) < ($4, $5, $6, $7))
                  and "# + $standing + "
                order by refund.stacks_height desc, tx_index desc, ordinal desc, refund.index_block_hash desc
                limit $8",
            $filter.merchant.as_ref().map(ToString::to_string),
            $filter.payer.as_ref().map(ToString::to_string),
            optional_bigint($filter.invoice.map(|id| id.0), "invoice id")?,
            optional_bigint($after.map(|key| key.stacks_height), "stacks height")?,
            $after.map(|key| integer(key.tx_index, "transaction index")).transpose()?,
            $after.map(|key| integer(key.ordinal, "ordinal")).transpose()?,
            $after.as_ref().map(|key| key.block.as_bytes().as_slice()),
            $limit,
        )
    };
}

/// Refunds, newest first, from below `after` on, with the key to read on from.
///
/// # Errors
/// When the database is out of reach.
pub async fn page(
    connection: &mut PgConnection,
    filter: &RefundFilter,
    after: Option<RefundKey>,
    limit: u32,
) -> Result<Vec<(RefundKey, Refund)>, DbError> {
    let limit = i64::from(limit);
    let rows = match filter.status {
        None => {
            select_page!("refund.canonical", filter, after, limit)
                .fetch_all(connection)
                .await?
        }
        Some(RefundStatus::Seen) => {
            select_page!("status = 'seen'", filter, after, limit)
                .fetch_all(connection)
                .await?
        }
        Some(RefundStatus::Final) => {
            select_page!("refund.canonical and status = 'final'", filter, after, limit)
                .fetch_all(connection)
                .await?
        }
        Some(RefundStatus::Orphaned) => {
            select_page!("status = 'orphaned'", filter, after, limit)
                .fetch_all(connection)
                .await?
        }
    };
    rows.into_iter()
        .map(|row| Ok((row.key()?, row.refund()?)))
        .collect()
}

/// The canonical refund of an id.
///
/// # Errors
/// When the database is out of reach.
pub async fn find(connection: &mut PgConnection, id: RefundId) -> Result<Option<Refund>, DbError> {
    let row = sqlx::query_as!(
        RefundRow,
        r#"select refund.index_block_hash, txid, ordinal, refund.stacks_height, tx_index, refund_id, invoice_id,
                  merchant, issuer, payer, token, amount::text as "amount!", reason, reference,
                  payer_paid::text as "payer_paid!", payer_refunded::text as "payer_refunded!", deadline,
                  refund.burn_height, disagreement, status, block_time
             from refund join block on block.index_block_hash = refund.index_block_hash
            where refund_id = $1 and refund.canonical"#,
        bigint(id.0, "refund id")?,
    )
    .fetch_optional(connection)
    .await?;
    row.map(RefundRow::refund).transpose()
}

/// The refunds of a canonical invoice, in the chain's order.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_invoice(connection: &mut PgConnection, id: InvoiceId) -> Result<Vec<Refund>, DbError> {
    let rows = sqlx::query_as!(
        RefundRow,
        r#"select refund.index_block_hash, txid, ordinal, refund.stacks_height, tx_index, refund_id, invoice_id,
                  merchant, issuer, payer, token, amount::text as "amount!", reason, reference,
                  payer_paid::text as "payer_paid!", payer_refunded::text as "payer_refunded!", deadline,
                  refund.burn_height, disagreement, status, block_time
             from refund join block on block.index_block_hash = refund.index_block_hash
            where invoice_id = $1 and refund.canonical
            order by refund.stacks_height, tx_index, ordinal"#,
        bigint(id.0, "invoice id")?,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(RefundRow::refund).collect()
}

/// How many canonical refunds are unproven.
///
/// # Errors
/// When the database is out of reach.
pub async fn count_unproven(connection: &mut PgConnection) -> Result<u64, DbError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from refund where canonical and disagreement is not null"#
    )
    .fetch_one(connection)
    .await?;
    unsigned(count, "count of refund")
}

struct RefundRow {
    index_block_hash: Vec<u8>,
    txid: Vec<u8>,
    ordinal: i32,
    stacks_height: i64,
    tx_index: i32,
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
    burn_height: i64,
    disagreement: Option<String>,
    status: String,
    block_time: Option<DateTime<Utc>>,
}

impl RefundRow {
    fn key(&self) -> Result<RefundKey, DbError> {
        Ok(RefundKey {
            stacks_height: unsigned(self.stacks_height, "refund.stacks_height")?,
            tx_index: place(self.tx_index, "refund.tx_index")?,
            ordinal: place(self.ordinal, "refund.ordinal")?,
            block: hash(&self.index_block_hash, "refund.index_block_hash")?,
        })
    }

    fn refund(self) -> Result<Refund, DbError> {
        Ok(Refund {
            refund_id: RefundId(unsigned(self.refund_id, "refund.refund_id")?),
            invoice_id: InvoiceId(unsigned(self.invoice_id, "refund.invoice_id")?),
            merchant: parsed(&self.merchant, "refund.merchant")?,
            issuer: parsed(&self.issuer, "refund.issuer")?,
            payer: parsed(&self.payer, "refund.payer")?,
            token: token(self.token.as_deref(), "refund.token")?,
            amount: amount(&self.amount, "refund.amount")?,
            reason: self.reason,
            reference: self.reference,
            payer_paid: amount(&self.payer_paid, "refund.payer_paid")?,
            payer_refunded: amount(&self.payer_refunded, "refund.payer_refunded")?,
            deadline: burn_height(self.deadline, "refund.deadline")?,
            proven: self.disagreement.is_none(),
            disagreement: self.disagreement,
            status: match self.status.as_str() {
                "seen" => Tier::Seen,
                "final" => Tier::Final,
                "orphaned" => Tier::Orphaned,
                _ => {
                    return Err(DbError::Corrupt {
                        column: "refund.status",
                    });
                }
            },
            position: Position {
                txid: hash(&self.txid, "refund.txid")?,
                ordinal: place(self.ordinal, "refund.ordinal")?,
                index_block_hash: hash(&self.index_block_hash, "refund.index_block_hash")?,
                stacks_height: stacks_height(self.stacks_height, "refund.stacks_height")?,
                burn_height: burn_height(self.burn_height, "refund.burn_height")?,
                block_time: self.block_time,
            },
        })
    }
}
