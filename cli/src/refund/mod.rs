//! Refunds: what is asked for, what is true, and what follows from both.

mod decide;
mod facts;
mod funds;
mod pro_rata;
mod refusal;
mod reserve;
mod same;
mod wish;

pub use decide::{Decision, Plan, decide};
pub use facts::{Facts, Funds, ReserveFacts};
pub use funds::{ensure_funds, read_funds};
pub use pro_rata::pro_rata;
pub use refusal::Refusal;
pub use reserve::{RefundCall, ReservePlan};
pub(crate) use same::{is_same, may_have_effect};
pub use wish::{Asked, Wish};

#[cfg(test)]
mod tests;
