//! Refunds: what is asked for, what is true, and what follows from both.

mod decide;
mod facts;
mod refusal;
mod same;
mod wish;

pub use decide::{Decision, Plan, check_funds, decide};
pub use facts::{Facts, Funds};
pub use refusal::Refusal;
pub use wish::{Asked, Wish};

#[cfg(test)]
mod tests;
