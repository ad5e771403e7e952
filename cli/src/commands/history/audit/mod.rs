//! `recoup history audit`: the root over a range of refunds, computed here and compared with what else is known of it.

mod against;
mod chain;
mod difference;
mod published;
mod report;
mod rows;
mod saved;

use std::path::PathBuf;

use clap::Args;
use recoup_protocol::api::{Checkpoint, Refund};
use recoup_protocol::checkpoint::{RefundLeaf, Root, Summary};
use recoup_stacks::hash::BurnHeight;

use against::Against;
use chain::OnChain;
use difference::{Differences, Side};
use published::Published;
use rows::{Continuity, Rows};
use saved::Saved;

use super::tokens::Tokens;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::help::Help;
use crate::indexer::{Indexer, Standing};
use crate::output::Output;
use crate::terminal::{self, Progress};

/// Arguments of `recoup history audit`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = Help::new()
    .needs("an indexer; with --chain, a node; no key")
    .section("What is compared", "\
All refunds of the range are downloaded and hashed; docs/CHECKPOINTS.md says how. Whatever
is given, their ids must count up without holes, and the root must be that of the indexer's
own checkpoint, where it has one at the range's end (and, in a range that does not begin at
0, one just below it). A root tells that something was edited, taken out or added; --against
and --chain tell what. --chain compares what the contract keeps of a refund: invoice,
merchant, payer, issuer, token, amount, reason, reference, burn height.")
    .section("JSON", "\
from, to, core_contract, refunds, root; totals: by token, `refunds` and `refunded` in base
units; compared_with: any of `checkpoint`, `root`, `saved`, `indexer`, `chain`; agrees;
differences: how many; first_differences: at most 100, each with `refund_id`, `against`,
`what`, `here` and `there`; not_final: refunds that a fork may still take away; saved_to.")
    .exit(3, "something differs; or somebody is below the range, or follows another contract")
    .example("Keep what there is", "recoup history audit --save 2026-q1.json")
    .example("Is it still the same?", "recoup history audit --saved 2026-q1.json")
    .example("A root on paper", "recoup history audit --to 864000 \\\n      \
        --root 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
    .example("A week against another indexer and the chain", "recoup history audit --from 863001 --to 864000 \\\n      \
        --against https://indexer.example --chain"))]
pub(super) struct Audit {
    /// First burn height [default: that of the saved file, or 0]
    #[arg(long, value_name = "HEIGHT")]
    from: Option<u64>,
    /// Last burn height [default: that of the saved file, or of the indexer's newest checkpoint]
    #[arg(long, value_name = "HEIGHT")]
    to: Option<u64>,
    /// Root that the refunds must have
    #[arg(long, value_name = "HASH", conflicts_with = "saved")]
    root: Option<Root>,
    /// File of an earlier audit: range, root and totals must be the same
    #[arg(long, value_name = "FILE")]
    saved: Option<PathBuf>,
    /// Second indexer, whose rows are compared one by one
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    /// Look up each refund in the contract's maps, on the profile's node at its newest block
    #[arg(long)]
    chain: bool,
    /// Write range, root and totals to a new file, unless something differs
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When somebody gives no answer, or follows another contract. A difference is none.
pub(super) async fn run(context: &Context, arguments: Audit) -> Result<Output, Failure> {
    let saved = arguments.saved.as_deref().map(Saved::read).transpose()?;
    let indexer = Indexer::of(&context.profile)?;
    let view = match (context.node.view().await, arguments.chain) {
        (Err(failure), true) => return Err(failure),
        (view, _) => view.ok(),
    };
    let standing = Standing::check(&indexer, context.profile.contract.as_ref(), view.as_ref()).await?;
    let range = Range::of(&arguments, saved.as_ref(), &indexer).await?;
    reached(range.to, standing.burn_height, &standing.url)?;
    let core = &standing.core_contract;
    let mut examination = Examination {
        summary: Summary::default(),
        continuity: Continuity::of(range),
        published: Published::find(&indexer, range).await?,
        against: match &arguments.against {
            None => None,
            Some(url) => {
                let other = Indexer::at(url)?;
                let standing = Standing::check(&other, Some(core), view.as_ref()).await?;
                reached(range.to, standing.burn_height, url)?;
                Some(Against::open(&other, range).await?)
            }
        },
        chain: match view.filter(|_| arguments.chain) {
            None => None,
            Some(view) => {
                reached(range.to, Some(view.tip.burn_height.get()), &context.profile.node)?;
                Some(OnChain::at(view, core.clone(), range).await?)
            }
        },
        differences: Differences::default(),
        not_final: 0,
    };
    examination.read(&indexer, range).await?;
    if let Some(root) = arguments.root {
        examination
            .differences
            .compare_root(Side::Root, examination.summary.root(), root);
    }
    if let Some(saved) = &saved {
        saved.compare(core, &examination.summary, &mut examination.differences);
    }
    let compared_with: Vec<Side> = [
        (Side::Checkpoint, examination.published.is_some()),
        (Side::Root, arguments.root.is_some()),
        (Side::Saved, saved.is_some()),
        (Side::Indexer, arguments.against.is_some()),
        (Side::Chain, arguments.chain),
    ]
    .into_iter()
    .filter_map(|(side, is_given)| is_given.then_some(side))
    .collect();
    if examination.not_final > 0 {
        terminal::warn(&format!(
            "{} refunds of the range are not final yet: a fork may still change the root",
            examination.not_final
        ));
    }
    let agrees = examination.differences.count == 0;
    let saved_to = match arguments.save.filter(|_| agrees) {
        Some(path) => {
            Saved::of(range, core, &examination.summary).write(&path)?;
            Some(path)
        }
        None => None,
    };
    let report = report::Report {
        range,
        core,
        summary: &examination.summary,
        compared_with,
        differences: &examination.differences,
        not_final: examination.not_final,
        saved_to: saved_to.as_deref(),
    };
    let output = report.output(&mut Tokens::new(context.cache(), view)).await?;
    Ok(output.with_exit((!agrees).then_some(Kind::Refused)))
}

/// Burn heights, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    from: BurnHeight,
    to: BurnHeight,
}

impl Range {
    async fn of(arguments: &Audit, saved: Option<&Saved>, indexer: &Indexer) -> Result<Self, Failure> {
        let given = arguments.from.map(BurnHeight);
        let from = given.or(saved.map(|saved| saved.from)).unwrap_or(BurnHeight(0));
        let to = match arguments.to.map(BurnHeight).or(saved.map(|saved| saved.to)) {
            Some(to) => to,
            None => {
                let newest: Option<Checkpoint> = indexer.find("/checkpoints/latest").await?;
                let newest = newest.ok_or_else(|| {
                    Failure::new(Kind::Usage, "the indexer has no checkpoint yet")
                        .hint("name the last burn height with --to")
                })?;
                newest.burn_height
            }
        };
        if let Some(saved) = saved
            && (saved.from, saved.to) != (from, to)
        {
            let message = format!(
                "the saved file is of burn heights {} to {}, not {from} to {to}",
                saved.from, saved.to
            );
            return Err(Failure::new(Kind::Usage, message).hint("leave out --from and --to"));
        }
        if from > to {
            let message = format!("no burn height is from {from} to {to}");
            return Err(Failure::new(Kind::Usage, message));
        }
        Ok(Self { from, to })
    }

    /// Whether it begins with the first refund.
    const fn is_from_start(self) -> bool {
        self.from.get() == 0
    }
}

/// That somebody has come to the range's end.
fn reached(to: BurnHeight, height: Option<u64>, who: &str) -> Result<(), Failure> {
    match height {
        Some(height) if height >= to.get() => Ok(()),
        height => {
            let at = height.map_or("no block yet".to_owned(), |height| {
                format!("burn height {height}")
            });
            let message = format!("{who} is at {at}, below {to}");
            Err(Failure::new(Kind::Refused, message).hint("wait, or name a lower height with --to"))
        }
    }
}

/// All that looks at each row.
struct Examination<'node> {
    summary: Summary,
    continuity: Continuity,
    published: Option<Published>,
    against: Option<Against>,
    chain: Option<OnChain<'node>>,
    differences: Differences,
    not_final: u64,
}

impl Examination<'_> {
    async fn read(&mut self, indexer: &Indexer, range: Range) -> Result<(), Failure> {
        const SAY_EVERY: u64 = 1_000;
        let progress = Progress::start("reading refunds");
        let mut rows = Rows::open(indexer, range).await?;
        while let Some(refund) = rows.next().await? {
            self.take(refund).await?;
            let count = self.summary.tree().leaves();
            if count.is_multiple_of(SAY_EVERY) {
                progress.say(&format!("reading refunds: {count} so far"));
            }
        }
        if let Some(against) = self.against.take() {
            against.end(&mut self.differences).await?;
        }
        if let Some(chain) = self.chain.take() {
            chain.end(&mut self.differences).await?;
        }
        if let Some(published) = &self.published {
            published.compare(&self.summary, &mut self.differences);
        }
        Ok(())
    }

    async fn take(&mut self, refund: Refund) -> Result<(), Failure> {
        let leaf = RefundLeaf::from(&refund);
        self.summary.push(&leaf);
        if let Some(published) = &mut self.published {
            published.push(leaf.hash());
        }
        self.continuity.look(&refund, &mut self.differences);
        if refund.status == recoup_protocol::api::Tier::Seen {
            self.not_final = self.not_final.saturating_add(1);
        }
        if let Some(against) = &mut self.against {
            against.compare(&refund, &mut self.differences).await?;
        }
        if let Some(chain) = &mut self.chain {
            chain.push(refund, &mut self.differences).await?;
        }
        Ok(())
    }
}
