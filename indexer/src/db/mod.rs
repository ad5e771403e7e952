//! PostgreSQL. The only place with SQL: one module a table, functions over a connection, so that the caller owns the
//! transaction.

pub mod archive_import;
pub mod block;
pub mod burn_block;
pub mod chain_tip;
pub mod checkpoint;
mod commit;
pub mod contract_event;
mod convert;
pub mod deferred_index;
mod error;
pub mod gap;
pub mod heartbeat;
pub mod inbox;
pub mod inbox_partition;
pub mod indexed_chain;
pub mod invoice;
pub mod operator_change;
pub mod payer_ledger;
pub mod payment;
pub mod place;
mod pool;
pub mod quarantine;
pub mod refund;
pub mod refund_status_change;
pub mod refundable_total;
pub mod reorg;
pub mod reserve;
pub mod running_total;
pub mod satellite_event;
pub mod subscription;
pub mod verification;
mod writer;

pub use commit::{autocommit, commit};
pub(crate) use convert::storable;
pub use error::DbError;
pub use pool::{Pools, connect, connect_with, has_current_schema, migrate};
pub use writer::Writer;
