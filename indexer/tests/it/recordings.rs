//! Traffic of real nodes, posted row by row as it was recorded.

use std::fs;
use std::path::PathBuf;

use recoup_indexer::ingest::RootRule;
use recoup_stacks::address::Network;

use crate::harness::TestIndexer;

/// A recorded request.
struct Request {
    path: String,
    body: String,
}

fn from_jsonl(text: &str) -> Vec<Request> {
    let record = |line| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let records = text.lines().map(record);
    records
        .map(|record| Request {
            path: record["path"].as_str().unwrap().to_owned(),
            body: record["body"].to_string(),
        })
        .collect()
}

/// PostgreSQL COPY text: id, received at, path, payload with doubled backslashes.
fn from_tsv(text: &str) -> Vec<Request> {
    let fields = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    fields
        .map(|fields| Request {
            path: fields[2].to_owned(),
            body: fields[3].replace("\\\\", "\\"),
        })
        .collect()
}

/// Posts each, and answers what the indexer holds then.
fn replay(requests: &[Request], network: Network, core: &str) -> TestIndexer {
    let indexer = TestIndexer::start_with(RootRule::FirstReceived, |config| {
        config.network = network;
        config.ingest.core_contract = core.parse().unwrap();
    });
    for request in requests {
        assert_eq!(indexer.post_bytes(&request.path, request.body.as_bytes()), 200);
    }
    indexer.settle();
    assert_eq!(indexer.count("select count(*) from quarantine"), 0);
    indexer
}

/// Recordings that may not be copied lie beside the repository, on some machines.
fn shared(name: &str) -> Option<Vec<Request>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/fixtures")
        .join(name);
    match fs::read_to_string(&path) {
        Ok(text) => Some(from_tsv(&text)),
        Err(_) => {
            println!("skipped: no ../shared/fixtures/{name} on this machine");
            None
        }
    }
}

#[test]
fn regtest_ends_at_height_187_after_forks_and_a_flip_back() {
    let requests = from_jsonl(include_str!("../../../tests/fixtures/regtest/events.jsonl"));
    assert_eq!(requests.len(), 439);
    let indexer = replay(
        &requests,
        Network::Testnet,
        "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core",
    );
    let tip = indexer.tip();
    assert!(tip.starts_with("187 0x7ee3aaa4"), "{tip}");
    assert_eq!(
        indexer.count("select count(*) from gap where closed_at is null"),
        0
    );
    assert_eq!(indexer.get_ok("/health")["status"], "ok");
    // From the root to the tip without a hole.
    assert_eq!(indexer.count("select count(*) from block where canonical"), 187);
}

#[test]
fn regtest_holds_the_recorded_prints_of_a_contract_once_and_in_order() {
    let requests = from_jsonl(include_str!("../../../tests/fixtures/regtest/events.jsonl"));
    // A contract of the recording in core's place: its prints are none of core's events, and are kept all the same.
    let indexer = replay(
        &requests,
        Network::Testnet,
        "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.rig-pay",
    );
    let kept = indexer.count("select count(*) from contract_event where canonical");
    assert_eq!(
        kept,
        indexer.count("select count(*) from contract_event where canonical and problem is not null")
    );
    assert!(kept > 0);
    let doubled = "select count(*) from (
        select txid, ordinal from contract_event where canonical group by txid, ordinal having count(*) > 1) as twice";
    assert_eq!(
        indexer.count(doubled),
        0,
        "a transaction mined again on another branch counts once"
    );
    let orphaned = "select count(*) from contract_event where not canonical";
    assert!(indexer.count(orphaned) > 0, "what the fork orphaned is kept");
}

#[test]
fn mainnet_forks_end_at_height_47() {
    let Some(requests) = shared("mainnet-forks.tsv") else {
        return;
    };
    let indexer = replay(
        &requests,
        Network::Mainnet,
        "SP000000000000000000002Q6VF78.recoup-core",
    );
    let tip = indexer.tip();
    assert!(tip.starts_with("47 0x68fb02f8"), "{tip}");
}

#[test]
fn nakamoto_blocks_end_at_height_12() {
    let Some(requests) = shared("nakamoto-blocks.tsv") else {
        return;
    };
    let indexer = replay(
        &requests,
        Network::Testnet,
        "ST000000000000000000002AMW42H.recoup-core",
    );
    let tip = indexer.tip();
    assert!(tip.starts_with("12 0x3a027883"), "{tip}");
}

#[test]
fn ft_transfers_and_aborts_are_taken() {
    let Some(requests) = shared("ft-transfers-and-aborts.tsv") else {
        return;
    };
    let indexer = replay(
        &requests,
        Network::Mainnet,
        "SP000000000000000000002Q6VF78.recoup-core",
    );
    assert_eq!(
        indexer.count("select count(*) from block"),
        1,
        "sent twice, stored once"
    );
}
