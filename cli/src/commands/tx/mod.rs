//! `recoup tx`: transactions, whatever they are for: those of the journal, and those that are signed elsewhere.

mod broadcast;
mod build;
mod bump;
mod command;
mod sign;
mod status;

pub use broadcast::Broadcast;
pub use build::Build;
pub use bump::Bump;
pub use command::{TxCommand, run};
pub use sign::{Combine, Sign};
pub use status::Status;
