//! How refunds are listed: by keys that never change for a row.
//!
//! A filter that is null is left out by the planner, which plans for the values at hand (see `pool.rs`); so each of these
//! queries stands for many, and each of those uses the index made for it. What is compared with `(select ..)` the planner
//! takes for a value like any other, so that it prefers the index of all filters: knowing that a merchant has every fifth
//! refund, it would look for them among all refunds, and not find one where that merchant left long ago.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::api::Refund;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::Txid;
use sqlx::PgConnection;

use super::filter::{RefundFilter, height_column};
use super::row::{RefundRow, select_refunds};
use super::{RefundOrder, RefundStatus};
use crate::db::DbError;
use crate::db::convert::optional_bigint;
use crate::db::place::{AfterColumns, Place};
use crate::db::pool::allow_sorting;

/// Where the page before ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// Place of its last row.
    pub key: Place,
    /// Amount of its last row.
    pub amount: BaseUnits,
}

/// A page of refunds, in a documented order, beyond where the page before ended, with the keys to read on from.
/// Lists by amount hold nothing above the Stacks height `ceiling`.
///
/// # Errors
/// When the database is out of reach.
pub async fn page(
    connection: &mut PgConnection,
    filter: &RefundFilter,
    order: RefundOrder,
    after: Option<After>,
    ceiling: Option<u64>,
    limit: u32,
) -> Result<Vec<(Place, Refund)>, DbError> {
    let page = Page {
        filter,
        order,
        after,
        limit: i64::from(limit),
    };
    let rows = if filter.txid.is_some() || filter.status == Some(RefundStatus::Orphaned) {
        page.of_any_fork(connection).await?
    } else if filter.words.is_some() {
        page.by_words(connection).await?
    } else if matches!(order, RefundOrder::Largest | RefundOrder::Smallest) {
        page.by_amount(connection, ceiling).await?
    } else {
        page.by_place(connection).await?
    };
    rows.into_iter()
        .map(|row| Ok((row.key()?, row.refund()?)))
        .collect()
}

struct Page<'a> {
    filter: &'a RefundFilter,
    order: RefundOrder,
    after: Option<After>,
    limit: i64,
}

macro_rules! select_by_place {
    ($beyond:literal $order:literal; $page:expr, $bounds:expr, $after:expr) => {
        select_refunds!(
            "refund.canonical
                and ($1::text is null or merchant = (select $1::text))
                and ($2::text is null or payer = (select $2::text))
                and ($3::bigint is null or invoice_id = (select $3::bigint))
                and ($4::text is null or coalesce(token, 'STX') = (select $4::text))
                and ($5::text is null or reference = (select $5::text))
                and ($6::text is null or status = $6)
                and ($7::bigint is null or refund.burn_height >= $7)
                and ($8::bigint is null or refund.burn_height <= $8)
                and ($9::timestamptz is null or block_time >= $9)
                and ($10::timestamptz is null or block_time < $10)
                and ($11::bigint is null or refund.stacks_height >= $11)
                and ($12::bigint is null or refund.stacks_height < $12)"
            $beyond $order;
            text(&$page.filter.merchant),
            text(&$page.filter.payer),
            optional_bigint($page.filter.invoice.map(|id| id.0), "invoice id")?,
            $page.filter.token.as_ref().map(ToString::to_string),
            $page.filter.reference.as_deref(),
            $page.filter.status.map(RefundStatus::as_str),
            height_column($page.filter.from_burn_height)?,
            height_column($page.filter.to_burn_height)?,
            $page.filter.from_time,
            $page.filter.before_time,
            $bounds.lowest,
            $bounds.end,
            $after.stacks_height,
            $after.tx_index,
            $after.ordinal,
            $page.limit,
        )
    };
}

macro_rules! select_by_amount {
    ($beyond:literal $order:literal; $page:expr, $ceiling:expr, $after:expr) => {
        select_refunds!(
            "refund.canonical
                and ($1::text is null or merchant = (select $1::text))
                and coalesce(token, 'STX') = (select $2::text)
                and ($3::text is null or amount >= $3::text::numeric)
                and ($4::text is null or amount <= $4::text::numeric)
                and ($5::bigint is null or refund.stacks_height <= $5)"
            $beyond $order;
            text(&$page.filter.merchant),
            $page.filter.token.as_ref().map(ToString::to_string),
            $page.filter.min_amount.map(|amount| amount.to_string()),
            $page.filter.max_amount.map(|amount| amount.to_string()),
            optional_bigint($ceiling, "stacks height")?,
            $page.after.map(|after| after.amount.to_string()),
            $after.stacks_height,
            $after.tx_index,
            $after.ordinal,
            $page.limit,
        )
    };
}

macro_rules! select_of_any_fork {
    ($beyond:literal $order:literal; $page:expr, $after:expr) => {
        select_refunds!(
            "($1::text is null or merchant = $1)
                and ($2::text is null or payer = $2)
                and ($3::bigint is null or invoice_id = $3)
                and ($4::text is null or coalesce(token, 'STX') = $4)
                and ($5::text is null or reference = $5)
                and ($6::text is null or status = $6)
                and ($7::bigint is null or refund.burn_height >= $7)
                and ($8::bigint is null or refund.burn_height <= $8)
                and ($9::timestamptz is null or block_time >= $9)
                and ($10::timestamptz is null or block_time < $10)
                and ($11::bytea is null or txid = $11)"
            $beyond $order;
            text(&$page.filter.merchant),
            text(&$page.filter.payer),
            optional_bigint($page.filter.invoice.map(|id| id.0), "invoice id")?,
            $page.filter.token.as_ref().map(ToString::to_string),
            $page.filter.reference.as_deref(),
            $page.filter.status.map(RefundStatus::as_str),
            height_column($page.filter.from_burn_height)?,
            height_column($page.filter.to_burn_height)?,
            $page.filter.from_time,
            $page.filter.before_time,
            $page.filter.txid.as_ref().map(Txid::as_bytes).map(<[u8; 32]>::as_slice),
            $after.stacks_height,
            $after.tx_index,
            $after.ordinal,
            $after.block,
            $page.limit,
        )
    };
}

impl Page<'_> {
    async fn by_place(&self, connection: &mut PgConnection) -> Result<Vec<RefundRow>, DbError> {
        let bounds = self.filter.bounds(&mut *connection).await?;
        let after = self.after_columns()?;
        Ok(if self.order == RefundOrder::Oldest {
            select_by_place!(
                "and ($13::bigint is null or (refund.stacks_height, tx_index, ordinal) > ($13, $14, $15))"
                "order by refund.stacks_height, tx_index, ordinal limit $16";
                self, bounds, after
            )
            .fetch_all(connection)
            .await?
        } else {
            select_by_place!(
                "and ($13::bigint is null or (refund.stacks_height, tx_index, ordinal) < ($13, $14, $15))"
                "order by refund.stacks_height desc, tx_index desc, ordinal desc limit $16";
                self, bounds, after
            )
            .fetch_all(connection)
            .await?
        })
    }

    async fn by_amount(
        &self,
        connection: &mut PgConnection,
        ceiling: Option<u64>,
    ) -> Result<Vec<RefundRow>, DbError> {
        let after = self.after_columns()?;
        Ok(if self.order == RefundOrder::Smallest {
            select_by_amount!(
                "and ($6::text is null
                      or (amount, refund.stacks_height, tx_index, ordinal) > ($6::text::numeric, $7, $8, $9))"
                "order by amount, refund.stacks_height, tx_index, ordinal limit $10";
                self, ceiling, after
            )
            .fetch_all(connection)
            .await?
        } else {
            select_by_amount!(
                "and ($6::text is null
                      or (amount, refund.stacks_height, tx_index, ordinal) < ($6::text::numeric, $7, $8, $9))"
                "order by amount desc, refund.stacks_height desc, tx_index desc, ordinal desc limit $10";
                self, ceiling, after
            )
            .fetch_all(connection)
            .await?
        })
    }

    /// Orphans are few, and so are the refunds of a transaction: what else is asked of them is looked at row by row.
    async fn of_any_fork(&self, connection: &mut PgConnection) -> Result<Vec<RefundRow>, DbError> {
        allow_sorting(&mut *connection).await?;
        let after = self.after_columns()?;
        Ok(if self.order == RefundOrder::Oldest {
            select_of_any_fork!(
                "and ($12::bigint is null
                      or (refund.stacks_height, tx_index, ordinal, refund.index_block_hash) > ($12, $13, $14, $15))"
                "order by refund.stacks_height, tx_index, ordinal, refund.index_block_hash limit $16";
                self, after
            )
            .fetch_all(connection)
            .await?
        } else {
            select_of_any_fork!(
                "and ($12::bigint is null
                      or (refund.stacks_height, tx_index, ordinal, refund.index_block_hash) < ($12, $13, $14, $15))"
                "order by refund.stacks_height desc, tx_index desc, ordinal desc, refund.index_block_hash desc limit $16";
                self, after
            )
            .fetch_all(connection)
            .await?
        })
    }

    /// The matches are collected first, so that no plan reads through all of a merchant's refunds for a rare word.
    async fn by_words(&self, connection: &mut PgConnection) -> Result<Vec<RefundRow>, DbError> {
        allow_sorting(&mut *connection).await?;
        let after = self.after_columns()?;
        Ok(select_refunds!(
            "(refund.index_block_hash, txid, ordinal) in (
                 with matching as materialized (
                     select index_block_hash, txid, ordinal, stacks_height, tx_index
                       from refund
                      where canonical and refund_terms(merchant, reason) @> refund_terms($1, $2))
                 select index_block_hash, txid, ordinal from matching
                  where $3::bigint is null or (stacks_height, tx_index, ordinal) < ($3, $4, $5)
                  order by stacks_height desc, tx_index desc, ordinal desc limit $6)
             order by refund.stacks_height desc, tx_index desc, ordinal desc";
            text(&self.filter.merchant),
            self.filter.words.as_deref(),
            after.stacks_height,
            after.tx_index,
            after.ordinal,
            self.limit,
        )
        .fetch_all(connection)
        .await?)
    }

    fn after_columns(&self) -> Result<AfterColumns, DbError> {
        AfterColumns::of(self.after.map(|after| after.key))
    }
}

/// How many refunds of a merchant hold all these words, counted up to a limit; none when the text holds no word.
///
/// # Errors
/// When the database is out of reach.
pub async fn count_words(
    connection: &mut PgConnection,
    merchant: &Principal,
    words: &str,
    limit: u32,
) -> Result<Option<i64>, DbError> {
    allow_sorting(&mut *connection).await?;
    let row = sqlx::query!(
        r#"select refund_terms($1, $2) is not null as "has_words!",
                  (select count(*) from (
                       select from refund
                        where canonical and refund_terms(merchant, reason) @> refund_terms($1, $2)
                        limit $3) as matching) as "matching!""#,
        merchant.to_string(),
        words,
        i64::from(limit),
    )
    .fetch_one(connection)
    .await?;
    Ok(row.has_words.then_some(row.matching))
}

fn text(principal: &Option<Principal>) -> Option<String> {
    principal.as_ref().map(ToString::to_string)
}
