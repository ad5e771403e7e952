//! Payloads that only miners send. We read them, as every block begins with some.

use super::byte_enum::byte_enum;
use super::codec::DecodeError;
use crate::address::Principal;
use crate::clarity::Value;
use crate::hash::{BlockHash, ConsensusHash, IndexBlockHash};
use crate::keys::Signature;
use crate::wire::Reader;

/// The miner's reward.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Coinbase {
    /// Bytes of the miner's choice.
    pub data: [u8; 32],
    /// Who receives the reward; `None` is the miner.
    pub recipient: Option<Principal>,
    /// Proof of the sortition's randomness; since Nakamoto.
    pub vrf_proof: Option<[u8; 80]>,
}

/// Begins a tenure, or extends it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TenureChange {
    /// The tenure that begins or goes on.
    pub tenure_consensus_hash: ConsensusHash,
    /// The tenure before it.
    pub previous_tenure_consensus_hash: ConsensusHash,
    /// The burn view: the newest sortition that the miner has seen.
    pub burn_view_consensus_hash: ConsensusHash,
    /// Last block of the previous tenure.
    pub previous_tenure_end: IndexBlockHash,
    /// Blocks in the previous tenure.
    pub previous_tenure_blocks: u32,
    /// Why the tenure changes.
    pub cause: TenureChangeCause,
    /// Hash of the miner's public key.
    pub miner_key_hash: [u8; 20],
}

byte_enum! {
    /// Why a tenure changes.
    TenureChangeCause, "tenure change cause" {
        /// A new miner won a sortition.
        BlockFound = 0,
        /// The tenure goes on, with all budgets renewed.
        Extended = 1,
        /// The tenure goes on, with its runtime budget renewed (SIP-034).
        ExtendedRuntime = 2,
        /// The tenure goes on, with its read count budget renewed (SIP-034).
        ExtendedReadCount = 3,
        /// The tenure goes on, with its read length budget renewed (SIP-034).
        ExtendedReadLength = 4,
        /// The tenure goes on, with its write count budget renewed (SIP-034).
        ExtendedWriteCount = 5,
        /// The tenure goes on, with its write length budget renewed (SIP-034).
        ExtendedWriteLength = 6,
    }
}

/// Header of a microblock. None are made since epoch 2.5.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MicroblockHeader {
    /// Version of the format.
    pub version: u8,
    /// Place in the stream.
    pub sequence: u16,
    /// Hash of the microblock or block before it.
    pub previous: BlockHash,
    /// Root of the tree of its transactions.
    pub transaction_merkle_root: [u8; 32],
    /// The miner's signature.
    pub signature: Signature,
}

impl Coinbase {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            data: reader.array()?,
            recipient: None,
            vrf_proof: None,
        })
    }

    pub(super) fn read_to_recipient(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let data = reader.array()?;
        Ok(Self {
            data,
            recipient: Some(Principal::read(reader)?),
            vrf_proof: None,
        })
    }

    pub(super) fn read_nakamoto(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let data = reader.array()?;
        let recipient = match Value::read(reader)? {
            Value::None => None,
            Value::Some(value) => match *value {
                Value::Principal(principal) => Some(principal),
                _ => {
                    return Err(DecodeError::Contradiction(
                        "coinbase recipient is not a principal",
                    ));
                }
            },
            _ => return Err(DecodeError::Contradiction("coinbase recipient is not optional")),
        };
        Ok(Self {
            data,
            recipient,
            vrf_proof: Some(reader.array()?),
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.data);
        match (&self.recipient, &self.vrf_proof) {
            (None, None) => {}
            (Some(recipient), None) => recipient.write(out),
            (recipient, Some(proof)) => {
                Value::optional(recipient.clone()).write(out);
                out.extend_from_slice(proof);
            }
        }
    }
}

impl TenureChange {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            tenure_consensus_hash: ConsensusHash::from_bytes(reader.array()?),
            previous_tenure_consensus_hash: ConsensusHash::from_bytes(reader.array()?),
            burn_view_consensus_hash: ConsensusHash::from_bytes(reader.array()?),
            previous_tenure_end: IndexBlockHash::from_bytes(reader.array()?),
            previous_tenure_blocks: reader.u32()?,
            cause: TenureChangeCause::from_byte(reader.u8()?)?,
            miner_key_hash: reader.array()?,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.tenure_consensus_hash.as_bytes());
        out.extend_from_slice(self.previous_tenure_consensus_hash.as_bytes());
        out.extend_from_slice(self.burn_view_consensus_hash.as_bytes());
        out.extend_from_slice(self.previous_tenure_end.as_bytes());
        out.extend_from_slice(&self.previous_tenure_blocks.to_be_bytes());
        out.push(self.cause.to_byte());
        out.extend_from_slice(&self.miner_key_hash);
    }
}

impl MicroblockHeader {
    /// Reads two headers that prove a fork of the stream.
    pub(super) fn read_conflict(reader: &mut Reader<'_>) -> Result<[Self; 2], DecodeError> {
        let first = Self::read(reader)?;
        let second = Self::read(reader)?;
        if first == second {
            return Err(DecodeError::Contradiction("microblock headers are the same"));
        }
        if first.sequence != second.sequence && first.previous != second.previous {
            return Err(DecodeError::Contradiction("microblock headers do not conflict"));
        }
        Ok([first, second])
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            version: reader.u8()?,
            sequence: reader.u16()?,
            previous: BlockHash::from_bytes(reader.array()?),
            transaction_merkle_root: reader.array()?,
            signature: Signature::from_bytes(reader.array()?),
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.version);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(self.previous.as_bytes());
        out.extend_from_slice(&self.transaction_merkle_root);
        out.extend_from_slice(self.signature.as_bytes());
    }
}
