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
use crate::help::Help;

/// Invoices, payments and refunds on Stacks.
///
/// A merchant writes an invoice, a customer pays it, and the merchant refunds it from its own wallet: in full, in part or
/// again and again, at most what was paid. Whatever moves money shows a plan and asks before it signs, is written into a
/// journal before it is sent, and can be interrupted at any moment and run again without paying twice.
///
/// stdout is data, stderr is everything else. `--json` prints one object in place of a table, and of a failure the object
/// `error`. An option wins over its environment variable, that over the configuration file, that over what is built in.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "recoup",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done, 1 internal, 2 usage, 3 refused by a check, 4 rejected by node or contract, \
                  5 network, 6 sent but not yet confirmed, 130 interrupted with nothing left to finish.\n\
                  `--help` says more, and has examples.",
    after_long_help = Help::new()
        .exit(0, "done")
        .exit(1, "internal: something is broken on this machine or in this program")
        .exit(2, "usage: the command line or the configuration cannot be used as given")
        .exit(3, "refused by a check: nothing was sent")
        .exit(4, "rejected by node or contract")
        .exit(5, "network: a server could not be reached, or its answer makes no sense")
        .exit(6, "sent but not yet confirmed, or waiting for an approval: run it again")
        .exit(130, "interrupted with nothing left to finish")
        .example("See what works and what is missing", "recoup doctor")
        .example("Make a wallet", "recoup wallet new shop")
        .example("Ask for 100 STX", "recoup invoice create --amount 100 --reference order-1")
        .example("Give 30 of them back", "recoup refund create --invoice 1 --amount 30 --reference refund-1")
        .example("See what is under way, and finish it", "recoup refund resume")
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
    ///
    /// Reads the invoice, checks what the contract checks, shows the plan, asks, signs, sends, and waits for a block. All
    /// that is due is paid, or one instalment with --amount. The transaction can move exactly that amount and nothing else.
    #[command(after_long_help = Help::sending()
        .example("Pay all that is due of invoice 1", "recoup pay 1")
        .example("Pay an instalment, and only to the merchant that is meant",
            "recoup pay 1 --amount 25 --merchant ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5")
        .example("See what would be paid, and sign nothing", "recoup pay 1 --dry-run"))]
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
    ///
    /// Amounts have their symbols, times are UTC, and below the list stands a total for each token. Refunds whose block
    /// left the chain are in no total. Which filters go with which order, docs/API.md says.
    History(Box<History>),
    #[command(subcommand)]
    Tx(TxCommand),
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Say what works, what does not, and what to do about it
    ///
    /// Looks at the configuration, journal, wallet, node, clock, contracts, balance and indexer, in this order, and says of
    /// each whether it works, and if not, what to do. Changes nothing, sends nothing, and asks for no passphrase.
    #[command(after_long_help = Help::new()
        .exit(3, "something does not work; what, and what to do about it, is in the output")
        .example("Look at everything that a refund needs", "recoup doctor")
        .example("The same of another profile, for a program", "recoup --profile testnet doctor --json"))]
    Doctor,
    /// Print a shell's completions of this program
    ///
    /// The script completes commands and options. Where it belongs, the shell's manual says.
    #[command(after_long_help = Help::new()
        .example("For bash, from the next shell on",
            "recoup completions bash > ~/.local/share/bash-completion/completions/recoup")
        .example("For fish", "recoup completions fish > ~/.config/fish/completions/recoup.fish"))]
    Completions(Completions),
    /// Print the manual page
    ///
    /// It holds what `--help` says. With --folder, every command has a page of its own.
    #[command(after_long_help = Help::new()
        .example("Read it", "recoup man | man -l -")
        .example("Install all pages for this user", "recoup man --folder ~/.local/share/man/man1"))]
    Man(Manual),
}
