//! What the node's event observer is sent.

use serde_json::{Value, json};

use crate::chain::{MadeBlock, MadeBurn};
use crate::transaction::{Outcome, Transaction};

/// Body of `POST /new_burn_block`.
pub(crate) fn new_burn_block(made: &MadeBurn) -> Value {
    json!({
        "burn_block_hash": format!("0x{}", made.burn.hash), "burn_block_height": made.burn.height,
        "parent_burn_block_hash": format!("0x{}", made.parent),
        "consensus_hash": format!("0x{}", made.burn.consensus_hash),
        "burn_amount": 0, "reward_recipients": [], "reward_slot_holders": [], "pox_transactions": [],
    })
}

/// Body of `POST /new_block`, as of 4.0.
pub(crate) fn new_block(made: &MadeBlock) -> Value {
    let block = &made.block;
    json!({
        "block_hash": made.hash, "block_height": block.height, "block_time": made.time,
        "index_block_hash": block.id, "parent_index_block_hash": made.parent,
        "burn_block_hash": format!("0x{}", block.tenure.hash), "burn_block_height": block.tenure.height,
        "burn_block_time": 1_760_000_000, "consensus_hash": format!("0x{}", block.tenure.consensus_hash),
        "parent_microblock": format!("0x{:064}", 0), "parent_microblock_sequence": 0,
        "miner_txid": format!("0x{:064}", 0), "matured_miner_rewards": [], "signer_bitvec": "00010000000101",
        "anchored_cost": {"runtime": 0, "read_count": 0, "read_length": 0, "write_count": 0, "write_length": 0},
        // The header's hash and what the signers sign are one thing.
        "signer_signature_hash": made.hash, "signer_signature": [], "miner_signature": format!("0x{:0130}", 0),
        "transactions": transactions(made), "events": events(made),
    })
}

fn transactions(made: &MadeBlock) -> Vec<Value> {
    let head = made.announced_view.as_ref().map(|view| {
        let raw = tenure_change(&made.block.tenure.consensus_hash, &view.consensus_hash);
        transaction(&made.tenure_change_txid(), Outcome::Success, &raw)
    });
    let ours = made
        .transactions
        .iter()
        .map(|ours| transaction(&ours.txid, ours.outcome, &raw_transaction()));
    let mut all: Vec<Value> = head.into_iter().chain(ours).collect();
    for (index, transaction) in all.iter_mut().enumerate() {
        transaction["tx_index"] = json!(index);
    }
    all
}

fn transaction(txid: &str, outcome: Outcome, raw: &str) -> Value {
    json!({
        "txid": txid, "status": outcome.status(), "raw_tx": format!("0x{raw}"), "raw_result": outcome.result(),
        "contract_interface": null, "burnchain_op": null, "microblock_sequence": null, "vm_error": null,
    })
}

/// In no order, as the node sends them, numbered over the block.
fn events(made: &MadeBlock) -> Vec<Value> {
    let mut events: Vec<Value> = made.transactions.iter().flat_map(Transaction::events).collect();
    for (index, event) in events.iter_mut().enumerate() {
        event["event_index"] = json!(index);
    }
    events.reverse();
    events
}

/// Version, chain id, authorisation, modes and post-conditions of a transaction.
fn head() -> String {
    format!("80800000000400{:040}{:032}00{:0130}0101{:08x}", 0, 0, 0, 0)
}

/// A raw TenureChange transaction (SIP-021), as far as anybody reads it.
pub(crate) fn tenure_change(consensus_hash: &str, view: &str) -> String {
    format!(
        "{}07{consensus_hash}{consensus_hash}{view}{:064}{:08x}00{:040}",
        head(),
        0,
        1,
        0
    )
}

/// A raw token transfer (SIP-005): nobody looks into what calls the contract.
pub(crate) fn raw_transaction() -> String {
    format!("{}00051a{:040}{:016x}{:068}", head(), 0, 1, 0)
}
