//! From the start of the process to its end, beside a program that does nothing.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use recoup_test_support::{Recoup, binary, scratch_folder};

use super::{CommandLineScale, median, ratio};
use crate::table::{Line, Table, above, milliseconds};

const GOAL_MS: f64 = 10.0;

pub(super) fn measure(scale: &CommandLineScale, table: &mut Table) -> Result<()> {
    let home = scratch_folder("bench")?;
    let recoup = Recoup::new(binary("recoup", "recoup-cli")?, home.path());
    recoup
        .command(["config", "init", "--network", "local", "--yes"])
        .run()?;
    let commands: [(&str, &[&str]); 2] = [
        ("start: --version", &["--version"]),
        (
            "start: config show (reads the configuration)",
            &["config", "show"],
        ),
    ];
    for (what, arguments) in commands {
        let (mut own, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..scale.starts {
            // Side by side, so that a busy machine slows both.
            bare.push(time(Command::new("true"))?);
            own.push(time(recoup.command(arguments).into_command())?);
        }
        let (own, bare) = (median(&mut own), median(&mut bare));
        table.lines.push(Line {
            what: what.to_owned(),
            goal: format!("< {GOAL_MS:.0} ms"),
            measured: format!("{:.1} ms", milliseconds(own)),
            postgres: format!("{:.1} ms (true)", milliseconds(bare)),
            ratio: Some(ratio(own, bare)),
            missed_by: above(milliseconds(own), GOAL_MS),
            note: String::new(),
        });
    }
    Ok(())
}

fn time(mut command: Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().context("a program's start")?;
    let time = start.elapsed();
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(time)
}
