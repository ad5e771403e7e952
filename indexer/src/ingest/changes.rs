//! What messages change, gathered so that every table is written once for all of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use recoup_stacks::hash::{BurnBlockHash, BurnHeight, ConsensusHash, IndexBlockHash, StacksHeight};
use sqlx::PgConnection;

use super::phases::{Phase, Phases};
use crate::chain::{Arrival, AttachedBlock, BlockHeader, BurnHeader, BurnPoint};
use crate::db::block::NewBlock;
use crate::db::contract_event::{NewEvent, StoredEvent};
use crate::db::gap::GapKind;
use crate::db::{self, DbError};
use crate::normalised::NormalisedBlock;

/// What messages change. Nothing of it is in the tables yet.
#[derive(Debug, Default)]
pub(super) struct Changes {
    burn_blocks: Vec<(BurnHeader, Arrival)>,
    burn_places: HashMap<BurnBlockHash, usize>,
    sortitions: Vec<(ConsensusHash, BurnPoint)>,
    blocks: Vec<NewBlock>,
    places: HashMap<IndexBlockHash, usize>,
    /// Blocks that were stored before and are connected with the root now.
    attached: Vec<AttachedBlock>,
    /// The last word on each gap: open, with the height that is missed, or closed.
    gaps: BTreeMap<(GapKind, Vec<u8>), Option<u64>>,
    /// Blocks that join the chain, the lowest first, each with the height of the Bitcoin tip by then.
    adopted: Vec<(IndexBlockHash, Option<BurnHeight>)>,
}

/// What was written, as far as more follows from it.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Blocks that join the chain, the lowest first, each with the height of the Bitcoin tip by then.
    pub(super) adopted: Vec<(IndexBlockHash, Option<BurnHeight>)>,
    /// The decodable events of those of them that are new.
    pub(super) new_events: HashMap<IndexBlockHash, Vec<StoredEvent>>,
    /// Those of them that hold, or may hold, events of subscriptions and reserve.
    pub(super) satellite_blocks: Vec<Vec<u8>>,
    /// Whether a burn view became known of a block that was stored before.
    pub(super) resolved_views: bool,
}

impl Changes {
    /// A new Bitcoin block, or all that is known of one now.
    pub(super) fn add_burn_block(&mut self, header: BurnHeader, arrival: Arrival) {
        let place = self.burn_places.get(&header.point.hash);
        match place.and_then(|place| self.burn_blocks.get_mut(*place)) {
            Some((known, _)) => *known = header,
            None => {
                self.burn_places.insert(header.point.hash, self.burn_blocks.len());
                self.burn_blocks.push((header, arrival));
            }
        }
        self.learn_sortition(header.consensus_hash, header.point);
    }

    /// Others' burn views may have waited for this sortition.
    pub(super) fn learn_sortition(&mut self, consensus_hash: Option<ConsensusHash>, point: BurnPoint) {
        let Some(consensus_hash) = consensus_hash else {
            return;
        };
        if self.sortitions.last() != Some(&(consensus_hash, point)) {
            self.sortitions.push((consensus_hash, point));
        }
    }

    pub(super) fn add_block(&mut self, block: NormalisedBlock) {
        self.places.insert(block.header.id, self.blocks.len());
        self.blocks.push(NewBlock { block, view: None });
    }

    pub(super) fn attach(&mut self, blocks: &[AttachedBlock]) {
        for block in blocks {
            let place = self.places.get(&block.header.id);
            match place.and_then(|place| self.blocks.get_mut(*place)) {
                Some(new) => new.view = Some(block.view),
                None => self.attached.push(*block),
            }
        }
    }

    pub(super) fn open_gap(&mut self, kind: GapKind, hash: &[u8], expected_height: u64) {
        self.gaps.insert((kind, hash.to_vec()), Some(expected_height));
    }

    pub(super) fn close_gap(&mut self, kind: GapKind, hash: &[u8]) {
        self.gaps.insert((kind, hash.to_vec()), None);
    }

    pub(super) fn adopt(&mut self, blocks: &[IndexBlockHash], burn_tip: Option<BurnHeight>) {
        self.adopted.extend(blocks.iter().map(|id| (*id, burn_tip)));
    }

    /// Headers of the Stacks blocks to be stored.
    pub(super) fn headers(&self) -> impl Iterator<Item = &BlockHeader> {
        self.blocks.iter().map(|new| &new.block.header)
    }

    /// Headers of the Bitcoin blocks to be stored.
    pub(super) fn burn_headers(&self) -> impl Iterator<Item = &BurnHeader> {
        self.burn_blocks.iter().map(|(header, _)| header)
    }

    /// Writes all but what the events of adopted blocks say.
    pub(super) async fn write(
        self,
        connection: &mut PgConnection,
        phases: &Phases,
    ) -> Result<Written, DbError> {
        let adopted: HashSet<IndexBlockHash> = self.adopted.iter().map(|(id, _)| *id).collect();
        let blocks = self.write_blocks(&mut *connection, &adopted);
        let resolved_views = phases.timed(Phase::Blocks, blocks).await?;
        let events = self.write_events(&mut *connection, &adopted);
        phases.timed(Phase::Events, events).await?;
        let prints = self.write_satellite_prints(&mut *connection);
        phases.timed(Phase::Satellites, prints).await?;
        let stored_before: Vec<Vec<u8>> = self
            .adopted
            .iter()
            .filter(|(id, _)| !self.places.contains_key(id))
            .map(|(id, _)| id.as_bytes().to_vec())
            .collect();
        if !stored_before.is_empty() {
            db::block::set_canonical(&mut *connection, &stored_before, true).await?;
            db::contract_event::set_canonical(&mut *connection, &stored_before, true).await?;
        }
        let mut satellite_blocks = stored_before;
        let printing = self.blocks.iter().map(|new| &new.block);
        satellite_blocks.extend(
            printing
                .filter(|block| !block.satellite_prints.is_empty() && adopted.contains(&block.header.id))
                .map(|block| block.header.id.as_bytes().to_vec()),
        );
        let new_blocks = self.blocks.into_iter().map(|new| new.block);
        Ok(Written {
            satellite_blocks,
            new_events: new_blocks
                .filter(|block| adopted.contains(&block.header.id))
                .map(|block| (block.header.id, stored_events(block)))
                .collect(),
            adopted: self.adopted,
            resolved_views,
        })
    }

    /// Answers whether a burn view became known of a block that was stored before.
    async fn write_blocks(
        &self,
        connection: &mut PgConnection,
        adopted: &HashSet<IndexBlockHash>,
    ) -> Result<bool, DbError> {
        db::burn_block::insert(&mut *connection, &self.burn_blocks).await?;
        db::block::insert(&mut *connection, &self.blocks, |id| adopted.contains(id)).await?;
        db::block::attach(&mut *connection, &self.attached).await?;
        let resolved_views = db::block::resolve_views(&mut *connection, &self.sortitions).await?;
        self.write_gaps(connection).await?;
        Ok(resolved_views)
    }

    async fn write_events(
        &self,
        connection: &mut PgConnection,
        adopted: &HashSet<IndexBlockHash>,
    ) -> Result<(), DbError> {
        let of_block = |new: &'_ NewBlock| (new.block.header.height, adopted.contains(&new.block.header.id));
        let events: Vec<NewEvent<'_>> = self
            .blocks
            .iter()
            .flat_map(|new| {
                let (stacks_height, canonical) = of_block(new);
                new.block.events.iter().map(move |event| NewEvent {
                    event,
                    stacks_height,
                    canonical,
                })
            })
            .collect();
        db::contract_event::insert(connection, &events).await
    }

    /// Few: subscriptions and reserve print beside core, where they do at all.
    async fn write_satellite_prints(&self, connection: &mut PgConnection) -> Result<(), DbError> {
        for block in self.blocks.iter().map(|new| &new.block) {
            for print in &block.satellite_prints {
                db::satellite_event::insert(&mut *connection, print, block.header.height).await?;
            }
        }
        Ok(())
    }

    async fn write_gaps(&self, connection: &mut PgConnection) -> Result<(), DbError> {
        for kind in [GapKind::Block, GapKind::BurnBlock] {
            let of_kind = || self.gaps.iter().filter(|((of, _), _)| *of == kind);
            let closed: Vec<&[u8]> = of_kind()
                .filter(|(_, height)| height.is_none())
                .map(|((_, hash), _)| hash.as_slice())
                .collect();
            db::gap::close(&mut *connection, kind, &closed).await?;
            for ((_, hash), height) in of_kind() {
                if let Some(height) = height {
                    db::gap::open(&mut *connection, kind, hash, *height).await?;
                }
            }
        }
        Ok(())
    }
}

/// The events that the tables can hold, as they would be read from them.
fn stored_events(block: NormalisedBlock) -> Vec<StoredEvent> {
    let stacks_height: StacksHeight = block.header.height;
    let events = block.events.into_iter().filter_map(|event| {
        Some(StoredEvent {
            id: event.id,
            stacks_height,
            tx_index: event.tx_index,
            event: event.event.ok().filter(db::contract_event::is_storable)?,
            transfer_found: event.transfer_found,
        })
    });
    events.collect()
}
