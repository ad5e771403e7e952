//! The choice between them.

use clap::Subcommand;

use super::change::{self, CancelInvoice, ExtendWindow, ListInvoices};
use super::create::{self, CreateInvoiceArguments};
use super::show::{self, ShowInvoice};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// Create, show, list, cancel or lengthen invoices
#[derive(Debug, Clone, Subcommand)]
pub enum InvoiceCommand {
    /// Create an invoice; the wallet becomes its merchant
    Create(CreateInvoiceArguments),
    /// Show an invoice with its payers, from the node
    Show(ShowInvoice),
    /// List the newest invoices of a merchant, from the node
    List(ListInvoices),
    /// Take no more payments; what was paid stays refundable
    #[command(after_help = "Example:\n  recoup invoice cancel 7")]
    Cancel(CancelInvoice),
    /// Give every payer more time to be refunded
    #[command(after_help = "Example:\n  recoup invoice extend-window 7 8640")]
    ExtendWindow(ExtendWindow),
}

/// Runs the command.
///
/// # Errors
/// When a check says no, or sending or reading fails.
pub async fn run(context: &Context, command: InvoiceCommand) -> Result<Output, Failure> {
    match command {
        InvoiceCommand::Create(arguments) => create::run(context, arguments).await,
        InvoiceCommand::Show(arguments) => show::run(context, arguments).await,
        InvoiceCommand::List(arguments) => change::list(context, arguments).await,
        InvoiceCommand::Cancel(arguments) => change::cancel(context, arguments).await,
        InvoiceCommand::ExtendWindow(arguments) => change::extend(context, arguments).await,
    }
}
