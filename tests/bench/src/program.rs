//! The indexer's program, watched.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use recoup_block_tree::{CORE, ROOT_HEIGHT};
use recoup_test_support::{Process, binary, scratch_folder};
use serde_json::Value;

use crate::machine;

const INDEXER: &str = "recoup-indexer";
const LOOK_EVERY: Duration = Duration::from_millis(5);
const START_LIMIT: Duration = Duration::from_secs(60);

/// A run of the program that ended well.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    /// How long it took.
    pub(crate) time: Duration,
    /// The most memory that it held, in bytes.
    pub(crate) peak_memory: u64,
    /// CPU time that it took.
    pub(crate) cpu: Duration,
    /// What it printed.
    pub(crate) printed: String,
    /// The last line of it; null when that is no JSON.
    pub(crate) said: Value,
}

fn indexer(command: &str, database_url: &str) -> Result<Command> {
    let mut program = Command::new(binary("recoup-indexer", "recoup-indexer")?);
    program
        .arg(command)
        .env("RECOUP_DATABASE_URL", database_url)
        .env("RECOUP_LOG", "warn")
        .stdin(Stdio::null());
    Ok(program)
}

fn following(command: &str, database_url: &str) -> Result<Command> {
    let mut program = indexer(command, database_url)?;
    program
        .args(["--network", "testnet", "--core-contract", CORE, "--start-block"])
        .arg(ROOT_HEIGHT.to_string());
    Ok(program)
}

/// Makes the tables of an empty database.
pub(crate) fn migrate(database_url: &str) -> Result<()> {
    watch(indexer("migrate", database_url)?, INDEXER).map(drop)
}

/// Imports an archive.
pub(crate) fn import(database_url: &str, archive: &Path) -> Result<Finished> {
    let mut program = following("import", database_url)?;
    program.arg(archive);
    watch(program, INDEXER)
}

/// Runs a program to its end, which has to be a good one.
pub(crate) fn watch(mut program: Command, name: &'static str) -> Result<Finished> {
    let started = Instant::now();
    let mut child = program.stdout(Stdio::piped()).spawn().context(name)?;
    let mut stdout = child.stdout.take().context("no stdout")?;
    let reading = thread::spawn(move || {
        let mut printed = String::new();
        stdout.read_to_string(&mut printed).map(|_| printed)
    });
    let (mut peak_memory, mut cpu) = (0, Duration::ZERO);
    let (status, time) = loop {
        peak_memory = machine::peak_memory(child.id()).unwrap_or(0).max(peak_memory);
        cpu = machine::cpu_time(child.id()).unwrap_or_default().max(cpu);
        if let Some(status) = child.try_wait()? {
            break (status, started.elapsed());
        }
        thread::sleep(LOOK_EVERY);
    };
    ensure!(status.success(), "{name} ended with {status}");
    let printed = reading.join().map_err(|_| anyhow!("reading {name} panicked"))??;
    let said = printed
        .lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok());
    Ok(Finished {
        time,
        peak_memory,
        cpu,
        said: said.unwrap_or(Value::Null),
        printed,
    })
}

/// A running indexer with its two addresses.
#[derive(Debug)]
pub(crate) struct Running {
    _process: Process,
    pub(crate) observer: String,
    pub(crate) api: String,
    pid: u32,
}

impl Running {
    pub(crate) fn start(database_url: &str) -> Result<Self> {
        Self::start_with(database_url, &["--observer-listen", "127.0.0.1:0"])
    }

    /// One that answers and writes nothing.
    pub(crate) fn start_api(database_url: &str) -> Result<Self> {
        Self::start_with(database_url, &["--no-observer", "--no-ingest"])
    }

    fn start_with(database_url: &str, flags: &[&str]) -> Result<Self> {
        let mut program = following("run", database_url)?;
        program.args(flags).args(["--api-listen", "127.0.0.1:0"]);
        let mut process = Process::spawn("recoup-indexer", program, scratch_folder("bench")?, "TERM")?;
        let ready: Value = serde_json::from_str(&process.first_line(START_LIMIT)?)?;
        let address = |name: &str| {
            ready
                .get(name)
                .and_then(Value::as_str)
                .map(|address| format!("http://{address}"))
                .with_context(|| format!("no {name} in {ready}"))
        };
        Ok(Self {
            observer: address("observer").unwrap_or_default(),
            api: address("api")?,
            pid: ready
                .get("pid")
                .and_then(Value::as_u64)
                .and_then(|pid| u32::try_from(pid).ok())
                .context("no pid")?,
            _process: process,
        })
    }

    /// The most memory that it held until now, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        machine::peak_memory(self.pid).unwrap_or(0)
    }
}
