//! From the node's event observer.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use recoup_protocol::contracts::Contract;
use recoup_protocol::events::{Event, EventError, PRINT_TOPIC};
use recoup_protocol::transfer::TransferPool;
use recoup_stacks::address::ContractId;
use recoup_stacks::hash::{ConsensusHash, IndexBlockHash, Txid};
use recoup_stacks::hex;
use recoup_stacks::observer::{
    BlockEvent, BlockTransaction, EventBody, HeadPayload, NewBlock, NewBurnBlock, TransactionHead,
    TransactionStatus,
};

use super::block::{CoreEvent, EventId, NormalisedBlock, SatellitePrint};
use super::satellites::{SatelliteEvent, Satellites};
use super::transfer::{claimed_by, claimed_by_satellite};
use crate::chain::{Arrival, BlockHeader, BurnHeader, BurnPoint};
use crate::error_chain;

/// A Bitcoin block as the tree takes it.
#[must_use]
pub const fn burn_header_from_observer(payload: &NewBurnBlock) -> BurnHeader {
    BurnHeader {
        point: BurnPoint {
            height: payload.burn_block_height,
            hash: payload.burn_block_hash,
        },
        parent: payload.parent_burn_block_hash,
        consensus_hash: payload.consensus_hash,
    }
}

/// A Stacks block with the events of `core` and its satellites. What others print, and what was rolled back, is not looked
/// at.
#[must_use]
pub fn block_from_observer(
    payload: &NewBlock,
    core: &ContractId,
    satellites: &Satellites,
    arrival: Arrival,
) -> NormalisedBlock {
    let heads = Heads::read(payload, core);
    let prints = Followed::new(core, satellites).prints(payload);
    let time = payload.block_time.or(payload.burn_block_time);
    NormalisedBlock {
        header: BlockHeader {
            id: payload.index_block_hash,
            parent: payload.parent_index_block_hash,
            height: payload.block_height,
            election: BurnPoint {
                height: payload.burn_block_height,
                hash: payload.burn_block_hash,
            },
            consensus_hash: payload.consensus_hash,
            announced_view: heads.burn_view,
            is_nakamoto: payload.is_nakamoto(),
            arrival,
        },
        block_hash: payload.block_hash,
        time: time.and_then(utc),
        deploys_core: heads.deploys_core,
        events: prints.core,
        satellite_prints: prints.satellites,
    }
}

fn utc(seconds: u64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)
}

/// What the block's raw transactions tell.
#[derive(Default)]
struct Heads {
    burn_view: Option<ConsensusHash>,
    deploys_core: bool,
}

impl Heads {
    fn read(payload: &NewBlock, core: &ContractId) -> Self {
        let mut heads = Self::default();
        for transaction in successful(payload) {
            // A kind of transaction that this version cannot read changes no view that it would know of.
            let Ok(Some(head)) = TransactionHead::from_hex(&transaction.raw_tx) else {
                continue;
            };
            match head.payload {
                HeadPayload::TenureChange { burn_view } => heads.burn_view = Some(burn_view),
                HeadPayload::Deploy { name } => {
                    heads.deploys_core |= head.sender == core.address && name == core.name;
                }
                HeadPayload::Other => {}
            }
        }
        heads
    }
}

fn successful(payload: &NewBlock) -> impl Iterator<Item = &BlockTransaction> {
    payload
        .transactions
        .iter()
        .filter(|transaction| transaction.status == TransactionStatus::Success)
}

/// Whose prints are looked at.
struct Followed<'a> {
    core: String,
    subscriptions: String,
    reserve: String,
    satellites: &'a Satellites,
}

/// Prints of one block or transaction, in its order.
#[derive(Default)]
struct Prints {
    core: Vec<CoreEvent>,
    satellites: Vec<SatellitePrint>,
}

impl<'a> Followed<'a> {
    fn new(core: &ContractId, satellites: &'a Satellites) -> Self {
        Self {
            core: core.to_string(),
            subscriptions: satellites.subscriptions.to_string(),
            reserve: satellites.reserve.to_string(),
            satellites,
        }
    }

    fn prints(&self, payload: &NewBlock) -> Prints {
        let mut prints = Prints::default();
        if !payload.events.iter().any(|event| self.print_of(event).is_some()) {
            return prints;
        }
        let mut by_txid: HashMap<Txid, Vec<&BlockEvent>> = HashMap::new();
        for event in payload.events.iter().filter(|event| event.committed) {
            by_txid.entry(event.txid).or_default().push(event);
        }
        let mut transactions: Vec<&BlockTransaction> = successful(payload).collect();
        transactions.sort_by_key(|transaction| transaction.tx_index);
        for transaction in transactions {
            let mut events = by_txid.remove(&transaction.txid).unwrap_or_default();
            events.sort_by_key(|event| event.event_index);
            self.add_transaction(&mut prints, payload.index_block_hash, transaction, &events);
        }
        prints
    }

    /// Adds the prints of one transaction, whose events come sorted.
    fn add_transaction(
        &self,
        prints: &mut Prints,
        block: IndexBlockHash,
        transaction: &BlockTransaction,
        events: &[&BlockEvent],
    ) {
        let mut transfers = TransferPool::new(events.iter().map(|event| &event.body));
        for (ordinal, event) in (0..).zip(events) {
            let Some((contract, raw_value)) = self.print_of(event) else {
                continue;
            };
            let (txid, tx_index) = (transaction.txid, transaction.tx_index);
            let id = EventId { block, txid, ordinal };
            if contract == Contract::Core {
                let (raw_value, event) = decode(raw_value, Event::decode);
                let claimed = |event: &Event| transfers.take(claimed_by(event));
                prints.core.push(CoreEvent {
                    id,
                    tx_index,
                    transfer_found: event.as_ref().is_ok_and(claimed),
                    raw_value,
                    event,
                });
            } else {
                let (raw_value, event) = decode(raw_value, |raw| SatelliteEvent::decode(contract, raw));
                let reserve = &self.satellites.reserve;
                let claimed = |event: &SatelliteEvent| transfers.take(claimed_by_satellite(event, reserve));
                prints.satellites.push(SatellitePrint {
                    id,
                    tx_index,
                    contract,
                    transfer_found: event.as_ref().is_ok_and(claimed),
                    raw_value,
                    event,
                });
            }
        }
    }

    /// The raw value of a print of one of these very contracts.
    fn print_of<'event>(&self, event: &'event BlockEvent) -> Option<(Contract, &'event str)> {
        let EventBody::Contract(print) = &event.body else {
            return None;
        };
        if print.topic != PRINT_TOPIC {
            return None;
        }
        let contract = match &print.contract_identifier {
            core if *core == self.core => Contract::Core,
            subscriptions if *subscriptions == self.subscriptions => Contract::Subscriptions,
            reserve if *reserve == self.reserve => Contract::Reserve,
            _ => return None,
        };
        Some((contract, &print.raw_value))
    }
}

fn decode<E>(raw_value: &str, read: impl Fn(&[u8]) -> Result<E, EventError>) -> (Vec<u8>, Result<E, String>) {
    match hex::decode(raw_value) {
        Ok(bytes) => {
            let event = read(&bytes).map_err(|error| error_chain::describe(&error));
            (bytes, event)
        }
        Err(error) => (raw_value.as_bytes().to_vec(), Err(format!("raw value: {error}"))),
    }
}
