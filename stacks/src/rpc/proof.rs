//! Map entries with the node's proof, checked (SIP-004): `POST /v2/map_entry/..?proof=1`, and a header for each block that
//! the proof hops through.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::client::{NodeClient, at_tip, check_tip};
use super::contract::map_entry_path;
use super::error::RpcError;
use crate::address::ContractId;
use crate::clarity::{ClarityName, Value};
use crate::hash::{IndexBlockHash, StateRoot};
use crate::header::{BlockHeader, HeaderError};
use crate::hex;
use crate::marf::{Proof, ProofDecodeError, ProofError, map_entry_key};

/// Blocks that a proof may hop through. Each takes a request; real proofs have a few.
const MAX_HOPS: usize = 64;
/// Status of a server that does not make proofs, or serves no blocks.
const NOT_IMPLEMENTED: u16 = 501;

/// A map entry, and how far it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenEntry {
    /// The entry; `None` where there is none.
    pub entry: Option<Value>,
    /// The serialised `(optional entry)` that the chain hashes: digits without `0x`.
    pub data: String,
    /// Why it must be true.
    pub evidence: Evidence,
}

/// Why a map entry must be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// A proof that was checked from the value's hash to the block's state root.
    Proof(CheckedProof),
    /// None: the node's word alone.
    NotOffered(NotOffered),
}

/// Why there is no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOffered {
    /// The server makes none.
    ByThisNode,
    /// Nodes prove what is there, not what is not.
    ForAbsence,
}

/// A proof that holds, with all that somebody else needs to check it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedProof {
    /// The proof's bytes.
    pub proof: Vec<u8>,
    /// The block whose state root it ends in.
    pub block: IndexBlockHash,
    /// That root.
    pub state_root: StateRoot,
    /// Headers of the blocks that it hops through, the oldest first, and of that block: each with its bytes.
    pub headers: Vec<(BlockHeader, Vec<u8>)>,
}

/// Why a map entry is not proven, though the node offers a proof.
#[derive(Debug, thiserror::Error)]
pub enum MapProofError {
    /// No usable answer.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The proof's bytes.
    #[error(transparent)]
    Decode(#[from] ProofDecodeError),
    /// What it proves.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A header that is needed.
    #[error("header of block {block}")]
    Header {
        /// Of which block.
        block: IndexBlockHash,
        /// What is wrong with it.
        source: HeaderError,
    },
    /// The node answers another block than the one asked for.
    #[error("the node answers block {found} for block {asked}")]
    OtherBlock {
        /// What was asked for.
        asked: IndexBlockHash,
        /// What the answer's bytes are of.
        found: IndexBlockHash,
    },
    /// The node does not have a block that the proof hops through.
    #[error("the node does not have block {0}, which the proof hops through")]
    NoBlock(IndexBlockHash),
    /// More hops than any honest proof has.
    #[error("the proof hops through {0} blocks")]
    TooManyHops(usize),
}

impl MapProofError {
    /// False where the node gave no answer, or serves no headers: nothing is known then of its honesty.
    #[must_use]
    pub const fn is_contradiction(&self) -> bool {
        !matches!(self, Self::Rpc(_) | Self::NoBlock(_))
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Value,
    #[serde(default)]
    proof: Option<String>,
}

impl NodeClient {
    /// The entry of a map after a block, with a proof of it that was checked strictly; without one where the node offers
    /// none. One request, and one more for the block and for each that the proof hops through.
    ///
    /// # Errors
    /// [`MapProofError`] when the node does not answer, or its proof does not hold.
    pub async fn proven_map_entry(
        &self,
        contract: &ContractId,
        map: &ClarityName,
        key: &Value,
        block: &IndexBlockHash,
    ) -> Result<ProvenEntry, MapProofError> {
        let path = at_tip(format!("{}?proof=1", map_entry_path(contract, map)), Some(block));
        let answer = check_tip(self.post_json(path, key).await?, Some(block))?;
        if answer.status.as_u16() == NOT_IMPLEMENTED {
            let entry = self.map_entry(contract, map, key, Some(block)).await?;
            return Ok(unproven(entry, NotOffered::ByThisNode));
        }
        let answer = answer.ok()?;
        let Answer { data, proof } = answer.json()?;
        let text = hex::encode(&data.encode());
        let entry = match data {
            Value::None => return Ok(unproven(None, NotOffered::ForAbsence)),
            Value::Some(entry) => *entry,
            other => {
                let reason = format!("a map entry is optional, not {}", other.type_name());
                return Err(answer.malformed(reason).into());
            }
        };
        let proof = proof.filter(|digits| !digits.trim_start_matches("0x").is_empty());
        let Some(proof) = proof else {
            return Ok(unproven(Some(entry), NotOffered::ByThisNode));
        };
        let proof = hex::decode(&proof).map_err(|error| answer.malformed(format!("proof: {error}")))?;
        let key = map_entry_key(contract, map, key);
        Ok(ProvenEntry {
            evidence: Evidence::Proof(self.check_proof(proof, &key, &text, block).await?),
            entry: Some(entry),
            data: text,
        })
    }

    async fn check_proof(
        &self,
        proof: Vec<u8>,
        key: &str,
        value: &str,
        block: &IndexBlockHash,
    ) -> Result<CheckedProof, MapProofError> {
        let claims = Proof::decode(&proof)?.check(key, value)?;
        if claims.hops.len() > MAX_HOPS {
            return Err(MapProofError::TooManyHops(claims.hops.len()));
        }
        let mut headers = Vec::with_capacity(claims.hops.len().saturating_add(1));
        for id in claims.hops.iter().map(|(id, _)| id).chain([block]) {
            headers.push(self.block_header(id).await?);
        }
        let roots: BTreeMap<_, _> = headers
            .iter()
            .map(|(header, _)| (header.id, header.state_root))
            .collect();
        claims.hold(block, &roots)?;
        Ok(CheckedProof {
            proof,
            block: *block,
            state_root: claims.root,
            headers,
        })
    }

    /// The header of a block, and its bytes. Whose they are follows from them: the node cannot give another's.
    async fn block_header(&self, id: &IndexBlockHash) -> Result<(BlockHeader, Vec<u8>), MapProofError> {
        let bytes = self.block(id).await?.ok_or(MapProofError::NoBlock(*id))?;
        let wrong = |source| MapProofError::Header { block: *id, source };
        let (header, length) = BlockHeader::split(&bytes).map_err(wrong)?;
        if header.id != *id {
            return Err(MapProofError::OtherBlock {
                asked: *id,
                found: header.id,
            });
        }
        let bytes = bytes.into_iter().take(length).collect();
        Ok((header, bytes))
    }
}

fn unproven(entry: Option<Value>, why: NotOffered) -> ProvenEntry {
    let value = entry
        .clone()
        .map_or(Value::None, |entry| Value::Some(Box::new(entry)));
    ProvenEntry {
        entry,
        data: hex::encode(&value.encode()),
        evidence: Evidence::NotOffered(why),
    }
}
