//! Everything that a real node told its observer: all transactions and values must survive a round trip.

use std::collections::BTreeSet;

use recoup_stacks::clarity::Value;
use recoup_stacks::hash::{BlockHash, ConsensusHash, IndexBlockHash, Txid};
use recoup_stacks::transaction::{Payload, TenureChangeCause, Transaction};

use crate::repository;

/// A burnchain operation stands in a block without being a transaction.
const BURNCHAIN_OPERATION: &str = "0x00";

fn new_blocks() -> Vec<serde_json::Value> {
    let path = repository().join("tests/fixtures/regtest/events.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|record| record["path"] == "/new_block")
        .map(|record| record["body"].clone())
        .collect()
}

fn payload_kind(payload: &Payload) -> &'static str {
    match payload {
        Payload::TokenTransfer(_) => "token transfer",
        Payload::SmartContract(_) => "smart contract",
        Payload::ContractCall(_) => "contract call",
        Payload::PoisonMicroblock(_) => "poison microblock",
        Payload::Coinbase(coinbase) if coinbase.vrf_proof.is_some() => "nakamoto coinbase",
        Payload::Coinbase(_) => "coinbase",
        Payload::TenureChange(change) if change.cause == TenureChangeCause::BlockFound => "tenure change",
        Payload::TenureChange(_) => "tenure extend",
    }
}

#[test]
fn every_transaction_decodes_encodes_to_the_same_bytes_and_has_its_id() {
    let mut kinds = BTreeSet::new();
    let mut transactions = 0;
    for block in new_blocks() {
        for entry in block["transactions"].as_array().unwrap() {
            let raw = entry["raw_tx"].as_str().unwrap();
            if raw == BURNCHAIN_OPERATION {
                continue;
            }
            let txid: Txid = entry["txid"].as_str().unwrap().parse().unwrap();
            let transaction = Transaction::from_hex(raw).unwrap_or_else(|error| panic!("{txid}: {error}"));
            assert_eq!(transaction.to_hex(), raw, "{txid}");
            assert_eq!(transaction.txid(), txid);
            // The chain deploys contracts of its own, unsigned.
            if transaction.origin_address().hash160() != &[0; 20] {
                assert_eq!(transaction.verify(), Ok(()), "{txid}");
            }
            kinds.insert(payload_kind(&transaction.payload));
            transactions += 1;
        }
    }
    assert!(
        transactions > 300,
        "only {transactions} transactions in the recording"
    );
    let expected = [
        "coinbase",
        "contract call",
        "nakamoto coinbase",
        "smart contract",
        "tenure change",
        "tenure extend",
        "token transfer",
    ];
    assert_eq!(kinds, BTreeSet::from(expected));
}

#[test]
fn every_value_decodes_and_encodes_to_the_same_bytes() {
    let mut values = 0;
    for block in new_blocks() {
        let results = block["transactions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| &entry["raw_result"]);
        let prints = block["events"].as_array().unwrap().iter().flat_map(|event| {
            [
                "contract_event",
                "nft_transfer_event",
                "nft_mint_event",
                "nft_burn_event",
            ]
            .iter()
            .filter_map(|kind| event[kind].get("raw_value"))
        });
        for hex in results.chain(prints) {
            let hex = hex.as_str().unwrap();
            let value = Value::from_hex(hex).unwrap_or_else(|error| panic!("{hex}: {error}"));
            assert_eq!(value.to_hex(), hex);
            values += 1;
        }
    }
    assert!(values > 400, "only {values} values in the recording");
}

#[test]
fn every_block_s_identity_follows_from_its_hash_and_sortition() {
    let mut blocks = 0;
    for block in new_blocks() {
        // The first block's identity is not derived.
        if block["block_height"] == 0 {
            continue;
        }
        let text = |field: &str| block[field].as_str().unwrap();
        let block_hash: BlockHash = text("block_hash").parse().unwrap();
        let consensus_hash: ConsensusHash = text("consensus_hash").parse().unwrap();
        let expected: IndexBlockHash = text("index_block_hash").parse().unwrap();
        assert_eq!(IndexBlockHash::new(&block_hash, &consensus_hash), expected);
        blocks += 1;
    }
    assert!(blocks > 100, "only {blocks} blocks in the recording");
}
