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
mod audit_totals;
mod checkpoints;
mod configuration;
mod contract;
mod crowds;
mod deep_forks;
mod deferred_indexes;
mod expiry;
mod exports;
mod failpoints;
mod fake_node;
mod forks;
mod gaps;
mod harness;
mod help;
mod inbox;
mod kills;
mod limits;
mod operations;
mod orders;
mod outages;
mod processes;
mod program;
mod proof;
mod pulled;
mod recordings;
mod refund_proof;
mod retention;
mod satellite_story;
mod satellites;
mod schema;
mod synthetic;
mod tiers;
mod tree;
mod upgrades;
mod verify;
mod verify_satellites;
