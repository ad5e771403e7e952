//! What is said of a list of refunds: the root over it, and sums.

use std::collections::BTreeMap;

use super::leaf::RefundLeaf;
use super::tree::{MerkleTree, Root};
use crate::sum::Sum;

/// Refunds in one token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenSum {
    /// How many.
    pub refunds: u64,
    /// Sum of their amounts.
    pub refunded: Sum,
}

/// A tree and the sums of what was put into it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    tree: MerkleTree,
    totals: BTreeMap<String, TokenSum>,
}

impl Summary {
    /// Of the refunds that come, in a tree that has others already; sums begin with what is known of theirs.
    #[must_use]
    pub const fn resume(tree: MerkleTree, totals: BTreeMap<String, TokenSum>) -> Self {
        Self { tree, totals }
    }

    /// Appends a refund.
    pub fn push(&mut self, leaf: &RefundLeaf<'_>) {
        self.tree.push(leaf.hash());
        let total = match self.totals.get_mut(leaf.token.as_ref()) {
            Some(total) => total,
            None => self.totals.entry(leaf.token.clone().into_owned()).or_default(),
        };
        total.refunds = total.refunds.saturating_add(1);
        total.refunded = total.refunded.plus(leaf.amount);
    }

    /// The tree.
    #[must_use]
    pub const fn tree(&self) -> &MerkleTree {
        &self.tree
    }

    /// Root over all refunds.
    #[must_use]
    pub fn root(&self) -> Root {
        self.tree.root()
    }

    /// By token: `STX`, or the token contract's id.
    #[must_use]
    pub const fn totals(&self) -> &BTreeMap<String, TokenSum> {
        &self.totals
    }
}
