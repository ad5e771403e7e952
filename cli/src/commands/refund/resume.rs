//! `recoup refund resume`: seeing through whatever was signed here.

use clap::Args;
use serde::Serialize;

use crate::commands::sending::TransactionDocument;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::journal::{Entry, State};
use crate::output::{Output, Table};
use crate::send::{Patience, Start, carry_out, refresh};
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
}

#[derive(Serialize)]
struct EntryDocument {
    what: String,
    transaction: TransactionDocument,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

pub(super) async fn run(context: &Context, arguments: &Resume) -> Result<Output, Failure> {
    let patience = Patience {
        wait: !arguments.no_wait,
        limit: std::time::Duration::from_secs(arguments.timeout),
    };
    let unsettled: Vec<Entry> = context
        .journal
        .read()?
        .entries()
        .filter(|entry| is_unsettled(entry))
        .cloned()
        .collect();
    let mut documents = Vec::new();
    let mut table = Table::new(&["what", "transaction", "state"]);
    let mut worst = None;
    for entry in unsettled {
        let failure = match finish(context, &entry, patience).await {
            Err(failure) if failure.kind == Kind::Network || failure.kind == Kind::Internal => {
                return Err(failure);
            }
            result => result.err(),
        };
        if let Some(failure) = &failure {
            terminal::note(&failure.message);
            worst = Some(failure.kind);
        }
        let now = context
            .journal
            .read()?
            .get(entry.number)
            .cloned()
            .unwrap_or(entry);
        if now.state.is_open() {
            worst = worst.or(Some(Kind::Pending));
        }
        let what = now.intent.describe();
        let transaction = TransactionDocument::new(context, &now);
        table.push(&[
            what.clone(),
            now.transaction.txid.to_string(),
            now.state.as_str().to_owned(),
        ]);
        documents.push(EntryDocument {
            what,
            transaction,
            failure,
        });
    }
    Ok(Output::new(&serde_json::json!({ "transactions": documents }), table.to_text())?.with_exit(worst))
}

/// Open, or seen in a block that is not final yet.
fn is_unsettled(entry: &Entry) -> bool {
    entry.state.is_open() || matches!(entry.state, State::Included(_))
}

async fn finish(context: &Context, entry: &Entry, patience: Patience) -> Result<(), Failure> {
    if entry.state.is_open() {
        carry_out(context, entry.number, Start::Earlier, patience).await?;
        return Ok(());
    }
    let view = context.node.view().await?;
    if refresh(context, &view, entry).await?.state.is_open() {
        carry_out(context, entry.number, Start::Earlier, patience).await?;
    }
    Ok(())
}
