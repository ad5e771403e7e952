//! One forked history through every source ends in the same tables, and what the node's pushes lost is fetched.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use recoup_test_support::{
    CHECKPOINT_INTERVAL, Fork, HttpClient, Orphans, Process, TestDatabase, binary, scratch_folder, wait_until,
};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::runtime::Runtime;

use crate::world::{Trade, World};

const LIMIT: Duration = Duration::from_secs(90);
/// The local chain's default `connection_options.auth_token`.
const NODE_TOKEN: &str = "12345";
/// Indexers that are tried at a time: they mostly wait.
const WORKERS: usize = 4;

/// A message as the node pushed it.
pub(crate) struct Payload {
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

/// A chain with two forks and a flip back, and what an indexer that heard everything made of it.
struct History {
    world: World,
    payloads: Vec<Payload>,
    /// Which of the payloads announced the first fork.
    fork: std::ops::Range<usize>,
    dump: Vec<String>,
    token_file: tempfile::TempDir,
}

impl History {
    fn new() -> Self {
        let world = World::with_contracts();
        let chain = world.scene.chain();
        let mut trade = Trade::new(world.scene.node(), 0);
        let sales: Vec<_> = (0..2).map(|_| trade.sell(&world.scene).unwrap()).collect();
        world.mine(1);
        for nth in 0..3 {
            for sale in &sales {
                trade.refund(&world.scene, *sale, nth).unwrap();
            }
            chain.burn(1).unwrap();
        }
        // Burn blocks that nobody won: the tenure goes on and sees them later.
        chain.pass_burn_blocks(2).unwrap();
        let before = received(&world);
        fork(&world, 3);
        let after = received(&world);
        let mut trade = Trade::new(world.scene.node(), 2);
        trade.refund(&world.scene, sales[0], 3).unwrap();
        chain.burn(1).unwrap();
        fork(&world, 2);
        chain.flip(1).unwrap();
        world.mine(1);
        assert!(world.audit().contract.refunds.len() >= 6);
        let token_file = scratch_folder("token").unwrap();
        fs::write(token_file.path().join("token"), format!("{NODE_TOKEN}\n")).unwrap();
        Self {
            payloads: payloads(world.database.url()),
            fork: before..after,
            dump: dump(world.database.url()),
            token_file,
            world,
        }
    }

    /// The program on a database, ready for the flags of a command.
    fn indexer(&self, command: &str, database: &TestDatabase) -> Command {
        let mut program = Command::new(binary("recoup-indexer", "recoup-indexer").unwrap());
        program
            .arg(command)
            .env("RECOUP_DATABASE_URL", database.url())
            .env("RECOUP_NETWORK", "testnet")
            .env("RECOUP_CHECKPOINT_INTERVAL", CHECKPOINT_INTERVAL.to_string())
            .env("RECOUP_CORE_CONTRACT", self.world.scene.contract().to_string())
            .stdin(Stdio::null());
        program
    }

    fn with_node(&self, mut command: Command) -> Command {
        command
            .args(["--node-url", self.world.scene.chain().url()])
            .arg("--node-auth-token-file")
            .arg(self.token_file.path().join("token"))
            .args(["--node-requests-per-second", "500"]);
        command
    }

    /// An indexer that asks the node, and to which only some of the messages were pushed.
    fn start_after(&self, mut command: Command, is_pushed: impl Fn(usize) -> bool) -> (Process, HttpClient) {
        command.args(["--repair-interval-ms", "100"]).args([
            "--observer-listen",
            "127.0.0.1:0",
            "--api-listen",
            "127.0.0.1:0",
        ]);
        let mut process = Process::spawn(
            "recoup-indexer",
            command,
            scratch_folder("indexer").unwrap(),
            "TERM",
        )
        .unwrap();
        let ready: Value = serde_json::from_str(&process.first_line(LIMIT).unwrap()).unwrap();
        let agent = ureq::Agent::new_with_defaults();
        for (number, payload) in self.payloads.iter().enumerate() {
            if is_pushed(number) {
                let url = format!("http://{}{}", ready["observer"].as_str().unwrap(), payload.path);
                agent.post(url).send(&payload.body).unwrap();
            }
        }
        let api = HttpClient::new(format!("http://{}", ready["api"].as_str().unwrap()));
        (process, api)
    }

    /// An indexer whose node pushes only some of the messages, and that asks the node for the others. Ends when it
    /// tells the same as the one that heard everything.
    fn repair_after(&self, what: &str, is_pushed: impl Fn(usize) -> bool) {
        let database = TestDatabase::create().unwrap();
        let command = self.with_node(self.indexer("run", &database));
        let (process, api) = self.start_after(command, is_pushed);
        let mut last = (Value::Null, Vec::new());
        let repaired = wait_until("the repair", LIMIT, || {
            last = (api.get("/api/v1/health")?, dump(database.url()));
            Ok((last.0["open_gaps"] == 0 && last.1 == self.dump).then_some(()))
        });
        assert!(
            repaired.is_ok(),
            "without {what}: {}\nmissing {:#?}\nsurplus {:#?}\n{}",
            last.0,
            difference(&self.dump, &last.1),
            difference(&last.1, &self.dump),
            process.stderr().unwrap()
        );
    }
}

fn difference<'a>(these: &'a [String], those: &[String]) -> Vec<&'a String> {
    these.iter().filter(|row| !those.contains(row)).collect()
}

fn fork(world: &World, depth: u32) {
    let fork = Fork {
        depth,
        build: 2,
        orphans: Orphans::Remine,
        is_burn_fork: true,
    };
    world.scene.chain().fork(&fork).unwrap();
}

/// How many messages were pushed so far.
fn received(world: &World) -> usize {
    world.scene.wait_until_followed().unwrap();
    payloads(world.database.url()).len()
}

pub(crate) fn query<T>(url: &str, work: impl AsyncFnOnce(&mut PgConnection) -> T) -> T {
    Runtime::new().unwrap().block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let answer = work(&mut connection).await;
        connection.close().await.unwrap();
        answer
    })
}

pub(crate) fn payloads(url: &str) -> Vec<Payload> {
    query(url, async |connection| {
        let rows = sqlx::query("select path, body from inbox order by inbox_id")
            .fetch_all(connection)
            .await
            .unwrap();
        rows.iter()
            .map(|row| Payload {
                path: row.get(0),
                body: row.get(1),
            })
            .collect()
    })
}

fn dump(url: &str) -> Vec<String> {
    let text = "select concat_ws(' ', kind, key, content) from canonical_dump
         union all
        select concat_ws(' ', 'checkpoint', burn_height, encode(root, 'hex'), refunds) from checkpoint
         where superseded_at is null
         order by 1";
    query(url, async |connection| {
        let rows = sqlx::query(text).fetch_all(connection).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    })
}

fn run(mut command: Command) -> Value {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// PostgreSQL COPY text.
fn write_archive(path: &Path, payloads: &[Payload]) {
    let mut text = Vec::new();
    for (id, payload) in payloads.iter().enumerate() {
        text.extend_from_slice(format!("{id}\t2026-01-02 03:04:05+00\t{}\t", payload.path).as_bytes());
        for byte in &payload.body {
            match byte {
                b'\\' => text.extend_from_slice(b"\\\\"),
                b'\n' => text.extend_from_slice(b"\\n"),
                b'\t' => text.extend_from_slice(b"\\t"),
                other => text.push(*other),
            }
        }
        text.push(b'\n');
    }
    fs::write(path, text).unwrap();
}

#[test]
fn every_source_tells_the_same_history() {
    let history = History::new();

    let database = TestDatabase::create().unwrap();
    let folder = scratch_folder("archive").unwrap();
    let archive = folder.path().join("events.tsv");
    write_archive(&archive, &history.payloads);
    let mut command = history.indexer("import", &database);
    command.arg(&archive);
    assert_eq!(run(command)["rows"], history.payloads.len());
    assert_eq!(dump(database.url()), history.dump, "from an archive");

    let database = TestDatabase::create().unwrap();
    let backfill = || history.with_node(history.indexer("backfill", &database));
    let mut command = backfill();
    command.args(["--from-burn-height", "0"]);
    assert!(run(command)["fetched"].as_u64().unwrap() > 10);
    assert_eq!(dump(database.url()), history.dump, "pulled from the node");
    let mut again = backfill();
    again.args(["--from-burn-height", "0"]);
    assert_eq!(run(again)["fetched"], 0, "what is there is not fetched again");
}

#[test]
fn whatever_single_message_is_lost_is_fetched() {
    let history = History::new();
    let next = AtomicUsize::new(0);
    let try_the_next = || {
        loop {
            let lost = next.fetch_add(1, Ordering::Relaxed);
            let Some(payload) = history.payloads.get(lost) else {
                return;
            };
            let what = format!("message {lost} ({})", payload.path);
            history.repair_after(&what, |number| number != lost);
        }
    };
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(try_the_next);
        }
    });
}

#[test]
fn a_lost_fork_and_a_lost_stream_are_fetched() {
    let history = History::new();
    let fork = history.fork.clone();
    assert!(fork.len() > 3);
    history.repair_after("the first fork", |number| !fork.contains(&number));
    history.repair_after("all since the first fork", |number| number < fork.start);
    history.repair_after("all before the first fork", |number| number >= fork.start);
    history.repair_after("any message", |_| false);
}

#[test]
fn what_cannot_be_fetched_shows_until_it_can() {
    let history = History::new();
    let last = history.payloads.len() - 1;
    assert_eq!(
        history.payloads[last].path, "/new_block",
        "nothing names it as its parent"
    );
    let database = TestDatabase::create().unwrap();
    let mut without_token = history.indexer("run", &database);
    without_token.args(["--node-url", history.world.scene.chain().url()]);
    let (process, api) = history.start_after(without_token, |number| number != last);
    let health = || api.get::<Value>("/api/v1/health");
    let shown = wait_until("the gap to show", LIMIT, || {
        let health = health()?;
        Ok((health["open_gaps"] == 1 && health["status"] == "degraded").then_some(()))
    });
    assert!(
        shown.is_ok(),
        "{}\n{}",
        health().unwrap(),
        process.stderr().unwrap()
    );
    let mut status = Command::new(binary("recoup-indexer", "recoup-indexer").unwrap());
    status.arg("status").env("RECOUP_DATABASE_URL", database.url());
    assert_eq!(run(status)["open_gaps"], 1);
    drop(process);

    let with_token = history.with_node(history.indexer("run", &database));
    let (_process, api) = history.start_after(with_token, |_| false);
    wait_until("the repair", LIMIT, || {
        let health = api.get::<Value>("/api/v1/health")?;
        Ok((health["open_gaps"] == 0 && health["status"] == "ok").then_some(()))
    })
    .unwrap();
    assert_eq!(dump(database.url()), history.dump);
}
