//! The command line's grammar.

use clap::{Parser, Subcommand};

use crate::commands::config::ConfigCommand;
use crate::commands::contracts::ContractsCommand;
use crate::commands::history::History;
use crate::commands::invoice::InvoiceCommand;
use crate::commands::manual::{Completions, Manual};
use crate::commands::operator::OperatorCommand;
use crate::commands::pay::Pay;
use crate::commands::refund::RefundCommand;
use crate::commands::reserve::ReserveCommand;
use crate::commands::subscription::SubscriptionCommand;
use crate::commands::tx::TxCommand;
use crate::commands::wallet::WalletCommand;
use crate::context::GlobalOptions;

/// Invoices, payments and refunds on Stacks.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "recoup",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done, 1 internal, 2 usage, 3 refused by a check, 4 rejected by node or contract, \
                  5 network, 6 sent but not yet confirmed, 130 interrupted with nothing left to finish."
)]
pub struct Arguments {
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print the comment as help")]
    pub global: GlobalOptions,
    #[command(subcommand)]
    #[expect(missing_docs, reason = "clap would print the comment as help")]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
#[expect(missing_docs, reason = "clap would print the comment as help")]
pub enum Command {
    #[command(subcommand)]
    Wallet(WalletCommand),
    #[command(subcommand)]
    Contracts(ContractsCommand),
    #[command(subcommand)]
    Invoice(InvoiceCommand),
    /// Pay an invoice, as a customer would
    Pay(Pay),
    #[command(subcommand)]
    Refund(RefundCommand),
    #[command(subcommand)]
    Subscription(SubscriptionCommand),
    #[command(subcommand)]
    Operator(OperatorCommand),
    #[command(subcommand)]
    Reserve(ReserveCommand),
    /// List refunds from the indexer: by merchant, payer, time and more, with totals
    History(History),
    #[command(subcommand)]
    Tx(TxCommand),
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Say what works, what does not, and what to do about it
    Doctor,
    /// Print a shell's completions of this program
    Completions(Completions),
    /// Print the manual page
    Man(Manual),
}
