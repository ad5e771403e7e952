//! `recoup history`: what was refunded, from the indexer.

mod arguments;
mod audit;
mod export;
mod list;
mod tokens;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::help::Help;
use crate::indexer::{Indexer, Standing};
use crate::output::Output;

use arguments::Filter;
use tokens::Tokens;

/// Arguments of `recoup history`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = Help::new()
    .needs("an indexer; with a node, tokens are named and it is said how far behind the indexer is; no key")
    .exit(3, "the indexer follows another contract")
    .exit(5, "the indexer is away, or failed on the way: the output has no end")
    .example("A merchant's newest",
        "recoup history --merchant ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5")
    .example("All that a payer got back in a quarter",
        "recoup history --payer ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG \\\n      \
         --from 2026-01-01 --to 2026-03-31 --all")
    .example("One invoice's, for a program", "recoup history --invoice 7 --order oldest --json")
    .example("The ten largest in STX", "recoup history --token STX --order largest --limit 10")
    .example("For a spreadsheet",
        "recoup history --merchant ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5 --csv > refunds.csv"))]
#[command(args_conflicts_with_subcommands = true)]
pub struct History {
    #[command(subcommand)]
    command: Option<HistoryCommand>,
    #[command(flatten)]
    filter: Filter,
    /// Most refunds to list
    #[arg(long, value_name = "ROWS", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// List all of them, page by page
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Where the list before ended (its `next_cursor`)
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    /// Write all of them as CSV, safe in spreadsheets; columns as in docs/API.md
    #[arg(long, conflicts_with_all = ["limit", "all", "cursor"])]
    csv: bool,
    /// Write all of them as JSON Lines, one object of docs/API.md a line
    #[arg(long, conflicts_with_all = ["limit", "all", "cursor", "csv"])]
    jsonl: bool,
}

/// What else can be done with a history.
#[derive(Debug, Clone, Subcommand)]
enum HistoryCommand {
    /// Check that no refund was edited, taken out or added: by a root kept earlier, a second indexer, or the chain
    ///
    /// The refunds of a range of burn heights are downloaded and hashed into one root, which is compared with whatever else
    /// is known of it. Nothing is trusted but what it is compared with.
    Audit(audit::Audit),
}

/// Runs the command.
///
/// # Errors
/// When the indexer follows another contract, gives no answer, or not to this question.
pub async fn run(context: &Context, arguments: History, as_json: bool) -> Result<Output, Failure> {
    if let Some(HistoryCommand::Audit(audit)) = arguments.command {
        return audit::run(context, audit).await;
    }
    if as_json && (arguments.csv || arguments.jsonl) {
        return Err(Failure::new(
            Kind::Usage,
            "--json is one object: leave it out beside --csv or --jsonl",
        ));
    }
    let indexer = Indexer::of(&context.profile)?;
    // The node says how far behind the indexer is, and what tokens are called. The history can be read without it.
    let view = context.node.view().await.ok();
    let standing = Standing::check(&indexer, context.profile.contract.as_ref(), view.as_ref()).await?;
    let mut tokens = Tokens::new(context.cache(), view);
    let question = arguments.filter.question(&mut tokens).await?;
    if arguments.csv || arguments.jsonl {
        let format = if arguments.csv { "csv" } else { "jsonl" };
        return export::run(&indexer, format, &question).await;
    }
    let wanted = list::Wanted {
        limit: (!arguments.all).then_some(arguments.limit),
        cursor: arguments.cursor,
        without: arguments.filter.fixed_columns(),
    };
    list::run(&indexer, &standing, question, wanted, &mut tokens, as_json).await
}
