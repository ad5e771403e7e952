//! How fast the command line is: its start, its plans and signatures, what it asks of the node, and long lists.

mod list;
mod requests;
mod signing;
mod start_up;

use std::time::Duration;

use anyhow::Result;
use recoup_e2e::faults::Stage;

use crate::table::Table;

/// How much of it is measured.
#[derive(Debug, Clone, Copy)]
pub struct CommandLineScale {
    /// Starts of each program.
    pub starts: usize,
    /// Signatures.
    pub signatures: usize,
    /// Lines of the list.
    pub lines: usize,
}

impl CommandLineScale {
    /// For a machine that is idle.
    pub const FULL: Self = Self {
        starts: 300,
        signatures: 500,
        lines: 10_000,
    };

    /// To see that it works.
    pub const SMOKE: Self = Self {
        starts: 3,
        signatures: 3,
        lines: 100,
    };
}

/// Measures everything at a scale.
///
/// # Errors
/// When a program fails, or does not do what is measured.
pub fn run_command_line(scale: &CommandLineScale) -> Result<Table> {
    let mut table = Table {
        beside: "compared with",
        ..Table::on_this_machine()
    };
    start_up::measure(scale, &mut table)?;
    signing::measure(scale, &mut table)?;
    let stage = Stage::start()?;
    requests::measure(&stage, &mut table)?;
    list::measure(&stage, scale, &mut table)?;
    Ok(table)
}

/// The time that half of all stay below.
fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn ratio(measured: Duration, compared: Duration) -> f64 {
    measured.as_secs_f64() / compared.as_secs_f64().max(f64::EPSILON)
}
