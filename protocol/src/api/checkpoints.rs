//! JSON of checkpoints.

use chrono::{DateTime, Utc};
use recoup_stacks::hash::BurnHeight;
use serde::{Deserialize, Serialize};

use crate::checkpoint::Root;
use crate::sum::Sum;
use crate::token::Token;

/// One hash over all refunds up to a burn height.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Checkpoint {
    /// Refunds with this burn height and all below are in it.
    pub burn_height: BurnHeight,
    /// How many they are.
    pub refunds: u64,
    /// Merkle root over their leaves, in the chain's order.
    pub root: Root,
    /// By token contract; at most 500.
    pub totals: Vec<CheckpointTotal>,
    /// Whether there are more tokens than these.
    pub has_more_tokens: bool,
    /// Roots of the tree's whole subtrees, the greatest first: a tree of later refunds goes on from them.
    pub frontier: Vec<Root>,
    /// Roots that stood at this height before a fork deeper than finality.
    pub superseded: Vec<SupersededCheckpoint>,
}

/// What was refunded in a token up to a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckpointTotal {
    /// In what.
    pub token: Token,
    /// How many refunds.
    pub refunds: u64,
    /// Sum of their amounts.
    pub refunded: Sum,
}

/// A checkpoint that does not stand any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SupersededCheckpoint {
    /// Its root.
    pub root: Root,
    /// How many refunds were in it.
    pub refunds: u64,
    /// When the fork was followed.
    pub superseded_at: DateTime<Utc>,
}
