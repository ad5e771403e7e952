//! Histories of the chain made up from a seed, as a node tells them, and what must come of them.
//!
//! Pure: no clock, no I/O but a writer that is handed in, no code of the indexer. The same seed is the same history on
//! every machine.
//!
//! ```
//! use recoup_block_tree::{Arrival, Scenario, Shape};
//!
//! // Forks, flips back, siblings, tenure extends, noise; arriving in any order and repeated.
//! let scenario = Scenario::draw(7, &Shape::of(20).arriving(Arrival::shuffled()));
//! for message in &scenario.payloads {
//!     let _request = (message.path, message.body.to_string());
//! }
//! // The rows of the view `canonical_dump` that an indexer must show in the end.
//! assert!(!scenario.dump().is_empty());
//! // The same after some of the messages only: what is known of a part is a part of what is known.
//! let first_half = &scenario.payloads[..scenario.payloads.len() / 2];
//! let _rows = scenario.chain.canonical(first_half).dump();
//! ```
//!
//! - [`Scenario::draw`] makes a random history of a [`Shape`]; [`Fork`] one fork of a given depth, there and back;
//!   [`Chain`] takes block after block for a story of one's own.
//! - [`Canonical`] says what an indexer must hold after any of the messages in any order: the oracle.
//! - [`Node`] answers what a node answers of such a history, [`write_archive`] writes it as an event archive; [`Dense`]
//!   and [`Sparse`] are archives of any length, for benchmarks.
//!
//! Heights begin at [`ROOT_HEIGHT`]: an indexer is to follow from there (`--start-block 100`), with core at [`CORE`] on
//! testnet and final after [`FINALITY_DEPTH`] Bitcoin blocks.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what was made up wrongly is to end the test"
)]

mod archive;
mod chain;
mod node;
mod noise;
mod oracle;
mod payload;
mod random;
mod scenario;
mod shop;
mod transaction;

pub use archive::{Dense, Sparse, Written, archive_row, write_archive};
pub use chain::{Block, Burn, Chain, MadeBlock, MadeBurn, Posted, ROOT_HEIGHT, Subject};
pub use node::{Answer, NODE_TOKEN, Node};
pub use noise::LOOK_ALIKES;
pub use oracle::{Canonical, FINALITY_DEPTH};
pub use random::Random;
pub use scenario::{Arrival, Fork, Scenario, Shape, random_chain};
pub use shop::{
    Act, Intent, Invoice, MERCHANT, NO_TRANSFER, NewInvoice, OTHER_PAYER, PAYER, SILENT_TOKEN, Shop, TOKEN,
    principal, random_intents,
};
pub use transaction::{Outcome, Transaction};

/// The contract whose prints count.
pub const CORE: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core";
