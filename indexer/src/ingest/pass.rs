//! One transaction's way through messages: the tree follows each of them, the tables all at once.

use std::collections::{HashMap, HashSet};

use recoup_stacks::hash::{BurnBlockHash, BurnHeight, IndexBlockHash, StacksHeight};
use sqlx::PgConnection;

use super::books::{self, Tips};
use super::changes::Changes;
use super::checkpoints;
use super::message::Message;
use super::phases::{Phase, Phases};
use super::worker::{IngestSettings, RootRule};
use crate::chain::{Arrival, BurnHeader, Insertion, TipChange, Tree};
use crate::db::chain_tip::ChainTip;
use crate::db::gap::GapKind;
use crate::db::{self, DbError};
use crate::normalised::NormalisedBlock;

/// Follows messages within one transaction. Dropped before [`Pass::end`], the tree no longer equals the tables.
pub(super) struct Pass<'a> {
    connection: &'a mut PgConnection,
    settings: &'a IngestSettings,
    phases: &'a Phases,
    tree: &'a mut Tree,
    stored: Stored,
    changes: Changes,
    /// Tips after the message before.
    tip: ChainTip,
    /// Tips as the table has them.
    written_tip: ChainTip,
    /// Whether refunds below the final height may be not final, or the other way round.
    finality_is_uncertain: bool,
    /// How many blocks each fork took off the chain.
    forks: Vec<usize>,
}

/// What the tables hold of the blocks that messages speak of; what is in the tree need not be here.
#[derive(Debug, Default)]
struct Stored {
    elections: HashMap<IndexBlockHash, BurnHeight>,
    burn_blocks: HashSet<BurnBlockHash>,
}

impl Stored {
    async fn look_up<'m>(
        connection: &mut PgConnection,
        tree: &Tree,
        messages: impl Iterator<Item = &'m Message>,
    ) -> Result<Self, DbError> {
        let (mut ids, mut hashes) = (Vec::new(), Vec::new());
        for message in messages {
            match message {
                Message::Block(block) => ids.extend([block.header.id, block.header.parent]),
                Message::BurnBlock(header, _) => {
                    hashes.extend([Some(header.point.hash), header.parent].into_iter().flatten());
                }
                Message::NotFollowed => {}
            }
        }
        ids.retain(|id| !tree.contains(id));
        hashes.retain(|hash| !tree.burn.contains(hash));
        Ok(Self {
            elections: db::block::elections(&mut *connection, &ids).await?,
            burn_blocks: db::burn_block::known(connection, &hashes).await?,
        })
    }
}

impl<'a> Pass<'a> {
    /// Prepares to follow these messages.
    pub(super) async fn begin<'m>(
        connection: &'a mut PgConnection,
        settings: &'a IngestSettings,
        phases: &'a Phases,
        tree: &'a mut Tree,
        messages: impl Iterator<Item = &'m Message>,
    ) -> Result<Self, DbError> {
        let looking_up = Stored::look_up(&mut *connection, tree, messages);
        let stored = phases.timed(Phase::LookUp, looking_up).await?;
        let tip = db::chain_tip::find(&mut *connection).await?;
        Ok(Self {
            connection,
            settings,
            phases,
            tree,
            stored,
            changes: Changes::default(),
            tip,
            written_tip: tip,
            finality_is_uncertain: false,
            forks: Vec::new(),
        })
    }

    /// Makes the tables agree with a tree that was loaded and with settings that may have changed.
    pub(super) async fn catch_up(
        connection: &mut PgConnection,
        settings: &IngestSettings,
        phases: &Phases,
        tree: &mut Tree,
    ) -> Result<(), DbError> {
        let mut pass = Pass::begin(connection, settings, phases, tree, std::iter::empty()).await?;
        pass.finality_is_uncertain = true;
        pass.follow_tip().await?;
        pass.end().await?;
        Ok(())
    }

    /// Follows a message.
    pub(super) async fn follow(&mut self, message: Message) -> Result<(), DbError> {
        match message {
            Message::NotFollowed => return Ok(()),
            Message::BurnBlock(header, arrival) => self.add_burn_block(header, arrival).await?,
            Message::Block(block) => self.add_block(*block).await?,
        }
        self.follow_tip().await
    }

    /// Writes what is not written yet. Answers how many blocks each fork on the way took off the chain.
    pub(super) async fn end(mut self) -> Result<Vec<usize>, DbError> {
        self.write().await?;
        Ok(self.forks)
    }

    async fn add_burn_block(&mut self, header: BurnHeader, arrival: Arrival) -> Result<(), DbError> {
        // A look at the node's list may have missed it in the moment of its arrival.
        self.changes
            .close_gap(GapKind::BurnBlock, header.point.hash.as_bytes());
        let hash = &header.point.hash;
        if self.stored.burn_blocks.contains(hash) && !self.tree.burn.contains(hash) {
            // Too old to be in memory; it may lack what this announcement tells.
            self.changes.add_burn_block(header, arrival);
            return Ok(());
        }
        let lowest = self.tree.burn.lowest_announced();
        let Some(header) = self.tree.insert_burn(header) else {
            return Ok(());
        };
        self.changes.add_burn_block(header, arrival);
        self.note_missing_burn_parents(&header, lowest).await
    }

    fn knows_burn_block(&self, hash: &BurnBlockHash) -> bool {
        self.tree.burn.contains(hash) || self.stored.burn_blocks.contains(hash)
    }

    /// A Bitcoin parent is missed when the burn chain is known below it. `lowest` is the lowest height before.
    async fn note_missing_burn_parents(
        &mut self,
        header: &BurnHeader,
        lowest: Option<BurnHeight>,
    ) -> Result<(), DbError> {
        let height = header.point.height;
        match lowest {
            None => {}
            Some(lowest) if height < lowest => {
                // What was the lowest is not any more: now its parents are missed too, unless it was the lowest in memory.
                let missing: Vec<BurnBlockHash> = self.tree.burn.missing_parents_of(lowest).collect();
                let stored = db::burn_block::known(&mut *self.connection, &missing).await?;
                for parent in missing.into_iter().filter(|parent| !stored.contains(parent)) {
                    self.miss_burn_block(&parent, lowest);
                }
            }
            Some(lowest) if height > lowest => {
                if let Some(parent) = header.parent {
                    self.miss_burn_block(&parent, height);
                }
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn miss_burn_block(&mut self, parent: &BurnBlockHash, child: BurnHeight) {
        if let Some(height) = child.checked_sub(1)
            && !self.knows_burn_block(parent)
        {
            self.changes
                .open_gap(GapKind::BurnBlock, parent.as_bytes(), height.get());
        }
    }

    async fn add_block(&mut self, block: NormalisedBlock) -> Result<(), DbError> {
        let header = block.header;
        if self.tree.contains(&header.id) || self.stored.elections.contains_key(&header.id) {
            self.changes.close_gap(GapKind::Block, header.id.as_bytes());
            return Ok(());
        }
        if let Some(root) = new_root(self.tree, self.settings.root, &block) {
            self.set_root(root).await?;
        }
        if self.tree.root().is_some_and(|root| header.height < root) {
            return Ok(());
        }
        self.load_down_to(&header.parent).await?;
        self.changes.close_gap(GapKind::Block, header.id.as_bytes());
        self.changes
            .learn_sortition(header.consensus_hash, header.election);
        self.changes.add_block(block);
        if let Insertion::Attached(attached) = self.tree.insert(header) {
            self.changes.attach(&attached);
        }
        self.note_missing_parent(&header.parent, header.height);
        Ok(())
    }

    /// Without a root, nobody knows yet whether the parent is wanted.
    fn note_missing_parent(&mut self, parent: &IndexBlockHash, height: StacksHeight) {
        let is_above_root = self.tree.root().is_some_and(|root| height > root);
        if let Some(parent_height) = height.checked_sub(1)
            && is_above_root
            && !self.tree.contains(parent)
        {
            self.changes
                .open_gap(GapKind::Block, parent.as_bytes(), parent_height.get());
        }
    }

    async fn set_root(&mut self, root: StacksHeight) -> Result<(), DbError> {
        tracing::info!(
            root_stacks_height = root.get(),
            "the chain is followed from this height on"
        );
        self.write().await?;
        db::indexed_chain::set_root(&mut *self.connection, root).await?;
        let attached = self.tree.set_root(root);
        db::block::attach(&mut *self.connection, &attached).await?;
        db::block::delete_below_root(&mut *self.connection, root).await?;
        db::gap::close_below_root(&mut *self.connection, root.get()).await?;
        for (parent, height) in self.tree.missing_parents() {
            self.changes
                .open_gap(GapKind::Block, parent.as_bytes(), height.get());
        }
        Ok(())
    }

    /// Where the parent is stored but not in memory, loads it.
    async fn load_down_to(&mut self, parent: &IndexBlockHash) -> Result<(), DbError> {
        if self.tree.contains(parent) {
            return Ok(());
        }
        if let Some(election) = self.stored.elections.get(parent).copied() {
            self.write().await?;
            *self.tree = self
                .settings
                .window
                .load_down_to(&mut *self.connection, election)
                .await?;
        }
        Ok(())
    }

    /// Moves on to the tip that the tree has now. The tables follow later, unless blocks leave the chain.
    async fn follow_tip(&mut self) -> Result<(), DbError> {
        let change = loop {
            match self.tree.advance() {
                Ok(change) => break change,
                Err(_) => {
                    self.write().await?;
                    *self.tree = self
                        .settings
                        .window
                        .load_deeper(&mut *self.connection, self.tree)
                        .await?;
                }
            }
        };
        let burn = self.tree.burn.tip();
        let burn_tip = burn.map(|point| point.height);
        if let Some(change) = change {
            if !change.orphaned.is_empty() {
                self.orphan(&change, burn_tip).await?;
            }
            self.changes.adopt(&change.adopted, burn_tip);
        }
        self.tip = ChainTip {
            stacks: self
                .tree
                .tip()
                .map(|block| (block.header.id, block.header.height)),
            burn,
            final_burn_height: burn.and_then(|point| point.height.checked_sub(self.settings.finality_depth)),
        };
        Ok(())
    }

    /// Takes blocks off the chain, from tables that hold all that came before.
    async fn orphan(&mut self, change: &TipChange, burn_tip: Option<BurnHeight>) -> Result<(), DbError> {
        self.write().await?;
        let as_of = self.written_tip.burn_height();
        let orphaning = books::orphan(&mut *self.connection, &change.orphaned, as_of, burn_tip);
        self.phases.timed(Phase::Forks, orphaning).await?;
        checkpoints::withdraw(&mut *self.connection, self.tip.final_burn_height).await?;
        db::reorg::record(&mut *self.connection, change).await?;
        tracing::warn!(
            orphaned_blocks = change.orphaned.len(),
            adopted_blocks = change.adopted.len(),
            "the chain forked"
        );
        self.forks.push(change.orphaned.len());
        Ok(())
    }

    /// Brings the tables to where the tree was after the last message that was followed wholly.
    async fn write(&mut self) -> Result<(), DbError> {
        let changes = std::mem::take(&mut self.changes);
        let elections = changes
            .headers()
            .map(|header| (header.id, header.election.height));
        self.stored.elections.extend(elections);
        let burn_hashes = changes.burn_headers().map(|header| header.point.hash);
        self.stored.burn_blocks.extend(burn_hashes);

        let written = changes.write(&mut *self.connection, self.phases).await?;
        self.finality_is_uncertain |= written.resolved_views;
        let (tree, limit) = (&*self.tree, self.tip.final_burn_height);
        let is_final = |id: &IndexBlockHash| {
            let view = tree.attached(id).and_then(|block| tree.burn.resolve(block.view));
            view.zip(limit).is_some_and(|(view, limit)| view.height <= limit)
        };
        let tips = Tips {
            of_tables: self.written_tip.burn_height(),
            burn: self.tip.burn.map(|point| point.height),
        };
        let satellites = &self.settings.satellites;
        let phases = self.phases;
        books::adopt(&mut *self.connection, phases, written, satellites, is_final, tips).await?;
        let moving = self.move_tip(tips.burn);
        phases.timed(Phase::Finality, moving).await?;
        Ok(())
    }

    async fn move_tip(&mut self, burn_tip: Option<BurnHeight>) -> Result<(), DbError> {
        if self.tip != self.written_tip {
            db::chain_tip::update(&mut *self.connection, &self.tip).await?;
        }
        let (before, now) = (self.written_tip.burn_height(), self.tip.burn_height());
        if before < now {
            db::invoice::expire(&mut *self.connection, before, now).await?;
            db::refundable_total::lapse(&mut *self.connection, before, now).await?;
        }
        let limit = self.tip.final_burn_height;
        if self.settle_finality(burn_tip).await? {
            checkpoints::withdraw(&mut *self.connection, limit).await?;
        }
        checkpoints::make(&mut *self.connection, self.settings.checkpoint_interval, limit).await?;
        self.written_tip = self.tip;
        Ok(())
    }

    /// Makes final what became it since the tips were written last. Answers whether something may have ceased to be.
    async fn settle_finality(&mut self, burn_tip: Option<BurnHeight>) -> Result<bool, DbError> {
        let (limit, before) = (self.tip.final_burn_height, self.written_tip.final_burn_height);
        let from_scratch = std::mem::take(&mut self.finality_is_uncertain) || limit < before;
        if from_scratch {
            db::refund::make_seen(&mut *self.connection, limit, burn_tip).await?;
        }
        match limit {
            Some(limit) if from_scratch => {
                db::refund::make_final(&mut *self.connection, None, limit, burn_tip).await?;
            }
            Some(limit) if Some(limit) > before => {
                db::refund::make_final(&mut *self.connection, before, limit, burn_tip).await?;
            }
            _ => {}
        }
        Ok(from_scratch)
    }
}

/// The root that this block gives, if it changes it.
fn new_root(tree: &Tree, rule: RootRule, block: &NormalisedBlock) -> Option<StacksHeight> {
    let height = block.header.height;
    match (rule, tree.root()) {
        // A fork can put the deployment lower than it was first seen.
        (RootRule::DeployOfCore, Some(root)) => (block.deploys_core && height < root).then_some(height),
        (RootRule::DeployOfCore, None) => block.deploys_core.then_some(height),
        // Every start of a node announces block 0; that says nothing about where the stream begins.
        (RootRule::FirstReceived, None) => (height.get() > 0).then_some(height),
        (RootRule::Height(root), None) => Some(root),
        (RootRule::FirstReceived | RootRule::Height(_), Some(_)) => None,
    }
}
