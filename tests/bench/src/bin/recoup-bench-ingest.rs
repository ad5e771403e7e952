//! Prints how fast the indexer takes the chain in.

use std::process::ExitCode;

use recoup_bench::Scale;

fn main() -> ExitCode {
    recoup_bench::print(Scale::from_environment().and_then(|scale| recoup_bench::run(&scale)))
}
