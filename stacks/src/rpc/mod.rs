//! The node's RPC, as a wallet and an indexer need it.
//!
//! Answers are checked as anything from outside: bodies are bounded, types are strict, and what does not
//! fit is an error, never a default.

mod account;
mod block;
mod broadcast;
mod client;
mod contract;
mod error;
mod fee;
mod http;
mod proof;
mod rejection;

pub use account::{Account, NodeInfo, Nonces};
pub use block::{
    HeaderType, ReplayedBlock, ReplayedTransaction, Sortition, StoredTransaction, TenureBlock, TenureBlocks,
    TenureInfo,
};
pub use broadcast::BroadcastError;
pub use client::NodeClient;
pub use contract::{ContractInterface, ContractSource, InterfaceArgument, InterfaceFunction, InterfaceToken};
pub use error::RpcError;
pub use fee::FeeEstimates;
pub use http::client_builder;
pub use proof::{CheckedProof, Evidence, MapProofError, NotOffered, ProvenEntry};
pub use rejection::{NonceMismatch, Rejection, RejectionReason};
