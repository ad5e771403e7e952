//! Chains made up for the tests: pure, from a seed. What the node would send, with core's events in it.

mod chain;
mod random;
mod shop;
mod tree_rule;

pub(crate) use chain::{Block, Burn, Chain, Posted, Transaction};
pub(crate) use random::{Random, random_chain};
pub(crate) use shop::{MERCHANT, OTHER_PAYER, PAYER, Shop, TOKEN};
pub(crate) use tree_rule::expected_tip;

/// The contract whose prints count.
pub(crate) const CORE: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core";
