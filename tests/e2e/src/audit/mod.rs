//! The audit: what the indexer tells, against what the contract itself holds, field by field.

mod contract;
mod difference;
mod facts;
mod history;
mod node_maps;
mod satellites;

pub use contract::ContractState;
pub use difference::{Comparison, Difference, compare};
pub use facts::{
    DelegateFacts, Facts, InvoiceFacts, PayerFacts, RefundFacts, ReserveFacts, SubscriptionFacts,
};
pub use history::read_history;
