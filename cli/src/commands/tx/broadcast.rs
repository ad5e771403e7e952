//! `recoup tx broadcast`: a transaction that was signed elsewhere, into the journal and to the node.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::commands::sending::{Outcome, Patiently, TransactionDocument};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::offline::{TransactionFile, progress, summary};
use crate::output::{Fields, Output};
use crate::send::{Recorded, Start, carry_out, record_signed};
use crate::terminal;

/// Arguments of `recoup tx broadcast`.
#[derive(Debug, Clone, Args)]
pub struct Broadcast {
    /// The signed file
    file: PathBuf,
    /// Do not ask: send
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    patience: Patiently,
}

#[derive(Serialize)]
struct BroadcastDocument {
    outcome: Outcome,
    /// It had been sent before.
    resumed: bool,
    what: String,
    transaction: TransactionDocument,
}

pub(super) async fn run(context: &Context, arguments: &Broadcast) -> Result<Output, Failure> {
    let file = TransactionFile::read(&arguments.file, context.profile.network)?;
    let so_far = progress(&file.transaction);
    if !so_far.is_complete() {
        let message = format!("it has {} of {} signatures", so_far.found, so_far.required);
        return Err(Failure::new(Kind::Refused, message).hint("sign it with `recoup tx sign`"));
    }
    file.transaction.verify().map_err(|error| {
        Failure::from_error(Kind::Refused, &error)
            .context("the signatures do not hold")
            .hint("the file was changed after it was signed: begin anew")
    })?;
    let view = context.node.view().await?;
    let sender = file.transaction.origin_address();
    let account = view.account(&sender.into()).await?;
    let recorded = if let Some(entry) = known(context, &file)? {
        Recorded::Resume(entry)
    } else {
        if file.transaction.nonce() < account.nonce {
            let message = format!("nonce {} of {sender} is used already", file.transaction.nonce());
            return Err(Failure::new(Kind::Refused, message)
                .hint("another transaction took its place while this one was signed: build it anew"));
        }
        terminal::show(&format!("Transaction\n{}", summary(&file.transaction).to_text()));
        let question = format!("Send it on {}?", context.profile.network);
        if !arguments.yes && !terminal::confirm(&question)? {
            return Err(Failure::new(Kind::Refused, "not confirmed").hint("nothing was sent"));
        }
        record_signed(context, file.intent.clone(), None, &file.transaction)?
    };
    let (entry, resumed) = match recorded {
        Recorded::Signed(entry) => (entry, false),
        Recorded::Resume(entry) => (entry, true),
    };
    let start = if resumed { Start::Earlier } else { Start::New };
    let ending = carry_out(context, entry, start, arguments.patience.patience()).await?;
    let outcome = Outcome::of(&ending);
    let document = BroadcastDocument {
        outcome,
        resumed,
        what: ending.entry().intent.describe(),
        transaction: TransactionDocument::new(context, ending.entry()),
    };
    let fields = document
        .transaction
        .fields(Fields::new().row("what", &document.what));
    Ok(Output::new(&document, fields.to_text())?.with_exit(outcome.exit()))
}

/// The journal's entry of this very transaction.
fn known(context: &Context, file: &TransactionFile) -> Result<Option<u64>, Failure> {
    let txid = file.transaction.txid();
    let book = context.journal.read()?;
    let entry = book
        .entries()
        .find(|entry| entry.alternatives().any(|one| one.txid == txid));
    Ok(entry.map(|entry| entry.number))
}
