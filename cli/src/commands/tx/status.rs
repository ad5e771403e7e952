//! `recoup tx status`.

use clap::Args;

use crate::commands::standing::{Target, report};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::Output;

/// Arguments of `recoup tx status`.
#[derive(Debug, Clone, Args)]
pub struct Status {
    /// Transaction id, or number of the journal's entry [default: all that is not final]
    #[arg(value_name = "TXID|ENTRY")]
    target: Option<Target>,
}

pub(super) async fn run(context: &Context, arguments: &Status) -> Result<Output, Failure> {
    let book = context.journal.read()?;
    let numbers = match &arguments.target {
        None => crate::commands::standing::unsettled(&book, |_| true),
        Some(target) => vec![target.find(&book).ok_or_else(|| {
            Failure::new(
                Kind::Refused,
                "the journal of this machine has no such transaction",
            )
            .hint("`recoup tx status` lists what is not final; check --home and --profile")
        })?],
    };
    report(context, &book, &numbers).await
}
