//! A block, reduced to what we keep.

use chrono::{DateTime, Utc};
use recoup_protocol::contracts::Contract;
use recoup_protocol::events::Event;
use recoup_stacks::hash::{BlockHash, IndexBlockHash, Txid};

use super::satellites::SatelliteEvent;
use crate::chain::BlockHeader;

/// The stable identity of an event. The node's `event_index` is none: sources and versions count differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// Block.
    pub block: IndexBlockHash,
    /// Transaction.
    pub txid: Txid,
    /// Place among all committed events of the transaction, from 0.
    pub ordinal: u32,
}

/// A print of core in a successful transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreEvent {
    /// Its identity.
    pub id: EventId,
    /// Place of the transaction in the block.
    pub tx_index: u32,
    /// The value as serialised by the chain.
    pub raw_value: Vec<u8>,
    /// What it says, or why that could not be read.
    pub event: Result<Event, String>,
    /// Whether the transaction holds the token transfer that the event speaks of.
    pub transfer_found: bool,
}

/// A print of subscriptions or reserve in a successful transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SatellitePrint {
    /// Its identity.
    pub id: EventId,
    /// Place of the transaction in the block.
    pub tx_index: u32,
    /// Who printed it.
    pub contract: Contract,
    /// The value as serialised by the chain.
    pub raw_value: Vec<u8>,
    /// What it says, or why that could not be read.
    pub event: Result<SatelliteEvent, String>,
    /// Whether the transaction holds the token transfer that the event speaks of.
    pub transfer_found: bool,
}

/// A block, reduced to what we keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalisedBlock {
    /// Its place in the tree.
    pub header: BlockHeader,
    /// Hash of its header.
    pub block_hash: BlockHash,
    /// When it was made, as far as the chain says.
    pub time: Option<DateTime<Utc>>,
    /// Whether it holds the successful deployment of core.
    pub deploys_core: bool,
    /// Core's prints, in the block's order.
    pub events: Vec<CoreEvent>,
    /// The prints of subscriptions and reserve, in the block's order.
    pub satellite_prints: Vec<SatellitePrint>,
}
