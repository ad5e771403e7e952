//! `recoup refund status`.

use clap::Args;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::reads::{GetRefund, GetRefundByReference};
use recoup_protocol::text::Reference;

use super::show;
use crate::commands::standing::{Target, numbers, report, unsettled};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::journal::Intent;
use crate::output::Output;
use crate::terminal;

/// Arguments of `recoup refund status`.
#[derive(Debug, Clone, Args)]
pub struct RefundStatus {
    /// Its reference, its transaction's id, or the number of the journal's entry [default: all that are not final]
    #[arg(value_name = "REFERENCE|TXID|ENTRY", conflicts_with = "invoice")]
    target: Option<Target>,
    /// All refunds of an invoice that were planned or signed on this machine
    #[arg(long, value_name = "ID")]
    invoice: Option<InvoiceId>,
}

pub(super) async fn run(context: &Context, arguments: RefundStatus) -> Result<Output, Failure> {
    let book = context.journal.read()?;
    let is_refund = |intent: &Intent| intent.refunds().next().is_some();
    let found = match (&arguments.target, arguments.invoice) {
        (Some(target), _) => target.find_all(&book),
        (None, Some(invoice)) => numbers(&book, |intent| {
            intent.refunds().any(|refund| refund.invoice_id == invoice)
        }),
        (None, None) => return report(context, &book, &unsettled(&book, is_refund)).await,
    };
    let is_of_refund = |number: &u64| {
        let intent = book.get(*number).map(|entry| &entry.intent);
        let intent = intent.or_else(|| book.draft(*number).map(|draft| &draft.intent));
        intent.is_some_and(is_refund)
    };
    let found: Vec<u64> = found.into_iter().filter(is_of_refund).collect();
    if found.is_empty() {
        return on_chain_alone(context, arguments.target.as_ref()).await;
    }
    report(context, &book, &found).await
}

/// A reference that this machine never used may name a refund of another.
async fn on_chain_alone(context: &Context, target: Option<&Target>) -> Result<Output, Failure> {
    let unknown = || {
        Failure::new(Kind::Refused, "the journal of this machine has no such refund")
            .hint("`recoup refund list` shows what the contract has; `recoup refund status` what waits here")
    };
    let reference: Reference = match target {
        Some(Target::Reference(text)) => text.parse().map_err(|_| unknown())?,
        Some(Target::Entry(number)) => number.to_string().parse().map_err(|_| unknown())?,
        Some(Target::Txid(_)) | None => return Err(unknown()),
    };
    let core = context.core()?;
    let view = context.node.view().await?;
    let question = GetRefundByReference {
        merchant: context.wallet()?.address.into(),
        reference,
    };
    let refund_id = view.read(core, &question).await?.ok_or_else(unknown)?;
    let refund = view
        .read(core, &GetRefund { refund_id })
        .await?
        .ok_or_else(unknown)?;
    terminal::note("not signed on this machine: the contract has it");
    let document = show::document(context, &view, core, refund_id, refund).await?;
    show::output(&document)
}
