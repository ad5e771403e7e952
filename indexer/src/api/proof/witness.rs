//! What the node says of a refund, for those who ask us: bounded in time and number, never a reason to fail.

use std::sync::Arc;
use std::time::Duration;

use recoup_protocol::api::{MapProof, NodeEvidence, NodeState, Position, ProofHeader, ProofMapEntry};
use recoup_protocol::ids::RefundId;
use recoup_protocol::maps::{MapKey, RefundKey};
use recoup_stacks::address::ContractId;
use recoup_stacks::block::Block;
use recoup_stacks::hex;
use recoup_stacks::marf::map_entry_key;
use recoup_stacks::rpc::{CheckedProof, Evidence, MapProofError, NodeClient, NotOffered};
use tokio::sync::Semaphore;

use crate::error_chain::describe;

/// Questions that the node may be busy with for us at once.
const AT_ONCE: usize = 4;
/// Longest time that the node may take; less where a request as a whole has less.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// The node, as witness of what the tables say.
#[derive(Debug, Clone)]
pub(in crate::api) struct Witness {
    node: Option<NodeClient>,
    turns: Arc<Semaphore>,
    time_limit: Duration,
}

impl Witness {
    /// A node, if there is one. It gets at most half of the time that a request has.
    pub(in crate::api) fn new(node: Option<NodeClient>, request_limit: Duration) -> Self {
        Self {
            node,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            time_limit: TIME_LIMIT.min(request_limit / 2),
        }
    }

    /// What the node says now of a refund and its transaction.
    pub(super) async fn evidence(
        &self,
        core: &ContractId,
        refund_id: RefundId,
        position: &Position,
    ) -> NodeEvidence {
        let Some(node) = &self.node else {
            return nothing(NodeState::NotConfigured, "the indexer has no node to ask");
        };
        let Ok(_turn) = self.turns.try_acquire() else {
            return nothing(NodeState::Unavailable, "the node is busy with other questions");
        };
        let (transaction, map_entry) = tokio::join!(
            self.in_time(raw_transaction(node, position)),
            self.in_time(map_entry(node, core, refund_id)),
        );
        let state = match (&transaction, &map_entry) {
            (Err(_), Err(_)) => NodeState::Unavailable,
            _ => NodeState::Answered,
        };
        let mut missing = Vec::new();
        let raw_transaction = transaction
            .map_err(|reason| missing.push(format!("no transaction: {reason}")))
            .ok();
        let map_entry = match map_entry {
            Ok((entry, remark)) => {
                missing.extend(remark);
                Some(entry)
            }
            Err(reason) => {
                missing.push(format!("no map entry: {reason}"));
                None
            }
        };
        NodeEvidence {
            state,
            detail: (!missing.is_empty()).then(|| missing.join("; ")),
            raw_transaction,
            map_entry,
        }
    }

    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        tokio::time::timeout(self.time_limit, answer)
            .await
            .unwrap_or_else(|_| Err("the node did not answer in time".to_owned()))
    }
}

fn nothing(state: NodeState, why: &str) -> NodeEvidence {
    NodeEvidence {
        state,
        detail: Some(why.to_owned()),
        raw_transaction: None,
        map_entry: None,
    }
}

/// From the node's index of transactions; where it keeps none, from the block itself.
async fn raw_transaction(node: &NodeClient, position: &Position) -> Result<String, String> {
    let indexed = match node.transaction(&position.txid).await {
        Ok(Some(stored)) => Ok(stored.transaction),
        Ok(None) => Err("the node does not have it".to_owned()),
        Err(error) => Err(describe(&error)),
    };
    let transaction = match indexed {
        Ok(transaction) => transaction,
        Err(reason) => {
            let block = node.block(&position.index_block_hash).await.ok().flatten();
            let block = block.and_then(|bytes| Block::decode(&bytes).ok());
            let found = block.and_then(|block| {
                let mut transactions = block.transactions.into_iter();
                transactions.find(|transaction| transaction.txid() == position.txid)
            });
            found.ok_or(reason)?
        }
    };
    if transaction.txid() == position.txid {
        Ok(transaction.to_hex())
    } else {
        Err(format!(
            "the node answers with transaction {}",
            transaction.txid()
        ))
    }
}

/// The refund in the contract's map after the node's newest block, and what is to be said of its proof.
async fn map_entry(
    node: &NodeClient,
    core: &ContractId,
    refund_id: RefundId,
) -> Result<(ProofMapEntry, Option<String>), String> {
    let tip = node.info().await.map_err(|error| describe(&error))?.tip();
    let key = RefundKey(refund_id).key();
    let map = RefundKey::MAP;
    let found = match node.proven_map_entry(core, &map, &key, &tip).await {
        Ok(found) => found,
        Err(error @ MapProofError::Rpc(_)) => return Err(describe(&error)),
        // Whoever asks is to know that there was a proof, and that it did not hold.
        Err(error) => return Err(format!("the node's proof does not hold: {}", describe(&error))),
    };
    let (proof, remark) = match found.evidence {
        Evidence::Proof(checked) => {
            let path = map_entry_key(core, &map, &key);
            (Some(map_proof(checked, path)), None)
        }
        Evidence::NotOffered(NotOffered::ByThisNode) => (None, Some("no proof: the node makes none")),
        Evidence::NotOffered(NotOffered::ForAbsence) => {
            (None, Some("the node's newest state has no such refund"))
        }
    };
    let entry = ProofMapEntry {
        map: map.to_string(),
        key: hex::encode_prefixed(&key.encode()),
        value: format!("0x{}", found.data),
        index_block_hash: tip,
        proof,
    };
    Ok((entry, remark.map(str::to_owned)))
}

fn map_proof(checked: CheckedProof, path: String) -> MapProof {
    MapProof {
        proof: hex::encode_prefixed(&checked.proof),
        path,
        state_root: checked.state_root.to_string(),
        headers: checked
            .headers
            .into_iter()
            .map(|(header, bytes)| ProofHeader {
                index_block_hash: header.id,
                header: hex::encode_prefixed(&bytes),
            })
            .collect(),
    }
}
