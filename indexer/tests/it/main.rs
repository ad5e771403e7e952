//! The indexer against a real PostgreSQL, driven over HTTP as a node and an auditor do.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what is not as expected is to end the test, in its helpers too"
)]

mod api;
mod archive;
mod audit;
mod configuration;
mod contract;
mod deep_forks;
mod exports;
mod fake_node;
mod forks;
mod gaps;
mod harness;
mod inbox;
mod orders;
mod proof;
mod pulled;
mod recordings;
mod satellites;
mod schema;
mod synthetic;
mod tiers;
mod tree;
mod verify;
