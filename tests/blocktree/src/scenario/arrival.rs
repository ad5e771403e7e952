//! The messages of a chain in the order in which they arrive.

use serde_json::{Value, json};

use super::shape::Arrival;
use crate::chain::{Chain, Posted, Subject, digits};
use crate::random::Random;

pub(super) fn arriving(chain: &Chain, seed: u64, arrival: &Arrival) -> Vec<Posted> {
    let mut random = Random::new(seed ^ 0x0a77_17a1);
    let mut numbered: Vec<(usize, Posted)> = Vec::new();
    for (place, message) in chain.messages.iter().enumerate() {
        if random.percent(arrival.genesis_chance) {
            numbered.push((place, genesis()));
        }
        if random.percent(arrival.chatter_chance) {
            numbered.push((place, chatter(&mut random)));
        }
        let late = if random.percent(arrival.late_chance) {
            1 + random.below(arrival.late_by.max(1))
        } else {
            0
        };
        let first = if random.percent(arrival.old_chance) {
            aged(message)
        } else {
            message.clone()
        };
        numbered.push((place + late, first));
        if random.percent(arrival.repeat_chance) {
            let again = if random.percent(50) {
                respelt(message)
            } else {
                message.clone()
            };
            numbered.push((place + late + random.below(12), again));
        }
    }
    if arrival.is_shuffled {
        random.shuffle(&mut numbered);
    } else {
        numbered.sort_by_key(|(place, _)| *place);
    }
    numbered.into_iter().map(|(_, message)| message).collect()
}

/// A Bitcoin block as an old node announces it; other messages as they are.
fn aged(message: &Posted) -> Posted {
    let Subject::Burn(number) = message.subject else {
        return message.clone();
    };
    let mut old = message.clone();
    old.subject = Subject::OldBurn(number);
    if let Some(body) = old.body.as_object_mut() {
        body.remove("parent_burn_block_hash");
        body.remove("consensus_hash");
    }
    old
}

/// The same in other bytes: the node's events come in no order, and a later version of it says more.
fn respelt(message: &Posted) -> Posted {
    let mut again = message.clone();
    if let Some(events) = again.body.get_mut("events").and_then(Value::as_array_mut) {
        events.reverse();
    }
    again.body["said_by_a_later_node"] = json!([true]);
    again
}

/// Block 0, which a node announces at every start: as of an old epoch, below the root.
fn genesis() -> Posted {
    let hash = |kind| format!("0x{}", digits(0, kind, 1, 64));
    Posted {
        path: "/new_block",
        body: json!({
            "block_hash": hash(8), "block_height": 0, "index_block_hash": hash(9),
            "parent_index_block_hash": format!("0x{:064}", 0), "burn_block_hash": hash(10), "burn_block_height": 0,
            "burn_block_time": 0, "parent_burn_block_hash": format!("0x{:064}", 0),
            "transactions": [], "events": [], "matured_miner_rewards": [],
        }),
        subject: Subject::Other,
    }
}

fn chatter(random: &mut Random) -> Posted {
    let txid = format!("0x{}", digits(random.next(), 11, 1, 64));
    let (path, body) = match random.below(4) {
        0 => ("/new_mempool_tx", json!([txid])),
        1 => (
            "/drop_mempool_tx",
            json!({"dropped_txids": [txid], "reason": "ReplaceByFee", "new_txid": null}),
        ),
        2 => ("/attachments/new", json!([])),
        _ => (
            "/stackerdb_chunks",
            json!({"contract_id": {"name": "signers"}, "modified_slots": []}),
        ),
    };
    Posted {
        path,
        body,
        subject: Subject::Other,
    }
}
