//! The audit: what the indexer tells, against what the contract itself holds, field by field.

mod contract;
mod difference;
mod facts;
mod history;

pub use contract::ContractState;
pub use difference::{Comparison, Difference, compare};
pub use facts::{Facts, InvoiceFacts, PayerFacts, RefundFacts};
pub use history::read_history;
