//! `recoup refund resume`: seeing through whatever was signed here.

use clap::Args;
use serde::Serialize;

use super::create::{self, CreateRefund};
use super::fill::{FillOptions, Way, clear_the_way};
use super::gate;
use crate::commands::sending::{Patiently, SendOptions, TransactionDocument};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::journal::{Book, Draft, Entry, Stage, State};
use crate::output::{Output, Table};
use crate::send::{Ending, Patience, Start, carry_out, refresh};
use crate::terminal;

/// Arguments of `recoup refund resume`.
#[derive(Debug, Clone, Args)]
pub struct Resume {
    /// Send again what is needed, but do not wait for a block
    #[arg(long)]
    no_wait: bool,
    /// Wait at most so long for each transaction
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
    #[command(flatten)]
    fill: FillOptions,
}

#[derive(Serialize)]
struct EntryDocument {
    what: String,
    journal_entry: u64,
    /// The journal's word for where it stands.
    state: &'static str,
    /// None while it waits for a second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

/// What became of all.
struct Report<'run> {
    context: &'run Context,
    documents: Vec<EntryDocument>,
    table: Table,
    worst: Option<Kind>,
}

impl Report<'_> {
    /// Takes in what became of one entry. What keeps the others from being looked at ends the command.
    fn take(&mut self, number: u64, result: Result<(), Failure>) -> Result<(), Failure> {
        let failure = match result {
            Err(failure) if matches!(failure.kind, Kind::Network | Kind::Internal) => return Err(failure),
            result => result.err(),
        };
        if let Some(failure) = &failure {
            terminal::note(&failure.message);
            if let Some(hint) = &failure.hint {
                terminal::note(&format!("hint: {hint}"));
            }
            self.worst = Some(failure.kind);
        }
        let book = self.context.journal.read()?;
        let (what, state, transaction) = if let Some(entry) = book.get(number) {
            let transaction = TransactionDocument::new(self.context, entry);
            (entry.intent.describe(), entry.state.stage(), Some(transaction))
        } else if let Some(draft) = book.draft(number) {
            (draft.intent.describe(), draft.stage, None)
        } else {
            return Ok(());
        };
        if matches!(
            state,
            Stage::AwaitingApproval | Stage::Signed | Stage::Broadcast | Stage::Orphaned
        ) {
            self.worst = self.worst.or(Some(Kind::Pending));
        }
        let txid = book.get(number).map(|entry| entry.transaction.txid.to_string());
        self.table
            .push(&[what.clone(), txid.unwrap_or_default(), state.to_string()]);
        self.documents.push(EntryDocument {
            what,
            journal_entry: number,
            state: state.as_str(),
            transaction,
            failure,
        });
        Ok(())
    }
}

pub(super) async fn run(context: &Context, arguments: &Resume) -> Result<Output, Failure> {
    let patience = Patience {
        wait: !arguments.no_wait,
        limit: std::time::Duration::from_secs(arguments.timeout),
    };
    let mut report = Report {
        context,
        documents: Vec::new(),
        table: Table::new(&["what", "transaction", "state"]),
        worst: None,
    };
    let book = context.journal.read()?;
    for entry in to_be_finished(&book) {
        let result = finish(context, entry, (patience, &arguments.fill)).await;
        if result.is_ok() && !is_unsettled(entry) && is_as_seen(context, entry)? {
            continue;
        }
        report.take(entry.number, result)?;
    }
    let after = context.journal.read()?;
    for entry in after.entries().filter(|entry| entry.number >= book.next_number()) {
        let result = finish(context, entry, (patience, &arguments.fill)).await;
        report.take(entry.number, result)?;
    }
    for draft in book.drafts().filter(|draft| draft.is_awaiting()) {
        let result = send_approved(context, draft, arguments).await;
        report.take(draft.number, result)?;
    }
    // What changed since it was approved was planned anew, and waits again.
    let known = book.next_number();
    let book = context.journal.read()?;
    for draft in book
        .drafts()
        .filter(|draft| draft.is_awaiting() && draft.number >= known)
    {
        report.take(draft.number, Ok(()))?;
    }
    let document = serde_json::json!({ "transactions": report.documents });
    Ok(Output::new(&document, report.table.to_text())?.with_exit(report.worst))
}

/// Plans an approved refund anew; if that is what was approved, it is sent. Its planner agreed to it when it was planned.
async fn send_approved(context: &Context, draft: &Draft, arguments: &Resume) -> Result<(), Failure> {
    let view = context.node.view().await?;
    if draft
        .terms
        .is_none_or(|terms| view.tip.burn_height >= terms.expires_at)
    {
        return gate::give_up(context, draft.number, "the time to approve it was over");
    }
    let Some(refund) = draft.intent.refund() else {
        terminal::note(
            "a list waits for approval, or is approved: `recoup refund batch` with the same list goes on with it",
        );
        return Ok(());
    };
    if draft.approvals.is_empty() {
        return Ok(());
    }
    let wallet = context.wallet()?;
    if *refund.signer() != wallet.address.into() {
        terminal::note(&format!(
            "entry {} was planned by {}: name that wallet with --wallet",
            draft.number,
            refund.signer()
        ));
        return Ok(());
    }
    let token = context.cache().token(&view, &refund.token).await?;
    let send = SendOptions {
        yes: true,
        dry_run: false,
        unsigned: None,
        wait: Patiently {
            no_wait: arguments.no_wait,
            timeout: arguments.timeout,
        },
        fee: None,
    };
    create::run(context, CreateRefund::of(refund, &token, send)).await?;
    Ok(())
}

/// In the order of their nonces: that is how blocks take them.
fn to_be_finished(book: &Book) -> Vec<&Entry> {
    let mut entries: Vec<&Entry> = book
        .entries()
        .filter(|entry| is_unsettled(entry) || can_turn(book, entry))
        .collect();
    entries.sort_by_key(|entry| entry.transaction.nonce);
    entries
}

/// Open, or seen in a block that is not final yet.
fn is_unsettled(entry: &Entry) -> bool {
    entry.state.is_open() || matches!(entry.state, State::Included(_))
}

fn is_as_seen(context: &Context, entry: &Entry) -> Result<bool, Failure> {
    let book = context.journal.read()?;
    Ok(book.get(entry.number).is_some_and(|now| now.state == entry.state))
}

/// Ended without effect, and one of its sender's last: a fork, or a node that was wrong about its nonce, can turn that.
fn can_turn(book: &Book, entry: &Entry) -> bool {
    /// As many as nodes let wait for one account.
    const LAST: u64 = 25;
    let transaction = &entry.transaction;
    let newest = book
        .entries()
        .filter(|other| other.transaction.sender == transaction.sender)
        .map(|other| other.transaction.nonce)
        .max();
    matches!(entry.state, State::Failed { .. } | State::Replaced)
        && newest.is_some_and(|newest| transaction.nonce.saturating_add(LAST) > newest)
}

async fn finish(
    context: &Context,
    entry: &Entry,
    (patience, fill): (Patience, &FillOptions),
) -> Result<(), Failure> {
    let seen;
    let entry = if entry.state.is_open() {
        entry
    } else {
        let view = context.node.view().await?;
        seen = refresh(context, &view, entry).await?;
        &seen
    };
    if !entry.state.is_open() {
        return Ok(());
    }
    let way = clear_the_way(context, entry, fill).await?;
    // It is sent and waited for all the same: another program may use what nobody here does.
    if let Way::Blocked(failure) = &way {
        terminal::note(&failure.message);
    }
    let ending = carry_out(context, entry.number, Start::Earlier, patience).await?;
    match (way, ending) {
        (Way::Blocked(failure), Ending::Sent(_)) => Err(failure),
        _ => Ok(()),
    }
}
