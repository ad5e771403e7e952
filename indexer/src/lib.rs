//! Follows Recoup's contracts into PostgreSQL and answers auditors.
//!
//! Every refund that the chain holds is in the database once, nothing else is, and after any crash, fork or outage it
//! gets back to exactly that state by itself.
//!
//! - [`chain`], [`normalised`] and [`accounting`] decide: functions of data, without I/O.
//! - [`observer`] stores what the node sends, [`repair`] fetches from it what never came, [`archive`] reads what it once
//!   sent; [`ingest`] follows it all into the tables; [`api`] answers.
//! - [`diagnosis`] says what is wrong, [`metrics`] how much; [`failpoint`] names every commit.
//! - [`verify`] compares the tables with each other and with the contract.
//! - [`db`] holds all SQL.

pub mod accounting;
pub mod api;
pub mod archive;
pub mod chain;
pub mod commands;
pub mod config;
pub mod db;
pub mod diagnosis;
mod error_chain;
pub mod failpoint;
pub mod ingest;
pub mod metrics;
pub mod normalised;
pub mod observer;
pub mod repair;
pub mod server;
pub mod verify;
