//! A real node's proof of a map entry, and that not one byte of it can be another.

use std::collections::BTreeMap;

use recoup_stacks::block::{Block, BlockError};
use recoup_stacks::clarity::Value;
use recoup_stacks::hash::{IndexBlockHash, StateRoot};
use recoup_stacks::header::{BlockHeader, HeaderError};
use recoup_stacks::hex;
use recoup_stacks::marf::{Claims, Proof, ProofError, map_entry_key};
use serde_json::Value as Json;

use crate::repository;

/// A proof, what it is of, and the headers that it needs.
struct Recorded {
    proof: Vec<u8>,
    key: String,
    value: String,
    tip: IndexBlockHash,
    headers: BTreeMap<IndexBlockHash, StateRoot>,
}

fn recording(name: &str) -> Json {
    let path = repository().join(format!("tests/fixtures/regtest/rpc/{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn block(name: &str) -> Vec<u8> {
    hex::decode(recording(name)["response"]["body_hex"].as_str().unwrap()).unwrap()
}

/// Every header of the recorded tenure, the newest first.
fn tenure() -> Vec<(BlockHeader, Vec<u8>)> {
    let mut rest = &block("tenure_download")[..];
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let (header, _) = BlockHeader::split(rest).unwrap();
        // Nothing in the download says how long a block is: it ends where one can be read.
        let length = (1..=rest.len()).find(|length| Block::decode(&rest[..*length]).is_ok());
        let (bytes, others) = rest.split_at(length.unwrap());
        headers.push((header, bytes.to_vec()));
        rest = others;
    }
    headers
}

fn recorded() -> Recorded {
    let exchange = recording("map_entry_with_proof");
    let path = exchange["request"]["path"].as_str().unwrap();
    let parts: Vec<&str> = path.split(['/', '?']).collect();
    let ["", "v2", "map_entry", address, name, map, ..] = parts[..] else {
        panic!("{path}")
    };
    let contract = format!("{address}.{name}").parse().unwrap();
    let key: String = serde_json::from_str(exchange["request"]["body_text"].as_str().unwrap()).unwrap();
    let key = Value::decode(&hex::decode(&key).unwrap()).unwrap();
    let answer: Json = serde_json::from_str(exchange["response"]["body_text"].as_str().unwrap()).unwrap();
    let header = BlockHeader::decode(&block("block_v3")).unwrap();
    let headers = tenure()
        .iter()
        .map(|(header, _)| (header.id, header.state_root))
        .collect();
    Recorded {
        proof: hex::decode(answer["proof"].as_str().unwrap()).unwrap(),
        key: map_entry_key(&contract, &map.parse().unwrap(), &key),
        value: answer["data"]
            .as_str()
            .unwrap()
            .trim_start_matches("0x")
            .to_owned(),
        tip: header.id,
        headers,
    }
}

impl Recorded {
    fn claims(&self) -> Result<Claims, ProofError> {
        Proof::decode(&self.proof).unwrap().check(&self.key, &self.value)
    }

    fn holds(&self) -> bool {
        let claims = Proof::decode(&self.proof)
            .ok()
            .and_then(|proof| proof.check(&self.key, &self.value).ok());
        claims.is_some_and(|claims| claims.hold(&self.tip, &self.headers).is_ok())
    }
}

#[test]
fn a_header_names_its_block() {
    for name in ["block_v3", "block_v3_height"] {
        let bytes = block(name);
        let header = BlockHeader::decode(&bytes).unwrap();
        let asked = "0x97b96c0f9446070b7af212ab4c76198a2bb7f318380cfbdc41ce547ebde7d498";
        assert_eq!(
            (header.id.to_string().as_str(), header.height.get()),
            (asked, 122)
        );
        // Each byte that is committed to changes the name; signers' signatures and what follows do not.
        let signatures = 210..275;
        for place in 0..286 {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let renamed = BlockHeader::decode(&changed).is_ok_and(|changed| changed.id == header.id);
            assert_eq!(renamed, signatures.contains(&place), "byte {place}");
        }
        for length in 0..286 {
            assert!(BlockHeader::decode(&bytes[..length]).is_err(), "{length} bytes");
        }
    }
    let mut later = block("block_v3");
    later[0] = 2;
    assert_eq!(BlockHeader::decode(&later), Err(HeaderError::UnknownVersion(2)));
}

/// Each block of the tenure is the next one's parent, and commits to the transactions that it came with.
#[test]
fn blocks_hold_the_transactions_that_they_commit_to() {
    let blocks: Vec<Block> = tenure()
        .iter()
        .map(|(_, bytes)| Block::decode(bytes).unwrap())
        .collect();
    assert_eq!(blocks.len(), 32);
    for pair in blocks.windows(2) {
        assert_eq!(pair[0].header.parent, pair[1].header.id);
    }
    assert!(blocks.iter().any(|block| block.transactions.len() > 1));
    let bytes = block("block_v3");
    assert_eq!(Block::decode(&bytes).unwrap(), blocks[0]);
    let start = bytes.len() - blocks[0].transactions[0].encode().len();
    for place in start..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(Block::decode(&changed).is_err(), "byte {place}");
    }
    let mut changed = bytes.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    assert_eq!(
        Block::decode(&changed),
        Err(BlockError::OtherTransactions(blocks[0].header.id))
    );
    for length in 0..bytes.len() {
        assert!(Block::decode(&bytes[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn the_recorded_proof_ends_in_the_recorded_header() {
    let recorded = recorded();
    let claims = recorded.claims().unwrap();
    assert_eq!(claims.hops.len(), 2);
    claims.hold(&recorded.tip, &recorded.headers).unwrap();
}

#[test]
fn another_value_or_key_is_not_proven() {
    let mut recorded = recorded();
    let (key, value) = (recorded.key.clone(), recorded.value.clone());
    recorded.value.replace_range(0..2, "09");
    assert_eq!(recorded.claims(), Err(ProofError::OtherValue));
    recorded.value = value;
    recorded.key = key.replace("payments", "refunds");
    assert_eq!(recorded.claims(), Err(ProofError::OtherKey));
    recorded.key = key.replace("::0::", "::1::");
    assert_eq!(recorded.claims(), Err(ProofError::OtherKey));
}

/// Without the comparison with each header, whatever is below a hop could be of a trie that nobody points to.
#[test]
fn a_block_between_with_another_root_or_without_a_header_is_refused() {
    let mut recorded = recorded();
    let claims = recorded.claims().unwrap();
    for (block, root) in claims.hops.clone() {
        recorded.headers.insert(block, StateRoot::from_bytes([7; 32]));
        assert!(matches!(
            claims.hold(&recorded.tip, &recorded.headers),
            Err(ProofError::OtherRoot { claimed, .. }) if claimed == root
        ));
        recorded.headers.remove(&block);
        assert_eq!(
            claims.hold(&recorded.tip, &recorded.headers),
            Err(ProofError::NoHeader(block))
        );
        recorded.headers.insert(block, root);
    }
    assert!(recorded.holds());
    // The root of an ancestor, which such a proof was good for once, is not that of the block asked about.
    recorded.tip = claims.hops[1].0;
    assert!(!recorded.holds());
}

/// Every byte is of some class (count, kind, character, id, path, child, hash, index, value), and none can be another
/// but the leaf's own character, which says nothing.
#[test]
fn no_byte_of_the_proof_can_be_another() {
    let mut recorded = recorded();
    assert!(recorded.holds());
    let leafs_character = 5;
    // All of the first steps, whose every byte is of another class, and a part of the long lists of hashes.
    let places = (0..700).chain((700..recorded.proof.len()).step_by(41));
    for place in places {
        let byte = recorded.proof[place];
        recorded.proof[place] ^= 1 << (place % 8);
        assert_eq!(recorded.holds(), place == leafs_character, "byte {place}");
        recorded.proof[place] = byte;
    }
    let whole = recorded.proof.clone();
    for length in (0..whole.len()).step_by(97) {
        recorded.proof.truncate(length);
        assert!(Proof::decode(&recorded.proof).is_err(), "{length} bytes");
        recorded.proof.clone_from(&whole);
    }
    recorded.proof.push(0);
    assert!(Proof::decode(&recorded.proof).is_err());
}
