//! Which blocks are on the chain: the node's own rule, as functions of what was announced. No I/O.
//!
//! - A Stacks block is *dead* when the Bitcoin block that elected its tenure, or its burn view, is off the canonical
//!   burn chain. Where the burn chain is not known at that height, nothing is judged.
//! - Burn tip: greatest height, ties by the smaller hash.
//! - Stacks tip: highest block alive, ties by the later sortition, then the first seen.
//!
//! So a fork of any depth, forwards or back, is the difference between two tips.

mod burn_tree;
mod detached;
mod header;
mod tip_change;
mod tree;

pub use burn_tree::{BurnTree, Standing};
pub use header::{Arrival, BlockHeader, BurnHeader, BurnPoint, BurnView};
pub use tip_change::{BelowHorizon, TipChange};
pub use tree::{AttachedBlock, Insertion, Tree};
