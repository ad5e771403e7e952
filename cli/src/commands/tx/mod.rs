//! `recoup tx`: the journal's transactions, whatever they are for.

mod bump;
mod command;
mod status;

pub use bump::Bump;
pub use command::{TxCommand, run};
pub use status::Status;
