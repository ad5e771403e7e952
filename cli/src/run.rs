//! From the process's arguments to its exit code.

use std::env;
use std::process::ExitCode;

use clap::Parser as _;
use serde_json::json;

use crate::arguments::{Arguments, Command};
use crate::commands::tx::TxCommand;
use crate::commands::{
    config, contracts, doctor, history, invoice, manual, operator, pay, refund, reserve, subscription, tx,
    wallet,
};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::terminal;

/// Runs the command that the process's arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return misunderstood(&error),
    };
    let as_json = arguments.global.json;
    let result = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from_error(Kind::Internal, &error))
        .and_then(|runtime| {
            let interrupt =
                Interrupt::install().map_err(|error| Failure::from_error(Kind::Internal, &error))?;
            runtime.block_on(run(arguments, &interrupt))
        })
        .and_then(|output| print(&output, as_json).map(|()| output.exit_code()));
    ExitCode::from(result.unwrap_or_else(|failure| report(&failure, as_json)))
}

/// Says what is wrong with the arguments, or what was asked of the program itself: help, version.
fn misunderstood(error: &clap::Error) -> ExitCode {
    let _ = error.print(); // nothing is left to say it with when the stream is gone
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    if env::args_os().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let what = text.lines().next().unwrap_or_default();
        let failure = Failure::new(Kind::Usage, what.trim_start_matches("error: "));
        let _ = print_error(&failure.hint("`--help` after the command says how it is typed"));
    }
    ExitCode::from(Kind::Usage.exit_code())
}

async fn run(arguments: Arguments, interrupt: &Interrupt) -> Result<Output, Failure> {
    // What is written to a file is planned by the command that would send it.
    let arguments = match arguments.command {
        Command::Tx(TxCommand::Build(build)) => build.into_command(&arguments.global)?,
        command => Arguments { command, ..arguments },
    };
    let context = || {
        let context = Context::new(&arguments.global)?;
        interrupt.watch(&context.journal);
        Ok::<_, Failure>(context)
    };
    match arguments.command {
        Command::Wallet(command) => wallet::run(&context()?, command).await,
        Command::Contracts(command) => contracts::run(&context()?, command).await,
        Command::Invoice(command) => invoice::run(&context()?, command).await,
        Command::Pay(arguments) => pay::run(&context()?, arguments).await,
        Command::Refund(command) => refund::run(&context()?, command).await,
        Command::Subscription(command) => subscription::run(&context()?, command).await,
        Command::Operator(command) => operator::run(&context()?, command).await,
        Command::Reserve(command) => reserve::run(&context()?, command).await,
        Command::History(command) => history::run(&context()?, *command, arguments.global.json).await,
        Command::Tx(command) => tx::run(&context()?, command).await,
        Command::Config(command) => config::run(&arguments.global, &command),
        // A broken configuration is a finding, too.
        Command::Doctor => doctor::run(&arguments.global).await,
        Command::Completions(arguments) => manual::completions(&arguments),
        Command::Man(arguments) => manual::manual(&arguments),
    }
}

fn print(output: &Output, as_json: bool) -> Result<(), Failure> {
    output
        .print(as_json)
        .map_err(|error| Failure::from_error(Kind::Internal, &error).context("cannot write to stdout"))
}

/// Says what failed: to people on stderr, and to programs as an object on stdout.
fn report(failure: &Failure, as_json: bool) -> u8 {
    terminal::show(&failure.to_text());
    if as_json {
        // Nothing is left to say it with when stdout is gone.
        let _ = print_error(failure);
    }
    failure.kind.exit_code()
}

fn print_error(failure: &Failure) -> Result<(), Failure> {
    print(&Output::new(&json!({ "error": failure }), "")?, true)
}
