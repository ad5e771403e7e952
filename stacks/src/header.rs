//! Headers of Nakamoto blocks, as `GET /v3/blocks/{id}` begins: what a block commits to (SIP-021).

use crate::hash::{BlockHash, ConsensusHash, IndexBlockHash, StacksHeight, StateRoot, sha512_256};
use crate::wire::{EndOfInput, Reader};

/// Signers that a header can carry signatures of, as the node has it.
const MAX_SIGNERS: usize = 4_000;
/// Bytes of a recoverable signature.
const SIGNATURE_LENGTH: usize = 65;

/// What a block commits to. Its identity is computed from its bytes, so whoever asked for a block by its identity knows
/// that these bytes are of that block; that signers accepted it, nobody here checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockHeader {
    /// Its identity, computed.
    pub id: IndexBlockHash,
    /// Its own hash: what its signers sign.
    pub hash: BlockHash,
    /// Its Stacks height.
    pub height: StacksHeight,
    /// The sortition of its tenure.
    pub consensus_hash: ConsensusHash,
    /// Its parent's identity.
    pub parent: IndexBlockHash,
    /// Root of the Merkle tree of its transactions.
    pub transaction_root: [u8; 32],
    /// Root of the chain's state after it.
    pub state_root: StateRoot,
    /// When its miner made it, in seconds since 1970.
    pub timestamp: u64,
}

/// Why bytes are not a header that we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The bytes end too early.
    #[error("block header")]
    End(#[from] EndOfInput),
    /// A later node's header.
    #[error("block header of version {0}: only 0 and 1 are known")]
    UnknownVersion(u8),
    /// A list of transactions that the miner could not run; how its entries are written is not known here.
    #[error("block header that names problematic transactions: not understood")]
    ProblematicTransactions,
    /// More signatures than there can be signers.
    #[error("block header with {0} signatures")]
    TooManySignatures(usize),
}

impl BlockHeader {
    /// Reads the header at the beginning of a block.
    ///
    /// # Errors
    /// [`HeaderError`]
    pub fn decode(block: &[u8]) -> Result<Self, HeaderError> {
        Self::split(block).map(|(header, _)| header)
    }

    /// Reads the header at the beginning of a block; where in the bytes it ends.
    ///
    /// # Errors
    /// [`HeaderError`]
    pub fn split(block: &[u8]) -> Result<(Self, usize), HeaderError> {
        let mut reader = Reader::new(block);
        let start = block;
        let version = reader.u8()?;
        if version > 1 {
            return Err(HeaderError::UnknownVersion(version));
        }
        let height = StacksHeight(reader.u64()?);
        let _burn_spent = reader.u64()?;
        let consensus_hash = ConsensusHash::from_bytes(reader.array()?);
        let parent = IndexBlockHash::from_bytes(reader.array()?);
        let transaction_root = reader.array()?;
        let state_root = StateRoot::from_bytes(reader.array()?);
        let timestamp = reader.u64()?;
        reader.take(SIGNATURE_LENGTH)?;
        let mut committed = consumed(start, &reader).to_vec();

        let signatures = reader.length()?;
        if signatures > MAX_SIGNERS {
            return Err(HeaderError::TooManySignatures(signatures));
        }
        reader.take(signatures.saturating_mul(SIGNATURE_LENGTH))?;

        let after_signatures = consumed(start, &reader).len();
        let _bits = reader.u16()?;
        let bytes = reader.length()?;
        reader.take(bytes)?;
        if version == 1 && reader.u32()? != 0 {
            return Err(HeaderError::ProblematicTransactions);
        }
        // Signers cannot sign their own signatures: these alone are not part of the hash.
        committed.extend(consumed(start, &reader).iter().skip(after_signatures));
        let block_hash = BlockHash::from_bytes(sha512_256(&committed));
        let header = Self {
            id: IndexBlockHash::new(&block_hash, &consensus_hash),
            hash: block_hash,
            height,
            consensus_hash,
            parent,
            transaction_root,
            state_root,
            timestamp,
        };
        Ok((header, consumed(start, &reader).len()))
    }
}

/// What a reader has read of `all`.
fn consumed<'a>(all: &'a [u8], reader: &Reader<'_>) -> &'a [u8] {
    let length = all.len().saturating_sub(reader.remaining());
    all.split_at_checked(length).map_or(all, |(read, _)| read)
}
