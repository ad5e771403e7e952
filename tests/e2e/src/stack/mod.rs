//! The local stack of `make up`: a chain, a database, an indexer and funded wallets that stay until `make down`.

mod commands;
mod next_steps;
mod record;

pub use commands::{Ports, down, serve, up};
pub use next_steps::next_steps;
pub use record::{StackFolder, StackRecord};
