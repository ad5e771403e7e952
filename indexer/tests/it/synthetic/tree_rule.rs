//! The node's rule once more, as directly as it can be said: over all blocks, without memory of earlier answers.

use std::collections::HashMap;

use recoup_indexer::chain::{BlockHeader, BurnHeader};
use recoup_stacks::hash::{BurnBlockHash, BurnHeight, ConsensusHash, IndexBlockHash};

use super::Posted;

/// The tip after all these messages; every parent must be among them, but the root's.
pub(crate) fn expected_tip(messages: &[Posted]) -> IndexBlockHash {
    let burns: Vec<BurnHeader> = messages.iter().filter_map(Posted::burn).collect();
    let blocks: Vec<BlockHeader> = (0..)
        .zip(messages)
        .filter_map(|(arrival, message)| message.block(arrival))
        .collect();
    let canonical = canonical_burn_chain(&burns);
    let sortitions: HashMap<ConsensusHash, &BurnHeader> = burns
        .iter()
        .map(|burn| (burn.consensus_hash.unwrap(), burn))
        .collect();
    let by_id: HashMap<IndexBlockHash, &BlockHeader> = blocks.iter().map(|block| (block.id, block)).collect();
    let is_on =
        |height: BurnHeight, hash: BurnBlockHash| canonical.get(&height).is_none_or(|other| *other == hash);
    let view_of = |block: &BlockHeader| {
        let mut block = *block;
        loop {
            if let Some(view) = block.announced_view {
                return sortitions[&view].point;
            }
            match by_id.get(&block.parent) {
                Some(parent) => block = **parent,
                None => return block.election,
            }
        }
    };
    let alive = blocks.iter().filter(|block| {
        let view = view_of(block);
        is_on(block.election.height, block.election.hash) && is_on(view.height, view.hash)
    });
    alive
        .max_by_key(|block| {
            (
                block.height,
                block.election.height,
                std::cmp::Reverse(block.arrival),
            )
        })
        .unwrap()
        .id
}

fn canonical_burn_chain(burns: &[BurnHeader]) -> HashMap<BurnHeight, BurnBlockHash> {
    let by_hash: HashMap<BurnBlockHash, &BurnHeader> =
        burns.iter().map(|burn| (burn.point.hash, burn)).collect();
    let mut next = burns
        .iter()
        .max_by_key(|burn| (burn.point.height, std::cmp::Reverse(burn.point.hash)))
        .copied();
    let mut canonical = HashMap::new();
    while let Some(burn) = next {
        canonical.insert(burn.point.height, burn.point.hash);
        next = burn
            .parent
            .and_then(|parent| by_hash.get(&parent))
            .map(|burn| **burn);
    }
    canonical
}
