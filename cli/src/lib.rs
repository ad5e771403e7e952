//! The merchant's command line: invoices, payments and refunds.
//!
//! `recoup` says what will happen before it happens, can be interrupted at any moment without paying twice, and speaks to
//! people on a terminal and to scripts alike.

mod failpoint;
pub mod failure;
pub mod home;
pub mod journal;
pub mod keystore;
pub mod profile;
pub mod secrets;
pub mod output;
pub mod refund;
pub mod send;
pub mod terminal;
pub mod token;
