//! What the tests and the demo share: private PostgreSQL clusters, the local chain, the real binaries, and processes
//! that end with their owner.
//!
//! Everything here blocks. A test is a story told in order, and the things it drives are other processes anyway.

mod error;
mod help;
mod http;
mod indexer;
mod local_chain;
mod paths;
mod ports;
mod postgres;
mod process;
mod recoup;
mod relay;
mod server;
mod wait;

pub use error::{Error, Result};
pub use help::Manual;
pub use http::HttpClient;
pub use indexer::{CHECKPOINT_INTERVAL, IndexerOptions, IndexerProcess};
pub use local_chain::{Fork, LocalChain, LocalChainOptions, Orphans};
pub use paths::{binary, repository, scratch_folder};
pub use ports::free_port;
pub use postgres::{Cluster, DATABASE_URL_VARIABLE, Durability, SmallDisk, TestDatabase};
pub use process::Process;
pub use recoup::{Finished, Recoup, RecoupCommand};
pub use relay::Relay;
pub use server::{Answered, Asked, Server};
pub use wait::wait_until;
