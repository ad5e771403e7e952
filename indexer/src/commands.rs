//! What the commands do.

use std::io::Write as _;

use anyhow::Context as _;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::archive::{self, BatchLimits};
use crate::config::{
    Arguments, BackfillArguments, Command, DatabaseArguments, ImportArguments, RunArguments, VerifyArguments,
};
use crate::diagnosis::diagnose;
use crate::server::{Server, prepare};
use crate::{db, repair, verify};

/// Does what the arguments say.
///
/// # Errors
/// What went wrong, for people.
pub async fn execute(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Run(run_arguments) => run(*run_arguments).await,
        Command::Import(import_arguments) => import(*import_arguments).await,
        Command::Backfill(backfill_arguments) => backfill(*backfill_arguments).await,
        Command::Verify(verify_arguments) => verify(*verify_arguments).await,
        Command::Migrate(database) => migrate(&database).await,
        Command::Status(database) => status(&database).await,
    }
}

/// Runs until it is told to end. Prints one line of JSON when everything listens.
async fn run(arguments: RunArguments) -> anyhow::Result<()> {
    let config = arguments.check()?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for signals")?;
    let mut server = Server::start(config).await?;
    print(&json!({
        "ready": true,
        "observer": server.observer_address(),
        "api": server.api_address(),
        "pid": std::process::id(),
    }))?;
    tokio::select! {
        error = server.failed() => {
            server.stop().await;
            return Err(error.into());
        }
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("ending");
    server.stop().await;
    Ok(())
}

/// Imports an archive. Prints one line of JSON when it is done.
async fn import(arguments: ImportArguments) -> anyhow::Result<()> {
    let follow = arguments.follow.check()?;
    let pools = db::connect(&follow.database, None);
    prepare(&pools, follow.network, &follow.ingest).await?;
    let input = arguments.archive.0;
    let limits = BatchLimits {
        rows: usize::from(arguments.batch_rows),
        ..BatchLimits::default()
    };
    let summary = archive::import(pools.write, follow.ingest, input, limits, arguments.from_start).await?;
    print(&serde_json::to_value(summary)?)
}

/// Fetches what is missing. Prints one line of JSON when it is done.
async fn backfill(arguments: BackfillArguments) -> anyhow::Result<()> {
    let config = arguments.check()?;
    let follow = config.follow;
    let pools = db::connect(&follow.database, None);
    prepare(&pools, follow.network, &follow.ingest).await?;
    let (database, range) = (follow.database, (config.from, config.to));
    let summary = repair::backfill(pools.write, &database, config.node, follow.ingest, range).await?;
    print(&serde_json::to_value(summary)?)
}

/// Why `verify` can say nothing: that is no difference, and ends with another exit code.
#[derive(Debug, thiserror::Error)]
#[error("cannot compare")]
struct CannotCompare;

/// With which code the program ends after an error: 2 where `verify` could not compare, else 1.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<CannotCompare>() { 2 } else { 1 }
}

/// Compares. Prints each difference and a summary, or all of it as one line of JSON.
async fn verify(arguments: VerifyArguments) -> anyhow::Result<()> {
    let config = arguments.check().context(CannotCompare)?;
    let pools = db::connect(&config.database, None);
    let report = verify::verify(&pools.write, config.settings)
        .await
        .context(CannotCompare)?;
    if config.json {
        print(&serde_json::to_value(&report)?)?;
    } else {
        let mut stdout = std::io::stdout().lock();
        write_report(&mut stdout, &report).context("cannot write to standard output")?;
    }
    anyhow::ensure!(
        report.same,
        "the tables are wrong in {} places",
        report.differences
    );
    Ok(())
}

fn write_report(output: &mut impl std::io::Write, report: &verify::Report) -> std::io::Result<()> {
    for difference in &report.first_differences {
        writeln!(output, "{difference}")?;
    }
    let height = report.stacks_height.map_or_else(
        || "no block".to_owned(),
        |height| format!("Stacks height {height}"),
    );
    let with = if report.contract_compared {
        "each other and with the contract"
    } else {
        "each other"
    };
    writeln!(
        output,
        "{} invoices, {} values compared with {with}, at {height}: {} differences",
        report.invoices, report.values, report.differences
    )?;
    if let Some(counts) = report.satellites {
        writeln!(
            output,
            "compared with their contracts: {} plans, {} subscriptions, {} reserves, {} delegates, {} operators",
            counts.plans, counts.subscriptions, counts.reserves, counts.delegates, counts.operators
        )?;
    }
    if let Some(height) = report.satellites_from_height {
        writeln!(
            output,
            "not compared with their contracts: plans, subscriptions, reserves, delegates and operators, of which this \
             database has nothing before Stacks height {height}"
        )?;
    }
    output.flush()
}

async fn migrate(database: &DatabaseArguments) -> anyhow::Result<()> {
    let pools = db::connect(&database.database_url.0, None);
    Ok(db::migrate(&pools.write).await?)
}

async fn status(database: &DatabaseArguments) -> anyhow::Result<()> {
    let pools = db::connect(&database.database_url.0, None);
    let diagnosis = diagnose(&pools.read, None).await;
    let Some(health) = diagnosis.health else {
        let found = diagnosis.conditions.iter();
        let said: Vec<_> = found
            .map(|condition| format!("{}: {}", condition.code, condition.detail))
            .collect();
        anyhow::bail!("{}", said.join("; "));
    };
    print(&serde_json::to_value(health)?)
}

fn print(value: &serde_json::Value) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{value}")
        .and_then(|()| stdout.flush())
        .context("cannot write to standard output")
}
