//! `recoup refund verify`: a refund re-derived from a node of the user's choice.

use clap::Args;
use recoup_protocol::ids::RefundId;
use recoup_stacks::hash::Txid;
use serde::Serialize;
use serde_json::Value;

use super::evidence::{Evidence, EvidenceArguments};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::{Output, Table};
use crate::terminal;
use crate::verification::{Check, Field, ProofReport, Report, Source, Verdict};

/// Arguments of `recoup refund verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyRefund {
    #[command(flatten)]
    evidence: EvidenceArguments,
}

/// The command's JSON document.
#[derive(Serialize)]
struct VerificationDocument<'a> {
    refund_id: RefundId,
    txid: Option<Txid>,
    /// Whom was asked.
    node: &'a str,
    indexer: Option<&'a str>,
    /// Whether nothing differs, and transaction and map were both looked at.
    verified: bool,
    /// One for each source.
    checks: &'a [Check],
    /// What the sources agree on; where they do not, what most of them say.
    refund: Value,
    /// How far the contract's maps are proven.
    proof: &'a ProofReport,
    /// What is taken on trust.
    trusted: &'a [&'static str],
}

pub(super) async fn run(context: &Context, arguments: VerifyRefund) -> Result<Output, Failure> {
    let evidence = arguments.evidence.collect(context).await?;
    let report = &evidence.report;
    let objection = objection(report);
    let document = VerificationDocument {
        refund_id: report.refund_id,
        txid: report.txid,
        node: &evidence.node,
        indexer: evidence.indexer.as_deref(),
        verified: objection.is_none(),
        checks: &report.checks,
        refund: report.facts.to_json(),
        proof: &report.proof,
        trusted: &report.trusted,
    };
    let output = Output::new(&document, to_text(&evidence))?;
    if let Some(failure) = &objection {
        terminal::show(&failure.to_text());
    }
    Ok(output.with_exit(objection.map(|failure| failure.kind)))
}

/// What speaks against the refund, or against calling it verified.
pub(super) fn objection(report: &Report) -> Option<Failure> {
    let liars: Vec<&str> = report.liars().map(|check| check.check.as_str()).collect();
    let id = report.refund_id;
    if !liars.is_empty() {
        let message = format!(
            "refund {id} is not what it is said to be: {} differs",
            liars.join(", ")
        );
        let mut failure = Failure::new(Kind::Refused, message)
            .hint("ask another node with --node; whoever runs the source that differs has to explain it");
        failure.causes = report
            .liars()
            .flat_map(|check| {
                check
                    .differences
                    .iter()
                    .map(|one| format!("{}: {one}", check.check))
            })
            .collect();
        return Some(failure);
    }
    let is_missing = |check: &&Check| {
        matches!(check.check, Source::Transaction | Source::Map) && check.result == Verdict::NotChecked
    };
    let missing: Vec<&Check> = report.checks.iter().filter(is_missing).collect();
    let first = missing.first()?;
    let message = format!(
        "refund {id} cannot be verified with this node: no {}",
        first.check
    );
    let mut failure = Failure::new(Kind::Network, message)
        .hint("name a node that has it with --node, or give its token with --node-auth-token-file");
    failure.causes = missing.iter().map(|check| check.detail.clone()).collect();
    Some(failure)
}

fn to_text(evidence: &Evidence) -> String {
    let report = &evidence.report;
    let said = |field: Field| report.facts.get(field).unwrap_or("?").to_owned();
    let mut table = Table::new(&["check", "source", "result"]);
    for check in &report.checks {
        let result = match check.result {
            Verdict::Agrees => "agrees",
            Verdict::Differs => "DIFFERS",
            Verdict::NotChecked => "not checked",
        };
        let source = match (check.result, check.from) {
            (Verdict::NotChecked, Some(from)) => format!("from the {from}"),
            (_, Some(from)) => from.to_owned(),
            (_, None) => "-".to_owned(),
        };
        table.push(&[check.check.to_string(), source, result.to_owned()]);
    }
    let mut text = format!(
        "refund {} of invoice {}: {} to {}\n{}",
        report.refund_id,
        said(Field::InvoiceId),
        evidence.amount(),
        said(Field::Payer),
        table.to_text(),
    );
    let mut line = |heading: &str, words: &str| {
        let words = recoup_protocol::text::display_safe(words);
        text.push_str(&format!("{heading}: {words}\n"));
    };
    for check in report.checks.iter().filter(|check| !check.detail.is_empty()) {
        line(check.check.as_str(), &check.detail);
    }
    line("proof", &report.proof.detail);
    for trusted in &report.trusted {
        line("on trust", trusted);
    }
    line(
        "result",
        &format!(
            "{} agree, {} differ, {} not checked",
            report.count(Verdict::Agrees),
            report.count(Verdict::Differs),
            report.count(Verdict::NotChecked)
        ),
    );
    text
}
