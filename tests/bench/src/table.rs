//! What was measured, beside its goal.

use std::fmt;
use std::time::Duration;

use crate::machine;

/// One measurement.
#[derive(Debug, Clone)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// The goal, in words; empty without one.
    pub goal: String,
    /// What came out.
    pub measured: String,
    /// PostgreSQL's own figure of the same run, or what else it is compared with, and of what.
    pub postgres: String,
    /// The figure in relation to that one, where 1 is as fast.
    pub ratio: Option<f64>,
    /// How far the goal is missed, in percent of it; none when it is met.
    pub missed_by: Option<f64>,
    /// Where the time goes, and what else is to be known.
    pub note: String,
}

impl Line {
    fn verdict(&self) -> String {
        match self.missed_by {
            _ if self.goal.is_empty() => String::new(),
            None => "met".to_owned(),
            Some(percent) => format!("missed by {percent:.0} %"),
        }
    }
}

/// All measurements.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// On which machine, and how busy that was at the start.
    pub machine: String,
    /// What all is compared with.
    pub beside: &'static str,
    /// In their order.
    pub lines: Vec<Line>,
}

impl Table {
    /// An empty one, begun now.
    #[must_use]
    pub fn on_this_machine() -> Self {
        Self {
            machine: machine::description(),
            beside: "PostgreSQL itself",
            lines: Vec::new(),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{}; at the end {}\n",
            self.machine,
            machine::load_average()
        )?;
        let heads = ["what", "goal", "measured", self.beside, "ratio", ""].map(str::to_owned);
        let mut rows = vec![heads];
        for line in &self.lines {
            rows.push([
                line.what.clone(),
                line.goal.clone(),
                line.measured.clone(),
                line.postgres.clone(),
                line.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
                line.verdict(),
            ]);
        }
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        for row in &rows {
            for (column, cell) in row.iter().enumerate() {
                write!(formatter, "{cell:<width$}  ", width = width(column))?;
            }
            writeln!(formatter)?;
        }
        for line in self.lines.iter().filter(|line| !line.note.is_empty()) {
            writeln!(formatter, "{}: {}", line.what, line.note)?;
        }
        Ok(())
    }
}

/// How far a figure that should be at most `goal` is above it, in percent.
pub(crate) fn above(measured: f64, goal: f64) -> Option<f64> {
    (measured > goal).then(|| (measured / goal - 1.0) * 100.0)
}

/// How far a figure that should be at least `goal` is below it, in percent.
pub(crate) fn below(measured: f64, goal: f64) -> Option<f64> {
    (measured < goal).then(|| (1.0 - measured / goal) * 100.0)
}

/// So many a second.
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    float(count) / time.as_secs_f64().max(f64::EPSILON)
}

/// A count as a float: benchmarks lose no precision that matters.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts far below 2^53"
)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// Milliseconds with a digit.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The time that 99 of 100 stay below.
pub(crate) fn p99(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    percentile(times, 99)
}

/// The time that so many of 100 stay below, of sorted times.
pub(crate) fn percentile(times: &[Duration], percent: usize) -> Duration {
    let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(place).copied().unwrap_or_default()
}
