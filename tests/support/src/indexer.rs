//! The real indexer as a process.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::{HttpClient, Process, Result, scratch_folder};

/// Burn blocks from one checkpoint to the next: local chains have few.
pub const CHECKPOINT_INTERVAL: u64 = 5;
const START_LIMIT: Duration = Duration::from_secs(60);

/// How an indexer is started. A second start with the same options continues where the first ended.
#[derive(Debug, Clone)]
pub struct IndexerOptions {
    /// The program.
    pub program: PathBuf,
    /// Where it keeps everything.
    pub database_url: String,
    /// The contract to follow.
    pub core_contract: String,
    /// Where it takes the node's events.
    pub observer_port: u16,
    /// Where it answers auditors.
    pub api_port: u16,
}

/// A running indexer, stopped when dropped.
#[derive(Debug)]
pub struct IndexerProcess {
    process: Process,
    client: HttpClient,
}

impl IndexerProcess {
    /// Starts one and waits until it takes the node's events and answers.
    ///
    /// # Errors
    /// When it ends, or is not ready in time; with the end of its log.
    pub fn start(options: &IndexerOptions) -> Result<Self> {
        let mut command = Command::new(&options.program);
        command.arg("run");
        command.env("RECOUP_DATABASE_URL", &options.database_url);
        command.env("RECOUP_NETWORK", "testnet");
        command.env("RECOUP_CORE_CONTRACT", &options.core_contract);
        command.env(
            "RECOUP_OBSERVER_LISTEN",
            format!("127.0.0.1:{}", options.observer_port),
        );
        command.env("RECOUP_API_LISTEN", format!("127.0.0.1:{}", options.api_port));
        command.env("RECOUP_CHECKPOINT_INTERVAL", CHECKPOINT_INTERVAL.to_string());
        command.env("NO_COLOR", "1");
        let mut process = Process::spawn("recoup-indexer", command, scratch_folder("indexer")?, "TERM")?;
        // The line comes when everything listens.
        process.first_line(START_LIMIT)?;
        let client = HttpClient::new(format!("http://127.0.0.1:{}", options.api_port));
        Ok(Self { process, client })
    }

    /// A client of its API.
    #[must_use]
    pub fn client(&self) -> &HttpClient {
        &self.client
    }

    /// Kills it at once (SIGKILL), as a crash of the machine would.
    pub fn kill(self) {
        self.process.kill();
    }
}
