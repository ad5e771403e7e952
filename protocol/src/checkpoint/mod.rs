//! Checkpoints: one hash over all refunds up to a burn height, and what it is made of. `docs/CHECKPOINTS.md` specifies it.

mod leaf;
mod summary;
mod tree;

pub use leaf::RefundLeaf;
pub use summary::{Summary, TokenSum};
pub use tree::{BadFrontier, MerkleTree, Root};
