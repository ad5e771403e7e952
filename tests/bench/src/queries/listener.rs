//! Asks each question a few times of a server whose statements PostgreSQL writes down.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use recoup_test_support::Cluster;

use super::measure::Client;
use super::question::Question;
use super::samples::Sample;
use super::statement::Statement;
use crate::database::Database;
use crate::program::Running;

const LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// A question that was looked at.
pub(super) struct Looked {
    pub(super) name: String,
    pub(super) index: Option<&'static str>,
    pub(super) reads_at_most: u64,
    /// The statements of each request; of a list also those of its second page.
    pub(super) requests: Vec<Vec<Statement>>,
}

/// Looks at every question.
pub(super) fn listen(
    cluster: &Cluster,
    url: &str,
    questions: &[Question],
    samples: &[Sample],
    times: usize,
) -> Result<Vec<Looked>> {
    let mut database = Database::connect(url)?;
    database.run("alter database history set log_statement = 'all'".to_owned())?;
    let server = Running::start_api(url)?;
    let client = Client::of(&server.api);
    let mut log = Log::of(cluster);
    let mut all = Vec::new();
    for question in questions {
        let mut requests = Vec::new();
        for sample in samples.iter().take(times) {
            let path = (question.path)(sample);
            log.skip()?;
            let body = client.get(&path, question.is_stream)?;
            settle(&mut database)?;
            requests.push(Statement::all(&log.read()?));
            let cursor = serde_json::from_str::<serde_json::Value>(&body).ok();
            let cursor = cursor.as_ref().and_then(|page| page.get("next_cursor")?.as_str());
            if let Some(cursor) = cursor {
                let mark = if path.contains('?') { '&' } else { '?' };
                client.get(&format!("{path}{mark}cursor={cursor}"), false)?;
                settle(&mut database)?;
                requests.push(Statement::all(&log.read()?));
            }
        }
        all.push(Looked {
            name: question.name.clone(),
            index: question.index,
            reads_at_most: question.reads_at_most,
            requests,
        });
    }
    drop(server);
    database.run("alter database history reset log_statement".to_owned())?;
    Ok(all)
}

/// Waits until no session of the server is at work: then the log is complete.
fn settle(database: &mut Database) -> Result<()> {
    let busy =
        "select count(*) from pg_stat_activity where application_name = 'recoup-indexer' and state <> 'idle'";
    let started = Instant::now();
    while database.count(busy)? > 0 {
        ensure!(started.elapsed() < LIMIT, "the server's sessions stay at work");
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// PostgreSQL's log, from where it was read last.
struct Log {
    path: PathBuf,
    offset: u64,
}

impl Log {
    fn of(cluster: &Cluster) -> Self {
        Self {
            path: cluster.log(),
            offset: 0,
        }
    }

    fn skip(&mut self) -> Result<()> {
        self.offset = File::open(&self.path)?.metadata()?.len();
        Ok(())
    }

    fn read(&mut self) -> Result<String> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        self.offset = self.offset.saturating_add(u64::try_from(bytes.len())?);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
