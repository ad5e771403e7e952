//! `recoup doctor`: what works, what does not, and what to do about it.

mod chain;
mod history;
mod machine;

use crate::context::{Context, GlobalOptions};
use crate::doctor::{Finding, Report};
use crate::failure::{Failure, Kind};
use crate::output::Output;

/// Looks at everything that a refund needs. Nothing is changed and nothing is sent.
///
/// # Errors
/// When the result cannot be written; what is found wrong stands in the result.
pub async fn run(options: &GlobalOptions) -> Result<Output, Failure> {
    let mut report = Report::default();
    match Context::new(options) {
        Ok(context) => look(&context, &mut report).await,
        Err(failure) => {
            report.add(Finding::failed("configuration", failure));
        }
    }
    let exit = report.is_wrong().then_some(Kind::Refused);
    Ok(Output::new(&report, report.to_text())?.with_exit(exit))
}

async fn look(context: &Context, report: &mut Report) {
    report.add(machine::configuration(context));
    report.add(machine::journal(context));
    let wallet = machine::wallet(context, report);
    let node = chain::node(context, report).await;
    match &node {
        Some(view) => {
            report.add(chain::contracts(context, view).await);
            report.add(chain::balance(view, wallet.as_ref()).await);
        }
        None => {
            for check in ["contracts", "balance"] {
                report.add(Finding::skipped(check, "needs the node"));
            }
        }
    }
    report.add(history::indexer(context, node.as_ref()).await);
}
