//! How far an import is, how fast, and how long it will still take.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const REPORT_EVERY: Duration = Duration::from_secs(5);

/// Counts the bytes that were read of an input, compressed as it is.
#[derive(Debug)]
pub(super) struct Counted<R> {
    input: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    pub(super) const fn new(input: R, count: Arc<AtomicU64>) -> Self {
        Self { input, count }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.count
            .fetch_add(u64::try_from(length).unwrap_or_default(), Ordering::Relaxed);
        Ok(length)
    }
}

/// Reports to the log now and then.
#[derive(Debug)]
pub(super) struct Progress {
    started: Instant,
    reported: Instant,
    input_read: Arc<AtomicU64>,
    input_length: Option<u64>,
}

impl Progress {
    /// `input_length`: none for a pipe.
    pub(super) fn new(input_read: Arc<AtomicU64>, input_length: Option<u64>) -> Self {
        let now = Instant::now();
        Self {
            started: now,
            reported: now,
            input_read,
            input_length,
        }
    }

    /// Says how far it is, unless that was said a moment ago.
    pub(super) fn report(&mut self, rows: u64, bytes: u64) {
        if self.reported.elapsed() < REPORT_EVERY {
            return;
        }
        self.reported = Instant::now();
        let elapsed = self.started.elapsed();
        let read = self.input_read.load(Ordering::Relaxed);
        let remaining = self
            .input_length
            .and_then(|length| remaining_time(elapsed, read, length));
        tracing::info!(
            rows,
            megabytes = bytes / 1_000_000,
            rows_per_second = per_second(rows, elapsed),
            kilobytes_per_second = per_second(bytes, elapsed) / 1_000,
            eta_seconds = remaining.map(|remaining| remaining.as_secs()),
            "importing"
        );
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// How many of something a second.
pub(super) fn per_second(count: u64, elapsed: Duration) -> u64 {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    count.saturating_mul(1_000) / milliseconds
}

/// How long the rest takes when it goes on as so far; none before anything was read.
fn remaining_time(elapsed: Duration, read: u64, length: u64) -> Option<Duration> {
    let rest = u128::from(length.saturating_sub(read));
    let milliseconds = (elapsed.as_millis() * rest).checked_div(u128::from(read))?;
    Some(Duration::from_millis(
        u64::try_from(milliseconds).unwrap_or(u64::MAX),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_as_long_as_the_part_before() {
        let minute = Duration::from_secs(60);
        assert_eq!(remaining_time(minute, 25, 100), Some(3 * minute));
        assert_eq!(remaining_time(minute, 100, 100), Some(Duration::ZERO));
        assert_eq!(remaining_time(minute, 0, 100), None);
        assert_eq!(per_second(500, Duration::from_millis(250)), 2_000);
        assert_eq!(per_second(500, Duration::ZERO), 500_000);
    }
}
