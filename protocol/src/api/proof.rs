//! JSON of `GET /refunds/{id}/proof`: what anybody needs to check a refund without us.

use chrono::{DateTime, Utc};
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::{
    BlockHash, BurnBlockHash, BurnHeight, ConsensusHash, IndexBlockHash, StacksHeight, Txid,
};
use serde::{Deserialize, Serialize};

use super::Refund;
use crate::amount::BaseUnits;
use crate::token::Token;

/// A canonical refund with all that leads to it. Bytes are `0x` and lower-case digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundProof {
    /// As the tables have it.
    pub refund: Refund,
    /// The contract whose refund it is.
    pub core_contract: ContractId,
    /// The transaction that made it.
    pub transaction: ProofTransaction,
    /// The block that holds the transaction.
    pub block: ProofBlock,
    /// What the contract printed, byte for byte.
    pub event: ProofEvent,
    /// The token transfer that the event speaks of.
    pub transfer: ProofTransfer,
    /// What the indexer's node says now.
    pub node: NodeEvidence,
}

/// See [`RefundProof::transaction`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProofTransaction {
    /// Its id: SHA-512/256 of its bytes.
    pub txid: Txid,
    /// Its place in the block.
    pub tx_index: u32,
}

/// See [`RefundProof::block`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProofBlock {
    /// Its identity: SHA-512/256 of block hash and consensus hash.
    pub index_block_hash: IndexBlockHash,
    /// Hash of its header.
    pub block_hash: BlockHash,
    /// Its parent's identity.
    pub parent_index_block_hash: IndexBlockHash,
    /// Its height.
    pub stacks_height: StacksHeight,
    /// The sortition of its tenure; none in messages of old nodes.
    pub consensus_hash: Option<ConsensusHash>,
    /// Bitcoin block that elected its tenure.
    pub election_burn_block_hash: BurnBlockHash,
    /// Height of that one.
    pub election_burn_height: BurnHeight,
    /// When it was made, as far as the chain says.
    pub block_time: Option<DateTime<Utc>>,
}

/// See [`RefundProof::event`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProofEvent {
    /// Who printed it.
    pub contract: ContractId,
    /// `print`.
    pub topic: String,
    /// Which of the transaction's events, from 0, in the chain's order.
    pub ordinal: u32,
    /// The Clarity value as serialised by the chain (SIP-005).
    pub raw_value: String,
}

/// See [`RefundProof::transfer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProofTransfer {
    /// In what.
    pub token: Token,
    /// Whose balance fell.
    pub sender: Principal,
    /// Whose balance rose.
    pub recipient: Principal,
    /// How much.
    pub amount: BaseUnits,
    /// Whether the transaction's events held exactly this transfer when they came from the node.
    pub found: bool,
}

/// What the indexer's node says now; the rest of the answer does not depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NodeEvidence {
    /// Whether there is any.
    pub state: NodeState,
    /// What the node does not give, and why; none when it gave everything.
    pub detail: Option<String>,
    /// The transaction's bytes; hash them to get its id.
    pub raw_transaction: Option<String>,
    /// The refund in the contract's own map.
    pub map_entry: Option<ProofMapEntry>,
}

/// Whether a node answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum NodeState {
    /// It did, with what `detail` does not except.
    Answered,
    /// It did not, or not in time.
    Unavailable,
    /// The indexer has none to ask.
    NotConfigured,
}

/// An entry of a contract's map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProofMapEntry {
    /// Name of the map: `refunds`.
    pub map: String,
    /// The key, serialised.
    pub key: String,
    /// The serialised `(optional entry)`; its digits without `0x` are what the chain hashes.
    pub value: String,
    /// The block whose state holds it.
    pub index_block_hash: IndexBlockHash,
    /// The node's proof of it; none where the node makes none, or there is no entry.
    pub proof: Option<MapProof>,
}

/// A MARF proof (SIP-004) with what it is checked against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MapProof {
    /// As the node sent it.
    pub proof: String,
    /// What the key is hashed from: `vm::` contract `::0::` map `::` key.
    pub path: String,
    /// State root of the block: what the proof ends in.
    pub state_root: String,
    /// Headers of the blocks that the proof hops through, the oldest first, and of the block itself.
    pub headers: Vec<ProofHeader>,
}

/// A header of a block, whose identity follows from its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProofHeader {
    /// Identity of the block.
    pub index_block_hash: IndexBlockHash,
    /// The header's bytes, as `GET /v3/blocks/{id}` begins.
    pub header: String,
}
