//! What `recoup refund batch` says: the problems, the plan, and what became of each line.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use serde::Serialize;

use crate::batch::{LineResult, List, Plan, Problem, Results, Status, Sum};
use crate::commands::sending::TransactionDocument;
use crate::context::{Context, Wallet};
use crate::failure::{Failure, Kind};
use crate::journal::Entry;
use crate::output::{Fields, Table};
use crate::profile::Chain;
use crate::token::TokenInfo;

/// How the command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum BatchOutcome {
    /// There are problems: nothing was signed.
    Refused,
    /// Only planned.
    DryRun,
    /// Planned; a second person has to agree before anything is signed.
    AwaitingApproval,
    /// Something is signed and not in a block yet.
    Sent,
    /// Lines failed; all others are paid.
    Failed,
    /// Every line is paid.
    Done,
}

impl BatchOutcome {
    pub(super) fn of(results: &Results) -> Self {
        let has = |status| results.lines().any(|line| line.status == status);
        if has(Status::Sent) || has(Status::Planned) {
            Self::Sent
        } else if has(Status::Failed) {
            Self::Failed
        } else {
            Self::Done
        }
    }

    pub(super) const fn exit(self) -> Option<Kind> {
        match self {
            Self::Refused => Some(Kind::Refused),
            Self::Sent | Self::AwaitingApproval => Some(Kind::Pending),
            Self::Failed => Some(Kind::Rejected),
            Self::DryRun | Self::Done => None,
        }
    }
}

/// The command's JSON document.
#[derive(Serialize)]
pub(super) struct BatchDocument {
    outcome: BatchOutcome,
    list_sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<PlanDocument>,
    /// The journal's entry that waits for a second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    journal_entry: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Counts>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transactions: Vec<BatchTransaction>,
    /// Lines that are not paid, with their errors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<LineResult>,
    /// The result file.
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<String>,
}

/// Lines by where they stand.
#[derive(Default, Serialize)]
struct Counts {
    total: usize,
    planned: usize,
    sent: usize,
    included: usize,
    already_done: usize,
    failed: usize,
}

#[derive(Serialize)]
struct BatchTransaction {
    lines: usize,
    #[serde(flatten)]
    transaction: TransactionDocument,
}

#[derive(Serialize)]
struct PlanDocument {
    network: Chain,
    issuer: Principal,
    /// Lines to be paid.
    lines: usize,
    sums: Vec<SumDocument>,
    transactions: usize,
    /// Of all transactions together, in micro-STX.
    fee: String,
}

#[derive(Serialize)]
struct SumDocument {
    token: Token,
    symbol: String,
    decimals: u8,
    lines: usize,
    amount: BaseUnits,
}

impl SumDocument {
    fn new(sum: &Sum) -> Self {
        let Sum { token, lines, amount } = sum;
        let (symbol, decimals) = (token.symbol().to_owned(), token.decimals());
        Self {
            token: token.token(),
            symbol,
            decimals,
            lines: *lines,
            amount: *amount,
        }
    }
}

impl BatchDocument {
    pub(super) fn refused(list: &List, problems: Vec<Problem>, error: Failure) -> Self {
        Self {
            outcome: BatchOutcome::Refused,
            list_sha256: list.sha256.clone(),
            error: Some(error),
            problems,
            plan: None,
            journal_entry: None,
            lines: None,
            transactions: Vec::new(),
            failed: Vec::new(),
            results: None,
        }
    }

    pub(super) fn new(outcome: BatchOutcome, list: &List, results: &Results) -> Self {
        Self {
            outcome,
            list_sha256: list.sha256.clone(),
            error: None,
            problems: Vec::new(),
            plan: None,
            journal_entry: None,
            lines: Some(Counts::of(results)),
            transactions: Vec::new(),
            failed: results
                .lines()
                .filter(|line| line.status == Status::Failed)
                .cloned()
                .collect(),
            results: (!matches!(outcome, BatchOutcome::DryRun | BatchOutcome::AwaitingApproval))
                .then(|| results.path().display().to_string()),
        }
    }

    pub(super) fn with_plan(mut self, context: &Context, wallet: &Wallet, plan: &Plan) -> Self {
        self.plan = Some(PlanDocument {
            network: context.profile.network,
            issuer: wallet.address.into(),
            lines: plan.groups.iter().map(Vec::len).sum(),
            sums: plan.sums.iter().map(SumDocument::new).collect(),
            transactions: plan.groups.len(),
            fee: plan.fee.to_string(),
        });
        self
    }

    pub(super) const fn awaiting(mut self, journal_entry: u64) -> Self {
        self.journal_entry = Some(journal_entry);
        self
    }

    pub(super) fn with_transactions(mut self, context: &Context, entries: &[&Entry]) -> Self {
        let transaction = |entry: &&Entry| BatchTransaction {
            lines: entry.refunds().count(),
            transaction: TransactionDocument::new(context, entry),
        };
        self.transactions = entries.iter().map(transaction).collect();
        self
    }

    pub(super) const fn outcome(&self) -> BatchOutcome {
        self.outcome
    }
}

impl Counts {
    fn of(results: &Results) -> Self {
        let mut counts = Self::default();
        for line in results.lines() {
            let count = match line.status {
                Status::Planned => &mut counts.planned,
                Status::Sent => &mut counts.sent,
                Status::Included => &mut counts.included,
                Status::AlreadyDone => &mut counts.already_done,
                Status::Failed => &mut counts.failed,
            };
            *count = count.saturating_add(1);
            counts.total = counts.total.saturating_add(1);
        }
        counts
    }
}

/// The problems as a table.
pub(super) fn problems_text(problems: &[Problem]) -> String {
    let mut table = Table::new(&["line", "column", "problem", "hint"]);
    for problem in problems {
        let column = problem
            .column
            .map(|column| column.to_string())
            .unwrap_or_default();
        table.push(&[
            problem.line.to_string(),
            column,
            problem.what.clone(),
            problem.hint.clone(),
        ]);
    }
    table.to_text()
}

/// The plan as a table.
pub(super) fn plan_text(
    context: &Context,
    wallet: &Wallet,
    list: &List,
    plan: &Plan,
    results: &Results,
) -> String {
    let counts = Counts::of(results);
    let mut fields = Fields::new()
        .row("lines", counts.total)
        .row("to be paid", counts.planned)
        .row("paid before", counts.already_done);
    if counts.sent > 0 {
        fields = fields.row("on their way", counts.sent);
    }
    for sum in &plan.sums {
        let contract = sum
            .token
            .contract()
            .map(|contract| format!(" ({contract})"))
            .unwrap_or_default();
        let text = format!(
            "{} in {} refunds{contract}",
            sum.token.show(sum.amount),
            sum.lines
        );
        fields = fields.row("sum", text);
    }
    let text = fields
        .row("from", format!("{} (wallet {})", wallet.address, wallet.name))
        .row(
            "transactions",
            format!(
                "{} (more if a line fails: it is looked for in halves)",
                plan.groups.len()
            ),
        )
        .row("fees", TokenInfo::Stx.show(BaseUnits(plan.fee.into())))
        .row("SHA-256 of the list", &list.sha256)
        .row("results", results.path().display())
        .row("network", context.profile.network)
        .to_text();
    format!("Refunds of a list (reasons are public for ever)\n{text}")
}

/// What became of the lines.
pub(super) fn results_text(results: &Results) -> String {
    let counts = Counts::of(results);
    let fields = Fields::new()
        .row("lines", counts.total)
        .row("paid now", counts.included)
        .row("paid before", counts.already_done)
        .row("failed", counts.failed)
        .row("on their way", counts.sent)
        .row("not sent yet", counts.planned)
        .row("results", results.path().display());
    let mut table = Table::new(&["line", "reference", "error"]);
    let failed: Vec<_> = results
        .lines()
        .filter(|line| line.status == Status::Failed)
        .collect();
    for line in &failed {
        let error = line.error.clone().unwrap_or_default();
        table.push(&[line.line.to_string(), line.reference.to_string(), error]);
    }
    let table = if failed.is_empty() {
        String::new()
    } else {
        table.to_text()
    };
    format!("{}{table}", fields.to_text())
}
