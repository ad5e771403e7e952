//! Whether a block holds a transaction: by its bytes, which every node gives to everybody.

use recoup_stacks::block::{Block, BlockError};
use recoup_stacks::hash::{IndexBlockHash, StacksHeight, Txid};
use recoup_stacks::header::HeaderError;
use recoup_stacks::rpc::NodeClient;
use recoup_stacks::transaction::Transaction;

use super::report::Difference;

/// What the block's own bytes say.
pub(super) enum Inclusion {
    /// They hash to the block's identity, and its header commits to the transaction.
    Proven(Box<Included>),
    /// They were not to be had, or are not understood.
    NotChecked(String),
    /// They say otherwise.
    Contradicts(Difference),
}

/// A transaction in its block.
pub(super) struct Included {
    pub(super) transaction: Transaction,
    pub(super) height: StacksHeight,
    pub(super) parent: IndexBlockHash,
    /// Seconds since 1970.
    pub(super) timestamp: u64,
}

/// Asks for the block's bytes.
pub(super) async fn inclusion(node: &NodeClient, id: &IndexBlockHash, txid: &Txid) -> Inclusion {
    let bytes = match node.block(id).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Inclusion::NotChecked(format!("the node does not have block {id}")),
        Err(_) => return Inclusion::NotChecked("this node gives no blocks' bytes".to_owned()),
    };
    judge(&bytes, id, txid)
}

fn judge(bytes: &[u8], id: &IndexBlockHash, txid: &Txid) -> Inclusion {
    let block = match Block::decode(bytes) {
        Ok(block) => block,
        Err(
            error @ (BlockError::Transaction { .. }
            | BlockError::Header(
                HeaderError::UnknownVersion(_) | HeaderError::ProblematicTransactions,
            )),
        ) => return Inclusion::NotChecked(format!("the block is of a later kind: {error}")),
        Err(error) => return Inclusion::Contradicts(Difference::alone("block", error, id)),
    };
    if block.header.id != *id {
        return Inclusion::Contradicts(Difference::alone("block", block.header.id, id));
    }
    let mut transactions = block.transactions.into_iter();
    match transactions.find(|one| one.txid() == *txid) {
        Some(transaction) => Inclusion::Proven(Box::new(Included {
            transaction,
            height: block.header.height,
            parent: block.header.parent,
            timestamp: block.header.timestamp,
        })),
        None => Inclusion::Contradicts(Difference::alone("transactions of the block", "without it", txid)),
    }
}
