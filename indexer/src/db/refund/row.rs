//! A row of the table as the API shows it.

use chrono::{DateTime, Utc};
use recoup_protocol::api::{PaidFrom, Position, Refund, Tier};
use recoup_protocol::ids::{InvoiceId, RefundId};

use crate::db::DbError;
use crate::db::convert::{
    amount, burn_height, hash, optional_principal, parsed, place, stacks_height, token, unsigned,
};
use crate::db::place::Place;

/// A query for refunds: what stands behind `where`, in pieces, then its arguments.
macro_rules! select_refunds {
    ($($tail:literal)+; $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            $crate::db::refund::row::RefundRow,
            r#"select refund.index_block_hash, txid, ordinal, refund.stacks_height, tx_index, refund_id, invoice_id,
                      merchant, issuer, payer, token, amount::text as "amount!", reason, reference,
                      payer_paid::text as "payer_paid!", payer_refunded::text as "payer_refunded!", deadline,
                      refund.burn_height, disagreement, status, block_time,
                      case when issuer <> merchant then
                          (select movement.delegate from reserve_movement as movement
                            where movement.index_block_hash = refund.index_block_hash
                              and movement.txid = refund.txid and movement.refund_id = refund.refund_id)
                      end as delegate
                 from refund join block on block.index_block_hash = refund.index_block_hash
                where "# $(+ $tail)+,
            $($argument),*
        )
    };
}
pub(super) use select_refunds;

pub(super) struct RefundRow {
    pub(super) index_block_hash: Vec<u8>,
    pub(super) txid: Vec<u8>,
    pub(super) ordinal: i32,
    pub(super) stacks_height: i64,
    pub(super) tx_index: i32,
    pub(super) refund_id: i64,
    pub(super) invoice_id: i64,
    pub(super) merchant: String,
    pub(super) issuer: String,
    pub(super) payer: String,
    pub(super) token: Option<String>,
    pub(super) amount: String,
    pub(super) reason: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) payer_paid: String,
    pub(super) payer_refunded: String,
    pub(super) deadline: i64,
    pub(super) burn_height: i64,
    pub(super) disagreement: Option<String>,
    pub(super) status: String,
    pub(super) block_time: Option<DateTime<Utc>>,
    /// Who refunded from the merchant's reserve, as that says itself in the same transaction.
    pub(super) delegate: Option<String>,
}

impl RefundRow {
    pub(super) fn key(&self) -> Result<Place, DbError> {
        Ok(Place {
            stacks_height: unsigned(self.stacks_height, "refund.stacks_height")?,
            tx_index: place(self.tx_index, "refund.tx_index")?,
            ordinal: place(self.ordinal, "refund.ordinal")?,
            block: hash(&self.index_block_hash, "refund.index_block_hash")?,
        })
    }

    pub(super) fn refund(self) -> Result<Refund, DbError> {
        Ok(Refund {
            refund_id: RefundId(unsigned(self.refund_id, "refund.refund_id")?),
            invoice_id: InvoiceId(unsigned(self.invoice_id, "refund.invoice_id")?),
            merchant: parsed(&self.merchant, "refund.merchant")?,
            issuer: parsed(&self.issuer, "refund.issuer")?,
            paid_from: match &self.delegate {
                _ if self.issuer == self.merchant => PaidFrom::Merchant,
                Some(_) => PaidFrom::Reserve,
                None => PaidFrom::Operator,
            },
            delegate: optional_principal(self.delegate.as_deref(), "reserve_movement.delegate")?,
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
