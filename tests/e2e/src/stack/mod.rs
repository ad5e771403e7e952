//! The local stack of `make up`: a chain, a database, an indexer and funded wallets that stay until `make down`.

mod commands;
mod record;

pub use commands::{Ports, down, serve, up};
pub use record::{StackFolder, StackRecord};
