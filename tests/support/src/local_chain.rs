//! The local chain: the Clarity VM behind a node's RPC paths and event observer, run as a process.

use std::path::Path;
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
    /// How often it makes a block of what waits in the mempool; `None` makes blocks on request only.
    pub mine_interval: Option<Duration>,
}

/// A running local chain, stopped when dropped.
#[derive(Debug)]
pub struct LocalChain {
    process: Process,
    client: HttpClient,
}

/// Blocks to be abandoned, and what takes their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fork {
    /// How many Stacks blocks are abandoned, counted from the tip; a burn fork abandons the whole tenure of the lowest.
    pub depth: u32,
    /// How many Stacks blocks are made on the new branch at once.
    pub build: u32,
    /// What becomes of the transactions of abandoned blocks.
    #[serde(rename = "transactions")]
    pub orphans: Orphans,
    /// Whether Bitcoin forks, too; else the new branch has the same burn blocks, and must be longer.
    #[serde(rename = "burn")]
    pub is_burn_fork: bool,
}

/// What becomes of the transactions of abandoned blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Orphans {
    /// They wait in the mempool again, for the next block.
    Remine,
    /// They are forgotten.
    Drop,
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
        // Else its loader leaves translated files in the temporary folder.
        command.env("TSX_DISABLE_CACHE", "1");
        command.args(["--port", &options.port.to_string()]);
        let interval = options.mine_interval.unwrap_or_default();
        command.args(["--mine-interval-ms", &interval.as_millis().to_string()]);
        // The longest pause between two attempts follows from it: an indexer that comes back is found again soon.
        command.args(["--observer-timeout-ms", "1000"]);
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

    /// A folder that lives as long as the chain: what makes sense on this chain alone can lie there.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.process.folder()
    }

    /// Makes Stacks blocks in the current tenure; the first takes what waits in the mempool.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn mine(&self, blocks: u32) -> Result<Value> {
        self.control("mine", &json!({ "blocks": blocks }))
    }

    /// Makes one Stacks block of a miner who knows exactly these transactions, all of which were accepted once: replaced
    /// and forgotten ones, too.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn mine_chosen(&self, txids: &[&str]) -> Result<Value> {
        self.control("mine", &json!({ "transactions": txids }))
    }

    /// Makes burn blocks, each opening a tenure with one Stacks block.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn burn(&self, blocks: u32) -> Result<Value> {
        self.control("burn", &json!({ "blocks": blocks, "mine": true }))
    }

    /// Makes burn blocks that no miner wins, one after the other, then one Stacks block that sees the last.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn pass_burn_blocks(&self, blocks: u32) -> Result<Value> {
        self.control("burn", &json!({ "blocks": blocks, "mine": false }))?;
        self.mine(1)
    }

    /// Abandons blocks and builds others.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn fork(&self, fork: &Fork) -> Result<Value> {
        self.client.post("/devnet/v1/fork", fork)
    }

    /// Lets the branch that was abandoned last win again, with new blocks on it.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn flip(&self, build: u32) -> Result<Value> {
        self.control("flip", &json!({ "build": build }))
    }

    /// Sends an account STX, or a token that anybody may mint; it waits in the mempool when this returns.
    ///
    /// # Errors
    /// When the chain refuses.
    pub fn send_funds(&self, address: &str, token: Option<&str>, amount: u128) -> Result<()> {
        let body = json!({ "address": address, "token": token, "amount": amount.to_string(), "mine": false });
        self.control("fund", &body).map(drop)
    }

    /// Gives an account some of a token that anybody may mint, in a block of its own.
    ///
    /// # Errors
    /// When the chain refuses, or the token does.
    pub fn fund_token(&self, address: &str, token: &str, amount: u128) -> Result<()> {
        let body = json!({ "address": address, "token": token, "amount": amount.to_string() });
        let answer = self.control("fund", &body)?;
        if answer.get("status").and_then(Value::as_str) == Some("success") {
            return Ok(());
        }
        Err(Error::Failed {
            program: format!("mint {token}"),
            detail: answer.to_string(),
        })
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
