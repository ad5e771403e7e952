//! An answer of any length, line by line.

use reqwest::Response;

use super::client::no_answer;
use crate::failure::{Failure, Kind};

/// Most bytes of a line; the texts of a refund take a few thousand.
const LINE_LIMIT: usize = 1024 * 1024;

/// The lines of an answer. One that breaks off without its end is a failure, never taken for a whole one.
#[derive(Debug)]
pub struct Lines {
    response: Response,
    /// What was received and not given yet begins at `start`.
    received: Vec<u8>,
    start: usize,
}

impl Lines {
    pub(super) const fn of(response: Response) -> Self {
        Self {
            response,
            received: Vec::new(),
            start: 0,
        }
    }

    /// The next line, without its end; none after the last.
    ///
    /// # Errors
    /// When the answer breaks off or is no text.
    pub async fn next(&mut self) -> Result<Option<String>, Failure> {
        let mut looked_at = self.start;
        loop {
            let fresh = self.received.get(looked_at..).unwrap_or_default();
            if let Some(length) = fresh.iter().position(|byte| *byte == b'\n') {
                let end = looked_at.saturating_add(length);
                let line = text(self.received.get(self.start..end).unwrap_or_default())?;
                self.start = end.saturating_add(1);
                return Ok(Some(line));
            }
            self.received.drain(..self.start);
            self.start = 0;
            looked_at = self.received.len();
            if looked_at > LINE_LIMIT {
                return Err(Failure::new(
                    Kind::Network,
                    "a line of the indexer's answer is too long",
                ));
            }
            match self.response.chunk().await.map_err(no_answer)? {
                Some(chunk) => self.received.extend_from_slice(&chunk),
                None if self.received.is_empty() => return Ok(None),
                None => {
                    let rest = std::mem::take(&mut self.received);
                    return text(&rest).map(Some);
                }
            }
        }
    }
}

fn text(line: &[u8]) -> Result<String, Failure> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = std::str::from_utf8(line).map_err(|error| {
        Failure::from_error(Kind::Network, &error).context("the indexer's answer is no text")
    })?;
    Ok(text.to_owned())
}
