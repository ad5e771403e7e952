//! What a node sends to an event observer (`[[events_observer]]`), as far as Recoup reads it.
//!
//! Fields that nobody here reads are not declared, so that a new node's payload still decodes. Texts that only
//! get compared (principals, contract ids, assets) stay texts: checking every address of an 80 MB genesis block would
//! cost more than reading it, and one that we cannot read must not hide the block.

mod block;
mod burn_block;
mod mempool;
mod transaction_head;

pub use block::{
    BlockEvent, BlockTransaction, ContractEvent, EventBody, FtTransferEvent, NewBlock, StxTransferEvent,
    TransactionStatus,
};
pub use burn_block::NewBurnBlock;
pub use mempool::DroppedMempoolTransactions;
pub use transaction_head::{HeadPayload, TransactionHead, TransactionHeadError};
