//! The program and PostgreSQL are killed at random, again and again, while a node tells a forked history: in the end the
//! tables are those of the oracle.
//!
//! `RECOUP_KILL_RUNS` says how many histories, `RECOUP_KILL_SEED` with which to begin.

use std::env;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use recoup_block_tree::{Arrival, Random, Scenario, Shape};
use recoup_test_support::{Cluster, Durability};

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

fn run(cluster: &mut Cluster, seed: u64) {
    let scenario = Scenario::draw(seed, &Shape::of(8).arriving(Arrival::rough()));
    let mut random = Random::new(seed ^ 0x6b69_6c6c);
    let kills = plan(&mut random, scenario.payloads.len());
    println!("seed {seed}: {} messages, {kills:?}", scenario.payloads.len());
    let name = format!("run_{seed}");
    cluster
        .execute("postgres", &format!("create database {name} template {TEMPLATE}"))
        .unwrap();
    let url = cluster.url(&name);
    let program = Program::new(&url);
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
    settle(&url);
    assert_same(&dump(&url), &scenario.dump(), &format!("RECOUP_KILL_SEED={seed}"));
    let running = running.unwrap();
    running.wait_until_ready();
    drop(running);
    cluster
        .execute("postgres", &format!("drop database {name} with (force)"))
        .unwrap();
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
    for seed in first..first + runs {
        run(&mut cluster, seed);
    }
}
