//! From the node's event observer.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use recoup_protocol::events::{Event, PRINT_TOPIC};
use recoup_stacks::address::ContractId;
use recoup_stacks::hash::{ConsensusHash, IndexBlockHash, Txid};
use recoup_stacks::hex;
use recoup_stacks::observer::{
    BlockEvent, BlockTransaction, EventBody, HeadPayload, NewBlock, NewBurnBlock, TransactionHead,
    TransactionStatus,
};

use super::block::{CoreEvent, EventId, NormalisedBlock};
use super::transfer::TransferPool;
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

/// A Stacks block with `core`'s events. What others print, and what was rolled back, is not looked at.
#[must_use]
pub fn block_from_observer(payload: &NewBlock, core: &ContractId, arrival: Arrival) -> NormalisedBlock {
    let heads = Heads::read(payload, core);
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
        events: core_events(payload, core),
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

fn core_events(payload: &NewBlock, core: &ContractId) -> Vec<CoreEvent> {
    let core = core.to_string();
    if !payload
        .events
        .iter()
        .any(|event| print_of(event, &core).is_some())
    {
        return Vec::new();
    }
    let mut by_txid: HashMap<Txid, Vec<&BlockEvent>> = HashMap::new();
    for event in payload.events.iter().filter(|event| event.committed) {
        by_txid.entry(event.txid).or_default().push(event);
    }
    let mut transactions: Vec<&BlockTransaction> = successful(payload).collect();
    transactions.sort_by_key(|transaction| transaction.tx_index);
    let events_of = |transaction: &BlockTransaction| {
        let mut events = by_txid.remove(&transaction.txid).unwrap_or_default();
        events.sort_by_key(|event| event.event_index);
        transaction_events(payload.index_block_hash, transaction, &events, &core)
    };
    transactions.into_iter().flat_map(events_of).collect()
}

/// Core's events of one transaction, whose events come sorted.
fn transaction_events(
    block: IndexBlockHash,
    transaction: &BlockTransaction,
    events: &[&BlockEvent],
    core: &str,
) -> Vec<CoreEvent> {
    let mut transfers = TransferPool::new(events.iter().map(|event| &event.body));
    let prints = (0..)
        .zip(events)
        .filter_map(|(ordinal, event)| Some((ordinal, print_of(event, core)?)));
    prints
        .map(|(ordinal, raw_value)| {
            let (raw_value, event) = decode(raw_value);
            CoreEvent {
                id: EventId {
                    block,
                    txid: transaction.txid,
                    ordinal,
                },
                tx_index: transaction.tx_index,
                transfer_found: event.as_ref().is_ok_and(|event| transfers.take_claimed_by(event)),
                raw_value,
                event,
            }
        })
        .collect()
}

/// The raw value of a print of this very contract.
fn print_of<'a>(event: &'a BlockEvent, core: &str) -> Option<&'a str> {
    match &event.body {
        EventBody::Contract(print) if print.contract_identifier == core && print.topic == PRINT_TOPIC => {
            Some(&print.raw_value)
        }
        _ => None,
    }
}

fn decode(raw_value: &str) -> (Vec<u8>, Result<Event, String>) {
    match hex::decode(raw_value) {
        Ok(bytes) => {
            let event = Event::decode(&bytes).map_err(|error| error_chain::describe(&error));
            (bytes, event)
        }
        Err(error) => (raw_value.as_bytes().to_vec(), Err(format!("raw value: {error}"))),
    }
}
