//! The choice between them.

use clap::Subcommand;

use super::broadcast::{self, Broadcast};
use super::build::Build;
use super::bump::{self, Bump};
use super::sign::{self, Combine, Sign};
use super::status::{self, Status};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::Output;

/// See where a transaction stands, hurry it, or have it signed elsewhere
#[derive(Debug, Clone, Subcommand)]
pub enum TxCommand {
    /// Write a transaction to a file, to be signed elsewhere
    #[command(after_help = "Example: recoup tx build --unsigned refund.tx refund create --invoice 1 --full")]
    Build(Build),
    /// Show what a file's transaction does, and sign it; needs no node
    Sign(Sign),
    /// Join the signatures that several signers made side by side (accounts that sign in any order)
    Combine(Combine),
    /// Send a transaction that was signed elsewhere, and see it through
    Broadcast(Broadcast),
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
        // Taken apart before: it is another command.
        TxCommand::Build(_) => Err(Failure::new(
            Kind::Internal,
            "a transaction is built by its own command",
        )),
        TxCommand::Sign(arguments) => sign::sign(context, &arguments),
        TxCommand::Combine(arguments) => sign::run_combine(context, &arguments),
        TxCommand::Broadcast(arguments) => broadcast::run(context, &arguments).await,
        TxCommand::Status(arguments) => status::run(context, &arguments).await,
        TxCommand::Bump(arguments) => bump::run(context, &arguments).await,
    }
}
