//! The choice between them.

use clap::Subcommand;

use super::approve::{self, ApproveRefund};
use super::batch::{self, RefundBatch};
use super::create::{self, CreateRefund};
use super::list::{self, ListRefunds};
use super::resume::{self, Resume};
use super::show::{self, ShowRefund};
use super::status::{self, RefundStatus};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// Send money back, and see what was sent back
#[derive(Debug, Clone, Subcommand)]
pub enum RefundCommand {
    /// Refund a payer, in part or in full; run it again whenever it was interrupted
    Create(CreateRefund),
    /// Refund every line of a list; run it again whenever it was interrupted
    Batch(RefundBatch),
    /// Agree to a refund that another wallet planned and that is above the profile's limit
    Approve(ApproveRefund),
    /// Show a refund, from the node
    Show(ShowRefund),
    /// List an invoice's refunds from the node, or a merchant's from the indexer
    List(ListRefunds),
    /// Show where refunds of this machine stand, and what to do next; sends nothing
    Status(RefundStatus),
    /// Finish or report whatever was signed on this machine and is not settled
    Resume(Resume),
}

/// Runs the command.
///
/// # Errors
/// When a check says no, or sending or reading fails.
pub async fn run(context: &Context, command: RefundCommand) -> Result<Output, Failure> {
    match command {
        RefundCommand::Create(arguments) => create::run(context, arguments).await,
        RefundCommand::Batch(arguments) => batch::run(context, arguments).await,
        RefundCommand::Approve(arguments) => approve::run(context, &arguments).await,
        RefundCommand::Show(arguments) => show::run(context, arguments).await,
        RefundCommand::List(arguments) => list::run(context, arguments).await,
        RefundCommand::Status(arguments) => status::run(context, arguments).await,
        RefundCommand::Resume(arguments) => resume::run(context, &arguments).await,
    }
}
