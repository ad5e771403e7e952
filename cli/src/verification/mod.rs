//! Checking a refund against everything that tells of it: the signed transaction, the contract's event, the token transfer,
//! the contract's maps, and the indexer.
//!
//! Each says what it says ([`Facts`]); what most of them say counts, and whoever says otherwise is named (`judge`). The
//! files `transaction`, `replay` and `facts` are functions of data; `collect` and `maps` ask.

mod block;
mod chain_side;
mod collect;
mod facts;
mod judge;
mod maps;
mod replay;
mod report;
mod rights;
mod row;
mod statement;
mod transaction;

pub use collect::{Collector, Target};
pub use facts::{Facts, Field};
pub use report::{Check, Difference, PrintedEvent, ProofReport, ProofState, Report, Source, Verdict};
