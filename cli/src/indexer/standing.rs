//! Whether an indexer's answers are about the right contract, and how old they are.

use recoup_protocol::api::Health;
use recoup_stacks::address::ContractId;
use serde::Serialize;

use super::client::Indexer;
use crate::failure::{Failure, Kind};
use crate::node::View;
use crate::terminal;

/// Stacks blocks that an indexer may be behind the node before it is worth a word.
const LAG_TOLERANCE: u64 = 10;

/// Where an indexer stands.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    /// Its URL.
    pub url: String,
    /// The contract that it follows.
    pub core_contract: ContractId,
    /// Stacks height of its newest block; none before the first.
    pub stacks_height: Option<u64>,
    /// Burn height that this block saw.
    pub burn_height: Option<u64>,
    /// Stacks blocks that the node has beyond it; none when the node was not asked or gave no answer.
    pub blocks_behind: Option<u64>,
    /// What it says is wrong with itself, by code.
    pub conditions: Vec<String>,
}

impl Standing {
    /// Asks the indexer, refuses one of another contract, and warns of one that is behind or not well.
    ///
    /// # Errors
    /// When it does not answer, or follows another contract.
    pub async fn check(
        indexer: &Indexer,
        core: Option<&ContractId>,
        view: Option<&View<'_>>,
    ) -> Result<Self, Failure> {
        let health = indexer.health().await?;
        if let Some(core) = core
            && *core != health.core_contract
        {
            let message = format!(
                "the indexer {} follows {}, not {core}",
                indexer.url(),
                health.core_contract
            );
            return Err(Failure::new(Kind::Refused, message).hint(
                "name the indexer of this contract with --indexer-url, or its contract with --contract",
            ));
        }
        let standing = Self {
            url: indexer.url().to_owned(),
            stacks_height: health.tip.as_ref().map(|tip| tip.stacks_height.get()),
            burn_height: health.tip.as_ref().map(|tip| tip.burn_height.get()),
            blocks_behind: view.map(|view| blocks_behind(view, &health)),
            conditions: health.conditions.iter().map(|one| one.code.clone()).collect(),
            core_contract: health.core_contract,
        };
        standing.warn(health.lag_burn_blocks);
        for condition in &health.conditions {
            terminal::note(&format!("the indexer says: {}", condition.detail));
        }
        Ok(standing)
    }

    fn warn(&self, lag_burn_blocks: Option<u64>) {
        if self.stacks_height.is_none() {
            terminal::warn("the indexer has not seen a block yet: what follows is empty");
        } else if let Some(behind) = self.blocks_behind.filter(|behind| is_behind(*behind)) {
            terminal::warn(&format!(
                "the indexer is {behind} blocks behind the node: the newest refunds are missing"
            ));
        } else if let Some(lag) = lag_burn_blocks.filter(|lag| *lag > LAG_TOLERANCE) {
            terminal::warn(&format!(
                "the indexer's newest block is {lag} burn blocks old: the newest refunds may be missing"
            ));
        }
    }
}

/// Stacks blocks that the node has beyond the indexer's newest.
#[must_use]
pub fn blocks_behind(view: &View<'_>, health: &Health) -> u64 {
    let indexed = health.tip.as_ref().map_or(0, |tip| tip.stacks_height.get());
    view.tip.height.get().saturating_sub(indexed)
}

/// Whether that is worth a word.
#[must_use]
pub const fn is_behind(blocks: u64) -> bool {
    blocks > LAG_TOLERANCE
}
