//! What of the node's list is missing here. No I/O.

use std::collections::HashSet;

use recoup_stacks::hash::{BurnBlockHash, IndexBlockHash, StacksHeight};
use recoup_stacks::rpc::{HeaderType, TenureBlock, TenureBlocks};

/// What is stored of a tenure.
#[derive(Debug, Clone, Default)]
pub(super) struct Stored {
    /// Whether its Bitcoin block is.
    pub(super) has_burn_block: bool,
    /// Which of its blocks are.
    pub(super) blocks: HashSet<IndexBlockHash>,
}

/// What of a tenure is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Missing {
    /// Its Bitcoin block.
    pub(super) burn_block: Option<BurnBlockHash>,
    /// Its blocks, parents before children.
    pub(super) blocks: Vec<TenureBlock>,
}

impl Missing {
    /// Compares the node's list with what is stored, from the lowest block that is followed on.
    pub(super) fn of(tenure: &TenureBlocks, stored: &Stored, floor: StacksHeight) -> Self {
        let is_missing = |block: &&TenureBlock| {
            block.height >= floor
                // Older blocks cannot be replayed; our contracts are younger.
                && block.header_type == HeaderType::Nakamoto
                && !stored.blocks.contains(&block.block_id)
        };
        let mut blocks: Vec<TenureBlock> = tenure.stacks_blocks.iter().filter(is_missing).cloned().collect();
        blocks.sort_by_key(|block| block.height);
        Self {
            burn_block: (!stored.has_burn_block).then_some(tenure.burn_block_hash),
            blocks,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.burn_block.is_none() && self.blocks.is_empty()
    }
}

/// Whether everything below a tenure lies below the lowest block that is followed.
pub(super) fn reaches(tenure: &TenureBlocks, floor: StacksHeight) -> bool {
    tenure.stacks_blocks.iter().any(|block| block.height <= floor)
}

/// What was missing at the last look. The node commits a block a moment before it pushes it: only what is missing at
/// two looks in a row was not pushed.
#[derive(Debug, Default)]
pub(super) struct Suspicion {
    before: HashSet<Vec<u8>>,
    now: HashSet<Vec<u8>>,
}

impl Suspicion {
    /// Begins the next look.
    pub(super) fn next_look(&mut self) {
        self.before = std::mem::take(&mut self.now);
    }

    /// Keeps what was missing at the last look too.
    pub(super) fn confirm(&mut self, missing: Missing) -> Missing {
        let mut is_old = |hash: &[u8]| {
            self.now.insert(hash.to_vec());
            self.before.contains(hash)
        };
        let Missing { burn_block, blocks } = missing;
        Missing {
            burn_block: burn_block.filter(|hash| is_old(hash.as_bytes())),
            blocks: blocks
                .into_iter()
                .filter(|block| is_old(block.block_id.as_bytes()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use recoup_stacks::hash::{BlockHash, BurnHeight, ConsensusHash};

    use super::*;

    fn block(number: u8, header_type: HeaderType) -> TenureBlock {
        TenureBlock {
            block_id: IndexBlockHash::from_bytes([number; 32]),
            block_hash: BlockHash::from_bytes([number; 32]),
            parent_block_id: IndexBlockHash::from_bytes([number - 1; 32]),
            height: StacksHeight(u64::from(number)),
            header_type,
        }
    }

    /// The newest first, as the node lists them.
    fn tenure() -> TenureBlocks {
        TenureBlocks {
            consensus_hash: ConsensusHash::from_bytes([9; 20]),
            last_sortition_ch: ConsensusHash::from_bytes([8; 20]),
            burn_block_height: BurnHeight(100),
            burn_block_hash: BurnBlockHash::from_bytes([7; 32]),
            stacks_blocks: [14, 13, 12, 11]
                .map(|number| block(number, HeaderType::Nakamoto))
                .to_vec(),
        }
    }

    fn heights(missing: &Missing) -> Vec<u64> {
        missing.blocks.iter().map(|block| block.height.get()).collect()
    }

    #[test]
    fn what_is_not_stored_is_missing_from_the_floor_on_parents_first() {
        let stored = Stored {
            has_burn_block: false,
            blocks: [IndexBlockHash::from_bytes([13; 32])].into(),
        };
        let missing = Missing::of(&tenure(), &stored, StacksHeight(12));
        assert_eq!(heights(&missing), [12, 14]);
        assert_eq!(missing.burn_block, Some(tenure().burn_block_hash));
        assert!(reaches(&tenure(), StacksHeight(12)) && !reaches(&tenure(), StacksHeight(10)));
    }

    #[test]
    fn nothing_is_missing_when_all_is_stored_or_cannot_be_replayed() {
        let mut old = tenure();
        old.stacks_blocks = vec![block(11, HeaderType::Epoch2)];
        let stored = Stored {
            has_burn_block: true,
            blocks: HashSet::new(),
        };
        assert!(Missing::of(&old, &stored, StacksHeight(0)).is_empty());
    }

    #[test]
    fn only_what_is_missing_twice_in_a_row_is_fetched() {
        let mut suspicion = Suspicion::default();
        let look = || Missing::of(&tenure(), &Stored::default(), StacksHeight(13));
        suspicion.next_look();
        assert!(suspicion.confirm(look()).is_empty());
        suspicion.next_look();
        assert_eq!(suspicion.confirm(look()), look());
        suspicion.next_look();
        suspicion.next_look();
        assert!(suspicion.confirm(look()).is_empty(), "it was there in between");
    }
}
