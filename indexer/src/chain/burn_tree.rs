//! The Bitcoin blocks, and which of them are canonical.

use std::collections::{BTreeMap, HashMap};

use recoup_stacks::hash::{BurnBlockHash, BurnHeight, ConsensusHash};

use super::header::{BurnHeader, BurnPoint, BurnView};

/// Where a Bitcoin block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// On the canonical burn chain.
    Canonical,
    /// Another block has its height on the canonical burn chain.
    Off,
    /// The canonical burn chain is not known at its height.
    Unjudged,
}

/// Bitcoin blocks on every fork.
#[derive(Debug, Clone, Default)]
pub struct BurnTree {
    blocks: HashMap<BurnBlockHash, BurnHeader>,
    by_consensus_hash: HashMap<ConsensusHash, BurnPoint>,
    tip: Option<BurnPoint>,
    lowest: Option<BurnHeight>,
    /// The canonical chain: without holes from its lowest entry, where parents stop being known, up to the tip.
    canonical: BTreeMap<BurnHeight, BurnBlockHash>,
}

impl BurnTree {
    /// Adds a block. `None` when nothing new was said; else all that is known of it: an old node does not tell what a
    /// later announcement of the same block tells.
    pub fn insert(&mut self, header: BurnHeader) -> Option<BurnHeader> {
        let known = self.blocks.get(&header.point.hash).copied();
        let header = known.map_or(header, |known| BurnHeader {
            point: known.point,
            parent: known.parent.or(header.parent),
            consensus_hash: known.consensus_hash.or(header.consensus_hash),
        });
        if known == Some(header) {
            return None;
        }
        self.blocks.insert(header.point.hash, header);
        self.lowest = Some(
            self.lowest
                .map_or(header.point.height, |lowest| lowest.min(header.point.height)),
        );
        if let Some(consensus_hash) = header.consensus_hash {
            self.learn_sortition(consensus_hash, header.point);
        }
        if self.tip == Some(header.point) || self.tip.is_none_or(|tip| is_better(header.point, tip)) {
            self.tip = Some(header.point);
            self.canonical.split_off(&header.point.height);
            match header.parent {
                Some(_) => self.follow(header),
                // An old node's tip: without parents the canonical chain is unknown.
                None => self.canonical.clear(),
            }
        } else if self.lowest_canonical() == Some(header.point) {
            // Its child named it before it came: the chain goes on below.
            self.follow(header);
        }
        Some(header)
    }

    /// Remembers which Bitcoin block a sortition belongs to; Stacks blocks tell it too.
    pub fn learn_sortition(&mut self, consensus_hash: ConsensusHash, point: BurnPoint) {
        self.by_consensus_hash.entry(consensus_hash).or_insert(point);
    }

    /// The Bitcoin block of a sortition.
    #[must_use]
    pub fn of_sortition(&self, consensus_hash: &ConsensusHash) -> Option<BurnPoint> {
        self.by_consensus_hash.get(consensus_hash).copied()
    }

    /// The canonical Bitcoin block of the greatest height.
    #[must_use]
    pub const fn tip(&self) -> Option<BurnPoint> {
        self.tip
    }

    /// Whether a block was announced.
    #[must_use]
    pub fn contains(&self, hash: &BurnBlockHash) -> bool {
        self.blocks.contains_key(hash)
    }

    /// The lowest height announced, as far as it is in memory.
    #[must_use]
    pub const fn lowest_announced(&self) -> Option<BurnHeight> {
        self.lowest
    }

    /// Parents that blocks of this height name and that were not announced.
    pub fn missing_parents_of(&self, height: BurnHeight) -> impl Iterator<Item = BurnBlockHash> {
        let blocks = self.blocks.values();
        let named = blocks.filter(move |header| header.point.height == height);
        named
            .filter_map(|header| header.parent)
            .filter(|parent| !self.contains(parent))
    }

    /// Where a block stands.
    #[must_use]
    pub fn standing(&self, point: BurnPoint) -> Standing {
        match self.canonical.get(&point.height) {
            Some(hash) if *hash == point.hash => Standing::Canonical,
            Some(_) => Standing::Off,
            None => Standing::Unjudged,
        }
    }

    /// Where a burn view stands.
    #[must_use]
    pub fn standing_of_view(&self, view: BurnView) -> Standing {
        self.resolve(view)
            .map_or(Standing::Unjudged, |point| self.standing(point))
    }

    /// The Bitcoin block of a burn view, if it is known.
    #[must_use]
    pub fn resolve(&self, view: BurnView) -> Option<BurnPoint> {
        match view {
            BurnView::Known(point) => Some(point),
            BurnView::Unresolved(consensus_hash) => self.of_sortition(&consensus_hash),
        }
    }

    /// Drops what lies below a height. What stays is judged as before.
    pub fn forget_below(&mut self, height: BurnHeight) {
        self.blocks.retain(|_, header| header.point.height >= height);
        self.by_consensus_hash.retain(|_, point| point.height >= height);
        self.canonical = self.canonical.split_off(&height);
        self.lowest = self.lowest.map(|lowest| lowest.max(height));
    }

    fn lowest_canonical(&self) -> Option<BurnPoint> {
        self.canonical.first_key_value().map(|(height, hash)| BurnPoint {
            height: *height,
            hash: *hash,
        })
    }

    /// Makes `header` and its ancestors canonical, down to where they are canonical already or parents are unknown.
    fn follow(&mut self, header: BurnHeader) {
        let mut current = header;
        loop {
            self.canonical.insert(current.point.height, current.point.hash);
            let below = current.parent.zip(current.point.height.checked_sub(1));
            let Some((parent, height)) = below else {
                self.canonical = self.canonical.split_off(&current.point.height);
                return;
            };
            if self.canonical.get(&height) == Some(&parent) {
                return;
            }
            match self.blocks.get(&parent) {
                Some(known) => current = *known,
                None => {
                    self.canonical = self.canonical.split_off(&height);
                    self.canonical.insert(height, parent);
                    return;
                }
            }
        }
    }
}

/// Greater height; among equals the smaller hash.
fn is_better(candidate: BurnPoint, tip: BurnPoint) -> bool {
    (candidate.height, std::cmp::Reverse(candidate.hash)) > (tip.height, std::cmp::Reverse(tip.hash))
}
