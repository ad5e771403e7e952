//! The client against every recorded exchange with a real node.
//!
//! Each recording whose request the client can make is made by the client, against a server that gives the
//! recorded answer. What the client makes of it stands in a snapshot, one line a recording.

use std::fmt::Debug;
use std::fmt::Write as _;

use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::clarity::{ClarityName, Value};
use recoup_stacks::hash::{BurnHeight, ConsensusHash, IndexBlockHash, StacksHeight, Txid};
use recoup_stacks::hex;
use recoup_stacks::rpc::{BroadcastError, NodeClient, RpcError};
use recoup_stacks::transaction::{Payload, Transaction};
use serde_json::Value as Json;

use crate::replay_server::{Asked, answer_once};
use crate::repository;

/// Recordings that the client does not make, and why.
const NOT_MADE: &[(&str, &str)] = &[
    ("_scenarios_a", "a list of transactions, not an exchange"),
    ("call_read_bad_body", "the client sends no such body"),
    ("call_read_bad_hex", "the client sends values only"),
    ("call_read_sponsor", "the client names no sponsor"),
    ("extended_v1_absent", "not a node's path"),
    ("fees_bad_payload", "the client sends payloads only"),
    ("get_account_bad", "the client asks for addresses only"),
    ("get_account_tip_latest", "the client leaves the tip out instead"),
    ("get_account_with_proof", "the client asks for no proofs"),
    ("get_health", "not used"),
    ("get_neighbors", "not used"),
    ("get_pox", "not used"),
    ("map_entry_with_proof", "the client asks for no proofs"),
    ("not_found_path", "not a node's path"),
    ("orphan_sortitions_burn", "not used"),
    ("orphan_sortitions_burn_height", "not used"),
    ("orphan_tenures_blocks_ch", "the client asks by height"),
    ("orphan_tenures_blocks_hash", "the client asks by height"),
    ("sortitions_burn_height", "not used"),
    ("sortitions_latest", "not used"),
    ("stacker_set", "not used"),
    ("tenure_download", "not used"),
    ("tenures_blocks_consensus_hash", "the client asks by height"),
    ("tenures_tip", "not used"),
    ("tenures_tip_metadata", "not used"),
    ("v3_transaction_0x", "the client writes no 0x there"),
];

/// Recordings of requests that no transaction makes: their answers are read as if it had been one.
const NOT_A_TRANSACTION: &[&str] = &[
    "post_tx_empty",
    "post_tx_garbage",
    "post_tx_json_0x",
    "post_tx_json_hex",
    "post_tx_no_content_type",
    "post_tx_truncated",
];

struct Recording {
    name: String,
    method: String,
    path: String,
    request: Json,
    status: u16,
    content_type: String,
    body: Vec<u8>,
}

fn recordings() -> Vec<Recording> {
    let folder = repository().join("tests/fixtures/regtest/rpc");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut recordings = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if NOT_MADE.iter().any(|(not_made, _)| *not_made == name) {
            continue;
        }
        let json: Json = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let response = &json["response"];
        let body = match (response["body_text"].as_str(), response["body_hex"].as_str()) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(digits)) => hex::decode(digits).unwrap(),
            (None, None) => panic!("{name} has no body"),
        };
        recordings.push(Recording {
            name,
            method: json["request"]["method"].as_str().unwrap().to_owned(),
            path: json["request"]["path"].as_str().unwrap().to_owned(),
            request: json["request"].clone(),
            status: response["status"].as_u64().unwrap().try_into().unwrap(),
            content_type: response["headers"]["content-type"]
                .as_str()
                .unwrap_or("text/plain")
                .to_owned(),
            body,
        });
    }
    recordings
}

impl Recording {
    fn segments(&self) -> Vec<&str> {
        self.path.split('?').next().unwrap().split('/').skip(1).collect()
    }

    fn tip(&self) -> Option<IndexBlockHash> {
        self.path.split_once("tip=").map(|(_, tip)| tip.parse().unwrap())
    }

    fn json_body(&self) -> Json {
        serde_json::from_str(self.request["body_text"].as_str().unwrap()).unwrap()
    }

    fn transaction(&self) -> Transaction {
        if NOT_A_TRANSACTION.contains(&self.name.as_str()) {
            return any_transaction();
        }
        let bytes = hex::decode(self.request["body_hex"].as_str().unwrap()).unwrap();
        // The node takes bytes behind the transaction; we do not write any.
        (0..=16)
            .find_map(|trailing| Transaction::decode(&bytes[..bytes.len() - trailing]).ok())
            .unwrap_or_else(|| panic!("{} holds no transaction", self.name))
    }

    /// The payload whose fees were asked for. The codec reads whole transactions, so it is put into one.
    fn payload(&self) -> Payload {
        let body = self.json_body();
        let payload = hex::decode(body["transaction_payload"].as_str().unwrap()).unwrap();
        let carrier = any_transaction();
        let mut bytes = carrier.encode();
        bytes.truncate(bytes.len() - carrier.payload.encode().len());
        bytes.extend_from_slice(&payload);
        Transaction::decode(&bytes).unwrap().payload
    }
}

fn any_transaction() -> Transaction {
    let path = repository().join("tests/fixtures/regtest/rpc/post_tx_ok.json");
    let json: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    Transaction::from_hex(json["request"]["body_hex"].as_str().unwrap()).unwrap()
}

/// Makes the recorded request with the client and says what came of it.
async fn make(recording: &Recording, client: &NodeClient) -> String {
    let tip = recording.tip();
    let tip = tip.as_ref();
    let segments = recording.segments();
    let contract = |address: &str, name: &str| format!("{address}.{name}").parse::<ContractId>().unwrap();
    let named = |name: &str| ClarityName::new(name).unwrap();
    match (recording.method.as_str(), segments.as_slice()) {
        ("GET", ["v2", "info"]) => say(client.info().await.map(|info| (info.tip(), info))),
        ("GET", ["v2", "accounts", principal]) => say(client
            .account(&principal.parse::<Principal>().unwrap(), tip)
            .await),
        ("POST", ["v2", "fees", "transaction"]) => {
            let length = recording.json_body()["estimated_len"].as_u64().unwrap_or(0);
            say(client
                .fee_estimates(&recording.payload(), length.try_into().unwrap())
                .await)
        }
        ("GET", ["v2", "fees", "transfer"]) => say(client.transfer_fee_rate().await),
        ("POST", ["v2", "transactions"]) => match client.broadcast(&recording.transaction()).await {
            Ok(txid) => format!("accepted {txid}"),
            Err(BroadcastError::Rejected(rejection)) => format!("{:?} -- {rejection}", rejection.reason),
            Err(BroadcastError::Rpc(error)) => say_error(&error),
        },
        ("GET", ["v2", "transactions", "unconfirmed", txid]) => {
            let found = client.unconfirmed(&txid.parse::<Txid>().unwrap()).await;
            say(found.map(|found| found.map(|transaction| transaction.txid())))
        }
        ("POST", ["v2", "contracts", "call-read", address, name, function]) => {
            let body = recording.json_body();
            let sender: Principal = serde_json::from_value(body["sender"].clone()).unwrap();
            let arguments: Vec<Value> = serde_json::from_value(body["arguments"].clone()).unwrap();
            say_value(
                client
                    .call_read(
                        &contract(address, name),
                        &named(function),
                        &arguments,
                        &sender,
                        tip,
                    )
                    .await,
            )
        }
        ("POST", ["v2", "map_entry", address, name, map]) => {
            let key: Value = serde_json::from_value(recording.json_body()).unwrap();
            say_found(
                client
                    .map_entry(&contract(address, name), &named(map), &key, tip)
                    .await,
            )
        }
        ("GET", ["v2", "data_var", address, name, variable]) => say_found(
            client
                .data_var(&contract(address, name), &named(variable), tip)
                .await,
        ),
        ("GET", ["v2", "constant_val", address, name, constant]) => say_found(
            client
                .constant(&contract(address, name), &named(constant), tip)
                .await,
        ),
        ("GET", ["v2", "contracts", "interface", address, name]) => {
            say(client.contract_interface(&contract(address, name), tip).await)
        }
        ("GET", ["v2", "contracts", "source", address, name]) => {
            say(client.contract_source(&contract(address, name), tip).await)
        }
        ("GET", ["v3", "tenures", "info"]) => say(client.tenure_info().await),
        ("GET", ["v3", "tenures", "blocks", "height", height]) => {
            say(client.tenure_blocks(BurnHeight(height.parse().unwrap())).await)
        }
        ("GET", ["v3", "sortitions", "consensus", sortition]) => say(client
            .sortition(&sortition.parse::<ConsensusHash>().unwrap())
            .await),
        ("GET", ["v3", "blocks", "replay", block]) => say(client
            .replay_block(&block.parse::<IndexBlockHash>().unwrap())
            .await),
        ("GET", ["v3", "blocks", "height", height]) => say(client
            .block_at(StacksHeight(height.parse().unwrap()))
            .await
            .map(|found| found.map(|b| b.len()))),
        ("GET", ["v3", "blocks", block]) => {
            let block = block.parse::<IndexBlockHash>().unwrap();
            say(client
                .block(&block)
                .await
                .map(|found| found.map(|bytes| bytes.len())))
        }
        ("GET", ["v3", "transaction", txid]) => say(client.transaction(&txid.parse::<Txid>().unwrap()).await),
        other => panic!(
            "{}: the client has no {other:?}; list it with the reason",
            recording.name
        ),
    }
}

fn say<T: Debug>(answer: Result<T, RpcError>) -> String {
    answer.map_or_else(|error| say_error(&error), |answer| format!("{answer:?}"))
}

fn say_value(answer: Result<Value, RpcError>) -> String {
    answer.map_or_else(|error| say_error(&error), |value| value.to_string())
}

fn say_found(answer: Result<Option<Value>, RpcError>) -> String {
    answer.map_or_else(
        |error| say_error(&error),
        |value| value.map_or("absent".to_owned(), |v| v.to_string()),
    )
}

fn say_error(error: &RpcError) -> String {
    format!("error: {error}")
}

/// What the client sent must be what was recorded, or nodes would not have answered so.
fn check_request(recording: &Recording, asked: &Asked) {
    let name = &recording.name;
    assert_eq!(asked.method, recording.method, "{name}");
    if recording.segments()[0] != "v2" || recording.method == "GET" {
        assert_eq!(
            asked.path.replace("?proof=0", ""),
            recording.path.replace("?proof=0", ""),
            "{name}"
        );
    }
    if recording.path == "/v2/transactions" && !NOT_A_TRANSACTION.contains(&name.as_str()) {
        let recorded = hex::decode(recording.request["body_hex"].as_str().unwrap()).unwrap();
        assert!(recorded.starts_with(&asked.body), "{name}");
    }
    if recording.path.contains("call-read") || recording.path.contains("map_entry") {
        let sent: Json = serde_json::from_slice(&asked.body).unwrap();
        let with_prefix = |json: Json| json.to_string().replace("\"0x", "\"");
        assert_eq!(with_prefix(sent), with_prefix(recording.json_body()), "{name}");
    }
}

#[tokio::test]
async fn every_recorded_answer_is_read_as_what_it_is() {
    let mut outcomes = String::new();
    let recordings = recordings();
    for recording in &recordings {
        let (url, server) =
            answer_once(recording.status, &recording.content_type, recording.body.clone()).await;
        let client = NodeClient::new(&url).unwrap().with_auth_token("12345").unwrap();
        let mut outcome = make(recording, &client).await;
        check_request(recording, &server.await.unwrap());
        if outcome.len() > 600 {
            outcome.truncate(outcome.floor_char_boundary(600));
            outcome.push_str("..");
        }
        writeln!(outcomes, "{}: {outcome}", recording.name).unwrap();
    }
    assert!(
        recordings.len() > 90,
        "only {} recordings were made",
        recordings.len()
    );
    insta::assert_snapshot!("recorded_rpc", outcomes);
}

#[test]
fn nothing_is_left_out_that_is_not_there() {
    let folder = repository().join("tests/fixtures/regtest/rpc");
    for (name, _) in NOT_MADE {
        assert!(
            folder.join(format!("{name}.json")).exists(),
            "{name} is no recording"
        );
    }
}

#[tokio::test]
async fn an_endless_answer_is_refused() {
    let (url, server) = answer_once(200, "application/json", vec![b' '; 9 * 1024 * 1024]).await;
    let refused = NodeClient::new(&url).unwrap().info().await;
    assert!(matches!(refused, Err(RpcError::TooLarge { .. })), "{refused:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn an_answer_of_another_shape_is_refused() {
    for body in [
        "",
        "null",
        "{}",
        "[]",
        "\"0x\"",
        "{\"balance\":\"12\",\"locked\":\"0x0\",\"unlock_height\":0,\"nonce\":0}",
    ] {
        let (url, server) = answer_once(200, "application/json", body.as_bytes().to_vec()).await;
        let principal: Principal = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM".parse().unwrap();
        let refused = NodeClient::new(&url).unwrap().account(&principal, None).await;
        assert!(
            matches!(refused, Err(RpcError::Malformed { .. })),
            "{body}: {refused:?}"
        );
        server.await.unwrap();
    }
}

#[tokio::test]
async fn another_transaction_than_was_sent_is_no_success() {
    let body = format!("\"{}\"", "ab".repeat(32));
    let (url, server) = answer_once(200, "application/json", body.into_bytes()).await;
    let refused = NodeClient::new(&url).unwrap().broadcast(&any_transaction()).await;
    assert!(
        matches!(refused, Err(BroadcastError::Rpc(RpcError::Malformed { .. }))),
        "{refused:?}"
    );
    server.await.unwrap();
}

#[tokio::test]
async fn a_node_that_is_not_there_can_be_asked_again() {
    // Bound and closed again: nothing listens there.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = NodeClient::new(&url).unwrap().info().await.unwrap_err();
    assert!(matches!(error, RpcError::Network { .. }), "{error:?}");
    assert!(error.is_retryable());
}

#[test]
fn a_url_that_is_no_node_is_refused() {
    for url in [
        "",
        "node",
        "ftp://127.0.0.1",
        "http://127.0.0.1/?a=b",
        "http://127.0.0.1/#a",
    ] {
        assert!(matches!(NodeClient::new(url), Err(RpcError::Url { .. })), "{url}");
    }
    assert_eq!(
        NodeClient::new("https://example.org/stacks/").unwrap().base_url(),
        "https://example.org/stacks"
    );
}
