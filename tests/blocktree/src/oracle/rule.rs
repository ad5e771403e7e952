//! The node's rule as directly as it can be said: over all that was told, without memory of earlier answers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Canonical;
use crate::chain::{Burn, Chain, MadeBlock, MadeBurn, ROOT_HEIGHT, Subject};

pub(super) fn canonical(chain: &Chain, told: impl Iterator<Item = Subject>) -> Canonical<'_> {
    let mut burns: HashMap<&str, Announced> = HashMap::new();
    let mut blocks: HashMap<&str, (&MadeBlock, usize)> = HashMap::new();
    for (arrival, subject) in told.enumerate() {
        match subject {
            Subject::Burn(number) | Subject::OldBurn(number) => {
                let made = &chain.burns[number];
                let tells_all = matches!(subject, Subject::Burn(_));
                let announced = burns.entry(&made.burn.hash).or_insert((made, false));
                announced.1 |= tells_all;
            }
            Subject::Block(number) => {
                let made = &chain.blocks[number];
                blocks.entry(&made.block.id).or_insert((made, arrival));
            }
            Subject::Other => {}
        }
    }
    let tip = burns
        .values()
        .max_by_key(|(made, _)| (made.burn.height, Reverse(&made.burn.hash)))
        .copied();
    let burn_chain = burn_chain(tip, &burns);
    let named = blocks.values().map(|(made, _)| &made.block.tenure);
    let full = burns.values().filter(|(_, tells_all)| *tells_all);
    let announced = full.map(|(made, _)| &made.burn);
    let sortitions: BTreeSet<&str> = named
        .chain(announced)
        .map(|burn| burn.consensus_hash.as_str())
        .collect();

    // Nothing is judged where the Bitcoin chain is not known, and no view that is not known.
    let is_dead = |burn: &Burn| {
        burn_chain
            .get(&burn.height)
            .is_some_and(|hash| *hash != burn.hash)
    };
    let is_alive = |made: &MadeBlock| {
        let view = &made.block.view;
        let knows_view = sortitions.contains(view.consensus_hash.as_str());
        !is_dead(&made.block.tenure) && (!knows_view || !is_dead(view))
    };
    let mut connected: Vec<(&MadeBlock, usize)> = connected(&blocks);
    connected.retain(|(made, _)| is_alive(made));
    let tip_block = connected
        .iter()
        .max_by_key(|(made, arrival)| (made.block.height, made.block.tenure.height, Reverse(*arrival)));
    let mut line = Vec::new();
    let mut next = tip_block.map(|(made, _)| *made);
    while let Some(made) = next {
        line.push(made);
        let is_root = made.block.height == ROOT_HEIGHT;
        next = blocks
            .get(made.parent.as_str())
            .map(|(parent, _)| *parent)
            .filter(|_| !is_root);
    }
    line.reverse();
    Canonical {
        burn_tip: tip.map(|(made, _)| made),
        blocks: line,
        sortitions,
    }
}

/// A Bitcoin block, and whether its parent and its sortition were told.
type Announced<'a> = (&'a MadeBurn, bool);

/// The Bitcoin blocks from the tip down, as far as their line is known: a block tells its parent's hash too. Where the tip
/// does not tell its parent, nothing is known of any height.
fn burn_chain<'a>(
    tip: Option<Announced<'a>>,
    burns: &HashMap<&str, Announced<'a>>,
) -> BTreeMap<u64, &'a str> {
    let mut chain = BTreeMap::new();
    let mut next = tip;
    while let Some((made, true)) = next {
        chain.insert(made.burn.height, made.burn.hash.as_str());
        chain.insert(made.burn.height - 1, made.parent.as_str());
        next = burns.get(made.parent.as_str()).copied();
    }
    chain
}

/// Blocks that an unbroken line of parents connects with a block of the root's height.
fn connected<'a>(blocks: &HashMap<&str, (&'a MadeBlock, usize)>) -> Vec<(&'a MadeBlock, usize)> {
    let mut by_height: Vec<_> = blocks.values().copied().collect();
    by_height.sort_by_key(|(made, _)| made.block.height);
    let mut connected: HashMap<&str, (&MadeBlock, usize)> = HashMap::new();
    for (made, arrival) in by_height {
        if made.block.height == ROOT_HEIGHT || connected.contains_key(made.parent.as_str()) {
            connected.insert(&made.block.id, (made, arrival));
        }
    }
    connected.into_values().collect()
}
