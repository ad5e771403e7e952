//! Runs a command beside a throwaway PostgreSQL cluster, which it finds in `RECOUP_TEST_DATABASE_URL`, with that
//! installation's programs first in PATH. Ends with the command's own exit code.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

use recoup_test_support::{Cluster, DATABASE_URL_VARIABLE, Durability};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: recoup-with-postgres COMMAND [ARGUMENTS]");
        return ExitCode::from(2);
    };
    match run(program, arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(
    program: OsString,
    arguments: impl Iterator<Item = OsString>,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let cluster = Cluster::start(Durability::None)?;
    let mut path = vec![cluster.programs().to_owned()];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let status = Command::new(program)
        .args(arguments)
        .env(DATABASE_URL_VARIABLE, cluster.url("postgres"))
        .env("PATH", env::join_paths(path)?)
        .status()?;
    // Without a code it was ended by a signal.
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1);
    Ok(ExitCode::from(code))
}
