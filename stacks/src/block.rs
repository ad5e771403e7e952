//! Nakamoto blocks as `GET /v3/blocks/{id}` sends them: a header and the transactions that it commits to (SIP-021).

use crate::hash::{IndexBlockHash, Txid, transaction_root};
use crate::header::{BlockHeader, HeaderError};
use crate::transaction::{DecodeError, Transaction};
use crate::wire::{EndOfInput, Reader};

/// A block whose transactions are those that its header commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it commits to.
    pub header: BlockHeader,
    /// In its order.
    pub transactions: Vec<Transaction>,
}

/// Why bytes are no block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The bytes end too early.
    #[error("block")]
    End(#[from] EndOfInput),
    /// A transaction that we cannot read; where the next one starts is not known then.
    #[error("transaction {place} of the block")]
    Transaction {
        /// Its place, from 0.
        place: usize,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// Bytes after the end.
    #[error("{0} bytes follow the block")]
    Trailing(usize),
    /// The header commits to other transactions.
    #[error("block {0} commits to other transactions than it came with")]
    OtherTransactions(IndexBlockHash),
}

impl Block {
    /// Reads a whole block, and compares its transactions with the header's root of them.
    ///
    /// # Errors
    /// [`BlockError`]
    pub fn decode(bytes: &[u8]) -> Result<Self, BlockError> {
        let (header, length) = BlockHeader::split(bytes)?;
        let mut reader = Reader::new(bytes);
        reader.take(length)?;
        let count = reader.length()?;
        // No capacity in advance: the transactions must be there first.
        let mut transactions = Vec::new();
        for place in 0..count {
            let transaction =
                Transaction::read(&mut reader).map_err(|source| BlockError::Transaction { place, source })?;
            transactions.push(transaction);
        }
        match reader.remaining() {
            0 => {}
            trailing => return Err(BlockError::Trailing(trailing)),
        }
        let txids: Vec<Txid> = transactions.iter().map(Transaction::txid).collect();
        if transaction_root(&txids) != Some(header.transaction_root) {
            return Err(BlockError::OtherTransactions(header.id));
        }
        Ok(Self { header, transactions })
    }
}
