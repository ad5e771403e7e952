//! Checkpoints: made when their height is final, taken back when a fork goes deeper than that.
//!
//! A height is final for them when the canonical chain has a final block whose burn view is above it: every block that is
//! still to come descends from that one and sees no less. So the checkpoints that stand follow from the canonical chain,
//! the finality depth and the interval alone, in whatever order its blocks came.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use recoup_protocol::checkpoint::Summary;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use crate::db::checkpoint::{self, NewCheckpoint};
use crate::db::refund::LeafPages;
use crate::db::{self, DbError};

/// Takes back those whose height is not final, or not any more. Blocks have left the chain, or fewer are final.
pub(super) async fn withdraw(
    connection: &mut PgConnection,
    final_burn_height: Option<BurnHeight>,
) -> Result<(), DbError> {
    if checkpoint::last(&mut *connection).await?.is_none() {
        return Ok(());
    }
    let below = final_view(&mut *connection, final_burn_height).await?;
    let withdrawn = checkpoint::supersede_from(connection, below.unwrap_or(BurnHeight(0))).await?;
    if withdrawn > 0 {
        tracing::warn!(
            checkpoints = withdrawn,
            from_burn_height = below.map(BurnHeight::get),
            "checkpoints were taken back: what was final is not any more"
        );
    }
    Ok(())
}

/// Makes those that are due. Each goes on from the one before: only the refunds between them are read.
pub(super) async fn make(
    connection: &mut PgConnection,
    interval: NonZeroU64,
    final_burn_height: Option<BurnHeight>,
) -> Result<(), DbError> {
    let Some(limit) = final_burn_height else {
        return Ok(());
    };
    let last = checkpoint::last(&mut *connection).await?;
    // Without the indexes that an import leaves out, each would read through all refunds. Who builds them comes by here.
    if last.is_none() && db::deferred_index::any(&mut *connection).await? {
        return Ok(());
    }
    let first = match &last {
        Some(last) => multiple_from(interval, last.burn_height.get().saturating_add(1)),
        None => match db::refund::first_burn_height(&mut *connection).await? {
            Some(first) => multiple_from(interval, first.get()),
            None => return Ok(()),
        },
    };
    // Most blocks end here: the next one is not due for long.
    if first >= limit {
        return Ok(());
    }
    let Some(view) = final_view(&mut *connection, Some(limit)).await? else {
        return Ok(());
    };
    let tree = last.as_ref().map(|last| last.tree.clone()).unwrap_or_default();
    let mut due = Due {
        next: first,
        end: view,
        interval,
        summary: Summary::resume(tree, BTreeMap::new()),
    };
    let from = last.map_or(0, |last| last.burn_height.get().saturating_add(1));
    let Some(to) = due.greatest() else {
        return Ok(());
    };
    let mut pages = LeafPages::between(&mut *connection, BurnHeight(from), to).await?;
    loop {
        let rows = pages.next(&mut *connection).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            due.make_below(&mut *connection, row.burn_height()?).await?;
            due.summary.push(&row.leaf()?);
        }
    }
    due.make_below(connection, view).await
}

/// The greatest burn view of a final block.
async fn final_view(
    connection: &mut PgConnection,
    final_burn_height: Option<BurnHeight>,
) -> Result<Option<BurnHeight>, DbError> {
    match final_burn_height {
        Some(limit) => db::block::greatest_view(connection, limit).await,
        None => Ok(None),
    }
}

/// The least multiple that is not below.
fn multiple_from(interval: NonZeroU64, height: u64) -> BurnHeight {
    BurnHeight(height.div_ceil(interval.get()).saturating_mul(interval.get()))
}

/// Checkpoints that are to be made.
struct Due {
    /// Height of the next.
    next: BurnHeight,
    /// All are below.
    end: BurnHeight,
    interval: NonZeroU64,
    /// Of the refunds so far; sums since the last one that was made.
    summary: Summary,
}

impl Due {
    /// The last of them; none when there are none.
    fn greatest(&self) -> Option<BurnHeight> {
        let below = self.end.checked_sub(1)?;
        let greatest = below.get().checked_div(self.interval.get())?;
        let greatest = BurnHeight(greatest.saturating_mul(self.interval.get()));
        (greatest >= self.next).then_some(greatest)
    }

    /// Makes those below a height, of the refunds so far.
    async fn make_below(&mut self, connection: &mut PgConnection, height: BurnHeight) -> Result<(), DbError> {
        while self.next < height.min(self.end) {
            let tree = self.summary.tree().clone();
            let made = NewCheckpoint {
                burn_height: self.next,
                tree: &tree,
                since: self.summary.totals(),
            };
            checkpoint::insert(&mut *connection, &made).await?;
            self.summary = Summary::resume(tree, BTreeMap::new());
            self.next = BurnHeight(self.next.get().saturating_add(self.interval.get()));
        }
        Ok(())
    }
}
