//! What a list of refunds is asked for.

use chrono::{DateTime, Utc};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::{BurnHeight, Txid};
use sqlx::PgConnection;

use super::RefundStatus;
use crate::db::DbError;
use crate::db::convert::{bigint, optional_bigint};

/// In which order refunds are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundOrder {
    /// By place, from the tip down.
    Newest,
    /// By place, from the root up.
    Oldest,
    /// By amount, from the greatest down; equal ones by place.
    Largest,
    /// By amount, from the least up.
    Smallest,
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
    /// In what.
    pub token: Option<Token>,
    /// The merchant's own id.
    pub reference: Option<String>,
    /// Transaction, on any fork.
    pub txid: Option<Txid>,
    /// Where it stands.
    pub status: Option<RefundStatus>,
    /// Least burn height.
    pub from_burn_height: Option<BurnHeight>,
    /// Greatest burn height.
    pub to_burn_height: Option<BurnHeight>,
    /// Earliest time of the block.
    pub from_time: Option<DateTime<Utc>>,
    /// Time that its block is before.
    pub before_time: Option<DateTime<Utc>>,
    /// Least amount.
    pub min_amount: Option<BaseUnits>,
    /// Greatest amount.
    pub max_amount: Option<BaseUnits>,
    /// Words that the reason holds, all of them.
    pub words: Option<String>,
}

/// The Stacks heights between which all that a filter's burn heights and times allow lies.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds {
    /// The least.
    pub(super) lowest: Option<i64>,
    /// Above the greatest.
    pub(super) end: Option<i64>,
}

impl RefundFilter {
    /// Looks up where the filter's ranges begin and end on the canonical chain. Along a chain neither burn heights nor
    /// times of blocks fall: so a range of either is a range of places, which every index is ordered by.
    pub(super) async fn bounds(&self, connection: &mut PgConnection) -> Result<Bounds, DbError> {
        let mut bounds = Bounds::default();
        if let Some(from) = self.from_burn_height {
            bounds.raise(first_at(&mut *connection, from).await?);
        }
        if let Some(to) = self.to_burn_height
            && let Some(beyond) = to.checked_add(1)
        {
            bounds.cut(first_at(&mut *connection, beyond).await?);
        }
        if let Some(from) = self.from_time {
            bounds.raise(first_block_at(&mut *connection, from).await?);
        }
        if let Some(before) = self.before_time {
            bounds.cut(first_block_at(&mut *connection, before).await?);
        }
        if self.status == Some(RefundStatus::Seen) {
            bounds.raise(first_seen(connection).await?);
        }
        Ok(bounds)
    }
}

impl Bounds {
    /// Nothing is below this height; none: nothing is at all.
    fn raise(&mut self, first: Option<i64>) {
        self.lowest = self.lowest.max(Some(first.unwrap_or(i64::MAX)));
    }

    /// Nothing is from this height on; none: it goes on to the tip.
    fn cut(&mut self, first_beyond: Option<i64>) {
        self.end = match (self.end, first_beyond) {
            (Some(end), Some(beyond)) => Some(end.min(beyond)),
            (end, beyond) => end.or(beyond),
        };
    }
}

async fn first_at(connection: &mut PgConnection, height: BurnHeight) -> Result<Option<i64>, DbError> {
    // Beyond a bigint nothing is.
    let Ok(height) = bigint(height.get(), "burn height") else {
        return Ok(None);
    };
    Ok(sqlx::query_scalar!(
        "select stacks_height from refund where canonical and burn_height >= $1
          order by burn_height, stacks_height limit 1",
        height,
    )
    .fetch_optional(connection)
    .await?)
}

/// Where the refunds begin that are not final yet: the oldest first, nobody reads through the final ones to them.
async fn first_seen(connection: &mut PgConnection) -> Result<Option<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "select stacks_height from refund where status = 'seen'
          order by stacks_height, tx_index, ordinal limit 1",
    )
    .fetch_optional(connection)
    .await?)
}

async fn first_block_at(connection: &mut PgConnection, time: DateTime<Utc>) -> Result<Option<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "select stacks_height from block where canonical and block_time >= $1
          order by block_time, stacks_height limit 1",
        time,
    )
    .fetch_optional(connection)
    .await?)
}

/// A burn height for a comparison with a column.
pub(super) fn height_column(height: Option<BurnHeight>) -> Result<Option<i64>, DbError> {
    optional_bigint(height.map(BurnHeight::get), "burn height")
}
