//! The choice between them.

use clap::Subcommand;

use super::broadcast::{self, Broadcast};
use super::build::Build;
use super::bump::{self, Bump};
use super::sign::{self, Combine, Sign};
use super::status::{self, Status};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::help::Help;
use crate::output::Output;

/// See where a transaction stands, hurry it, or have it signed elsewhere
///
/// `status` and `bump` are about transactions in the journal of this machine. `build`, `sign`, `combine` and `broadcast`
/// are the way of a transaction whose key is on another machine, or belongs to several people: it travels as a file.
#[derive(Debug, Clone, Subcommand)]
#[command(after_long_help = Help::new()
    .example("See what is not final", "recoup tx status")
    .example("On a machine with a node", "recoup tx build --unsigned refund.tx refund create --invoice 1 --full")
    .example("On the machine with the key", "recoup tx sign refund.tx")
    .example("On the first machine again", "recoup tx broadcast refund.tx"))]
pub enum TxCommand {
    /// Write a transaction to a file, to be signed elsewhere
    ///
    /// Does what the named command does up to its plan, with all checks, and writes the unsigned transaction in place of
    /// signing it. The same as that command with --unsigned. The wallet may be one without a key (`recoup wallet watch`,
    /// `recoup wallet multisig`). Options of every command, such as --wallet, stand
    /// before the words of that command.
    #[command(after_long_help = Help::new()
        .needs("a node and the deployed contracts; no key")
        .exit(3, "a check said no: nothing was written")
        .example("A refund", "recoup tx build --unsigned refund.tx refund create --invoice 1 --full")
        .example("A withdrawal, of an account of several keys",
            "recoup --wallet board tx build --unsigned out.tx reserve withdraw 100"))]
    Build(Build),
    /// Show what a file's transaction does, and sign it; needs no node
    ///
    /// The summary is made from the bytes that are signed, not from what the file says of itself: amount, receiver, fee,
    /// nonce, and what the transaction may move at most.
    #[command(after_long_help = Help::new()
        .needs("the wallet whose key the transaction wants; no node, no network")
        .exit(3, "the wallet is not the one, or the file was changed: nothing was signed")
        .example("Sign in place", "recoup tx sign refund.tx")
        .example("One of several signers, into a file of its own",
            "recoup --wallet anna tx sign refund.tx --out refund-anna.tx"))]
    Sign(Sign),
    /// Join the signatures that several signers made side by side (accounts that sign in any order)
    ///
    /// Every file must hold the same transaction. Accounts whose keys sign in sequence hand one file on in place of this.
    #[command(after_long_help = Help::new()
        .needs("the signed files; no key, no node")
        .exit(3, "the files hold different transactions, or a signature does not hold")
        .example("Two of three signed",
            "recoup tx combine refund-anna.tx refund-ben.tx --out refund.tx"))]
    Combine(Combine),
    /// Send a transaction that was signed elsewhere, and see it through
    ///
    /// Checks the signatures and the nonce, shows what it does, asks, writes it into the journal, sends it, and follows it
    /// into a block. From then on `status`, `bump` and `resume` know it.
    #[command(after_long_help = Help::sending()
        .needs("a file with all signatures, a node; no key")
        .exit(3, "a signature is missing or its nonce is used: nothing was sent")
        .example("Send it", "recoup tx broadcast refund.tx")
        .example("Without a question and without waiting", "recoup tx broadcast refund.tx --yes --no-wait"))]
    Broadcast(Broadcast),
    /// Show what journal, node and contract know of a transaction, and what to do next; sends nothing
    ///
    /// Of any sort: refunds, payments, invoices, deploys. Named by its id or the journal's entry, or all that are not final.
    #[command(after_long_help = Help::new()
        .needs("the journal of this machine and a node; no key")
        .exit(3, "the journal has no such transaction")
        .example("All that are not final", "recoup tx status")
        .example("The journal's third entry", "recoup tx status 3"))]
    Status(Status),
    /// Send a waiting transaction again with a higher fee: the same one under the same nonce, so that it counts once
    ///
    /// The fee is at least a quarter more, or what --fee says, at most the profile's ceiling. Whichever of the two a miner
    /// takes, the other can never count. Where several wait, the lowest nonce has to go first.
    #[command(after_long_help = Help::sending()
        .needs("the wallet that signed it, a node")
        .exit(3, "it is in a block already, or the fee is not higher or above the ceiling: nothing was signed")
        .example("The only one that waits", "recoup tx bump")
        .example("The journal's third entry, for 0.05 STX", "recoup tx bump 3 --fee 50000"))]
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
