//! The difference between two tips.

use recoup_stacks::hash::IndexBlockHash;

/// Blocks that leave and join the canonical chain when the tip moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TipChange {
    /// Tip before; none at the start, or when nothing was alive.
    pub old_tip: Option<IndexBlockHash>,
    /// Tip after; none when nothing is alive.
    pub new_tip: Option<IndexBlockHash>,
    /// Last block that both chains have.
    pub fork_point: Option<IndexBlockHash>,
    /// Blocks that left, the highest first.
    pub orphaned: Vec<IndexBlockHash>,
    /// Blocks that joined, the lowest first.
    pub adopted: Vec<IndexBlockHash>,
}

/// The answer lies below the part of the tree that is in memory: load more and ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the block tree in memory does not reach down far enough")]
pub struct BelowHorizon;
