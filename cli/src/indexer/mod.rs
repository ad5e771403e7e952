//! The indexer's HTTP API: a convenience, never a need.

mod client;
mod lines;
mod standing;

pub use client::{Indexer, Question};
pub use lines::Lines;
pub use standing::{Standing, blocks_behind, is_behind};
