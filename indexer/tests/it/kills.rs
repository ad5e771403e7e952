//! The program and PostgreSQL are killed at random, again and again, while a forked history is told by a node's pushes, by
//! an archive or by a node that is asked: in the end the tables are those of the oracle.
//!
//! `RECOUP_KILL_RUNS` says how many histories, `RECOUP_KILL_SEED` with which to begin.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use recoup_block_tree::{Arrival, NODE_TOKEN, Random, Scenario, Shape, write_archive};
use recoup_test_support::{Cluster, Durability, Process, scratch_folder};
use serde_json::Value;

use crate::fake_node::{FakeNode, Faults};
use crate::harness::assert_same;
use crate::program::{LIMIT, Program, Running, dump, lines, settle};

/// A migrated, empty database, of which each run gets a copy.
const TEMPLATE: &str = "template";

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    /// The indexer.
    Program,
    /// One of PostgreSQL's processes; the others then start anew, too.
    Backend,
    /// All of PostgreSQL.
    Database,
}

/// After how many messages, and how long after, what is killed.
#[derive(Debug, Clone, Copy)]
struct Kill {
    messages: usize,
    pause: Duration,
    victim: Victim,
}

fn plan(random: &mut Random, messages: usize) -> Vec<Kill> {
    let mut kills: Vec<Kill> = (0..2 + random.below(3))
        .map(|_| Kill {
            messages: random.below(messages),
            pause: Duration::from_micros(u64::try_from(random.below(20_000)).unwrap()),
            victim: [
                Victim::Program,
                Victim::Program,
                Victim::Backend,
                Victim::Database,
            ][random.below(4)],
        })
        .collect();
    kills.sort_by_key(|kill| kill.messages);
    kills
}

/// Starts a program that may come while PostgreSQL recovers: what watches over services starts it again, too.
fn start(program: &Program) -> Running {
    let end = Instant::now() + LIMIT;
    loop {
        let mut running = program.spawn();
        match running.process.first_line(LIMIT) {
            Ok(_) => return running,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
    }
}

/// Any process that works for this cluster.
fn kill_backend(cluster: &Cluster, random: &mut Random) {
    let pids = lines(
        &cluster.url("postgres"),
        "select pid::text from pg_stat_activity
          where pid <> pg_backend_pid() and backend_type in ('client backend', 'checkpointer', 'walwriter')
          order by backend_type, pid",
    );
    if let Some(pid) = random.pick(&pids) {
        // It may be gone already, which is as good.
        let _ = Command::new("kill").args(["-s", "KILL", pid]).output();
    }
}

/// The node pushes its messages to a program that is killed and started again.
fn observe(cluster: &mut Cluster, url: &str, seed: u64) {
    let scenario = Scenario::draw(seed, &Shape::of(8).arriving(Arrival::rough()));
    let mut random = Random::new(seed ^ 0x6b69_6c6c);
    let kills = plan(&mut random, scenario.payloads.len());
    println!("seed {seed}: {} messages, {kills:?}", scenario.payloads.len());
    let program = Program::new(url);
    let mut running = Some(start(&program));
    let delivered = AtomicUsize::new(0);
    thread::scope(|scope| {
        let node = scope.spawn(|| {
            for message in &scenario.payloads {
                program.deliver([message]);
                delivered.fetch_add(1, Ordering::SeqCst);
            }
        });
        for kill in kills {
            while delivered.load(Ordering::SeqCst) < kill.messages && !node.is_finished() {
                thread::sleep(Duration::from_millis(1));
            }
            thread::sleep(kill.pause);
            match kill.victim {
                Victim::Program => {
                    running.take().unwrap().process.kill();
                    running = Some(start(&program));
                }
                Victim::Backend => kill_backend(cluster, &mut random),
                Victim::Database => cluster.restart().unwrap(),
            }
        }
        node.join().unwrap();
    });
    settle(url);
    assert_same(&dump(url), &scenario.dump(), &format!("RECOUP_KILL_SEED={seed}"));
    let running = running.unwrap();
    running.wait_until_ready();
}

/// A command that is begun again, with the same words, until it ends well.
struct Repeated<'a> {
    /// How it begins.
    command: &'a dyn Fn() -> Command,
    process: Option<Process>,
    /// How often it was begun.
    begun: usize,
}

impl<'a> Repeated<'a> {
    fn new(command: &'a dyn Fn() -> Command) -> Self {
        Self {
            command,
            process: None,
            begun: 0,
        }
    }

    fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// What it said at its good end, if it has come to that. Begins it where it does not run.
    fn end(&mut self) -> Option<Value> {
        let Some(process) = &mut self.process else {
            let folder = scratch_folder("killed").unwrap();
            let process = Process::spawn("recoup-indexer", (self.command)(), folder, "KILL");
            self.process = Some(process.unwrap());
            self.begun += 1;
            assert!(self.begun < 200, "it never ends well");
            return None;
        };
        let status = process.exit_status().unwrap()?;
        let said = process.stdout().unwrap();
        // PostgreSQL's death ends it, too.
        if !status.success() {
            let complaint = process.stderr().unwrap();
            assert!(complaint.contains("error: "), "{status}: {complaint}");
            self.process = None;
            thread::sleep(Duration::from_millis(20));
            return None;
        }
        Some(serde_json::from_str(&said).unwrap())
    }

    /// Sees it through all kills to its end. `done` says how much it has done, in the unit of the plan; `struck` hears of
    /// each kill.
    fn survive(
        &mut self,
        cluster: &mut Cluster,
        random: &mut Random,
        kills: &[Kill],
        done: impl Fn() -> usize,
        struck: impl Fn(usize),
    ) -> Value {
        for (number, kill) in kills.iter().enumerate() {
            loop {
                if let Some(end) = self.end() {
                    // What comes after its end is not about it.
                    kills
                        .iter()
                        .enumerate()
                        .skip(number)
                        .for_each(|(number, _)| struck(number));
                    return end;
                }
                if done() >= kill.messages {
                    break;
                }
            }
            thread::sleep(kill.pause);
            match kill.victim {
                Victim::Program => self.kill(),
                Victim::Backend => kill_backend(cluster, random),
                Victim::Database => cluster.restart().unwrap(),
            }
            struck(number);
        }
        loop {
            if let Some(end) = self.end() {
                return end;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn number(url: &str, query: &'static str) -> usize {
    lines(url, query)[0].parse().unwrap()
}

/// The same with its standard input out of a file.
fn fed(command: &Command, file: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", r#"file=$1; shift; exec "$@" < "$file""#, "sh"])
        .arg(file)
        .arg(command.get_program())
        .args(command.get_args())
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    shell
}

/// An archive, plain or compressed, as a file or standard input, is imported again and again; answers how often.
fn import(cluster: &mut Cluster, url: &str, seed: u64) -> usize {
    let scenario = Scenario::draw(seed, &Shape::of(12).arriving(Arrival::rough()));
    let mut random = Random::new(seed ^ 0x696d_706f);
    let kills = plan(&mut random, scenario.payloads.len());
    let mut text = Vec::new();
    write_archive(&mut text, &scenario.payloads).unwrap();
    let form = ["plain", "gzip", "zstd"][random.below(3)];
    let bytes = match form {
        "gzip" => {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(&text).unwrap();
            gzip.finish().unwrap()
        }
        "zstd" => zstd::encode_all(text.as_slice(), 1).unwrap(),
        _ => text,
    };
    let folder = scratch_folder("archive").unwrap();
    let archive = folder.path().join("events");
    fs::write(&archive, bytes).unwrap();
    let is_fed = random.percent(50);
    let batch = (1 + random.below(6)).to_string();
    let rows = scenario.payloads.len();
    println!("seed {seed}: {rows} rows, {form}, stdin {is_fed}, batches of {batch}, {kills:?}");

    let program = Program::new(url);
    let command = || {
        let mut command = program.command("import");
        command.args(["--batch-rows", &batch]);
        command.arg(if is_fed { Path::new("-") } else { &archive });
        if is_fed { fed(&command, &archive) } else { command }
    };
    let imported = || {
        number(
            url,
            "select coalesce(max(row_count), 0)::text from archive_import",
        )
    };
    let mut import = Repeated::new(&command);
    let end = import.survive(cluster, &mut random, &kills, imported, |_| {});
    assert_eq!(end["rows"], rows, "RECOUP_KILL_SEED={seed}");
    assert_eq!(number(url, "select count(*)::text from deferred_index"), 0);
    assert_same(&dump(url), &scenario.dump(), &format!("RECOUP_KILL_SEED={seed}"));
    import.begun
}

/// A node is asked again and again, and goes over to forks meanwhile; answers how often the program was begun.
fn backfill(cluster: &mut Cluster, url: &str, seed: u64) -> usize {
    let shape = Shape {
        fork_chance: 30,
        ..Shape::of(12)
    };
    let scenario = Arc::new(Scenario::draw(seed, &shape));
    let mut random = Random::new(seed ^ 0x6261_636b);
    let messages = scenario.chain.messages.len();
    let blocks = scenario.chain.blocks.len();
    let kills = plan(&mut random, blocks);
    // From a node that has something to tell on.
    let first = messages / 4;
    let mut told: Vec<usize> = kills
        .iter()
        .map(|_| first + random.below(messages - first))
        .collect();
    told.sort_unstable();
    println!("seed {seed}: {messages} messages, told {told:?}, {kills:?}");

    let node = FakeNode::start(&scenario, seed, Faults::default());
    node.follow(told[0]);
    let token = scratch_folder("token").unwrap();
    let token_file = token.path().join("token");
    fs::write(&token_file, NODE_TOKEN).unwrap();
    let program = Program::new(url);
    let command = || {
        let mut command = program.command("backfill");
        command
            .args(["--from-burn-height", "99", "--node-requests-per-second", "2000"])
            .args(["--node-url", &node.url()])
            .arg("--node-auth-token-file")
            .arg(&token_file);
        command
    };
    let stored = || number(url, "select count(*)::text from block");
    let mut backfill = Repeated::new(&command);
    backfill.survive(cluster, &mut random, &kills, stored, |kill| {
        node.follow(told.get(kill + 1).copied().unwrap_or(messages));
    });
    let begun = backfill.begun;
    // What was pulled while the node moved on may be a part of either chain.
    node.follow(messages);
    backfill.kill();
    backfill.survive(cluster, &mut random, &[], stored, |_| {});
    let expected = scenario.chain.canonical(&scenario.chain.messages).dump();
    assert_same(&dump(url), &expected, &format!("RECOUP_KILL_SEED={seed}"));
    begun
}

/// Answers how often a command was begun in it; none where the program runs all the time.
fn run(cluster: &mut Cluster, seed: u64) -> Option<usize> {
    let name = format!("run_{seed}");
    cluster
        .execute("postgres", &format!("create database {name} template {TEMPLATE}"))
        .unwrap();
    let url = cluster.url(&name);
    let begun = match seed % 4 {
        0 => Some(import(cluster, &url, seed)),
        1 => Some(backfill(cluster, &url, seed)),
        _ => {
            observe(cluster, &url, seed);
            None
        }
    };
    cluster
        .execute("postgres", &format!("drop database {name} with (force)"))
        .unwrap();
    begun
}

#[test]
fn killed_at_random_the_tables_are_those_of_the_oracle() {
    let number = |variable: &str, usual: u64| -> u64 {
        env::var(variable).map_or(usual, |text| text.parse().unwrap())
    };
    let runs = number("RECOUP_KILL_RUNS", 40);
    let first = number("RECOUP_KILL_SEED", 1);
    let mut cluster = Cluster::start(Durability::Process).unwrap();
    let template = cluster.create_database(TEMPLATE).unwrap();
    let migrated = Program::new(&template).command("migrate").status().unwrap();
    assert!(migrated.success());
    let begun: Vec<usize> = (first..first + runs)
        .filter_map(|seed| run(&mut cluster, seed))
        .collect();
    println!("imports and backfills were begun {begun:?} times");
    let broken_off = begun.iter().filter(|times| **times > 1).count();
    assert!(broken_off * 2 >= begun.len(), "the kills hit too few of them");
}
