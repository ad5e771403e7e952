//! What is canonical, and what an indexer must hold then: said from how the history was made, by rules written down
//! here once more, and by none of the indexer's code.

mod jsonb;
mod rows;
mod rule;
mod sum;

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::{Burn, Chain, MadeBlock, MadeBurn, Posted};

pub use rows::FINALITY_DEPTH;

/// What an indexer that was told these messages in this order must hold.
#[derive(Debug, Clone)]
pub struct Canonical<'a> {
    /// The Bitcoin tip.
    pub burn_tip: Option<&'a MadeBurn>,
    /// Canonical Stacks blocks, the root first.
    pub blocks: Vec<&'a MadeBlock>,
    /// Sortitions whose Bitcoin block is known: a burn view that names another one is not known yet.
    sortitions: BTreeSet<&'a str>,
}

impl Chain {
    /// What an indexer that follows from [`crate::ROOT_HEIGHT`] on must hold after these messages, in this order. They
    /// need not be all, and may repeat.
    #[must_use]
    pub fn canonical<'a>(&self, told: impl IntoIterator<Item = &'a Posted>) -> Canonical<'_> {
        rule::canonical(self, told.into_iter().map(|message| message.subject))
    }
}

impl Canonical<'_> {
    /// Identity of the Stacks tip.
    #[must_use]
    pub fn tip(&self) -> Option<&str> {
        self.blocks.last().map(|made| made.block.id.as_str())
    }

    /// Every row of the view `canonical_dump`, as PostgreSQL writes `kind key content`, sorted.
    #[must_use]
    pub fn dump(&self) -> Vec<String> {
        rows::dump(self)
    }

    /// Number of canonical refunds.
    #[must_use]
    pub fn refunds(&self) -> usize {
        self.tiers().len()
    }

    /// Each canonical refund, as `block txid ordinal`, and whether it is `seen` or `final`.
    #[must_use]
    pub fn tiers(&self) -> BTreeMap<String, &'static str> {
        rows::tiers(self)
    }

    /// Height of the Bitcoin tip.
    #[must_use]
    pub fn burn_height(&self) -> Option<u64> {
        self.burn_tip.map(|made| made.burn.height)
    }

    fn knows(&self, burn: &Burn) -> bool {
        self.sortitions.contains(burn.consensus_hash.as_str())
    }
}
