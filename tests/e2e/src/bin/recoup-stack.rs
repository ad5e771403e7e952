//! `make up` and `make down`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use recoup_e2e::stack::{Ports, StackFolder, down, next_steps, serve, up};
use recoup_test_support::repository;

/// A local stack to play with: chain, database, indexer, funded wallets.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Where the stack keeps its files [default: .recoup in the repository]
    #[arg(long, global = true, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start it, or find it running, and say what to type next
    Up(PortArguments),
    /// Stop it and remove its files
    Down(PortArguments),
    /// Hold it until told to end (what `up` starts)
    #[command(hide = true)]
    Serve(PortArguments),
}

#[derive(Debug, Clone, Copy, Args)]
struct PortArguments {
    /// Port of the node
    #[arg(long, default_value_t = 20443)]
    node_port: u16,
    /// Port where the indexer takes the node's events
    #[arg(long, default_value_t = 3700)]
    observer_port: u16,
    /// Port of the indexer's API
    #[arg(long, default_value_t = 3780)]
    api_port: u16,
}

impl From<PortArguments> for Ports {
    fn from(arguments: PortArguments) -> Self {
        Self {
            node: arguments.node_port,
            observer: arguments.observer_port,
            api: arguments.api_port,
        }
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let folder = StackFolder::at(arguments.folder.unwrap_or_else(|| repository().join(".recoup")));
    match arguments.command {
        Command::Up(ports) => {
            let record = up(&folder, ports.into())?;
            print!("{}", next_steps(&folder, &record)?);
        }
        Command::Down(_) if down(&folder)? => println!("The local stack has ended; its files are removed."),
        Command::Down(_) => println!("No local stack was running."),
        Command::Serve(ports) => serve(&folder, ports.into())?,
    }
    Ok(())
}
