//! Refunds: what is asked for, what is true, and what follows from both.

mod decide;
mod facts;
mod funds;
mod pro_rata;
mod refusal;
mod same;
mod wish;

pub use decide::{Decision, Plan, decide};
pub use facts::{Facts, Funds};
pub use funds::{ensure_funds, read_funds};
pub use pro_rata::pro_rata;
pub use refusal::Refusal;
pub(crate) use same::{is_same, may_have_effect};
pub use wish::{Asked, Wish};

#[cfg(test)]
mod tests;
