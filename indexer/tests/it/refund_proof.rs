//! `GET /refunds/{id}/proof`, with a node that answers, lies, hangs or is away.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use recoup_indexer::repair::{NodeSettings, RepairSettings};
use recoup_protocol::api::RefundProof;
use recoup_protocol::events::Event;
use recoup_stacks::hex;
use recoup_stacks::rpc::NodeClient;
use recoup_test_support::{Answered, Asked, Server};
use serde_json::{Value, json};

use crate::api::{ROOT, followed, story};
use crate::harness::TestIndexer;

/// An indexer of the story, with a node to ask.
fn beside(node: &str) -> TestIndexer {
    let (chain, _) = story();
    let client = NodeClient::new(node).unwrap();
    let indexer = TestIndexer::start_with(ROOT, |config| {
        config.repair = Some(RepairSettings {
            node: NodeSettings {
                client,
                requests_per_second: 1_000,
            },
            // No repair while the test runs.
            every: Duration::from_secs(3_600),
            sweep_depth: 1,
        });
    });
    indexer.post_all(&chain.messages);
    indexer
}

fn node_part(indexer: &TestIndexer) -> Value {
    let mut proof = indexer.get_ok("/refunds/1/proof");
    let read: RefundProof = serde_json::from_value(proof.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), proof);
    proof["node"].take()
}

#[test]
fn without_a_node_the_tables_tell_all_that_leads_to_the_refund() {
    let (chain, _) = story();
    let indexer = followed(&chain);
    let proof = indexer.get_ok("/refunds/2/proof");
    insta::assert_snapshot!("proof", serde_json::to_string_pretty(&proof).unwrap());
    let read: RefundProof = serde_json::from_value(proof).unwrap();
    let raw = hex::decode(&read.event.raw_value).unwrap();
    let Ok(Event::RefundProcessed(event)) = Event::decode(&raw) else {
        panic!("the raw value is no refund's")
    };
    assert_eq!(
        (event.refund_id, &event.payer, event.amount),
        (
            read.refund.refund_id,
            &read.transfer.recipient,
            read.transfer.amount
        )
    );
    assert_eq!(indexer.get("/refunds/3/proof").0, 404);
    assert_eq!(indexer.get("/refunds/0/proof").0, 404);
    assert_eq!(indexer.get("/refunds/x/proof").0, 404);
    assert_eq!(indexer.get("/refunds/1/proof?x=1").0, 400);
}

#[test]
fn a_node_that_is_away_or_hangs_keeps_no_answer_back() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    // Connections are taken by the system, and nobody ever answers.
    let indexer = beside(&url);
    let started = Instant::now();
    let node = node_part(&indexer);
    assert_eq!(node["state"], "unavailable", "{node}");
    let detail = node["detail"].as_str().unwrap();
    assert!(detail.contains("did not answer in time"), "{detail}");
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "it waited for the node"
    );
    drop(gone);
    let node = node_part(&indexer);
    assert_eq!(node["state"], "unavailable", "{node}");
    assert_eq!(
        (&node["raw_transaction"], &node["map_entry"]),
        (&Value::Null, &Value::Null)
    );
    assert!(
        !node.to_string().contains(&url),
        "the node's address is nobody's business"
    );
}

#[test]
fn a_node_without_proofs_gives_the_entry_and_the_answer_says_so() {
    let node = Server::start(|asked: Asked| {
        let path = asked.path.as_str();
        if path == "/v2/info" {
            let recorded = include_str!("../../../tests/fixtures/regtest/rpc/get_info.json");
            let recorded: Value = serde_json::from_str(recorded).unwrap();
            return Answered::json(
                &serde_json::from_str(recorded["response"]["body_text"].as_str().unwrap()).unwrap(),
            );
        }
        if path.contains("/recoup-core/refunds?proof=0") {
            return Answered::json(&json!({"data": "0x0a03"}));
        }
        if path.contains("proof=1") || path.starts_with("/v3/blocks/") {
            return Answered::text(501, "Not implemented");
        }
        // Another transaction than the one that was asked for.
        let recorded = include_str!("../../../tests/fixtures/regtest/rpc/v3_transaction_ok.json");
        let recorded: Value = serde_json::from_str(recorded).unwrap();
        Answered::json(&serde_json::from_str(recorded["response"]["body_text"].as_str().unwrap()).unwrap())
    })
    .unwrap();
    let node = node_part(&beside(&node.url()));
    assert_eq!(node["state"], "answered", "{node}");
    assert_eq!(node["raw_transaction"], Value::Null);
    let entry = &node["map_entry"];
    assert_eq!(
        (&entry["map"], &entry["value"], &entry["proof"]),
        (&json!("refunds"), &json!("0x0a03"), &Value::Null)
    );
    let detail = node["detail"].as_str().unwrap();
    assert!(
        detail.contains("the node answers with transaction 0x3c1c"),
        "{detail}"
    );
    assert!(detail.contains("no proof: the node makes none"), "{detail}");
}

#[test]
fn a_proof_that_does_not_hold_is_not_handed_on() {
    let node = Server::start(|asked: Asked| {
        let recorded = |text: &str| -> Value {
            let recorded: Value = serde_json::from_str(text).unwrap();
            serde_json::from_str(recorded["response"]["body_text"].as_str().unwrap()).unwrap()
        };
        if asked.path == "/v2/info" {
            return Answered::json(&recorded(include_str!(
                "../../../tests/fixtures/regtest/rpc/get_info.json"
            )));
        }
        if asked.path.contains("/map_entry/") {
            // A true proof, of another contract's entry.
            return Answered::json(&recorded(include_str!(
                "../../../tests/fixtures/regtest/rpc/map_entry_with_proof.json"
            )));
        }
        Answered::text(404, "No such transaction")
    })
    .unwrap();
    let node = node_part(&beside(&node.url()));
    assert_eq!(
        (&node["state"], &node["map_entry"]),
        (&json!("unavailable"), &Value::Null)
    );
    let detail = node["detail"].as_str().unwrap();
    assert!(
        detail.contains("the node's proof does not hold: the proof is of another key"),
        "{detail}"
    );
}
