//! `recoup refund batch`: read, check every line, settle what was signed before, show, ask, pay, report line by line.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use recoup_protocol::text::Reference;
use recoup_stacks::address::ContractId;

use super::batch_report::{BatchDocument, BatchOutcome, plan_text, problems_text, results_text};
use super::create::CreateRefund;
use super::gate::{self, Gate};
use crate::batch::{self, Checked, Due, History, List, Payer, Plan, Results, Standing, Status};
use crate::context::{Context, Wallet};
use crate::failure::{Failure, Kind};
use crate::home::FileError;
use crate::journal::{BatchIntent, BatchLine, FailedAt, Intent, State};
use crate::node::View;
use crate::output::Output;
use crate::send::{Ending, Patience, Start, carry_out, ensure_current};
use crate::terminal;

/// A list is kept in memory: far more than anybody can agree to.
const MAX_BYTES: u64 = 64 << 20;
const STDIN: &str = "-";

/// Arguments of `recoup refund batch`.
#[derive(Debug, Clone, Args)]
pub struct RefundBatch {
    /// CSV with a heading, or JSON Lines: invoice, payer, amount (1.5, 25% or full), reference and reason; - for stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the result of each line goes, as JSON Lines [default: FILE.results.jsonl]
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// At most so many refunds a transaction
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=200))]
    per_transaction: u16,
    /// Send it although a deadline is near
    #[arg(long)]
    force: bool,
    /// Do not ask: do it
    #[arg(long, short)]
    yes: bool,
    /// Stop after the plan; nothing is signed
    #[arg(long)]
    dry_run: bool,
    /// Do not wait for blocks: send what fits into the queue, then stop (exit code 6); run it again to go on
    #[arg(long)]
    no_wait: bool,
    /// Wait at most so long for each transaction's block
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
    /// Fee of each transaction in micro-STX [default: the node's estimate]
    #[arg(long, value_name = "MICRO_STX")]
    fee: Option<u64>,
}

impl RefundBatch {
    /// A list that was made of an invoice's payers.
    pub(super) fn of(create: &CreateRefund, results: PathBuf) -> Self {
        let send = &create.send;
        Self {
            file: STDIN.into(),
            results: Some(results),
            per_transaction: 200,
            force: create.force,
            yes: send.yes,
            dry_run: send.dry_run,
            no_wait: send.wait.no_wait,
            timeout: send.wait.timeout,
            fee: send.fee,
        }
    }

    const fn patience(&self) -> Patience {
        Patience {
            wait: !self.no_wait,
            limit: Duration::from_secs(self.timeout),
        }
    }

    fn is_stdin(&self) -> bool {
        self.file == Path::new(STDIN)
    }

    fn read(&self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let read = if self.is_stdin() {
            io::stdin()
                .lock()
                .take(MAX_BYTES.saturating_add(1))
                .read_to_end(&mut bytes)
        } else {
            File::open(&self.file)
                .and_then(|file| file.take(MAX_BYTES.saturating_add(1)).read_to_end(&mut bytes))
        };
        let length = read.map_err(|error| {
            let error = FileError::new("read", &self.file)(error);
            Failure::from_error(Kind::Usage, &error).hint("name a CSV or JSON Lines file, or - for stdin")
        })?;
        if u64::try_from(length).unwrap_or(u64::MAX) > MAX_BYTES {
            return Err(Failure::new(Kind::Usage, "the list is larger than 64 MiB").hint("split it"));
        }
        Ok(bytes)
    }

    fn results_path(&self) -> Result<PathBuf, Failure> {
        match &self.results {
            Some(path) => Ok(path.clone()),
            None if self.is_stdin() => Err(Failure::new(Kind::Usage, "a list from stdin needs --results")
                .hint("name the file that is to say what became of each line")),
            None => {
                let mut name = self.file.as_os_str().to_owned();
                name.push(".results.jsonl");
                Ok(name.into())
            }
        }
    }
}

/// What all steps work with.
struct Batch<'run> {
    context: &'run Context,
    core: &'run ContractId,
    wallet: &'run Wallet,
    arguments: &'run RefundBatch,
    list: &'run List,
}

pub(super) async fn run(context: &Context, arguments: RefundBatch) -> Result<Output, Failure> {
    arguments.results_path()?; // said before a long list is read
    let list = List::read(&arguments.read()?);
    pay_list(context, arguments, list).await
}

/// Pays a list, wherever it comes from.
pub(super) async fn pay_list(
    context: &Context,
    arguments: RefundBatch,
    list: List,
) -> Result<Output, Failure> {
    let core = context.core()?;
    let wallet = context.wallet()?;
    let path = arguments.results_path()?;
    let batch = Batch {
        context,
        core,
        wallet: &wallet,
        arguments: &arguments,
        list: &list,
    };
    let (checked, view) = batch.settle_and_check().await?;
    if !checked.problems.is_empty() {
        return refuse(&list, checked);
    }
    checked
        .warnings
        .iter()
        .for_each(|warning| terminal::warn(warning));
    let mut results = Results::of(path, &list.lines)?;
    let (dues, is_waiting) = sort_out(checked, &mut results);
    let plan = batch.plan(&view, dues).await?;
    let text = plan_text(context, &wallet, &list, &plan, &results);
    if arguments.dry_run {
        let document =
            BatchDocument::new(BatchOutcome::DryRun, &list, &results).with_plan(context, &wallet, &plan);
        return Output::new(&document, text);
    }
    if is_waiting || plan.groups.is_empty() {
        results.save()?;
        if is_waiting {
            terminal::note(
                "a transaction with some of these lines is not in a block yet: nothing new was signed",
            );
        }
        return report(context, &list, &results, Vec::new());
    }
    terminal::show(&text);
    let question = format!("Pay these refunds on {}?", context.profile.network);
    if !arguments.yes && !terminal::confirm(&question)? {
        return Err(Failure::new(Kind::Refused, "not confirmed").hint("nothing was signed"));
    }
    let (bounded, draft) = match batch.pass(&plan, &view)? {
        Gate::Open => (context.clone(), None),
        Gate::Approved(entry, terms) => {
            let mut bounded = context.clone();
            bounded.profile.max_fee = bounded.profile.max_fee.min(terms.fee_ceiling);
            (bounded, Some(entry))
        }
        Gate::Waiting(entry, terms) => {
            gate::note_waiting(entry, terms);
            let document = BatchDocument::new(BatchOutcome::AwaitingApproval, &list, &results)
                .with_plan(context, &wallet, &plan)
                .awaiting(entry);
            return Ok(Output::new(&document, text)?.with_exit(document.outcome().exit()));
        }
    };
    let key = wallet.unlock(&context.passphrase)?;
    results.save()?;
    let payer = Payer {
        context: &bounded,
        issuer: wallet.address,
        key: &key,
        list: &list.sha256,
        fee: arguments.fee,
        patience: arguments.patience(),
    };
    let run = payer.pay(plan.groups, &mut results).await?;
    drop(key);
    if let Some(entry) = draft.filter(|_| !run.is_waiting) {
        gate::close_list(context, entry)?;
    }
    report(context, &list, &results, run.entries)
}

impl Batch<'_> {
    /// Checks every line, after what was signed before has come to its end. A list with a line that makes no sense sends
    /// nothing, and a dry run neither.
    async fn settle_and_check(&self) -> Result<(Checked, View<'_>), Failure> {
        let view = self.context.node.view().await?;
        self.context.cache().ensure_released(&view, self.core).await?;
        ensure_current(self.context, &view, self.arguments.force)?;
        let may_send = self.list.problems.is_empty() && !self.arguments.dry_run;
        if may_send {
            let book = self.context.journal.read()?;
            let unsettled = History::of(&book, self.core, &self.references())
                .unsettled()
                .clone();
            self.settle(unsettled).await?;
        }
        let (checked, view) = self.check().await?;
        let unsettled: BTreeSet<u64> = checked
            .standings
            .iter()
            .filter_map(|(_, standing)| entry(standing))
            .collect();
        if !may_send || !checked.problems.is_empty() || unsettled.is_empty() {
            return Ok((checked, view));
        }
        // Seen in a block once, and not there now: a fork undid it, or another node is behind.
        self.settle(unsettled).await?;
        self.check().await
    }

    /// Sends what was signed before again, until it is in a block or is known to have failed. Stops at the first that still
    /// waits.
    async fn settle(&self, entries: BTreeSet<u64>) -> Result<(), Failure> {
        for number in entries {
            match carry_out(self.context, number, Start::Earlier, self.arguments.patience()).await {
                Ok(Ending::Included(..)) => {}
                Ok(Ending::Sent(_)) => return Ok(()),
                Err(failure) => {
                    let book = self.context.journal.read()?;
                    let state = book.get(number).map(|entry| &entry.state);
                    let is_over = matches!(
                        state,
                        Some(
                            State::Failed {
                                at: FailedAt::Chain,
                                ..
                            } | State::Replaced
                        )
                    );
                    if !is_over {
                        return Err(failure);
                    }
                    terminal::note(&format!("{}: its lines are checked again", failure.message));
                }
            }
        }
        Ok(())
    }

    /// Checks every line at the newest block.
    async fn check(&self) -> Result<(Checked, View<'_>), Failure> {
        let view = self.context.node.view().await?;
        let (lines, issuer) = (&self.list.lines, self.wallet.address);
        let (answers, terms) = batch::gather(
            self.context,
            &view,
            self.core,
            issuer,
            lines,
            self.arguments.force,
        )
        .await?;
        let book = self.context.journal.read()?;
        let history = History::of(&book, self.core, &self.references());
        let mut checked = batch::check(lines, answers, &terms, &history);
        checked.problems.extend(self.list.problems.iter().cloned());
        checked.problems.sort_by_key(|problem| problem.line);
        Ok((checked, view))
    }

    /// Whether it may be signed now. The planner said yes to the plan already.
    fn pass(&self, plan: &Plan, view: &View<'_>) -> Result<Gate, Failure> {
        let mut dues: Vec<&Due> = plan.groups.iter().flatten().collect();
        dues.sort_by_key(|due| due.line);
        let line = |due: &&Due| BatchLine {
            line: due.line,
            refund: due.refund.clone(),
        };
        let intent = Intent::RefundMany(BatchIntent {
            list: self.list.sha256.clone(),
            lines: dues.iter().map(line).collect(),
        });
        let sums: Vec<_> = plan.sums.iter().map(|sum| (&sum.token, sum.amount)).collect();
        gate::pass(self.context, &intent, &sums, view.tip.burn_height, || Ok(()))
    }

    fn references(&self) -> HashSet<&Reference> {
        self.list.lines.iter().map(|line| &line.reference).collect()
    }

    async fn plan(&self, view: &View<'_>, dues: Vec<Due>) -> Result<Plan, Failure> {
        let terms = (usize::from(self.arguments.per_transaction), self.arguments.fee);
        let plan = batch::plan(
            self.context,
            view,
            self.wallet.address,
            &self.list.sha256,
            dues,
            terms,
        )
        .await?;
        if plan.is_fee_cut {
            terminal::warn(
                "the node estimates a higher fee than the profile's ceiling: this may take long to be included",
            );
        }
        Ok(plan)
    }
}

const fn entry(standing: &Standing) -> Option<u64> {
    match standing {
        Standing::Unsettled { entry, .. } => Some(*entry),
        Standing::Done { .. } | Standing::Due(_) => None,
    }
}

/// Notes where each line stands. Gives the lines to be paid, and whether others still wait for a block.
fn sort_out(checked: Checked, results: &mut Results) -> (Vec<Due>, bool) {
    let mut dues = Vec::new();
    let mut is_waiting = false;
    for (line, standing) in checked.standings {
        match standing {
            Standing::Due(due) => dues.push(*due),
            Standing::Done { refund_id, txid } => {
                results.set(line, Status::AlreadyDone, Some(refund_id), txid)
            }
            Standing::Unsettled { txid, .. } => {
                is_waiting = true;
                results.set(line, Status::Sent, None, Some(txid));
            }
        }
    }
    (dues, is_waiting)
}

fn refuse(list: &List, checked: Checked) -> Result<Output, Failure> {
    let count = checked.problems.len();
    let failure = Failure::new(
        Kind::Refused,
        format!("{count} problems in the list: nothing of it was signed"),
    )
    .hint("correct the lines and run the command again");
    terminal::show(&failure.to_text());
    let text = problems_text(&checked.problems);
    let document = BatchDocument::refused(list, checked.problems, failure);
    Ok(Output::new(&document, text)?.with_exit(Some(Kind::Refused)))
}

fn report(context: &Context, list: &List, results: &Results, entries: Vec<u64>) -> Result<Output, Failure> {
    let book = context.journal.read()?;
    let entries: Vec<_> = entries
        .into_iter()
        .filter_map(|number| book.get(number))
        .collect();
    let document =
        BatchDocument::new(BatchOutcome::of(results), list, results).with_transactions(context, &entries);
    if document.outcome() == BatchOutcome::Sent {
        terminal::note("not all is in a block yet: run the same command again to see it through");
    }
    let exit = document.outcome().exit();
    Ok(Output::new(&document, results_text(results))?.with_exit(exit))
}
