//! Prints how fast the command line is.

use std::process::ExitCode;

use recoup_bench::CommandLineScale;

fn main() -> ExitCode {
    recoup_bench::print(recoup_bench::run_command_line(&CommandLineScale::FULL))
}
