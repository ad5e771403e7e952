//! `make demo`: the whole path in one run. Fails when anything is not as it should be.

use std::process::ExitCode;

fn main() -> ExitCode {
    match recoup_e2e::demo::tell() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
