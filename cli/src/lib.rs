//! The merchant's command line: invoices, payments and refunds.
//!
//! `recoup` says what will happen before it happens, can be interrupted at any moment without paying twice, and speaks to
//! people on a terminal and to scripts alike.

pub mod approval;
pub mod arguments;
pub mod batch;
pub mod browser;
mod burn_time;
pub mod cache;
mod clock;
pub mod commands;
pub mod context;
pub mod contracts;
pub mod doctor;
mod failpoint;
pub mod failure;
pub mod help;
pub mod home;
pub mod indexer;
mod interrupt;
pub mod journal;
pub mod keystore;
pub mod node;
pub mod offline;
pub mod output;
pub mod payment;
pub mod profile;
pub mod receipt;
pub mod refund;
mod run;
pub mod secrets;
pub mod send;
pub mod terminal;
pub mod token;
pub mod verification;

pub use run::main;
