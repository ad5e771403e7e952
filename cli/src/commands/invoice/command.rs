//! The choice between them.

use clap::Subcommand;

use super::create::{self, CreateInvoiceArguments};
use super::show::{self, ShowInvoice};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// Create an invoice, or show one
#[derive(Debug, Clone, Subcommand)]
pub enum InvoiceCommand {
    /// Create an invoice; the wallet becomes its merchant
    Create(CreateInvoiceArguments),
    /// Show an invoice with its payers, from the node
    Show(ShowInvoice),
}

/// Runs the command.
///
/// # Errors
/// When a check says no, or sending or reading fails.
pub async fn run(context: &Context, command: InvoiceCommand) -> Result<Output, Failure> {
    match command {
        InvoiceCommand::Create(arguments) => create::run(context, arguments).await,
        InvoiceCommand::Show(arguments) => show::run(context, arguments).await,
    }
}
