//! The choice between them.

use clap::Subcommand;

use super::bump::{self, Bump};
use super::status::{self, Status};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// See where a transaction stands, and hurry it
#[derive(Debug, Clone, Subcommand)]
pub enum TxCommand {
    /// Show what journal, node and contract know of a transaction, and what to do next; sends nothing
    Status(Status),
    /// Send a waiting transaction again with a higher fee: the same one under the same nonce, so that it counts once
    Bump(Bump),
}

/// Runs the command.
///
/// # Errors
/// When a check says no, or sending or reading fails.
pub async fn run(context: &Context, command: TxCommand) -> Result<Output, Failure> {
    match command {
        TxCommand::Status(arguments) => status::run(context, &arguments).await,
        TxCommand::Bump(arguments) => bump::run(context, &arguments).await,
    }
}
