//! The local chain: the Clarity VM behind a node's RPC paths and event observer, run as a process.

use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Error, HttpClient, Process, Result, repository, scratch_folder};

const START_LIMIT: Duration = Duration::from_secs(120);

/// How a local chain is started.
#[derive(Debug, Clone, Default)]
pub struct LocalChainOptions {
    /// The port of its RPC paths; 0 takes a free one.
    pub port: u16,
    /// The addresses that get its events, such as `http://127.0.0.1:3700`.
    pub observers: Vec<String>,
    /// How often it makes a block by itself; `None` makes blocks on request only.
    pub mine_interval: Option<Duration>,
}

/// A running local chain, stopped when dropped.
#[derive(Debug)]
pub struct LocalChain {
    process: Process,
    client: HttpClient,
}

/// What becomes of the transactions of abandoned blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Orphans {
    /// These (by id) are mined again, in the first new block; others never come back.
    Only(Vec<String>),
    /// By keyword, see [`Orphans::remine`] and [`Orphans::drop`].
    Keyword(&'static str),
}

impl Orphans {
    /// All are mined again, in the first new block.
    #[must_use]
    pub fn remine() -> Self {
        Self::Keyword("remine")
    }

    /// None comes back.
    #[must_use]
    pub fn drop() -> Self {
        Self::Keyword("drop")
    }
}

#[derive(Debug, Deserialize)]
struct ReadyLine {
    ready: bool,
    port: u16,
}

impl LocalChain {
    /// Starts one and waits until it listens.
    ///
    /// # Errors
    /// When it ends, or is not ready in time; with the end of its log.
    pub fn start(options: &LocalChainOptions) -> Result<Self> {
        let mut command = Command::new("node");
        command
            .current_dir(repository())
            .args(["--import", "tsx", "tests/devnet/main.ts"]);
        command.args(["--port", &options.port.to_string()]);
        let interval = options.mine_interval.unwrap_or_default();
        command.args(["--mine-interval-ms", &interval.as_millis().to_string()]);
        for observer in &options.observers {
            command.args(["--observer", observer]);
        }
        let mut process = Process::spawn("local chain", command, scratch_folder("chain")?, "TERM")?;
        let line = process.first_line(START_LIMIT)?;
        let ready: ReadyLine = serde_json::from_str(&line).map_err(|source| Error::Json {
            what: "the local chain's ready line".to_owned(),
            source,
            text: line,
        })?;
        if !ready.ready {
            return Err(process.failure("says that it is not ready"));
        }
        let client = HttpClient::new(format!("http://127.0.0.1:{}", ready.port));
        Ok(Self { process, client })
    }

    /// The base URL of its RPC paths.
    #[must_use]
    pub fn url(&self) -> &str {
        self.client.base()
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Makes Stacks blocks in the current tenure; the first takes what waits in the mempool.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn mine(&self, blocks: u32) -> Result<Value> {
        self.control("mine", &json!({ "blocks": blocks }))
    }

    /// Makes burn blocks, each opening a tenure with one Stacks block.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn burn(&self, blocks: u32) -> Result<Value> {
        self.control("burn", &json!({ "blocks": blocks, "mine": true }))
    }

    /// Abandons the last `depth` Stacks blocks by a fork of the burn chain, and builds `build` others.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn fork(&self, depth: u32, build: u32, transactions: &Orphans) -> Result<Value> {
        let body = json!({ "depth": depth, "build": build, "transactions": transactions, "burn": true });
        self.control("fork", &body)
    }

    /// Gives an account micro-STX.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn fund(&self, address: &str, micro_stx: u64) -> Result<Value> {
        self.control(
            "fund",
            &json!({ "address": address, "amount": micro_stx.to_string() }),
        )
    }

    /// Sets how coming requests are to fail, as tests/devnet/README.md lists it.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn faults(&self, faults: &Value) -> Result<Value> {
        self.control("faults", faults)
    }

    /// Tip, mempool and accounts.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub fn state(&self) -> Result<Value> {
        self.client.get("/devnet/v1/state")
    }

    /// Returns when the observers have acknowledged everything that was sent to them.
    ///
    /// # Errors
    /// When they have not in time.
    pub fn wait_for_observers(&self) -> Result<Value> {
        self.control("wait-observers", &json!({}))
    }

    /// A client of the node's own paths.
    #[must_use]
    pub fn client(&self) -> &HttpClient {
        &self.client
    }

    fn control(&self, name: &str, body: &Value) -> Result<Value> {
        self.client.post(&format!("/devnet/v1/{name}"), body)
    }
}
