//! How fast the command line is, and how fast the indexer takes the chain in and answers: made-up archives, the real
//! programs, a private PostgreSQL cluster that forces everything to the disk, and PostgreSQL's own figure for the same rows
//! or bytes in the same run.

mod archives;
mod command_line;
mod copied;
mod database;
mod forks;
mod http;
mod live;
mod machine;
mod phases;
mod program;
mod queries;
mod scale;
mod table;

pub use command_line::{CommandLineScale, run_command_line};
pub use queries::{QueryReport, QueryScale, ask_for_ever, run_queries};
pub use scale::Scale;
pub use table::{Line, Table};

use std::process::ExitCode;

use anyhow::Result;
use recoup_test_support::{Cluster, Durability};

/// Measures everything at a scale.
///
/// # Errors
/// When a program fails, or its tables do not hold what was sent.
pub fn run(scale: &Scale) -> Result<Table> {
    let cluster = Cluster::start(Durability::Full)?;
    let mut table = Table::on_this_machine();
    archives::dense(&cluster, scale, &mut table)?;
    archives::sparse(&cluster, scale, &mut table)?;
    live::acknowledged(&cluster, scale, &mut table)?;
    live::large(&cluster, scale, &mut table)?;
    live::visible(&cluster, scale, &mut table)?;
    forks::followed(&cluster, scale, &mut table)?;
    Ok(table)
}

/// Prints what was measured, or why it was not; how a benchmark's program ends.
#[must_use]
pub fn print(table: Result<Table>) -> ExitCode {
    match table {
        Ok(table) => {
            println!("{table}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
