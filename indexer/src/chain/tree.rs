//! The Stacks blocks, and which of them is the tip.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use recoup_stacks::hash::{BurnHeight, IndexBlockHash, StacksHeight};

use super::burn_tree::{BurnTree, Standing};
use super::detached::Detached;
use super::header::{BlockHeader, BurnHeader, BurnView};
use super::tip_change::{BelowHorizon, TipChange};

/// A block that an unbroken line of parents connects with the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachedBlock {
    /// Its header.
    pub header: BlockHeader,
    /// The Bitcoin block that it saw.
    pub view: BurnView,
}

/// What adding a block did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Insertion {
    /// It was there.
    Known,
    /// It lies below the root and is not followed.
    BelowRoot,
    /// Its parent is unknown, or detached itself: it is kept aside until the line of parents is whole.
    Detached,
    /// It, and those that waited for it, are connected with the root now; parents before children.
    Attached(Vec<AttachedBlock>),
}

/// Stacks blocks on every fork, and the Bitcoin blocks under them.
///
/// In memory is what was elected from a burn height on, the *horizon*; without one, all of it. That suffices as long as
/// the best block in memory is no lower than any below the horizon: burn blocks are judged from the tip down, and a
/// block's burn view is never below its election.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// The Bitcoin blocks.
    pub burn: BurnTree,
    root: Option<StacksHeight>,
    horizon: Option<BurnHeight>,
    highest_forgotten: Option<StacksHeight>,
    attached: HashMap<IndexBlockHash, AttachedBlock>,
    by_height: BTreeMap<StacksHeight, Vec<IndexBlockHash>>,
    detached: Detached,
    tip: Option<IndexBlockHash>,
}

impl Tree {
    /// An empty tree whose lowest blocks have this height; none: nothing is connected until [`Tree::set_root`].
    #[must_use]
    pub fn new(root: Option<StacksHeight>) -> Self {
        Self {
            root,
            ..Self::default()
        }
    }

    /// A tree to be filled with what a database holds from `horizon` on; `highest_forgotten` is the greatest Stacks
    /// height of a connected block below.
    #[must_use]
    pub fn partial(
        root: Option<StacksHeight>,
        horizon: Option<BurnHeight>,
        highest_forgotten: Option<StacksHeight>,
    ) -> Self {
        Self {
            root,
            horizon,
            highest_forgotten,
            ..Self::default()
        }
    }

    /// Puts back a block that was connected when it was stored.
    pub fn restore_attached(&mut self, block: AttachedBlock) {
        self.learn_election(&block.header);
        self.by_height
            .entry(block.header.height)
            .or_default()
            .push(block.header.id);
        self.attached.insert(block.header.id, block);
    }

    /// Puts back a block that was detached when it was stored.
    pub fn restore_detached(&mut self, header: BlockHeader) {
        self.learn_election(&header);
        self.detached.insert(header);
    }

    /// Puts back the tip, after the blocks.
    pub const fn restore_tip(&mut self, tip: Option<IndexBlockHash>) {
        self.tip = tip;
    }

    /// Lowest height that is followed.
    #[must_use]
    pub const fn root(&self) -> Option<StacksHeight> {
        self.root
    }

    /// Lowest burn height in memory; none when all of the tree is.
    #[must_use]
    pub const fn horizon(&self) -> Option<BurnHeight> {
        self.horizon
    }

    /// The tip as of the last [`Tree::advance`].
    #[must_use]
    pub fn tip(&self) -> Option<&AttachedBlock> {
        self.tip.and_then(|tip| self.attached.get(&tip))
    }

    /// A block that is connected with the root and in memory.
    #[must_use]
    pub fn attached(&self, id: &IndexBlockHash) -> Option<&AttachedBlock> {
        self.attached.get(id)
    }

    /// Whether the block is in memory at all.
    #[must_use]
    pub fn contains(&self, id: &IndexBlockHash) -> bool {
        self.attached.contains_key(id) || self.detached.contains(id)
    }

    /// Adds a Bitcoin block, as [`BurnTree::insert`] does.
    pub fn insert_burn(&mut self, header: BurnHeader) -> Option<BurnHeader> {
        self.burn.insert(header)
    }

    /// Adds a Stacks block. Where it may hang on a block below the horizon, load that part first.
    pub fn insert(&mut self, header: BlockHeader) -> Insertion {
        if self.contains(&header.id) {
            return Insertion::Known;
        }
        if self.root.is_some_and(|root| header.height < root) {
            return Insertion::BelowRoot;
        }
        self.learn_election(&header);
        if self.can_attach(&header) {
            Insertion::Attached(self.attach_with_descendants(header))
        } else {
            self.detached.insert(header);
            Insertion::Detached
        }
    }

    /// Moves the root, when it becomes known or a fork lowers it. Answers the blocks that are connected by that.
    /// Detached blocks below are forgotten.
    pub fn set_root(&mut self, root: StacksHeight) -> Vec<AttachedBlock> {
        self.root = Some(root);
        let starts = self.detached.take_from_root(root);
        starts
            .into_iter()
            .flat_map(|header| self.attach_with_descendants(header))
            .collect()
    }

    /// Parents that detached blocks wait for and that never came, each with the height it must have.
    #[must_use]
    pub fn missing_parents(&self) -> BTreeMap<IndexBlockHash, StacksHeight> {
        let waiting = self
            .detached
            .headers()
            .filter(|header| !self.contains(&header.parent));
        waiting
            .filter_map(|header| Some((header.parent, header.height.checked_sub(1)?)))
            .collect()
    }

    /// Moves the tip to where the node's rule puts it. `None`: it stays.
    ///
    /// # Errors
    /// [`BelowHorizon`] where the part in memory does not suffice; the tip then stays.
    pub fn advance(&mut self) -> Result<Option<TipChange>, BelowHorizon> {
        let best = self.best();
        let is_below = |forgotten| best.is_none_or(|block| block.header.height < forgotten);
        if self.highest_forgotten.is_some_and(is_below) {
            return Err(BelowHorizon);
        }
        let new_tip = best.map(|block| block.header.id);
        if new_tip == self.tip {
            return Ok(None);
        }
        let change = self.difference(self.tip, new_tip)?;
        self.tip = new_tip;
        Ok(Some(change))
    }

    /// Drops what was elected below a burn height, but for what the next answers may need. They are the same, or
    /// [`BelowHorizon`].
    pub fn forget_below(&mut self, horizon: BurnHeight) {
        let Some(tip) = self.tip().map(|tip| tip.header) else {
            return;
        };
        let above_tip = self.by_height.range(tip.height..).flat_map(|(_, ids)| ids);
        let needed = above_tip
            .filter_map(|id| self.attached.get(id))
            .map(|block| block.header.election.height);
        let horizon = needed.fold(horizon, BurnHeight::min);

        let forgotten = self.attached.values().map(|block| block.header);
        let forgotten = forgotten.filter(|header| header.election.height < horizon);
        let highest = forgotten.map(|header| header.height).max();
        self.highest_forgotten = self.highest_forgotten.max(highest);
        self.attached
            .retain(|_, block| block.header.election.height >= horizon);
        let attached = &self.attached;
        self.by_height.retain(|_, ids| {
            ids.retain(|id| attached.contains_key(id));
            !ids.is_empty()
        });
        self.burn.forget_below(horizon);
        self.horizon = Some(horizon);
    }

    fn learn_election(&mut self, header: &BlockHeader) {
        if let Some(consensus_hash) = header.consensus_hash {
            self.burn.learn_sortition(consensus_hash, header.election);
        }
    }

    fn can_attach(&self, header: &BlockHeader) -> bool {
        self.root == Some(header.height) || self.attached.contains_key(&header.parent)
    }

    fn attach_with_descendants(&mut self, header: BlockHeader) -> Vec<AttachedBlock> {
        let mut attached = vec![self.attach(header)];
        let mut next = 0;
        while let Some(parent) = attached.get(next).map(|block| block.header.id) {
            for child in self.detached.take_children(&parent) {
                attached.push(self.attach(child));
            }
            next = next.saturating_add(1);
        }
        attached
    }

    fn attach(&mut self, header: BlockHeader) -> AttachedBlock {
        let block = AttachedBlock {
            header,
            view: self.view_of(&header),
        };
        self.by_height.entry(header.height).or_default().push(header.id);
        self.attached.insert(header.id, block);
        block
    }

    fn view_of(&self, header: &BlockHeader) -> BurnView {
        let own = BurnView::Known(header.election);
        if !header.is_nakamoto {
            return own;
        }
        match header.announced_view {
            Some(consensus_hash) => self
                .burn
                .of_sortition(&consensus_hash)
                .map_or(BurnView::Unresolved(consensus_hash), BurnView::Known),
            // Without its parent, at the root, the election is the latest that it is known to have seen.
            None => self
                .attached
                .get(&header.parent)
                .map_or(own, |parent| parent.view),
        }
    }

    fn is_alive(&self, block: &AttachedBlock) -> bool {
        self.burn.standing(block.header.election) != Standing::Off
            && self.burn.standing_of_view(block.view) != Standing::Off
    }

    /// The highest block alive; ties by the later sortition, then the first seen.
    fn best(&self) -> Option<&AttachedBlock> {
        self.by_height.values().rev().find_map(|ids| {
            ids.iter()
                .filter_map(|id| self.attached.get(id))
                .filter(|block| self.is_alive(block))
                .max_by_key(|block| (block.header.election.height, Reverse(block.header.arrival)))
        })
    }

    fn difference(
        &self,
        old_tip: Option<IndexBlockHash>,
        new_tip: Option<IndexBlockHash>,
    ) -> Result<TipChange, BelowHorizon> {
        let (mut orphaned, mut adopted) = (Vec::new(), Vec::new());
        let (mut old, mut new) = (self.step_to(old_tip)?, self.step_to(new_tip)?);
        while old.map(|block| block.header.id) != new.map(|block| block.header.id) {
            let old_height = old.map(|block| block.header.height);
            let new_height = new.map(|block| block.header.height);
            // The higher side steps down; on equal heights both do, one after the other.
            if let Some(block) = old.filter(|_| old_height >= new_height) {
                orphaned.push(block.header.id);
                old = self.parent_of(block)?;
            } else if let Some(block) = new {
                adopted.push(block.header.id);
                new = self.parent_of(block)?;
            }
        }
        adopted.reverse();
        Ok(TipChange {
            old_tip,
            new_tip,
            fork_point: old.map(|block| block.header.id),
            orphaned,
            adopted,
        })
    }

    fn step_to(&self, id: Option<IndexBlockHash>) -> Result<Option<&AttachedBlock>, BelowHorizon> {
        match id {
            None => Ok(None),
            Some(id) => self.attached.get(&id).map(Some).ok_or(BelowHorizon),
        }
    }

    fn parent_of(&self, block: &AttachedBlock) -> Result<Option<&AttachedBlock>, BelowHorizon> {
        match self.attached.get(&block.header.parent) {
            Some(parent) => Ok(Some(parent)),
            None if self.horizon.is_none() || self.root == Some(block.header.height) => Ok(None),
            None => Err(BelowHorizon),
        }
    }
}
