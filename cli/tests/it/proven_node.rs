//! A made-up node with a state trie and a refund in it, whose every answer can be made a lie.
//!
//! Three blocks: an older one, in which the refund had another amount; the refund's own; and the newest, which wrote nothing
//! and points back into it. The tries are as small as tries can be. Whether such tries are what the chain makes, the
//! recorded proofs show.

use std::collections::BTreeMap;

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{Call, PaidIn, RefundOrder};
use recoup_protocol::events::{Event, InvoiceState, RefundProcessed};
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::maps::{InvoiceKey, LedgerKey, MapKey, RefundKey, RefundReferenceKey};
use recoup_protocol::reads::{Invoice, Ledger, Refund};
use recoup_protocol::record::Record as _;
use recoup_protocol::status::InvoiceStatus;
use recoup_protocol::text::{Reference, Text};
use recoup_protocol::token::Token;
use recoup_stacks::address::{ContractId, Network, Principal};
use recoup_stacks::clarity::Value;
use recoup_stacks::hash::{BurnHeight, IndexBlockHash};
use recoup_stacks::header::BlockHeader;
use recoup_stacks::hex;
use recoup_stacks::keys::SecretKey;
use recoup_stacks::marf::map_entry_key;
use recoup_stacks::transaction::{Transaction, UnsignedTransaction};
use recoup_test_support::{Answered, Asked};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha512_256};

pub(crate) const CORE: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core";
const CORE_SOURCE: &str = include_str!("../../../contracts/recoup-core.clar");
const INFO: &str = include_str!("../../../tests/fixtures/regtest/rpc/get_info.json");
/// The shop's; public (settings/Devnet.toml).
const KEY: &str = "7287ba251d44a4d3fd9276c88ce34c5c52a038955511cccaf77e61068649c17801";
const PAYER: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";
pub(crate) const TOKEN: &str = "12345";
/// What a merchant could write to mislead whoever reads it.
pub(crate) const REASON: &str = "<img src=x onerror=alert(1)>\u{202e}\0 & \"you\" owe 'us'";
const EMPTY: [u8; 32] = [0; 32];
const BACK_POINTER: u8 = 0x80;

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha512_256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// What a key is kept under, and what is kept.
struct Entry {
    way: [u8; 32],
    value: String,
}

impl Entry {
    fn new(key: &str, value: &str) -> Self {
        Self {
            way: hash(&[key.as_bytes()]),
            value: value.to_owned(),
        }
    }

    fn data(&self) -> [u8; 40] {
        let mut data = [0; 40];
        data[..32].copy_from_slice(&hash(&[self.value.as_bytes()]));
        data
    }

    fn leaf_hash(&self) -> [u8; 32] {
        hash(&[&[1, 31], &self.way[1..], &self.data()])
    }
}

/// A root of 256 children: for each, its id, its block and its hash.
struct Root {
    children: Vec<(u8, [u8; 32], [u8; 32])>,
}

impl Root {
    /// With a leaf for each entry.
    fn of_leaves(entries: &[Entry]) -> Self {
        let mut children = vec![(0, EMPTY, EMPTY); 256];
        for entry in entries {
            let place = usize::from(entry.way[0]);
            assert_eq!(
                children[place].0, 0,
                "two ways begin alike: make up another entry"
            );
            children[place] = (1, EMPTY, entry.leaf_hash());
        }
        Self { children }
    }

    /// With every child of another root, in that root's block.
    fn pointing_back(to: &Self, block: &IndexBlockHash) -> Self {
        let child = |(id, _, _): &(u8, [u8; 32], [u8; 32])| match id {
            0 => (0, EMPTY, EMPTY),
            id => (id | BACK_POINTER, *block.as_bytes(), *block.as_bytes()),
        };
        Self {
            children: to.children.iter().map(child).collect(),
        }
    }

    fn children_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (character, (id, block, _)) in (0..=u8::MAX).zip(&self.children) {
            let character = if *id == 0 { 0 } else { character };
            bytes.extend_from_slice(&[*id, character]);
            bytes.extend_from_slice(block);
        }
        bytes
    }

    fn hash(&self) -> [u8; 32] {
        let hashes: Vec<u8> = self.children.iter().flat_map(|(_, _, hash)| *hash).collect();
        hash(&[&[5], &self.children_bytes(), &[0], &hashes])
    }

    /// A step of a proof that comes from this child.
    fn step(&self, character: u8) -> Vec<u8> {
        let mut bytes = vec![3, character, 5];
        bytes.extend_from_slice(&0_u32.to_be_bytes());
        bytes.extend_from_slice(&256_u32.to_be_bytes());
        bytes.extend(self.children_bytes());
        for (other, (_, _, hash)) in (0..=u8::MAX).zip(&self.children) {
            if other != character {
                bytes.extend_from_slice(hash);
            }
        }
        bytes
    }
}

fn shunt(index: u64, hashes: &[[u8; 32]]) -> Vec<u8> {
    let mut bytes = vec![5];
    bytes.extend_from_slice(&index.to_be_bytes());
    bytes.extend_from_slice(&u32::try_from(hashes.len()).unwrap().to_be_bytes());
    bytes.extend(hashes.iter().flatten());
    bytes
}

/// A block of these transactions.
fn block(height: u64, parent: [u8; 32], state_root: [u8; 32], transactions: &[&Transaction]) -> Vec<u8> {
    assert!(transactions.len() <= 1, "one is enough");
    let root = transactions.first().map_or(EMPTY, |only| {
        let leaf = hash(&[&[0], only.txid().as_bytes()]);
        hash(&[&[1], &leaf, &leaf])
    });
    let mut bytes = vec![0];
    bytes.extend_from_slice(&height.to_be_bytes());
    bytes.extend_from_slice(&[0; 8 + 20]);
    bytes.extend([parent, root, state_root].concat());
    // 2026-11-21 10:00 UTC, and a block every ten minutes.
    bytes.extend_from_slice(&(1_795_255_200 + 600 * height).to_be_bytes());
    bytes.extend_from_slice(&[0; 65 + 4 + 2 + 4]);
    bytes.extend_from_slice(&u32::try_from(transactions.len()).unwrap().to_be_bytes());
    transactions.iter().for_each(|one| bytes.extend(one.encode()));
    bytes
}

/// An entry, its proof, and the proof of what it was before.
type Proven = (String, Vec<u8>, Vec<u8>);

/// The node's answers, made once.
pub(crate) struct ProvenNode {
    pub(crate) transaction: Transaction,
    pub(crate) event: Vec<u8>,
    blocks: BTreeMap<String, Vec<u8>>,
    /// The refund's block.
    pub(crate) refunded_in: BlockHeader,
    tip: BlockHeader,
    /// By map and key.
    entries: BTreeMap<(String, String), Proven>,
    info: Json,
}

fn order() -> RefundOrder {
    RefundOrder {
        invoice_id: InvoiceId(7),
        payer: PAYER.parse().unwrap(),
        amount: BaseUnits(1_500_000),
        expected_refunded: BaseUnits(0),
        reference: Some(Reference::new("order-1").unwrap()),
        reason: Some(Text::new(REASON).unwrap()),
    }
}

/// What the maps hold, with a refund of this amount: map, key, `(some entry)`.
fn maps(amount: u128, merchant: &Principal) -> Vec<(String, Value, Value)> {
    let order = order();
    let refund = Refund {
        invoice_id: order.invoice_id,
        payer: order.payer.clone(),
        amount: BaseUnits(amount),
        issuer: merchant.clone(),
        reason: order.reason,
        reference: order.reference.clone(),
        burn_height: BurnHeight(101),
        previous: None,
    };
    let invoice = Invoice {
        merchant: merchant.clone(),
        token: Token::Stx,
        amount: BaseUnits(10_000_000),
        amount_paid: BaseUnits(10_000_000),
        amount_refunded: BaseUnits(amount),
        status: InvoiceStatus::Paid,
        min_payment: None,
        only_payer: None,
        refund_window: 4_320,
        created_at: BurnHeight(100),
        expires_at: BurnHeight(1_100),
        first_payment_at: Some(BurnHeight(100)),
        payer_count: 1,
        last_refund_id: Some(RefundId(1)),
    };
    let ledger = Ledger {
        paid: BaseUnits(10_000_000),
        refunded: BaseUnits(amount),
        first_paid_at: BurnHeight(100),
    };
    let ledger_key = LedgerKey {
        invoice_id: InvoiceId(7),
        payer: order.payer,
    };
    let reference_key = RefundReferenceKey {
        merchant: merchant.clone(),
        reference: order.reference.unwrap(),
    };
    let some = |value: Value| Value::Some(Box::new(value));
    vec![
        (
            RefundKey::MAP.to_string(),
            RefundKey(RefundId(1)).key(),
            some(refund.to_value()),
        ),
        (
            InvoiceKey::MAP.to_string(),
            InvoiceKey(InvoiceId(7)).key(),
            some(invoice.to_value()),
        ),
        (
            LedgerKey::MAP.to_string(),
            ledger_key.key(),
            some(ledger.to_value()),
        ),
        (
            RefundReferenceKey::MAP.to_string(),
            reference_key.key(),
            some(Value::UInt(1)),
        ),
    ]
}

impl ProvenNode {
    pub(crate) fn new() -> Self {
        let core: ContractId = CORE.parse().unwrap();
        let key = SecretKey::from_hex(KEY).unwrap();
        let merchant = Principal::from(key.address(Network::Testnet));
        let call = Call::Refund(PaidIn {
            order: order(),
            token: None,
        });
        let transaction = UnsignedTransaction::contract_call(
            Network::Testnet,
            core.clone(),
            call.function(),
            call.arguments(),
        )
        .with_fee(3_000)
        .with_nonce(4)
        .sign(&key)
        .unwrap();

        let entries_of = |amount: u128| -> Vec<Entry> {
            let maps = maps(amount, &merchant);
            maps.iter()
                .map(|(map, key, value)| {
                    let key = map_entry_key(&core, &map.parse().unwrap(), key);
                    Entry::new(&key, &hex::encode(&value.encode()))
                })
                .collect()
        };
        let (stale, true_entries) = (entries_of(1), entries_of(1_500_000));
        let (stale_root, root) = (Root::of_leaves(&stale), Root::of_leaves(&true_entries));
        let older = block(120, EMPTY, stale_root.hash(), &[]);
        let older_header = BlockHeader::decode(&older).unwrap();
        let newer = block(121, *older_header.id.as_bytes(), root.hash(), &[&transaction]);
        let refunded_in = BlockHeader::decode(&newer).unwrap();
        // The newest block's root is hashed with both tries before it, which is what makes a stale one tempting.
        let top = Root::pointing_back(&root, &refunded_in.id);
        let top_trie = hash(&[&top.hash(), &stale_root.hash(), &root.hash()]);
        let newest = block(122, *refunded_in.id.as_bytes(), top_trie, &[]);
        let tip = BlockHeader::decode(&newest).unwrap();

        let proof_of = |below: &Root, entry: &Entry, junction: Vec<u8>| {
            let character = entry.way[0];
            let mut leaf = vec![4, 0];
            leaf.extend_from_slice(&31_u32.to_be_bytes());
            leaf.extend_from_slice(&entry.way[1..]);
            leaf.extend_from_slice(&entry.data());
            let steps = [
                leaf,
                below.step(character),
                shunt(0, &[]),
                top.step(character),
                junction,
            ];
            let mut proof = u32::try_from(steps.len()).unwrap().to_be_bytes().to_vec();
            proof.extend(steps.concat());
            proof
        };
        let entries = maps(1_500_000, &merchant)
            .into_iter()
            .zip(true_entries.iter().zip(&stale))
            .map(|((map, key, _), (now, before))| {
                let proof = proof_of(&root, now, shunt(2, &[stale_root.hash()]));
                let stale = proof_of(&stale_root, before, shunt(1, &[root.hash()]));
                let key = hex::encode_prefixed(&key.encode());
                ((map, key), (now.value.clone(), proof, stale))
            })
            .collect();
        let mut info: Json = serde_json::from_str(INFO).unwrap();
        let mut info: Json =
            serde_json::from_str(info["response"]["body_text"].take().as_str().unwrap()).unwrap();
        info["network_id"] = json!(2_147_483_648_u32);
        info["stacks_tip"] = json!(tip.hash.to_bare_hex());
        info["stacks_tip_consensus_hash"] = json!(tip.consensus_hash.to_bare_hex());
        info["stacks_tip_height"] = json!(122);
        let named = [
            (older_header.id, older),
            (refunded_in.id, newer),
            (tip.id, newest),
        ];
        Self {
            event: event(&merchant),
            transaction,
            blocks: named
                .into_iter()
                .map(|(id, bytes)| (id.to_bare_hex(), bytes))
                .collect(),
            refunded_in,
            tip,
            entries,
            info,
        }
    }

    pub(crate) fn txid(&self) -> String {
        self.transaction.txid().to_string()
    }

    /// The proof of an older block's entry, and the entry, as if they were the newest block's.
    pub(crate) fn stale(&self, asked: &Asked) -> Json {
        let (_, _, stale) = self.entry(asked).unwrap();
        let merchant = Principal::from(self.transaction.origin_address());
        let maps = maps(1, &merchant);
        let (_, _, value) = maps
            .iter()
            .find(|(map, _, _)| asked.path.contains(&format!("/{map}?")))
            .unwrap();
        json!({"data": value, "proof": hex::encode_prefixed(stale)})
    }

    fn entry(&self, asked: &Asked) -> Option<&Proven> {
        let map = asked.path.rsplit('/').next()?.split('?').next()?.to_owned();
        let key: String = serde_json::from_slice(&asked.body).ok()?;
        self.entries.get(&(map, key))
    }

    /// What an honest node answers.
    pub(crate) fn answer(&self, asked: &Asked) -> Answered {
        let path = asked.path.as_str();
        if path == "/v2/info" {
            return Answered::json(&self.info);
        }
        if path.starts_with("/v2/contracts/source/") {
            return Answered::json(&json!({"source": CORE_SOURCE, "publish_height": 3}));
        }
        if path.contains("/map_entry/") {
            assert!(
                path.contains(&format!("tip={}", self.tip.id.to_bare_hex())),
                "{path}"
            );
            let Some((value, proof, _)) = self.entry(asked) else {
                return Answered::json(&json!({"data": "0x09", "proof": ""}));
            };
            let proof = if path.contains("proof=1") {
                hex::encode_prefixed(proof)
            } else {
                String::new()
            };
            return Answered::json(&json!({"data": format!("0x{value}"), "proof": proof}));
        }
        if path.starts_with("/v3/transaction/") {
            return Answered::json(&json!({
                "index_block_hash": self.refunded_in.id.to_bare_hex(), "tx": hex::encode(&self.transaction.encode()),
                "result": "(ok u1)", "block_height": 121, "is_canonical": true,
            }));
        }
        if path.starts_with("/v3/blocks/replay/") {
            return match asked.authorization.as_deref() {
                Some(TOKEN) => Answered::json(&self.replay()),
                _ => Answered::text(401, "Unauthorized"),
            };
        }
        let block = path
            .strip_prefix("/v3/blocks/")
            .and_then(|id| self.blocks.get(id));
        block.map_or_else(
            || Answered::text(404, "No such block"),
            |bytes| Answered::bytes(bytes.clone()),
        )
    }

    fn replay(&self) -> Json {
        let txid = self.txid();
        json!({
            "block_id": self.refunded_in.id.to_bare_hex(), "block_height": 121,
            "parent_block_id": self.refunded_in.parent.to_bare_hex(), "timestamp": self.refunded_in.timestamp,
            "transactions": [{
                "txid": txid.trim_start_matches("0x"), "hex": hex::encode(&self.transaction.encode()),
                "result_hex": "0x070100000000000000000000000000000001", "post_condition_aborted": false,
                "events": [
                    {"txid": txid, "event_index": 1, "committed": true, "type": "stx_transfer_event", "stx_transfer_event": {
                        "sender": self.transaction.origin_address(), "recipient": PAYER, "amount": "1500000", "memo": ""}},
                    {"txid": txid, "event_index": 0, "committed": true, "type": "contract_event", "contract_event": {
                        "contract_identifier": CORE, "topic": "print", "raw_value": hex::encode_prefixed(&self.event)}},
                ],
            }],
        })
    }
}

fn event(merchant: &Principal) -> Vec<u8> {
    let order = order();
    let event = RefundProcessed {
        refund_id: RefundId(1),
        invoice_id: order.invoice_id,
        merchant: merchant.clone(),
        issuer: merchant.clone(),
        payer: order.payer,
        token: Token::Stx,
        amount: order.amount,
        reason: order.reason,
        reference: order.reference,
        payer_paid: BaseUnits(10_000_000),
        payer_refunded: order.amount,
        deadline: BurnHeight(4_420),
        burn_height: BurnHeight(101),
        state: InvoiceState {
            amount_paid: BaseUnits(10_000_000),
            amount_refunded: order.amount,
            status: InvoiceStatus::Paid,
            refund_window: 4_320,
            first_payment_at: Some(BurnHeight(100)),
            expires_at: BurnHeight(1_100),
        },
    };
    Event::RefundProcessed(event).to_value().encode()
}
