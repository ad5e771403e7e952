//! Blocks and tenures.

use serde::Deserialize;

use super::client::{BLOCK_LIMIT, NodeClient, ORDINARY_LIMIT};
use super::error::RpcError;
use crate::clarity::Value;
use crate::hash::{BlockHash, BurnBlockHash, BurnHeight, ConsensusHash, IndexBlockHash, StacksHeight, Txid};
use crate::transaction::Transaction;

/// Answer of `GET /v3/tenures/info`: the tenure at the tip.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TenureInfo {
    /// Its sortition.
    pub consensus_hash: ConsensusHash,
    /// Its first block.
    pub tenure_start_block_id: IndexBlockHash,
    /// Sortition of the tenure before it.
    pub parent_consensus_hash: ConsensusHash,
    /// First block of the tenure before it.
    pub parent_tenure_start_block_id: IndexBlockHash,
    /// Newest block.
    pub tip_block_id: IndexBlockHash,
    /// Its height.
    pub tip_height: StacksHeight,
    /// Reward cycle.
    pub reward_cycle: u64,
}

/// Answer of `GET /v3/tenures/blocks/height/..`: a burn block, and the canonical Stacks blocks of the tenure
/// that it elected, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TenureBlocks {
    /// The burn block's sortition.
    pub consensus_hash: ConsensusHash,
    /// The last sortition before it that elected someone.
    pub last_sortition_ch: ConsensusHash,
    /// Height of the burn block.
    pub burn_block_height: BurnHeight,
    /// Hash of the burn block.
    pub burn_block_hash: BurnBlockHash,
    /// The tenure's blocks; none where the burn block elected nobody.
    pub stacks_blocks: Vec<TenureBlock>,
}

/// A Stacks block of a tenure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TenureBlock {
    /// Its identity.
    pub block_id: IndexBlockHash,
    /// Its header's hash.
    pub block_hash: BlockHash,
    /// Identity of its parent.
    pub parent_block_id: IndexBlockHash,
    /// Its height.
    pub height: StacksHeight,
    /// Kind of header.
    pub header_type: HeaderType,
}

/// Kind of a block's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeaderType {
    /// Before Nakamoto.
    Epoch2,
    /// Since Nakamoto.
    Nakamoto,
}

/// Answer of `GET /v3/blocks/replay/..`: a block run again, with its events.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReplayedBlock {
    /// Its identity.
    pub block_id: IndexBlockHash,
    /// Its header's hash.
    pub block_hash: BlockHash,
    /// Its height.
    pub block_height: StacksHeight,
    /// Identity of its parent.
    pub parent_block_id: IndexBlockHash,
    /// Its tenure's sortition.
    pub consensus_hash: ConsensusHash,
    /// When it was made, in seconds of Unix time.
    pub timestamp: u64,
    /// Its transactions in their order.
    pub transactions: Vec<ReplayedTransaction>,
}

/// A transaction of a replayed block.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReplayedTransaction {
    /// Its id.
    pub txid: Txid,
    /// The transaction.
    #[serde(rename = "hex")]
    pub transaction: Transaction,
    /// What it returned.
    #[serde(rename = "result_hex")]
    pub result: Value,
    /// Whether post-conditions rolled it back.
    pub post_condition_aborted: bool,
    /// Why the virtual machine stopped, where it did.
    pub vm_error: Option<String>,
    /// Its events, as observers get them; `event_index` counts within the transaction here.
    pub events: Vec<serde_json::Value>,
}

/// Answer of `GET /v3/transaction/..`: where a transaction was mined.
///
/// One that was orphaned and mined again may be reported in its orphaned block: this alone proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StoredTransaction {
    /// The block.
    pub index_block_hash: IndexBlockHash,
    /// The transaction.
    #[serde(rename = "tx")]
    pub transaction: Transaction,
    /// What it returned, in the node's notation.
    pub result: String,
    /// Height of the block, while it is canonical.
    pub block_height: Option<StacksHeight>,
    /// Whether the block is on the chain that the node follows.
    pub is_canonical: bool,
}

/// Answer of `GET /v3/sortitions/..`, as far as it is read: the Bitcoin block of a sortition, on any fork.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sortition {
    /// Hash of the burn block.
    pub burn_block_hash: BurnBlockHash,
    /// Its height.
    pub burn_block_height: BurnHeight,
    /// The sortition.
    pub consensus_hash: ConsensusHash,
}

impl NodeClient {
    /// The tenure at the tip: `GET /v3/tenures/info`.
    pub async fn tenure_info(&self) -> Result<TenureInfo, RpcError> {
        self.get("/v3/tenures/info".to_owned(), ORDINARY_LIMIT)
            .await?
            .ok()?
            .json()
    }

    /// The canonical blocks of the tenure that the burn block at this height elected, `None` where the node
    /// knows no such burn block: `GET /v3/tenures/blocks/height/..`.
    pub async fn tenure_blocks(&self, height: BurnHeight) -> Result<Option<TenureBlocks>, RpcError> {
        let path = format!("/v3/tenures/blocks/height/{height}");
        let answer = self.get(path, ORDINARY_LIMIT).await?;
        answer.found()?.map(|answer| answer.json()).transpose()
    }

    /// A block with its events, `None` where there is none: `GET /v3/blocks/replay/..`. Nakamoto blocks only;
    /// needs [`NodeClient::with_auth_token`] and works the node hard.
    pub async fn replay_block(&self, block: &IndexBlockHash) -> Result<Option<ReplayedBlock>, RpcError> {
        let path = format!("/v3/blocks/replay/{}", block.to_bare_hex());
        let answer = self.get_authorized(path, BLOCK_LIMIT).await?;
        answer.found()?.map(|answer| answer.json()).transpose()
    }

    /// The same as the node wrote it, unread: for whoever keeps it.
    pub async fn replay_block_json(&self, block: &IndexBlockHash) -> Result<Option<Vec<u8>>, RpcError> {
        let path = format!("/v3/blocks/replay/{}", block.to_bare_hex());
        let answer = self.get_authorized(path, BLOCK_LIMIT).await?;
        Ok(answer.found()?.map(|answer| answer.body))
    }

    /// The sortition of this name, also on an abandoned Bitcoin fork; `None` where the node knows none:
    /// `GET /v3/sortitions/consensus/..`.
    pub async fn sortition(&self, consensus_hash: &ConsensusHash) -> Result<Option<Sortition>, RpcError> {
        let path = format!("/v3/sortitions/consensus/{}", consensus_hash.to_bare_hex());
        let answer = self.get(path, ORDINARY_LIMIT).await?;
        let found: Option<Vec<Sortition>> = answer.found()?.map(|answer| answer.json()).transpose()?;
        Ok(found
            .into_iter()
            .flatten()
            .find(|sortition| sortition.consensus_hash == *consensus_hash))
    }

    /// A Nakamoto block's bytes, `None` where there is none: `GET /v3/blocks/..`.
    pub async fn block(&self, block: &IndexBlockHash) -> Result<Option<Vec<u8>>, RpcError> {
        let answer = self
            .get(format!("/v3/blocks/{}", block.to_bare_hex()), BLOCK_LIMIT)
            .await?;
        Ok(answer.found()?.map(|answer| answer.body))
    }

    /// The bytes of the canonical Nakamoto block at this height: `GET /v3/blocks/height/..`.
    pub async fn block_at(&self, height: StacksHeight) -> Result<Option<Vec<u8>>, RpcError> {
        let answer = self
            .get(format!("/v3/blocks/height/{height}"), BLOCK_LIMIT)
            .await?;
        Ok(answer.found()?.map(|answer| answer.body))
    }

    /// Where a transaction was mined, `None` where it was not: `GET /v3/transaction/..`. The node must keep
    /// an index of transactions; one that does not answers 501.
    pub async fn transaction(&self, txid: &Txid) -> Result<Option<StoredTransaction>, RpcError> {
        let answer = self
            .get(format!("/v3/transaction/{}", txid.to_bare_hex()), ORDINARY_LIMIT)
            .await?;
        answer.found()?.map(|answer| answer.json()).transpose()
    }
}
