//! Checkpoints against the refunds that they are of: each computed anew, from the first refund on.

use recoup_protocol::api::Checkpoint;
use recoup_protocol::checkpoint::Summary;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use super::difference::{Differences, Side};
use crate::db::refund::LeafPages;
use crate::db::{self, DbError};

/// Compares each checkpoint that stands with the refunds up to its height.
pub(super) async fn check(
    connection: &mut PgConnection,
    differences: &mut Differences,
) -> Result<(), DbError> {
    let Some(last) = db::checkpoint::last(&mut *connection).await? else {
        return Ok(());
    };
    let mut next = db::checkpoint::first_above(&mut *connection, None).await?;
    let mut pages = LeafPages::between(&mut *connection, BurnHeight(0), last.burn_height).await?;
    let mut summary = Summary::default();
    loop {
        let rows = pages.next(&mut *connection).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let height = row.burn_height()?;
            while let Some(checkpoint) = next.take_if(|next| next.burn_height < height) {
                next = compare(&mut *connection, &checkpoint, &summary, differences).await?;
            }
            summary.push(&row.leaf()?);
        }
    }
    while let Some(checkpoint) = next {
        next = compare(&mut *connection, &checkpoint, &summary, differences).await?;
    }
    Ok(())
}

/// Compares one; answers the next.
async fn compare(
    connection: &mut PgConnection,
    stored: &Checkpoint,
    summary: &Summary,
    differences: &mut Differences,
) -> Result<Option<Checkpoint>, DbError> {
    let height = stored.burn_height;
    let mut same = |what: &str, expected: String, found: String| {
        let place = || format!("checkpoint {height} {what}");
        differences.compare(Side::Rows, place, Some(expected), Some(found));
    };
    same("root", summary.root().to_string(), stored.root.to_string());
    let tree = summary.tree();
    same("refunds", tree.leaves().to_string(), stored.refunds.to_string());
    let frontier = format!("{:?}", tree.frontier());
    same("frontier", frontier, format!("{:?}", stored.frontier));
    let expected = summary.totals().iter().take(stored.totals.len().max(1));
    let expected = expected.map(|(token, sum)| format!("{token}: {} in {}", sum.refunded, sum.refunds));
    let found = stored.totals.iter();
    let found = found.map(|total| format!("{}: {} in {}", total.token, total.refunded, total.refunds));
    same(
        "totals",
        expected.collect::<Vec<_>>().join(", "),
        found.collect::<Vec<_>>().join(", "),
    );
    if !stored.has_more_tokens {
        let tokens = summary.totals().len().to_string();
        same("tokens", tokens, stored.totals.len().to_string());
    }
    db::checkpoint::first_above(connection, Some(height)).await
}
