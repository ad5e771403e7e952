//! Waiting with a deadline.

use std::thread;
use std::time::{Duration, Instant};

use crate::{Error, Result};

const INTERVAL: Duration = Duration::from_millis(25);

/// Calls `probe` until it answers something, and returns that.
///
/// # Errors
/// [`Error::TimedOut`] when it still answers `None` after `limit`; an error of `probe` at once.
pub fn wait_until<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = probe()? {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            return Err(Error::TimedOut {
                what: what.to_owned(),
                limit,
                detail: String::new(),
            });
        }
        thread::sleep(INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_the_first_answer() {
        let mut calls = 0;
        let answer = wait_until("three calls", Duration::from_secs(5), || {
            calls += 1;
            Ok((calls == 3).then_some(calls))
        });
        assert_eq!(answer.unwrap(), 3);
    }

    #[test]
    fn says_what_it_waited_for() {
        let error = wait_until::<()>("rain", Duration::from_millis(1), || Ok(None)).unwrap_err();
        assert_eq!(error.to_string(), "rain: not within 1ms");
    }
}
