//! The choice between them.

use clap::Subcommand;

use super::approve::{self, ApproveRefund};
use super::batch::{self, RefundBatch};
use super::create::{self, CreateRefund};
use super::list::{self, ListRefunds};
use super::receipt::{self, RefundReceipt};
use super::resume::{self, Resume};
use super::show::{self, ShowRefund};
use super::status::{self, RefundStatus};
use super::verify::{self, VerifyRefund};
use crate::context::Context;
use crate::failure::Failure;
use crate::help::Help;
use crate::output::Output;

/// Send money back, and see what was sent back
///
/// The merchant pays a refund from its own wallet, to who paid the invoice, and at most what was paid. `create` refunds
/// one payer, `batch` a list, `status` says where each stands, and `resume` finishes whatever was interrupted.
#[derive(Debug, Clone, Subcommand)]
#[command(after_long_help = Help::new()
    .example("Refund a quarter of what was paid",
        "recoup refund create --invoice 1 --amount 25% --reference refund-1")
    .example("See where every refund of this machine stands", "recoup refund status"))]
pub enum RefundCommand {
    /// Refund a payer, in part or in full; run it again whenever it was interrupted
    ///
    /// Reads invoice, ledger, deadline and balances at one block; checks all that the contract checks, and more; shows who
    /// gets what, what is left, fee and deadline; asks; signs; writes it into the journal; sends it; follows it into a
    /// block; and reads the refund back.
    ///
    /// Give every refund a --reference, your own name for it: the same reference never pays twice, from any machine. A
    /// --reason is public for ever: name nobody in it.
    #[command(after_long_help = Help::sending()
        .needs("the merchant's wallet (or an operator's, or a delegate's) with the amount and the fee, a node")
        .exit(6, "sent, not in a block yet; or waiting for an approval: run the same command again")
        .example("30 STX of invoice 1, with a reason",
            "recoup refund create --invoice 1 --amount 30 --reference refund-1 --reason \"Scratched frame\"")
        .example("All that is left, to one of several payers", "recoup refund create --invoice 1 --full \\\n      \
             --payer ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG --reference refund-2")
        .example("Half of it to all payers, each in proportion",
            "recoup refund create --invoice 1 --all-payers --amount 50% --reference recall-7")
        .example("Look at the plan, and sign nothing", "recoup refund create --invoice 1 --full --dry-run")
        .example("In a script: no question, one JSON object, no wait",
            "recoup refund create --invoice 1 --full --reference refund-3 --yes --json --no-wait")
        .example("To be signed on a machine without a network",
            "recoup refund create --invoice 1 --full --reference refund-4 --unsigned refund.tx"))]
    Create(CreateRefund),
    /// Refund every line of a list; run it again whenever it was interrupted
    ///
    /// Every line is checked before anything is signed. Every line needs a reference of its own: it is what a line is known
    /// by, so that the same list, or a corrected one, can be run again at any time and pays nothing twice. As many lines as
    /// fit go into one transaction; where one line makes it fail, the rest are paid without it. The plan shows count, sum
    /// and SHA-256 of the list.
    #[command(after_long_help = Help::sending()
        .section("A list as CSV", "invoice,payer,amount,reference,reason\n\
            7,SP2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CH94GRJ,1.5,order-1842,arrived late\n\
            8,SP2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1J5QKA2F,25%,order-1843,")
        .section("Or as JSON Lines", "{\"invoice\":7,\"payer\":\"SP2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CH94GRJ\",\
            \"amount\":\"25%\",\"reference\":\"r-1\"}")
        .needs("the merchant's wallet with the sum and the fees, a node, the deployed contracts")
        .exit(3, "a line or the sum is refused: nothing was signed")
        .exit(4, "some lines failed, all others are paid; the result file says which and why")
        .exit(6, "not all is in a block yet, or it waits for an approval: run the same command again")
        .example("Check every line, and sign nothing", "recoup refund batch refunds.csv --dry-run")
        .example("Pay; the result of each line goes to refunds.csv.results.jsonl", "recoup refund batch refunds.csv")
        .example("From another program",
            "recoup refund batch - --results done.jsonl --yes --json < refunds.jsonl"))]
    Batch(RefundBatch),
    /// Agree to a refund that another wallet planned and that is above the profile's limit
    ///
    /// Shows exactly the plan, asks, and signs a message that holds for this plan alone; it moves nothing. The planner then
    /// runs the refund's command again. Limits and approvers stand in the profile (docs/APPROVALS.md).
    #[command(after_long_help = Help::new()
        .needs("a wallet that is listed as approver and did not plan the refund; a node, but for --withdraw and --export")
        .exit(3, "not listed, own plan, changed or expired: nothing was approved")
        .example("In one house, with one folder", "recoup refund approve 7 --wallet theirs")
        .example("Between two machines: the planner writes the plan down",
            "recoup refund approve 7 --export plan.json")
        .example("The approver looks at it and signs",
            "recoup refund approve --request plan.json --json > approval.json")
        .example("The planner takes it, and runs the refund's command again",
            "recoup refund approve 7 --approval approval.json")
        .example("Give the plan up", "recoup refund approve 7 --withdraw"))]
    Approve(ApproveRefund),
    /// Show a refund, from the node
    ///
    /// As the contract keeps it. Whether its transaction is final, `recoup refund status` says of those that were sent from
    /// this machine.
    #[command(after_long_help = Help::reading()
        .example("By id", "recoup refund show 1")
        .example("By your own name for it", "recoup refund show --reference refund-1"))]
    Show(ShowRefund),
    /// List an invoice's refunds from the node, or a merchant's from the indexer
    ///
    /// The indexer gives pages, newest first: --cursor takes the `next_cursor` of the page before.
    #[command(after_long_help = Help::new()
        .needs("a node for --invoice, an indexer for --merchant; no key")
        .example("All of an invoice", "recoup refund list --invoice 1")
        .example("A merchant's newest, for a program",
            "recoup refund list --merchant ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5 --json"))]
    List(ListRefunds),
    /// Show where refunds of this machine stand, and what to do next; sends nothing
    ///
    /// What the journal, the node and the contract know of each, side by side. Named by reference, transaction or entry,
    /// or all that are not final.
    #[command(after_long_help = Help::new()
        .needs("the journal of this machine and a node; no key")
        .exit(3, "the journal has no such refund")
        .example("All that are not final", "recoup refund status")
        .example("One of them, by its reference", "recoup refund status refund-1")
        .example("All of an invoice", "recoup refund status --invoice 1"))]
    Status(RefundStatus),
    /// Check a refund against a node of your choice and the indexer: who agrees, who does not
    ///
    /// Every field is derived anew: from the signed transaction (its id and signatures recomputed), from the event and the
    /// token transfer of its block, from the contract's maps with the node's proofs, and from the indexer's row. Whoever says
    /// otherwise is named, with both values. What cannot be had is "not checked" and never agrees.
    ///
    /// Most nodes tell a block's events only with their token: then the indexer's copy is shown, and counts for nothing.
    #[command(after_long_help = Help::new()
        .needs("a node; an indexer, or the transaction's id; no key")
        .exit(3, "something differs, or there is no such refund")
        .exit(5, "transaction or map could not be looked at: nothing is verified")
        .section("What is checked, how, and what is taken on trust", "docs/PROOFS.md")
        .example("A refund by its id, found by the indexer", "recoup refund verify 1")
        .example("On somebody else's node, with its token for the events",
            "recoup refund verify 1 --node https://node.example --node-auth-token-file token")
        .example("Without any indexer", "recoup refund verify 1 \\\n      --txid \
             0x8f1a52b1f7a6d4f2b3e4c5d6a7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f70"))]
    Verify(VerifyRefund),
    /// Write a customer's receipt, with what is needed to check it
    ///
    /// Merchant, payer, amount, reason, time, block and transaction; and the command, the block and the event by which
    /// anybody checks them without believing you. As text, as one JSON object, or as one HTML file that loads and runs
    /// nothing. No address of a server stands in it.
    ///
    /// It checks the refund as `recoup refund verify` does first: of what is contradicted, no receipt is made.
    #[command(after_long_help = Help::new()
        .needs("a node; an indexer, or the transaction's id; no key")
        .exit(2, "the file exists already")
        .exit(3, "something differs, or there is no such refund: no receipt is made")
        .exit(5, "transaction or map could not be looked at: no receipt is made")
        .example("On the terminal", "recoup refund receipt 1")
        .example("A file for the customer", "recoup refund receipt 1 --format html --out receipt-1.html")
        .example("For another program", "recoup refund receipt 1 --json"))]
    Receipt(RefundReceipt),
    /// Finish or report whatever was signed on this machine and is not settled
    ///
    /// Sends again what no node has, follows what waits, looks for what a fork undid, and sends what was approved in the
    /// meantime: refunds, payments, invoices and all else of the journal. Can be run at any time, as often as you like:
    /// the same signed transaction counts once.
    ///
    /// Where a transaction waits behind nonces that nobody uses, because a node overstated the account's, it fills them,
    /// asked or with --yes: by at most 10 calls that are certain to fail, move nothing and cost the least fee.
    #[command(after_long_help = Help::new()
        .needs("the journal of this machine and a node; a key only for nonces to be filled, and for what was approved and is \
                not signed yet")
        .exit(3, "nonces that nobody uses are too many, or cannot be filled by this wallet")
        .exit(4, "something failed on chain: what, and why, is in the output")
        .exit(6, "something is not in a block yet: run it again")
        .example("Finish all", "recoup refund resume")
        .example("Also behind nonces that nobody uses", "recoup refund resume --yes")
        .example("Send again what is needed, and do not wait", "recoup refund resume --no-wait"))]
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
        RefundCommand::Verify(arguments) => verify::run(context, arguments).await,
        RefundCommand::Receipt(arguments) => receipt::run(context, arguments).await,
        RefundCommand::Resume(arguments) => resume::run(context, &arguments).await,
    }
}
