//! Looks for what is missing, round after round, and fetches it.

use std::time::Duration;

use recoup_stacks::hash::{BurnHeight, IndexBlockHash, StacksHeight};
use recoup_stacks::rpc::TenureBlocks;
use sqlx::PgPool;
use tokio::sync::watch;

use super::plan::{Missing, Suspicion, reaches};
use super::puller::{PullError, Puller, Tally};
use super::source::{NodeSettings, NodeSource};
use crate::db::gap::{Gap, GapKind};
use crate::db::{self, DbError};
use crate::diagnosis::{Condition, Vitals};
use crate::error_chain;
use crate::failpoint::CommitPoint;
use crate::ingest::IngestSettings;
use crate::observer::Inbox;

/// Gaps of a kind that are worked on in one round.
const GAPS_A_ROUND: i64 = 100;
/// How often one that stands by looks whether it is the writer now.
const WRITER_POLL: Duration = Duration::from_secs(1);

/// How missing blocks are found and fetched.
#[derive(Debug, Clone)]
pub struct RepairSettings {
    /// The node.
    pub node: NodeSettings,
    /// How often.
    pub every: Duration,
    /// Burn blocks below the node's tip that are looked at each time. Where something is missing, the look goes on below.
    pub sweep_depth: u64,
}

/// Looks for what is missing, round after round, and fetches it.
#[derive(Debug)]
pub struct Repairer {
    puller: Puller,
    every: Duration,
    sweep_depth: u64,
    suspicion: Suspicion,
    /// Whether the last round left the sweep out.
    skipped_sweep: bool,
    vitals: Vitals,
}

impl Repairer {
    /// Looks at nothing yet.
    #[must_use]
    pub fn new(
        pool: PgPool,
        inbox: Inbox,
        settings: RepairSettings,
        ingest: &IngestSettings,
        vitals: Vitals,
    ) -> Self {
        let node = NodeSource::new(settings.node);
        Self {
            puller: Puller::new(node, pool, inbox, ingest),
            every: settings.every,
            sweep_depth: settings.sweep_depth,
            suspicion: Suspicion::default(),
            skipped_sweep: false,
            vitals,
        }
    }

    /// Works until told to stop, while this process is the one that writes: one asks the node, not each that stands by.
    /// What fails is tried again in the next round.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut failing = false;
        while !*stop.borrow() {
            if !self.vitals.is_writer() {
                self.vitals.is_over(Condition::RepairFailing);
                tokio::select! {
                    () = tokio::time::sleep(self.every.min(WRITER_POLL)) => continue,
                    _ = stop.changed() => return,
                }
            }
            let mut tally = Tally::default();
            let round = tokio::select! {
                round = self.round(&mut tally) => round,
                _ = stop.changed() => return,
            };
            let failure = round.err().or_else(|| tally.failure.take());
            self.report(&tally, failure.as_ref(), failing);
            failing = failure.is_some();
            tokio::select! {
                () = tokio::time::sleep(self.every) => {}
                _ = stop.changed() => {}
            }
        }
    }

    fn report(&self, tally: &Tally, failure: Option<&PullError>, was_failing: bool) {
        if let Some(error) = failure {
            self.vitals.suffers(Condition::RepairFailing, error.in_short());
            tracing::error!(
                error = error_chain::describe(error),
                fetched = tally.fetched,
                failed = tally.failed,
                "not all that is missing can be fetched; will try again"
            );
            return;
        }
        if was_failing || tally.fetched > 0 {
            tracing::info!(fetched = tally.fetched, "looked for missing blocks");
        }
        self.vitals.is_over(Condition::RepairFailing);
    }

    /// One round.
    async fn round(&mut self, tally: &mut Tally) -> Result<(), PullError> {
        // What waits may be what seems to be missing.
        if db::inbox::depth(&mut *self.puller.pool.acquire().await?).await? > 0 {
            return Ok(());
        }
        let Some(floor) = self.puller.floor().await? else {
            return Ok(());
        };
        self.fetch_missing_parents(floor, tally).await?;
        self.fetch_missing_burn_parents(tally).await?;
        // The next round sees what these complete; no two rounds in a row wait for that.
        self.skipped_sweep = tally.fetched > 0 && !self.skipped_sweep;
        if self.skipped_sweep {
            return Ok(());
        }
        self.sweep(floor, tally).await
    }

    async fn fetch_missing_parents(&self, floor: StacksHeight, tally: &mut Tally) -> Result<(), PullError> {
        for gap in self.gaps(GapKind::Block).await? {
            let id = IndexBlockHash::try_from(gap.missing_hash.as_slice()).map_err(|_| DbError::Corrupt {
                column: "gap.missing_hash",
            })?;
            let height = StacksHeight(gap.expected_height);
            self.puller.fetch_line(id, height, floor, tally).await?;
        }
        Ok(())
    }

    async fn fetch_missing_burn_parents(&self, tally: &mut Tally) -> Result<(), PullError> {
        for gap in self.gaps(GapKind::BurnBlock).await? {
            tally.count(self.fetch_missing_burn_parent(&gap).await)?;
        }
        Ok(())
    }

    /// A node tells its canonical Bitcoin blocks only. One that it left is missed by nobody until it comes back to it.
    async fn fetch_missing_burn_parent(&self, gap: &Gap) -> Result<bool, PullError> {
        let height = BurnHeight(gap.expected_height);
        let Some(tenure) = self.puller.node.tenure(height).await? else {
            return Ok(false);
        };
        let is_canonical = tenure.burn_block_hash.as_bytes().as_slice() == gap.missing_hash.as_slice();
        let mut connection = self.puller.pool.acquire().await?;
        let noted = db::gap::set_off_chain(&mut connection, &gap.missing_hash, !is_canonical);
        db::autocommit(CommitPoint::GapOffChain, noted).await?;
        drop(connection);
        let below = self.tenure_below(height).await?;
        let parent = below.map(|below| below.burn_block_hash);
        Ok(is_canonical && self.puller.fetch_burn_block(&tenure, parent).await?)
    }

    async fn gaps(&self, kind: GapKind) -> Result<Vec<db::gap::Gap>, DbError> {
        let mut connection = self.puller.pool.acquire().await?;
        db::gap::open_of_kind(&mut connection, kind, GAPS_A_ROUND).await
    }

    /// Compares the node's last burn heights with what is stored, and goes on below as long as something is missing.
    async fn sweep(&mut self, floor: StacksHeight, tally: &mut Tally) -> Result<(), PullError> {
        self.suspicion.next_look();
        let tip = self.puller.node.burn_height().await?;
        let deepest = tip.get().saturating_sub(self.sweep_depth);
        let mut current = self.puller.node.tenure(tip).await?;
        while let Some(tenure) = current {
            let below = self.tenure_below(tenure.burn_block_height).await?;
            let missing = self.puller.missing(&tenure, floor).await?;
            let is_complete = missing.is_empty();
            let confirmed = self.suspicion.confirm(missing);
            self.note(&tenure, &confirmed).await?;
            let parent = below.as_ref().map(|below| below.burn_block_hash);
            self.puller.fetch(&tenure, parent, &confirmed, tally).await?;
            let is_deep = tenure.burn_block_height.get() <= deepest && is_complete;
            if reaches(&tenure, floor) || (is_deep && self.has_root().await?) {
                break;
            }
            current = below;
        }
        Ok(())
    }

    /// What is missing shows, also when it cannot be fetched.
    async fn note(&self, tenure: &TenureBlocks, missing: &Missing) -> Result<(), PullError> {
        if missing.is_empty() {
            return Ok(());
        }
        let mut transaction = self.puller.pool.begin().await?;
        if let Some(hash) = missing.burn_block {
            let height = tenure.burn_block_height.get();
            db::gap::open(&mut transaction, GapKind::BurnBlock, hash.as_bytes(), height).await?;
        }
        for block in &missing.blocks {
            let (id, height) = (block.block_id.as_bytes(), block.height.get());
            db::gap::open(&mut transaction, GapKind::Block, id, height).await?;
        }
        Ok(db::commit(transaction, CommitPoint::GapNote).await?)
    }

    /// Without a root, the block that gives it is missing, however deep it lies.
    async fn has_root(&self) -> Result<bool, PullError> {
        let chain = db::indexed_chain::find(&mut *self.puller.pool.acquire().await?).await?;
        Ok(chain.is_some_and(|chain| chain.root.is_some()))
    }

    async fn tenure_below(&self, height: BurnHeight) -> Result<Option<TenureBlocks>, PullError> {
        match height.checked_sub(1) {
            Some(below) => Ok(self.puller.node.tenure(below).await?),
            None => Ok(None),
        }
    }
}
