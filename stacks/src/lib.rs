//! The Stacks chain: keys, addresses, Clarity values, transactions, node RPC, observer payloads.
//!
//! Nothing here knows Recoup's contracts. Without the feature `rpc` the crate does no I/O.

pub mod address;
pub mod block;
pub mod clarity;
pub mod hash;
pub mod header;
pub mod hex;
pub mod keys;
pub mod marf;
mod name;
pub mod observer;
#[cfg(feature = "rpc")]
pub mod rpc;
#[cfg(feature = "schema")]
mod schema;
pub mod transaction;
mod wire;

pub use name::NameError;
pub use wire::EndOfInput;
