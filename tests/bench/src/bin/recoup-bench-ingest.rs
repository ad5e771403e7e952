//! Prints how fast the indexer takes the chain in.

use std::process::ExitCode;

use recoup_bench::Scale;

fn main() -> ExitCode {
    let table = Scale::from_environment().and_then(|scale| recoup_bench::run(&scale));
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
