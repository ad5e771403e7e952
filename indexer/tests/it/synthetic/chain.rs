//! Bitcoin and Stacks blocks as the node announces them.

use recoup_indexer::chain::{Arrival, BlockHeader, BurnHeader};
use recoup_indexer::normalised::{block_from_observer, burn_header_from_observer};
use recoup_stacks::observer::{NewBlock, NewBurnBlock};
use serde_json::{Value, json};

use super::CORE;
use super::shop::{Act, Shop};

/// A message of the node.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) path: &'static str,
    pub(crate) body: Value,
}

impl Posted {
    /// The Stacks block in it, as the tree takes it.
    pub(crate) fn block(&self, arrival: i64) -> Option<BlockHeader> {
        if self.path != "/new_block" {
            return None;
        }
        let payload: NewBlock = serde_json::from_value(self.body.clone()).unwrap();
        Some(block_from_observer(&payload, &CORE.parse().unwrap(), Arrival(arrival)).header)
    }

    /// The Bitcoin block in it, as the tree takes it.
    pub(crate) fn burn(&self) -> Option<BurnHeader> {
        if self.path != "/new_burn_block" {
            return None;
        }
        let payload: NewBurnBlock = serde_json::from_value(self.body.clone()).unwrap();
        Some(burn_header_from_observer(&payload))
    }
}

/// A Bitcoin block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Burn {
    pub(crate) height: u64,
    pub(crate) hash: String,
    pub(crate) consensus_hash: String,
}

/// A Stacks block, and what the contract's maps hold after it.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) height: u64,
    pub(crate) id: String,
    pub(crate) tenure: Burn,
    pub(crate) view: Burn,
    pub(crate) shop: Shop,
}

/// A transaction of a block to come.
#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    pub(crate) txid: String,
    status: &'static str,
    contract: String,
    committed: bool,
    acts: Vec<Act>,
}

impl Transaction {
    pub(crate) fn new(txid: u64, acts: Vec<Act>) -> Self {
        let txid = format!("0x{}", digits(4, txid, 64));
        Self {
            txid,
            status: "success",
            contract: CORE.to_owned(),
            committed: true,
            acts,
        }
    }

    /// The same, failed, with its events sent all the same as old nodes did.
    pub(crate) fn aborted(self) -> Self {
        Self {
            status: "abort_by_response",
            committed: false,
            ..self
        }
    }

    /// The same, printed by another contract.
    pub(crate) fn printed_by(self, contract: &str) -> Self {
        Self {
            contract: contract.to_owned(),
            ..self
        }
    }

    fn events(&self) -> Vec<Value> {
        let mut events = Vec::new();
        for act in &self.acts {
            let raw_value = act.event.to_value().to_hex();
            let print =
                json!({"contract_identifier": self.contract, "topic": "print", "raw_value": raw_value});
            events.push(json!({"type": "contract_event", "contract_event": print}));
            events.extend(act.transfer.clone());
        }
        for event in &mut events {
            event["txid"] = json!(self.txid);
            event["committed"] = json!(self.committed);
        }
        events
    }
}

/// The messages that a node sends, in the order of their making.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    pub(crate) messages: Vec<Posted>,
    made: u64,
}

impl Chain {
    /// A chain with one Bitcoin and one Stacks block, both of height 100.
    pub(crate) fn new() -> (Self, Block) {
        let mut chain = Self::default();
        let genesis = chain.burn_at(99, &digits(1, 0, 64));
        let burn = chain.burn(&genesis);
        let below = Block {
            height: 99,
            id: format!("0x{}", digits(3, 0, 64)),
            tenure: genesis.clone(),
            view: genesis,
            shop: Shop::default(),
        };
        let root = chain.block(&below, &burn, Vec::new(), Shop::default());
        (chain, root)
    }

    /// Announces a Bitcoin block.
    pub(crate) fn burn(&mut self, parent: &Burn) -> Burn {
        let parent_hash = parent.hash.clone();
        self.burn_at(parent.height + 1, &parent_hash)
    }

    fn burn_at(&mut self, height: u64, parent_hash: &str) -> Burn {
        let number = self.next();
        let burn = Burn {
            height,
            hash: digits(1, number, 64),
            consensus_hash: digits(2, number, 40),
        };
        self.post("/new_burn_block", json!({
            "burn_block_hash": format!("0x{}", burn.hash), "burn_block_height": burn.height,
            "parent_burn_block_hash": format!("0x{parent_hash}"), "consensus_hash": format!("0x{}", burn.consensus_hash),
            "burn_amount": 0, "reward_recipients": [], "reward_slot_holders": [],
        }));
        burn
    }

    /// Announces a Stacks block: of its parent's tenure, or the first of a new one.
    pub(crate) fn block(
        &mut self,
        parent: &Block,
        tenure: &Burn,
        transactions: Vec<Transaction>,
        shop: Shop,
    ) -> Block {
        let view = if *tenure == parent.tenure {
            None
        } else {
            Some(tenure)
        };
        self.block_with_view(parent, tenure, view, transactions, shop)
    }

    /// Announces a Stacks block that sees a later Bitcoin block than its tenure's.
    pub(crate) fn extend_tenure(
        &mut self,
        parent: &Block,
        view: &Burn,
        transactions: Vec<Transaction>,
        shop: Shop,
    ) -> Block {
        let tenure = parent.tenure.clone();
        self.block_with_view(parent, &tenure, Some(view), transactions, shop)
    }

    fn block_with_view(
        &mut self,
        parent: &Block,
        tenure: &Burn,
        view: Option<&Burn>,
        transactions: Vec<Transaction>,
        shop: Shop,
    ) -> Block {
        let number = self.next();
        let block = Block {
            height: parent.height + 1,
            id: format!("0x{}", digits(3, number, 64)),
            tenure: tenure.clone(),
            view: view.unwrap_or(&parent.view).clone(),
            shop,
        };
        let mut bodies = Vec::new();
        if let Some(view) = view {
            bodies.push(json!({
                "txid": format!("0x{}", digits(5, number, 64)), "tx_index": 0, "status": "success",
                "raw_tx": tenure_change(&tenure.consensus_hash, &view.consensus_hash), "raw_result": "0x0703",
            }));
        }
        for transaction in &transactions {
            bodies.push(json!({
                "txid": transaction.txid, "tx_index": bodies.len(), "status": transaction.status,
                "raw_tx": "0x00", "raw_result": "0x0703",
            }));
        }
        let mut events: Vec<Value> = transactions.iter().flat_map(Transaction::events).collect();
        for (index, event) in events.iter_mut().enumerate() {
            event["event_index"] = json!(index);
        }
        // The node sends them in no order.
        events.reverse();
        self.post(
            "/new_block",
            json!({
                "block_hash": format!("0x{}", digits(6, number, 64)), "block_height": block.height,
                "block_time": 1_760_000_000 + number, "index_block_hash": block.id,
                "parent_index_block_hash": parent.id, "burn_block_hash": format!("0x{}", tenure.hash),
                "burn_block_height": tenure.height, "burn_block_time": 1_760_000_000,
                "consensus_hash": format!("0x{}", tenure.consensus_hash),
                "signer_signature_hash": format!("0x{}", digits(7, number, 64)),
                "transactions": bodies, "events": events,
            }),
        );
        block
    }

    fn post(&mut self, path: &'static str, body: Value) {
        self.messages.push(Posted { path, body });
    }

    fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }
}

/// Hexadecimal digits that are different for every kind and number, and in no order.
fn digits(kind: u64, number: u64, length: usize) -> String {
    let mixed = (kind << 32 | number)
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    format!("{mixed:016x}{kind:04x}{number:020x}{:024x}", 0)[..length].to_owned()
}

/// A raw TenureChange transaction (SIP-021), as far as anybody reads it.
fn tenure_change(consensus_hash: &str, view: &str) -> String {
    let head = format!(
        "0x8080000000{:02x}00{:0>40}{:0>32}00{:0>130}0101{:08x}",
        4, "", "", "", 0
    );
    format!(
        "{head}07{consensus_hash}{consensus_hash}{view}{:0>64}{:08x}00{:0>40}",
        "", 1, ""
    )
}
