//! What fork choice needs to know of a block.

use recoup_stacks::hash::{BurnBlockHash, BurnHeight, ConsensusHash, IndexBlockHash, StacksHeight};

/// Order in which messages came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arrival(pub i64);

/// A Bitcoin block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BurnPoint {
    /// Its height.
    pub height: BurnHeight,
    /// Its hash.
    pub hash: BurnBlockHash,
}

/// A Bitcoin block in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurnHeader {
    /// The block.
    pub point: BurnPoint,
    /// Its parent; old nodes do not tell.
    pub parent: Option<BurnBlockHash>,
    /// Its sortition; old nodes do not tell.
    pub consensus_hash: Option<ConsensusHash>,
}

/// The Bitcoin block that a Stacks block saw when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BurnView {
    /// This one.
    Known(BurnPoint),
    /// The one of this sortition, which was not announced yet.
    Unresolved(ConsensusHash),
}

/// A Stacks block in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockHeader {
    /// Its identity on every fork.
    pub id: IndexBlockHash,
    /// Its parent's.
    pub parent: IndexBlockHash,
    /// Its Stacks height.
    pub height: StacksHeight,
    /// Bitcoin block that elected its tenure.
    pub election: BurnPoint,
    /// Sortition of its tenure; old nodes do not tell.
    pub consensus_hash: Option<ConsensusHash>,
    /// Burn view that its own TenureChange transaction names; without one it has its parent's.
    pub announced_view: Option<ConsensusHash>,
    /// False in the epochs before burn views: there a block sees the Bitcoin block that elected it.
    pub is_nakamoto: bool,
    /// When it was first seen.
    pub arrival: Arrival,
}
