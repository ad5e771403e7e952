//! Fetches from a node what it never pushed.
//!
//! A node commits a block before it queues its event, and one restored from a snapshot never sends the past: its pushes
//! alone can lack blocks. Two things find that out: parents that blocks name (the `gap` table), and a look at the
//! node's own list of canonical blocks every now and then. What is missing is pulled and goes through the inbox like
//! everything else, so that it does not matter who brought a block.

mod backfill;
mod plan;
mod puller;
mod repairer;
mod source;

pub use backfill::{BackfillSummary, backfill};
pub use puller::PullError;
pub use repairer::{RepairSettings, Repairer};
pub use source::{NodeSettings, NodeSource};
