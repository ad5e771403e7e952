//! The real `recoup` binary, alone and against the local chain.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may end the test"
)]

mod all_payers;
mod approvals;
mod batches;
mod doctor;
mod endings;
mod fake_server;
mod help;
mod history;
mod hurried;
mod interrupted;
mod json;
mod json_page;
mod manual;
mod nonces;
mod offline;
mod payments;
mod proofs;
mod proven_node;
mod refusals;
mod satellites;
mod shop;
mod terminal;
mod wallets;
