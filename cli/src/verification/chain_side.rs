//! The node's side: the transaction, its block, and the block run again.

use recoup_protocol::api::RefundProof;
use recoup_protocol::ids::RefundId;
use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::Value;
use recoup_stacks::hash::{IndexBlockHash, Txid};
use recoup_stacks::rpc::{NodeClient, RpcError};
use recoup_stacks::transaction::Transaction;

use super::block::{Included, Inclusion, inclusion};
use super::collect::{Collector, copied_event};
use super::facts::{Facts, Field};
use super::replay::{Replay, Replayed};
use super::report::{Difference, PrintedEvent};
use super::statement::Statement;
use super::transaction::{self, Signed, is_ok, ok_uint};
use crate::failure::{Failure, Kind};

/// Status of a node that has no such endpoint, or keeps no index of transactions.
const NOT_IMPLEMENTED: u16 = 501;
/// Status of a node that wants its token.
const UNAUTHORIZED: u16 = 401;

/// What the node says of the transaction and its block.
pub(super) struct Mined {
    /// The bytes, once read; an error says why they cannot be the transaction.
    pub(super) signed: Option<Result<Signed, Difference>>,
    /// Where it was mined, as far as it is canonical.
    pub(super) block: Option<IndexBlockHash>,
    bytes: Option<String>,
    answer: Option<String>,
    included: Option<Box<Included>>,
    differences: Vec<Difference>,
    remarks: Vec<String>,
    /// The node says that there is no such transaction.
    is_denied: bool,
}

impl Mined {
    /// Asks for the transaction by its id, and for the bytes of its block. `told` is the block that the indexer names.
    pub(super) async fn ask(asking: &Collector<'_>, txid: &Txid, told: Option<IndexBlockHash>) -> Self {
        let mut mined = Self {
            signed: None,
            block: None,
            bytes: None,
            answer: None,
            included: None,
            differences: Vec::new(),
            remarks: Vec::new(),
            is_denied: false,
        };
        match asking.node.transaction(txid).await {
            Ok(Some(stored)) => {
                mined.take(&stored.transaction, asking, txid);
                mined.answer = Some(stored.result);
                if stored.is_canonical {
                    mined.block = Some(stored.index_block_hash);
                } else {
                    mined.remark("the node names a block that left the chain");
                }
            }
            Ok(None) => mined.is_denied = true,
            Err(RpcError::Malformed { reason, .. }) => {
                mined.signed = Some(Err(Difference::alone("bytes", reason, "a transaction")));
            }
            Err(RpcError::Status {
                status: NOT_IMPLEMENTED,
                ..
            }) => mined.remark("the node keeps no index of transactions"),
            Err(error) => mined.remark(&Failure::from_error(Kind::Network, &error).message),
        }
        if let Some(block) = mined.block.or(told) {
            mined.look_into(asking, &block, txid).await;
        }
        mined
    }

    async fn look_into(&mut self, asking: &Collector<'_>, block: &IndexBlockHash, txid: &Txid) {
        match inclusion(asking.node, block, txid).await {
            Inclusion::Proven(included) => {
                if self.signed.is_none() {
                    self.take(&included.transaction, asking, txid);
                }
                self.remark(&format!("block {block} commits to it"));
                self.block = Some(*block);
                self.is_denied = false;
                self.included = Some(included);
            }
            Inclusion::NotChecked(why) => self.remark(&why),
            Inclusion::Contradicts(difference) => self.differences.push(difference),
        }
    }

    fn take(&mut self, found: &Transaction, asking: &Collector<'_>, txid: &Txid) {
        self.bytes = Some(found.to_hex());
        self.signed = Some(transaction::read(found, txid, asking.chain, asking.core));
    }

    /// What the block's replay adds: the bytes where there were none, which must be the same where there were some.
    pub(super) fn hear(&mut self, rerun: &Rerun, asking: &Collector<'_>, txid: &Txid) {
        let Some(replayed) = rerun.transaction(txid) else {
            return;
        };
        let found = match Transaction::from_hex(&replayed.hex) {
            Ok(found) => found,
            Err(error) => {
                self.differences.push(Difference::alone(
                    "bytes in the block's replay",
                    error,
                    "a transaction",
                ));
                return;
            }
        };
        match &self.bytes {
            Some(bytes) if *bytes != found.to_hex() => {
                let difference =
                    Difference::alone("bytes in the block's replay", found.txid(), "the same bytes");
                self.differences.push(difference);
            }
            Some(_) => {}
            // What could not be read at all stays a lie, though the replay tells better.
            None if self.signed.is_some() => {}
            None => {
                self.take(&found, asking, txid);
                self.is_denied = false;
            }
        }
        if self.answer.is_none() {
            self.answer = Some(replayed.result_hex.to_string());
        }
        if self.block.is_none() {
            self.block = rerun.block();
        }
    }

    /// Refunds that it made, by its answer.
    pub(super) fn refund_ids(&self) -> Vec<RefundId> {
        let signed = self.signed.as_ref().and_then(|signed| signed.as_ref().ok());
        let answer = self.answer.as_deref().and_then(ok_uint);
        signed
            .zip(answer)
            .and_then(|(signed, answer)| signed.refund_ids(answer))
            .unwrap_or_default()
    }

    pub(super) fn parent(&self) -> Option<IndexBlockHash> {
        self.included.as_ref().map(|included| included.parent)
    }

    pub(super) fn timestamp(&self) -> Option<u64> {
        self.included.as_ref().map(|included| included.timestamp)
    }

    pub(super) const fn is_inclusion_proven(&self) -> bool {
        self.included.is_some()
    }

    fn remark(&mut self, text: &str) {
        self.remarks.push(text.to_owned());
    }

    /// What it comes to.
    pub(super) fn statement(
        &mut self,
        refund_id: RefundId,
        txid: &Txid,
        known: &Facts,
        rights: Option<Result<String, Difference>>,
    ) -> Statement {
        let mut statement = match self.signed.take() {
            None if self.is_denied => {
                Statement::wrong("node", Difference::alone("transaction", "not on this node", txid))
            }
            None => Statement::default(),
            Some(Err(difference)) => Statement::wrong("node", difference),
            Some(Ok(signed)) => self.of_signed(&signed, refund_id, txid, known),
        };
        match rights {
            Some(Ok(remark)) => statement.remark(remark),
            Some(Err(difference)) => statement.differences.push(difference),
            None => {}
        }
        statement.differences.append(&mut self.differences);
        statement.remarks.append(&mut self.remarks);
        statement
    }

    fn of_signed(&self, signed: &Signed, refund_id: RefundId, txid: &Txid, known: &Facts) -> Statement {
        let answer = self.answer.as_deref();
        if let Some(answer) = answer.filter(|answer| !is_ok(answer)) {
            return Statement::wrong("node", Difference::alone("result", answer, "(ok ..)"));
        }
        let facts = match signed.facts(refund_id, answer.and_then(ok_uint), known) {
            Ok(facts) => facts.with(Field::Txid, txid),
            Err(difference) => return Statement::wrong("node", difference),
        };
        let facts = match (self.block, &self.included) {
            (Some(block), Some(included)) => facts
                .with(Field::Block, block)
                .with(Field::StacksHeight, included.height),
            (Some(block), None) => facts.with(Field::Block, block),
            (None, _) => facts,
        };
        Statement::own("node", facts, "id and signatures recomputed")
    }
}

/// The block run again, with its events.
pub(super) enum Rerun {
    /// Had; the transaction is in it.
    Has(Box<Replay>, Txid),
    /// Not to be had, and why.
    NotOffered(String),
    /// Had, and wrong.
    Wrong(Difference),
}

impl Rerun {
    pub(super) async fn ask(node: &NodeClient, txid: &Txid, block: Option<IndexBlockHash>) -> Self {
        let Some(block) = block else {
            return Self::NotOffered("nobody names the block".to_owned());
        };
        let body = match node.replay_block_json(&block).await {
            Ok(Some(body)) => body,
            Ok(None) => return Self::NotOffered(format!("the node cannot run block {block} again")),
            Err(RpcError::Status {
                status: UNAUTHORIZED, ..
            }) => {
                let why = "the node tells a block's events only with its token (--node-auth-token-file)";
                return Self::NotOffered(why.to_owned());
            }
            Err(RpcError::Status { .. }) => {
                return Self::NotOffered("this node does not run blocks again".to_owned());
            }
            Err(error) => return Self::NotOffered(Failure::from_error(Kind::Network, &error).message),
        };
        match Replay::read(&body) {
            Err(error) => Self::NotOffered(format!("the block's replay is not understood: {error}")),
            Ok(replay) if replay.block_id != block => {
                Self::Wrong(Difference::alone("replayed block", replay.block_id, block))
            }
            Ok(replay) if replay.transaction(txid).is_none() => {
                Self::Wrong(Difference::alone("transactions of the block", "without it", txid))
            }
            Ok(replay) => Self::Has(Box::new(replay), *txid),
        }
    }

    fn replay(&self) -> Option<&Replay> {
        match self {
            Self::Has(replay, _) => Some(replay),
            Self::NotOffered(_) | Self::Wrong(_) => None,
        }
    }

    fn transaction(&self, txid: &Txid) -> Option<&Replayed> {
        self.replay().and_then(|replay| replay.transaction(txid))
    }

    fn block(&self) -> Option<IndexBlockHash> {
        self.replay().map(|replay| replay.block_id)
    }

    pub(super) fn parent(&self) -> Option<IndexBlockHash> {
        self.replay().map(|replay| replay.parent_block_id)
    }

    pub(super) fn timestamp(&self) -> Option<u64> {
        self.replay().map(|replay| replay.timestamp)
    }

    pub(super) fn refund_ids(&self, core: &ContractId) -> Vec<RefundId> {
        match self {
            Self::Has(replay, txid) => replay
                .transaction(txid)
                .map(|transaction| transaction.refund_ids(core))
                .unwrap_or_default(),
            Self::NotOffered(_) | Self::Wrong(_) => Vec::new(),
        }
    }

    /// Event and transfer; where the node gives none, the indexer's copy is shown and does not count.
    pub(super) fn statements(
        &self,
        core: &ContractId,
        refund_id: RefundId,
        copy: Option<&RefundProof>,
    ) -> (Statement, Statement, Option<PrintedEvent>) {
        let (replay, transaction) = match self {
            Self::NotOffered(why) => return from_indexer(why, copy),
            Self::Wrong(difference) => {
                let wrong = Statement::wrong("node", difference.clone());
                return (wrong, Statement::missing("no event"), copy.map(copied_event));
            }
            Self::Has(replay, txid) => match replay.transaction(txid) {
                Some(transaction) => (replay, transaction),
                None => return from_indexer("the transaction is not in it", copy),
            },
        };
        let is_success = matches!(transaction.result_hex, Value::Ok(_));
        if transaction.post_condition_aborted || !is_success {
            let found = format!("rolled back: {}", transaction.result_hex);
            let wrong = Statement::wrong("node", Difference::alone("result", found, "(ok ..)"));
            return (wrong, Statement::missing("rolled back"), None);
        }
        match transaction.told(core, refund_id) {
            Err(difference) => {
                let event = Statement::wrong("node", difference);
                (event, Statement::missing("no event"), copy.map(copied_event))
            }
            Ok(told) => {
                let facts = told
                    .facts
                    .with(Field::Block, replay.block_id)
                    .with(Field::StacksHeight, replay.block_height);
                let transfer = match told.transfer {
                    Ok(facts) => Statement::own("node", facts, "block run again"),
                    Err(difference) => Statement::wrong("node", difference),
                };
                (
                    Statement::own("node", facts, "block run again"),
                    transfer,
                    Some(told.event),
                )
            }
        }
    }
}

/// What is shown where the node tells no events.
fn from_indexer(why: &str, copy: Option<&RefundProof>) -> (Statement, Statement, Option<PrintedEvent>) {
    let mut event = Statement::missing(why);
    let mut transfer = Statement::missing(why);
    if let Some(proof) = copy {
        event.from = Some("indexer");
        event.remark("the indexer's copy is shown, and counts for nothing");
        transfer.from = Some("indexer");
        transfer.remark(if proof.transfer.found {
            "the indexer says that it saw the transfer"
        } else {
            "the indexer says that it saw no such transfer"
        });
    }
    (event, transfer, copy.map(copied_event))
}
