//! The choice between them.

use clap::Subcommand;

use super::change::{self, CancelInvoice, ExtendWindow, ListInvoices};
use super::create::{self, CreateInvoiceArguments};
use super::show::{self, ShowInvoice};
use crate::context::Context;
use crate::failure::Failure;
use crate::help::Help;
use crate::output::Output;

/// Create, show, list, cancel or lengthen invoices
///
/// An invoice says what is to be paid, to whom, in which token, until when, and for how long each payer can be refunded.
/// It is on chain: its id, texts and amounts are public for ever.
#[derive(Debug, Clone, Subcommand)]
#[command(after_long_help = Help::new()
    .example("Ask for 100 STX", "recoup invoice create --amount 100 --reference order-1")
    .example("See who paid", "recoup invoice show 1"))]
pub enum InvoiceCommand {
    /// Create an invoice; the wallet becomes its merchant
    ///
    /// With --reference the command can be run again at any time, from any machine: it finds the invoice of that name and
    /// creates no second one. Windows are counted in burn blocks, of which Bitcoin has about 144 a day.
    #[command(after_long_help = Help::sending()
        .example("100 STX, refundable for about 30 days",
            "recoup invoice create --amount 100 --reference order-1 --memo \"A bicycle\"")
        .example("0.005 sBTC in instalments, by one customer alone",
            "recoup invoice create --amount 0.005 --token SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token \\\n      \
             --min-payment 0.001 --only-payer SP2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CH94GRJ --reference order-2")
        .example("Only look at the plan", "recoup invoice create --amount 100 --dry-run"))]
    Create(CreateInvoiceArguments),
    /// Show an invoice with its payers, from the node
    ///
    /// Who paid, what was refunded to each, and until when each can be refunded. All is read at one block.
    #[command(after_long_help = Help::reading()
        .example("By id", "recoup invoice show 1")
        .example("By the merchant's own name for it",
            "recoup invoice show --reference order-1 --merchant ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5"))]
    Show(ShowInvoice),
    /// List the newest invoices of a merchant, from the node
    ///
    /// The contract keeps no list for each merchant: the newest invoices of all merchants are looked through.
    #[command(after_long_help = Help::reading()
        .example("The wallet's own", "recoup invoice list")
        .example("Another merchant's, among the newest 1000",
            "recoup invoice list --merchant ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5 --newest 1000"))]
    List(ListInvoices),
    /// Take no more payments; what was paid stays refundable
    ///
    /// Only the invoice's merchant can, and only while something can be paid.
    #[command(after_long_help = Help::sending()
        .example("Cancel invoice 7", "recoup invoice cancel 7"))]
    Cancel(CancelInvoice),
    /// Give every payer more time to be refunded
    ///
    /// A window only ever grows, and only until the first payer's deadline. Only the invoice's merchant can.
    #[command(after_long_help = Help::sending()
        .example("About 60 days from a payer's first payment", "recoup invoice extend-window 7 8640"))]
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
