//! `recoup tx bump`: the same transaction with a higher fee.

use clap::Args;
use recoup_protocol::amount::BaseUnits;
use serde::Serialize;

use crate::commands::sending::{Outcome, SendOptions, TransactionDocument};
use crate::commands::standing::Target;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::journal::{Book, Entry};
use crate::output::{Fields, Output};
use crate::send::{Raised, Start, carry_out, price, raised, record_bump, refresh, unsigned};
use crate::terminal;
use crate::token::TokenInfo;

/// Arguments of `recoup tx bump`.
#[derive(Debug, Clone, Args)]
pub struct Bump {
    /// Transaction id, or number of the journal's entry [default: the only one that waits]
    #[arg(value_name = "TXID|ENTRY")]
    target: Option<Target>,
    #[command(flatten)]
    send: SendOptions,
}

#[derive(Serialize)]
struct BumpDocument {
    outcome: Outcome,
    /// Whether a transaction with a higher fee was signed; not when the entry ended before.
    bumped: bool,
    what: String,
    /// The highest fee before, in micro-STX.
    fee_before: String,
    transaction: TransactionDocument,
}

pub(super) async fn run(context: &Context, arguments: &Bump) -> Result<Output, Failure> {
    let seen = find(&*context.journal.read()?, arguments.target.as_ref())?;
    let view = context.node.view().await?;
    let entry = refresh(context, &view, &seen).await?;
    if !entry.state.is_open() {
        return Err(ended(&entry));
    }
    let wallet = context.wallet()?;
    let sender = entry.transaction.sender;
    if wallet.address != sender {
        let message = format!(
            "{sender} signed it, and wallet {} is {}",
            wallet.name, wallet.address
        );
        return Err(
            Failure::new(Kind::Refused, message).hint("name the wallet that signed it, with --wallet")
        );
    }
    let fee = choose(context, arguments, &entry).await?;
    ensure_fee(&view.account(&sender.into()).await?, &entry, fee)?;
    show(context, &entry, fee);
    if arguments.send.dry_run {
        return output(context, &entry, &entry, Outcome::DryRun, false);
    }
    let question = format!("Raise the fee on {}?", context.profile.network);
    if !arguments.send.yes && !terminal::confirm(&question)? {
        return Err(Failure::new(Kind::Refused, "not confirmed").hint("nothing was signed"));
    }
    let key = wallet.unlock(&context.passphrase)?;
    let result = record_bump(context, &entry, &key, fee)?;
    drop(key);
    let start = match result {
        Raised::Signed => Start::Bumped,
        Raised::Changed => {
            terminal::note("it changed while this was asked: nothing was signed, looking where it stands");
            Start::Earlier
        }
    };
    let ending = carry_out(context, entry.number, start, arguments.send.patience()).await?;
    let outcome = Outcome::of(&ending);
    output(context, &entry, ending.entry(), outcome, result == Raised::Signed)
}

fn find(book: &Book, target: Option<&Target>) -> Result<Entry, Failure> {
    let none = |message: &str| {
        Failure::new(Kind::Refused, message).hint("`recoup tx status` lists what is not final")
    };
    if let Some(target) = target {
        let number = target
            .find(book)
            .ok_or_else(|| none("the journal of this machine has no such transaction"))?;
        let signed = book.get(number).cloned();
        return signed.ok_or_else(|| none("this entry is not signed: there is nothing to hurry"));
    }
    let mut open = book.entries().filter(|entry| entry.state.is_open());
    match (open.next(), open.next()) {
        (Some(only), None) => Ok(only.clone()),
        (None, _) => Err(none("no transaction of this journal waits for a block")),
        (Some(_), Some(_)) => Err(Failure::new(Kind::Usage, "several transactions wait for a block")
            .hint("name one; the lowest nonce has to go first: `recoup tx status` lists them")),
    }
}

fn ended(entry: &Entry) -> Failure {
    let txid = entry.transaction.txid;
    let message = match entry.state.as_str() {
        "included" | "final" => format!("{txid} is in a block: there is nothing to hurry"),
        state => format!("{txid} ended before ({state}): there is nothing to hurry"),
    };
    Failure::new(Kind::Refused, message).hint(format!(
        "nothing was signed; `recoup tx status {}` says where it stands",
        entry.number
    ))
}

/// A strictly higher fee: as requested, else as estimated, at least a quarter more, below the ceiling.
async fn choose(context: &Context, arguments: &Bump, entry: &Entry) -> Result<u64, Failure> {
    let requested = arguments.send.fee;
    let chosen = price(context, &unsigned(entry)?, requested).await?;
    let approved = entry.terms.map_or(u64::MAX, |terms| terms.fee_ceiling);
    let ceiling = context.profile.max_fee.min(approved);
    raised(entry.transaction.fee, requested, chosen, ceiling)
}

/// The fee alone: whether the rest is there was checked when it was planned, and is checked by the contract.
fn ensure_fee(account: &recoup_stacks::rpc::Account, entry: &Entry, fee: u64) -> Result<(), Failure> {
    let missing = u128::from(fee).saturating_sub(account.balance);
    if missing == 0 {
        return Ok(());
    }
    let sender = entry.transaction.sender;
    let message = format!("{sender} cannot pay this fee");
    Err(Failure::new(Kind::Refused, message).hint(format!(
        "send {} to {sender}, or give a lower --fee",
        TokenInfo::Stx.show(BaseUnits(missing))
    )))
}

fn show(context: &Context, entry: &Entry, fee: u64) {
    let micro = |fee: u64| TokenInfo::Stx.show(BaseUnits(fee.into()));
    let plan = Fields::new()
        .row("what", entry.intent.describe())
        .row("transaction", entry.transaction.txid)
        .row("nonce", format!("{} (the same)", entry.transaction.nonce))
        .row("fee so far", micro(entry.transaction.fee))
        .row(
            "new fee",
            format!("{}; only one of the two is ever paid", micro(fee)),
        )
        .row("network", context.profile.network);
    terminal::show(&format!("Higher fee\n{}", plan.to_text()));
}

fn output(
    context: &Context,
    before: &Entry,
    entry: &Entry,
    outcome: Outcome,
    bumped: bool,
) -> Result<Output, Failure> {
    let document = BumpDocument {
        outcome,
        bumped,
        what: entry.intent.describe(),
        fee_before: before.transaction.fee.to_string(),
        transaction: TransactionDocument::new(context, entry),
    };
    if outcome == Outcome::Sent {
        terminal::note(
            "not in a block yet: `recoup refund resume` sees it through, whichever of the two is included",
        );
    }
    let text = document
        .transaction
        .fields(Fields::new().row("what", &document.what))
        .to_text();
    Ok(Output::new(&document, text)?.with_exit(outcome.exit()))
}
