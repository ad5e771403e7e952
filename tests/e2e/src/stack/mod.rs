//! The local stack of `make up`: a chain, a database, an indexer and funded wallets that stay until `make down`.

mod record;

pub use record::{StackFolder, StackRecord};
