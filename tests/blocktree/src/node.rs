//! What a node answers of a history: the paths from which blocks are pulled, shaped as in `tests/fixtures/regtest/rpc`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::CORE;
use crate::chain::{Chain, MadeBlock, MadeBurn, Posted, ROOT_HEIGHT};
use crate::oracle::Canonical;
use crate::payload;
use crate::transaction::Outcome;

/// `connection_options.auth_token` of the node.
pub const NODE_TOKEN: &str = "12345";

/// An answer of the node.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `application/json` or `text/plain`.
    pub content_type: &'static str,
    /// Its body.
    pub body: String,
}

impl Answer {
    fn json(body: &Value) -> Self {
        Self {
            status: 200,
            content_type: "application/json",
            body: body.to_string(),
        }
    }

    fn text(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type: "text/plain",
            body: body.into(),
        }
    }
}

/// A node that has every block of a history, and follows one of its branches.
#[derive(Debug)]
pub struct Node<'a> {
    chain: &'a Chain,
    canonical: Canonical<'a>,
    /// Its canonical Bitcoin blocks by height.
    burns: BTreeMap<u64, &'a MadeBurn>,
}

impl<'a> Node<'a> {
    /// A node that follows what is canonical after these messages.
    #[must_use]
    pub fn after<'m>(chain: &'a Chain, told: impl IntoIterator<Item = &'m Posted>) -> Self {
        let canonical = chain.canonical(told);
        let by_hash: BTreeMap<&str, &MadeBurn> = chain
            .burns
            .iter()
            .map(|made| (made.burn.hash.as_str(), made))
            .collect();
        let mut burns = BTreeMap::new();
        let mut next = canonical.burn_tip;
        while let Some(made) = next {
            burns.insert(made.burn.height, made);
            next = by_hash.get(made.parent.as_str()).copied();
        }
        Self {
            chain,
            canonical,
            burns,
        }
    }

    /// What is canonical for it.
    #[must_use]
    pub const fn canonical(&self) -> &Canonical<'a> {
        &self.canonical
    }

    /// Answers `GET path`, with the `authorization` header that came along.
    #[must_use]
    pub fn answer(&self, path: &str, authorization: Option<&str>) -> Answer {
        let path = path.split('?').next().unwrap_or(path);
        if path == "/v2/info" {
            return self.info();
        }
        if let Some(height) = path.strip_prefix("/v3/tenures/blocks/height/") {
            return self.tenure(height);
        }
        if let Some(id) = path.strip_prefix("/v3/blocks/replay/") {
            if authorization != Some(NODE_TOKEN) {
                return Answer::text(401, "Unauthorized");
            }
            return self.replay(id);
        }
        if let Some(consensus_hash) = path.strip_prefix("/v3/sortitions/consensus/") {
            return self.sortition(consensus_hash);
        }
        if path == format!("/v2/contracts/source/{}", CORE.replace('.', "/")) {
            return Answer::json(&json!({"source": ";; core", "publish_height": ROOT_HEIGHT, "proof": null}));
        }
        Answer::text(404, "No such file or directory")
    }

    fn info(&self) -> Answer {
        let (Some(burn), Some(tip)) = (self.canonical.burn_tip, self.canonical.blocks.last()) else {
            return Answer::text(500, "no chain tip");
        };
        Answer::json(&json!({
            "peer_version": 4_207_599_120_u32, "server_version": "stacks-node 4.0.2", "network_id": 2_147_483_648_u32,
            "burn_block_height": burn.burn.height, "stable_burn_block_height": burn.burn.height - 1,
            "pox_consensus": burn.burn.consensus_hash, "stacks_tip_height": tip.block.height,
            "stacks_tip": bare(&tip.hash), "stacks_tip_consensus_hash": tip.block.tenure.consensus_hash,
            "tenure_height": 1, "is_fully_synced": true,
        }))
    }

    fn tenure(&self, height: &str) -> Answer {
        let Some(made) = height
            .parse()
            .ok()
            .and_then(|height: u64| self.burns.get(&height))
        else {
            return Answer::text(
                404,
                format!("No block snapshot found for burn block height '{height}'"),
            );
        };
        let blocks: Vec<Value> = self
            .canonical
            .blocks
            .iter()
            .rev()
            .filter(|block| block.block.tenure == made.burn)
            .map(|block| {
                json!({
                    "block_id": bare(&block.block.id), "header_type": "nakamoto", "block_hash": bare(&block.hash),
                    "parent_block_id": bare(&block.parent), "height": block.block.height,
                })
            })
            .collect();
        let below = made
            .burn
            .height
            .checked_sub(1)
            .and_then(|below| self.burns.get(&below));
        Answer::json(&json!({
            "consensus_hash": made.burn.consensus_hash,
            "last_sortition_ch": below.unwrap_or(made).burn.consensus_hash,
            "burn_block_height": made.burn.height, "burn_block_hash": made.burn.hash, "stacks_blocks": blocks,
        }))
    }

    fn sortition(&self, consensus_hash: &str) -> Answer {
        let made = self
            .chain
            .burns
            .iter()
            .find(|made| made.burn.consensus_hash == consensus_hash);
        let Some(made) = made else {
            return Answer::text(404, "Could not find snapshot");
        };
        Answer::json(&json!([{
            "burn_block_hash": format!("0x{}", made.burn.hash), "burn_block_height": made.burn.height,
            "burn_header_timestamp": 1_760_000_000, "consensus_hash": format!("0x{}", made.burn.consensus_hash),
            "was_sortition": true,
        }]))
    }

    fn replay(&self, id: &str) -> Answer {
        let made = self.chain.blocks.iter().find(|made| bare(&made.block.id) == id);
        made.map_or_else(
            || Answer::text(404, format!("No such block {id}\n")),
            |made| Answer::json(&replay(made)),
        )
    }
}

fn bare(hash: &str) -> &str {
    hash.trim_start_matches("0x")
}

/// Answer of `GET /v3/blocks/replay/..`: events are counted within their transaction, and failed transactions have none.
fn replay(made: &MadeBlock) -> Value {
    let sent = payload::new_block(made);
    let transactions: Vec<Value> = sent["transactions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|transaction| replayed(made, transaction))
        .collect();
    json!({
        "block_id": bare(&made.block.id), "block_hash": bare(&made.hash), "block_height": made.block.height,
        "parent_block_id": bare(&made.parent), "consensus_hash": made.block.tenure.consensus_hash, "fees": 0,
        "timestamp": made.time, "miner_signature": format!("{:0130}", 0), "signer_signature": [],
        "transactions": transactions, "valid_merkle_root": true,
    })
}

fn replayed(made: &MadeBlock, sent: &Value) -> Value {
    let text = |field: &str| sent[field].as_str().unwrap_or_default().to_owned();
    let txid = text("txid");
    let ours = made.transactions.iter().find(|ours| ours.txid == txid);
    let mut events = ours
        .filter(|ours| ours.outcome == Outcome::Success)
        .map(crate::Transaction::events)
        .unwrap_or_default();
    for (index, event) in events.iter_mut().enumerate() {
        event["event_index"] = json!(index);
    }
    json!({
        "txid": bare(&txid), "tx_index": sent["tx_index"], "hex": bare(&text("raw_tx")), "result_hex": text("raw_result"),
        "stx_burned": 0, "events": events, "vm_error": null,
        "post_condition_aborted": ours.is_some_and(|ours| ours.outcome == Outcome::AbortByPostCondition),
    })
}
