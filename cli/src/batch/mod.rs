//! Lists of refunds: read, checked line by line, split into transactions, paid, and reported line by line.
//!
//! What makes a list safe to run again, whatever happened to the run before:
//!
//! - every line has a reference, which the contract takes once per merchant: it is what a line is known by, on chain and in
//!   the journal, whatever becomes of the file, its order or its name;
//! - a transaction stands in the journal, with its lines, before it is sent. An entry that may still count is finished
//!   first; its lines are never signed a second time beside it;
//! - a transaction that failed on chain is known by the journal, too: its lines are tried again in halves until the one
//!   that makes it fail stands alone, also over several runs.
//!
//! Transactions go one after the other, each followed into its block: a failure is known before the next one is signed.
//!
//! How many lines fit: the contract takes 200, which with the longest texts use at most a quarter of a block's budget in
//! every dimension (`npm run costs` measures that), so that the block is no tighter limit. The fee is one: nodes take
//! at least 1 micro-STX a byte, and the profile has a ceiling. A transaction has one token.

mod check;
mod gather;
mod history;
mod list;
mod pay;
mod plan;
mod results;
mod sequence;
mod split;
mod transaction;

pub use check::{Answer, Checked, Due, Standing, Terms, check};
pub use gather::gather;
pub use history::{Earlier, Failed, History};
pub use list::{Column, Line, List, Problem};
pub use pay::{Payer, Run};
pub use plan::{Plan, Sum, plan};
pub use results::{LineResult, Results, Status};
pub use sequence::{Balances, Pair};
pub use split::{Budget, halve, middle, split};
pub use transaction::sum;

#[cfg(test)]
mod tests;
