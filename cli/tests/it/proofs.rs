//! MARF proofs in the command line, and receipts of what they prove: a real node's recorded proof, and a made-up node whose
//! every answer can be a lie.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use recoup_stacks::address::ContractId;
use recoup_stacks::block::Block;
use recoup_stacks::clarity::{ClarityName, Value as Clarity};
use recoup_stacks::hash::IndexBlockHash;
use recoup_stacks::header::BlockHeader;
use recoup_stacks::hex;
use recoup_stacks::rpc::{CheckedProof, Evidence, MapProofError, NodeClient, ProvenEntry};
use recoup_test_support::{Answered, Asked, RecoupCommand, Server};
use serde_json::{Value, json};

use crate::proven_node::{CORE, ProvenNode, TOKEN};
use crate::shop::Home;

/// A real node that answers as it was recorded, with all headers of the tenure.
struct Recorded {
    entry: Value,
    contract: ContractId,
    map: ClarityName,
    key: Clarity,
    tip: IndexBlockHash,
    blocks: BTreeMap<String, Vec<u8>>,
}

fn recording(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/regtest/rpc");
    serde_json::from_str(&fs::read_to_string(format!("{folder}/{name}.json")).unwrap()).unwrap()
}

impl Recorded {
    fn read() -> Self {
        let exchange = recording("map_entry_with_proof");
        let parts: Vec<&str> = exchange["request"]["path"].as_str().unwrap().split('/').collect();
        let key: String = serde_json::from_str(exchange["request"]["body_text"].as_str().unwrap()).unwrap();
        let tenure = hex::decode(
            recording("tenure_download")["response"]["body_hex"]
                .as_str()
                .unwrap(),
        )
        .unwrap();
        let (mut rest, mut blocks, mut tip) = (&tenure[..], BTreeMap::new(), None);
        while !rest.is_empty() {
            let length = (1..=rest.len())
                .find(|length| Block::decode(&rest[..*length]).is_ok())
                .unwrap();
            let (block, others) = rest.split_at(length);
            let id = BlockHeader::decode(block).unwrap().id;
            tip = tip.or(Some(id));
            blocks.insert(id.to_bare_hex(), block.to_vec());
            rest = others;
        }
        Self {
            entry: serde_json::from_str(exchange["response"]["body_text"].as_str().unwrap()).unwrap(),
            contract: format!("{}.{}", parts[3], parts[4]).parse().unwrap(),
            map: parts[5].parse().unwrap(),
            key: Clarity::decode(&hex::decode(&key).unwrap()).unwrap(),
            tip: tip.unwrap(),
            blocks,
        }
    }

    /// What the client makes of it when asked at this block.
    fn check(&self, tip: &IndexBlockHash) -> Result<ProvenEntry, MapProofError> {
        let (entry, blocks) = (self.entry.clone(), self.blocks.clone());
        let node = Server::start(move |asked: Asked| {
            if asked.path.contains("/map_entry/") {
                return Answered::json(&entry);
            }
            let block = asked
                .path
                .strip_prefix("/v3/blocks/")
                .and_then(|id| blocks.get(id));
            block.map_or_else(
                || Answered::text(404, "No such block"),
                |block| Answered::bytes(block.clone()),
            )
        })
        .unwrap();
        let client = NodeClient::new(&node.url()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(client.proven_map_entry(&self.contract, &self.map, &self.key, tip))
    }

    fn proof(&self) -> Option<CheckedProof> {
        match self.check(&self.tip).unwrap().evidence {
            Evidence::Proof(proof) => Some(proof),
            Evidence::NotOffered(_) => None,
        }
    }
}

#[test]
fn a_recorded_proof_holds_and_no_tampered_one_does() {
    let honest = Recorded::read();
    let proof = honest.proof().unwrap();
    assert_eq!(
        proof.headers.len(),
        3,
        "two blocks that it hops through, and the newest"
    );
    assert_eq!(proof.block, honest.tip);
    let hop = proof.headers[0].0.id;

    let mut other_value = Recorded::read();
    let value = other_value.entry["data"]
        .as_str()
        .unwrap()
        .replace("2625a0", "2625a1");
    other_value.entry["data"] = json!(value);
    assert_says(&other_value.check(&honest.tip), "the proof is of another value");

    for place in [20, 200, 5_000, 40_000] {
        let mut other_byte = Recorded::read();
        let mut digits: Vec<char> = other_byte.entry["proof"].as_str().unwrap().chars().collect();
        digits[place] = if digits[place] == '0' { '1' } else { '0' };
        other_byte.entry["proof"] = json!(digits.into_iter().collect::<String>());
        let error = other_byte.check(&honest.tip).unwrap_err();
        assert!(error.is_contradiction(), "digit {place}: {error}");
    }

    let mut other_header = Recorded::read();
    other_header.blocks.get_mut(&hop.to_bare_hex()).unwrap()[110] ^= 1;
    assert_says(&other_header.check(&honest.tip), "the node answers block");
    let mut swapped = Recorded::read();
    let newest = swapped.blocks[&honest.tip.to_bare_hex()].clone();
    swapped.blocks.insert(hop.to_bare_hex(), newest);
    assert_says(&swapped.check(&honest.tip), "the node answers block");

    // The proof is of the newest block: it says nothing of one before it.
    assert_says(&honest.check(&hop), "has the state root");

    let mut without_header = Recorded::read();
    without_header.blocks.remove(&hop.to_bare_hex());
    let error = without_header.check(&honest.tip).unwrap_err();
    assert!(
        !error.is_contradiction() && error.to_string().contains("does not have block"),
        "{error}"
    );
}

fn assert_says(result: &Result<ProvenEntry, MapProofError>, text: &str) {
    let error = result.as_ref().unwrap_err();
    assert!(
        error.is_contradiction() && error.to_string().contains(text),
        "{error}"
    );
}

/// The made-up node, and the command line that asks it.
struct Stage {
    node: Arc<ProvenNode>,
    home: Home,
}

type Lie = fn(&ProvenNode, &Asked, Answered) -> Answered;

impl Stage {
    fn new() -> Self {
        let home = Home::new();
        fs::write(home.path().join("token"), TOKEN).unwrap();
        Self {
            node: Arc::new(ProvenNode::new()),
            home,
        }
    }

    fn server(&self, lie: Lie) -> Server {
        let node = Arc::clone(&self.node);
        Server::start(move |asked| lie(&node, &asked, node.answer(&asked))).unwrap()
    }

    /// `recoup refund verify` or `receipt` of the one refund there is. Nothing listens on port 9.
    fn command(&self, command: &str, server: &Server) -> RecoupCommand {
        let recoup = self.home.recoup().with_env("RECOUP_NODE_URL", server.url());
        recoup
            .command([
                "refund",
                command,
                "1",
                "--txid",
                &self.node.txid(),
                "--contract",
                CORE,
            ])
            .arg("--indexer-url")
            .arg("http://127.0.0.1:9")
            .arg("--node-auth-token-file")
            .arg(self.home.path().join("token"))
    }

    /// Who differs, and how the proof ended.
    fn verify(&self, code: i32, lie: Lie) -> (Vec<String>, Value) {
        let server = self.server(lie);
        let finished = self
            .command("verify", &server)
            .arg("--json")
            .expect_code(code)
            .run()
            .unwrap();
        let mut document: Value = finished.json().unwrap();
        let checks = document["checks"].as_array().unwrap().iter();
        let differing = checks.filter(|check| check["result"] == "differs");
        let names = differing
            .map(|check| check["check"].as_str().unwrap().to_owned())
            .collect();
        (names, document["proof"].take())
    }
}

fn honest(_: &ProvenNode, _: &Asked, answered: Answered) -> Answered {
    answered
}

/// Changes a JSON answer.
fn edited(answered: &Answered, edit: impl FnOnce(&mut Value)) -> Answered {
    let mut body: Value = serde_json::from_slice(&answered.body).unwrap();
    edit(&mut body);
    Answered::json(&body)
}

#[test]
fn a_proven_refund_is_verified_and_its_document_is_locked() {
    let stage = Stage::new();
    let server = stage.server(honest);
    let shown = stage.command("verify", &server).run().unwrap().stdout;
    insta::assert_snapshot!("verify", shown.replace(&server.url(), "http://node"));
    let document = stage
        .command("verify", &server)
        .arg("--json")
        .run()
        .unwrap()
        .stdout;
    insta::assert_snapshot!("verify_json", document.replace(&server.url(), "http://node"));
    // A password in the node's URL is nobody's business.
    let with_password = server.url().replace("http://", "http://me:secret@");
    let command = stage.command("verify", &server).arg("--json").arg("--node");
    let finished = command.arg(with_password).run().unwrap();
    assert!(!finished.stdout.contains("secret") && !finished.stderr.contains("secret"));
}

#[test]
fn a_node_that_proves_something_else_is_named() {
    let stage = Stage::new();
    let (liars, proof) = stage.verify(0, honest);
    assert_eq!((liars.len(), &proof["state"]), (0, &json!("checked")), "{proof}");
    // Each of four entries hops through one block to the newest.
    assert_eq!(proof["headers"], 8);

    let says = |lie: Lie, detail: &str| {
        let (liars, proof) = stage.verify(3, lie);
        assert_eq!(liars, ["map"], "{proof}");
        assert_eq!(proof["state"], "failed");
        assert!(proof["detail"].as_str().unwrap().contains(detail), "{proof}");
        assert_eq!(proof["state_root"], Value::Null);
    };
    // A stale ancestor's entry: its trie is hashed into the newest root, and only the header tells that nothing points there.
    says(
        |node, asked, answered| {
            if asked.path.contains("proof=1") {
                Answered::json(&node.stale(asked))
            } else {
                answered
            }
        },
        "has the state root",
    );
    says(
        |_, asked, answered| {
            if !asked.path.contains("/refunds?proof=1") {
                return answered;
            }
            edited(&answered, |body| {
                let amount = |micro_stx: u128| format!("01{micro_stx:032x}");
                let value = body["data"].as_str().unwrap();
                body["data"] = json!(value.replacen(&amount(1_500_000), &amount(1_500_001), 1));
            })
        },
        "the proof is of another value",
    );
    says(
        |_, asked, answered| {
            if !asked.path.contains("/ledger?proof=1") {
                return answered;
            }
            edited(&answered, |body| {
                let digits = body["proof"].as_str().unwrap().len();
                let mut proof = body["proof"].as_str().unwrap().to_owned();
                let last = if proof.ends_with('0') { "1" } else { "0" };
                proof.replace_range(digits - 1.., last);
                body["proof"] = json!(proof);
            })
        },
        "has the state root",
    );
    // The newest block's bytes for another block.
    let (liars, proof) = stage.verify(3, |node, asked, answered| {
        let id = format!("/v3/blocks/{}", node.refunded_in.id.to_bare_hex());
        if asked.path != id {
            return answered;
        }
        let newest = node.answer(&Asked {
            path: "/v2/info".to_owned(),
            ..asked.clone()
        });
        let info: Value = serde_json::from_slice(&newest.body).unwrap();
        let hash = info["stacks_tip"].as_str().unwrap().parse().unwrap();
        let sortition = info["stacks_tip_consensus_hash"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let path = format!(
            "/v3/blocks/{}",
            IndexBlockHash::new(&hash, &sortition).to_bare_hex()
        );
        node.answer(&Asked {
            path,
            ..asked.clone()
        })
    });
    assert_eq!(liars, ["transaction", "map"], "{proof}");
}

#[test]
fn what_a_node_does_not_offer_is_not_called_checked() {
    let stage = Stage::new();
    let (liars, proof) = stage.verify(0, |_, asked, answered| {
        if asked.path.contains("proof=1") {
            Answered::text(501, "Not implemented")
        } else {
            answered
        }
    });
    assert_eq!(
        (liars.len(), &proof["state"]),
        (0, &json!("not-offered")),
        "{proof}"
    );
    // Proofs without the headers to check them against.
    let (liars, proof) = stage.verify(0, |_, asked, answered| {
        let is_block = asked.path.starts_with("/v3/blocks/") && !asked.path.contains("replay");
        if is_block {
            Answered::text(404, "No such block")
        } else {
            answered
        }
    });
    assert_eq!(
        (liars.len(), &proof["state"]),
        (0, &json!("not-checked")),
        "{proof}"
    );
    // Neither an index of transactions nor blocks nor the token: the map alone is not a verified refund.
    let server = stage.server(|_, asked, answered| {
        if asked.path.starts_with("/v3/") {
            Answered::text(501, "Not implemented")
        } else {
            answered
        }
    });
    let command = stage.command("verify", &server).expect_code(5);
    let finished = command.run().unwrap();
    assert!(
        finished.stderr.contains("cannot be verified with this node"),
        "{}",
        finished.stderr
    );
    // A contract of another source is none of ours.
    let server = stage.server(|_, asked, answered| {
        if asked.path.contains("/source/") {
            return Answered::json(
                &json!({"source": "(define-public (refund) (ok u1))", "publish_height": 3}),
            );
        }
        answered
    });
    // The first home remembers that it compared the source.
    let fresh = Stage::new();
    fresh
        .command("verify", &server)
        .expect_code(3)
        .expect_stderr("not trusted")
        .run()
        .unwrap();
}

#[test]
fn receipts_say_what_is_proven_and_obey_no_stranger() {
    let stage = Stage::new();
    let server = stage.server(honest);
    let receipt = |format: &str| {
        let command = stage.command("receipt", &server).arg("--format").arg(format);
        command.run().unwrap().stdout
    };
    let (text, html) = (receipt("text"), receipt("html"));
    insta::assert_snapshot!("receipt", text);
    insta::assert_snapshot!("receipt_html", html);
    insta::assert_snapshot!("receipt_json", receipt("json"));
    for shown in [&text, &html] {
        assert!(!shown.contains(['\0', '\u{202e}']), "{shown:?}");
        assert!(!shown.contains(&server.url()), "no server's address");
    }
    assert!(
        !html.contains("<img") && html.contains("&lt;img src=x onerror=alert(1)&gt;"),
        "{html}"
    );
    assert!(!html.contains("<script") && !html.contains("src=\""), "{html}");

    let file = stage.home.path().join("receipt.html");
    let to_file = |code: i32, server: &Server| {
        let command = stage
            .command("receipt", server)
            .arg("--format")
            .arg("html")
            .arg("--out")
            .arg(&file);
        command.expect_code(code).run().unwrap()
    };
    // Of what is contradicted, nothing is written.
    let liar = stage.server(|_, asked, answered| {
        if !asked.path.contains("/transaction/") {
            return answered;
        }
        edited(&answered, |body| body["result"] = json!("(err u1024)"))
    });
    let refused = to_file(3, &liar);
    assert!(
        refused.stderr.contains("no receipt is made") && !file.exists(),
        "{}",
        refused.stderr
    );
    to_file(0, &server);
    assert_eq!(fs::read_to_string(&file).unwrap(), html);
    to_file(2, &server);
}
