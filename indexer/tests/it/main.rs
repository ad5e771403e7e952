//! The indexer against a real PostgreSQL, driven over HTTP as a node and an auditor do.

mod api;
mod configuration;
mod forks;
mod harness;
mod inbox;
mod orders;
mod proof;
mod recordings;
mod schema;
mod synthetic;
mod tree;
