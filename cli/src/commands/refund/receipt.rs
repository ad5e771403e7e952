//! `recoup refund receipt`: for the customer, with what is needed to check it.

use std::io;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::evidence::{Evidence, EvidenceArguments};
use super::verify::objection;
use crate::commands::sending::explorer;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::home::{Existing, write_whole};
use crate::output::Output;
use crate::receipt::{Receipt, ReceiptBlock, ReceiptCheck, to_html};
use crate::verification::Field;

/// Arguments of `recoup refund receipt`.
#[derive(Debug, Clone, Args)]
pub struct RefundReceipt {
    #[command(flatten)]
    evidence: EvidenceArguments,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write it to a new file in place of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How a receipt is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal or paper
    Text,
    /// One object
    Json,
    /// One file that needs nothing from elsewhere
    Html,
}

pub(super) async fn run(context: &Context, arguments: RefundReceipt) -> Result<Output, Failure> {
    let evidence = arguments.evidence.collect(context).await?;
    // A receipt of something that is contradicted, or that nobody could look at, would be worth less than none.
    if let Some(objection) = objection(&evidence.report) {
        return Err(objection.context("no receipt is made"));
    }
    let receipt = receipt(context, &evidence)?;
    let written = match arguments.format {
        Format::Text => receipt.to_text(),
        Format::Html => to_html(&receipt),
        Format::Json => {
            let object = serde_json::to_string_pretty(&receipt);
            let object = object.map_err(|error| Failure::from_error(Kind::Internal, &error))?;
            format!("{object}\n")
        }
    };
    let Some(path) = &arguments.out else {
        return Output::new(&receipt, written);
    };
    write_whole(path, written.as_bytes(), Existing::Keep).map_err(|error| {
        let is_there = error.source.kind() == io::ErrorKind::AlreadyExists;
        let kind = if is_there { Kind::Usage } else { Kind::Internal };
        Failure::from_error(kind, &error)
            .hint("name a file that does not exist, in a folder that can be written")
    })?;
    Output::new(&receipt, format!("receipt written to {}\n", path.display()))
}

fn receipt(context: &Context, evidence: &Evidence) -> Result<Receipt, Failure> {
    let report = &evidence.report;
    let core = context.core()?;
    let network = context.profile.network;
    let txid = report.txid.ok_or_else(|| lacks(Field::Txid))?;
    let token = evidence.token.as_ref().ok_or_else(|| {
        Failure::new(
            Kind::Network,
            "what the refund's token is called, its contract does not say",
        )
        .hint("ask another node with --node")
    })?;
    let amount = evidence.fact(Field::Amount)?;
    let text = |field: Field| {
        let inner = report.facts.get(field)?.strip_prefix('"')?.strip_suffix('"')?;
        Some(inner.to_owned())
    };
    let optional = |field: Field| report.facts.get(field).and_then(|text| text.parse().ok());
    let (time, time_from) = report.block_time.unzip();
    Ok(Receipt {
        network,
        contract: core.clone(),
        refund_id: report.refund_id.0,
        invoice_id: evidence.fact(Field::InvoiceId)?,
        merchant: evidence.fact(Field::Merchant)?,
        issuer: evidence.fact(Field::Issuer)?,
        payer: evidence.fact(Field::Payer)?,
        token: token.token(),
        symbol: token.symbol().to_owned(),
        decimals: token.decimals(),
        amount,
        amount_text: token.show(amount),
        reference: text(Field::Reference),
        reason: text(Field::Reason),
        txid,
        explorer: explorer(context, &txid),
        block: ReceiptBlock {
            index_block_hash: report.facts.get(Field::Block).and_then(|text| text.parse().ok()),
            stacks_height: optional(Field::StacksHeight),
            burn_height: evidence.fact(Field::BurnHeight)?,
            time,
            time_from,
        },
        event: report.event.clone(),
        verify: format!(
            "recoup refund verify {} --txid {txid} --contract {core} --profile {network}",
            report.refund_id
        ),
        checks: report
            .checks
            .iter()
            .map(|check| ReceiptCheck {
                check: check.check,
                result: check.result,
                from: check.from,
            })
            .collect(),
        proof: report.proof.clone(),
    })
}

pub(super) fn lacks(field: Field) -> Failure {
    Failure::new(
        Kind::Network,
        format!("nobody says the refund's {}", field.name()),
    )
    .hint("ask another node with --node")
}
