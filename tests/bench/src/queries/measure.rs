//! How long an answer takes, from the request to its last byte.

use std::io::Read as _;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use ureq::Agent;

use super::listener::Looked;
use super::question::Question;
use super::samples::Sample;
use crate::http::{LIMIT, agent};
use crate::program::Running;
use crate::table::{Line, Table, above, milliseconds, percentile};

/// Time that 99 of 100 answers are to stay below.
const GOAL: f64 = 10.0;
/// Answers that are not timed: connections and caches of the server are made.
const WARM_UP: usize = 3;

/// A client that keeps its connection.
pub(super) struct Client {
    agent: Agent,
    base: String,
}

impl Client {
    pub(super) fn of(api: &str) -> Self {
        Self {
            agent: agent(),
            base: format!("{api}/api/v1"),
        }
    }

    /// The answer; of a stream its beginning. A stream is asked for again where too many run.
    pub(super) fn get(&self, path: &str, is_stream: bool) -> Result<String> {
        self.timed(path, is_stream).map(|(_, body)| body)
    }

    fn timed(&self, path: &str, is_stream: bool) -> Result<(Duration, String)> {
        let begun = Instant::now();
        loop {
            let started = Instant::now();
            let mut response = self.agent.get(format!("{}{path}", self.base)).call()?;
            let status = response.status().as_u16();
            if status == 429 && is_stream && begun.elapsed() < LIMIT {
                thread::sleep(Duration::from_millis(10));
                continue;
            }
            if is_stream {
                ensure!(status == 200, "{path} was answered with {status}");
                let mut first = [0; 1];
                response.body_mut().as_reader().read_exact(&mut first)?;
                return Ok((started.elapsed(), String::new()));
            }
            let body = response.body_mut().read_to_string()?;
            let time = started.elapsed();
            // Health says so when nobody follows the chain, which is so here.
            if status != 200 && !(status == 503 && path == "/health") {
                bail!("{path} was answered with {status}: {body}");
            }
            return Ok((time, body));
        }
    }

    /// Sorted times.
    pub(super) fn times(&self, paths: &[String], is_stream: bool) -> Result<Vec<Duration>> {
        for path in paths.iter().take(WARM_UP) {
            self.timed(path, is_stream)?;
        }
        let mut times = Vec::new();
        for path in paths {
            times.push(self.timed(path, is_stream)?.0);
        }
        times.sort_unstable();
        Ok(times)
    }
}

/// Asks every question about every sample.
pub(super) fn all(
    server: &Running,
    questions: &[Question],
    samples: &[Sample],
    looked: &[Looked],
    bare: &[Vec<Duration>],
    table: &mut Table,
) -> Result<()> {
    let client = Client::of(&server.api);
    for ((question, look), bare) in questions.iter().zip(looked).zip(bare) {
        let paths: Vec<String> = samples.iter().map(|sample| (question.path)(sample)).collect();
        let times = client.times(&paths, question.is_stream)?;
        let (half, most) = (percentile(&times, 50), percentile(&times, 99));
        let (bare_half, bare_most) = (percentile(bare, 50), percentile(bare, 99));
        let statements = look.requests.first().map_or(0, Vec::len);
        table.lines.push(Line {
            what: question.name.clone(),
            goal: format!("{GOAL} ms p99"),
            measured: format!("{:.1} / {:.1} ms", milliseconds(half), milliseconds(most)),
            postgres: format!(
                "{:.1} / {:.1} ms, {statements} statements",
                milliseconds(bare_half),
                milliseconds(bare_most)
            ),
            ratio: Some(bare_half.as_secs_f64() / half.as_secs_f64()),
            missed_by: above(milliseconds(most), GOAL),
            note: String::new(),
        });
    }
    Ok(())
}
