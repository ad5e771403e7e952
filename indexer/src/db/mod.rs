//! PostgreSQL. The only place with SQL: one module a table, functions over a connection, so that the caller owns the
//! transaction.

pub mod archive_import;
pub mod block;
pub mod burn_block;
pub mod chain_tip;
pub mod contract_event;
mod convert;
mod error;
pub mod gap;
pub mod inbox;
pub mod indexed_chain;
pub mod invoice;
pub mod payer_ledger;
pub mod payment;
mod pool;
pub mod quarantine;
pub mod refund;
pub mod refund_status_change;
pub mod reorg;
mod writer_lock;

pub use error::DbError;
pub use pool::{Pools, connect, migrate};
pub use writer_lock::WriterLock;
