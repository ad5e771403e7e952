//! Fetches all of a range of burn blocks that is missing.

use recoup_stacks::hash::BurnHeight;
use serde::Serialize;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

use super::puller::{PullError, Puller, Tally};
use super::source::{NodeSettings, NodeSource};
use crate::db::Writer;
use crate::diagnosis::Vitals;
use crate::ingest::{Ingest, IngestSettings};
use crate::observer::Inbox;

/// Burn blocks between two reports.
const REPORT_EVERY: u64 = 20;

/// What a backfill did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BackfillSummary {
    /// Burn blocks that were looked at.
    pub burn_blocks: u64,
    /// Blocks of both kinds that were fetched.
    pub fetched: u64,
}

/// Fetches what is missing from one burn height to another (none: the node's tip), the lowest first, and follows it.
/// May run beside the indexer, and again after it was interrupted: what is there is not fetched.
///
/// # Errors
/// When the node or the database fails. What was fetched stays; a block that the node would not give keeps no other from
/// being fetched.
pub async fn backfill(
    pool: PgPool,
    database: &PgConnectOptions,
    node: NodeSettings,
    settings: IngestSettings,
    (from, to): (BurnHeight, Option<BurnHeight>),
) -> Result<BackfillSummary, PullError> {
    let inbox = Inbox::default();
    let puller = Puller::new(NodeSource::new(node), pool.clone(), inbox.clone(), &settings);
    let mut ingest = Ingest::new(pool, settings, None, inbox, Vitals::default());
    let mut writer = Writer::new(database);
    // Until something tells where the followed part begins, everything may belong to it.
    let floor = puller.floor().await?.unwrap_or_default();

    let to = match to {
        Some(to) => to,
        None => puller.node.burn_height().await?,
    };
    let mut summary = BackfillSummary::default();
    let mut tally = Tally::default();
    let mut below = match from.checked_sub(1) {
        Some(below) => puller.node.tenure(below).await?,
        None => None,
    };
    for height in from.get()..=to.get() {
        let tenure = puller.node.tenure(BurnHeight(height)).await?;
        if let Some(tenure) = &tenure {
            let parent = below.as_ref().map(|below| below.burn_block_hash);
            let missing = puller.missing(tenure, floor).await?;
            puller.fetch(tenure, parent, &missing, &mut tally).await?;
            // The inbox never holds more than a tenure of it.
            ingest.drain(&mut writer).await?;
        }
        summary.burn_blocks = summary.burn_blocks.saturating_add(1);
        if summary.burn_blocks.is_multiple_of(REPORT_EVERY) {
            tracing::info!(
                burn_height = height,
                to = to.get(),
                fetched = tally.fetched,
                failed = tally.failed,
                "fetching"
            );
        }
        below = tenure;
    }
    summary.fetched = tally.fetched;
    tally.failure.map_or(Ok(summary), Err)
}
