//! `recoup-indexer`: see `recoup-indexer --help`.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;
use recoup_indexer::commands;
use recoup_indexer::config::{Arguments, LogFormat};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(error) = start_logging(&arguments) {
        eprintln!("error: {error:#}");
        return ExitCode::from(2);
    }
    let log_format = arguments.log_format;
    match commands::execute(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match log_format {
                LogFormat::Text => eprintln!("error: {error:#}"),
                LogFormat::Json => tracing::error!(error = format!("{error:#}"), "ended"),
            }
            ExitCode::from(commands::exit_code(&error))
        }
    }
}

/// Log lines go to standard error; standard output belongs to the commands.
fn start_logging(arguments: &Arguments) -> anyhow::Result<()> {
    let filter: EnvFilter = arguments.log.parse()?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match arguments.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => {
            builder.json().flatten_event(true).init();
            // Who reads JSON can read nothing else.
            std::panic::set_hook(Box::new(
                |panic| tracing::error!(%panic, "a part of the program failed"),
            ));
        }
    }
    Ok(())
}
