//! Refunds on a chain that misbehaves: a stage for the command line and the faults of the local chain, and a checker that
//! holds chain, journals and printed words against each other.
//!
//! What is drawn from a seed and what is checked is pure; the stage, the shop and the runner do the work.

mod chain_log;
mod checker;
mod full_disk;
mod journal;
mod plan;
mod runner;
mod said;
mod shop;
mod stage;

pub use chain_log::{Mined, Move, read_chain};
pub use checker::{Balances, Evidence, Holding, Ledger, Ledgers, contradictions};
pub use full_disk::with_disk_of;
pub use journal::{JournalEntry, JournalRefund, read_journal};
pub use plan::{Action, End, Fault, Plan, Sale, Step, Wish};
pub use runner::{Report, run};
pub use said::{Claim, Said};
pub use shop::{Customer, Machine, Shop};
pub use stage::{CoinKind, Stage};
