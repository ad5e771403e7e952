//! A database that is gone, slow, locked or full, and an inbox that is: the node is told to wait, `/health` and `/ready`
//! say why, all goes on by itself afterwards, and nothing is lost.

use std::thread;

use recoup_block_tree::{Arrival, Posted, Random, Scenario, Shape, Subject};
use recoup_test_support::{Cluster, Durability, SmallDisk, TestDatabase};
use serde_json::json;

use crate::harness::assert_same;
use crate::program::{Blocker, Program, dump, lines, settle};

/// A history, and in how many messages the trouble begins.
fn story(seed: u64) -> (Scenario, usize) {
    let scenario = Scenario::draw(seed, &Shape::of(10).arriving(Arrival::rough()));
    let half = scenario.payloads.len() / 2;
    (scenario, half)
}

#[test]
fn the_database_is_gone_for_a_while() {
    let (scenario, half) = story(41);
    let (before, after) = scenario.payloads.split_at(half);
    let mut cluster = Cluster::start(Durability::Process).unwrap();
    let url = cluster.create_database("recoup").unwrap();
    let program = Program::new(&url);
    let running = program.start();
    program.deliver(before);
    running.wait_until_ready();

    cluster.kill();
    assert_eq!(program.post(&after[0]), Some(503));
    running.wait_until_not_ready("database-unavailable");
    running.wait_until_not_ready("observer-refusing");
    running.wait_until_not_ready("ingest-failing");

    cluster.restart().unwrap();
    program.deliver(after);
    settle(&url);
    running.wait_until_ready();
    assert_same(&dump(&url), &scenario.dump(), "after the outage");
}

#[test]
fn somebody_locks_the_inbox() {
    let (scenario, half) = story(42);
    let (before, after) = scenario.payloads.split_at(half);
    let database = TestDatabase::create().unwrap();
    let program = Program::new(database.url());
    let running = program.start();
    program.deliver(before);
    settle(database.url());

    let blocker = Blocker::lock(database.url(), "begin; lock table inbox in access exclusive mode");
    // The node is answered in its own time, not when the lock is gone.
    assert_eq!(program.post(&after[0]), Some(503));
    let told = running.wait_until_not_ready("observer-refusing");
    let detail = &told["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|found| found["code"] == "observer-refusing");
    assert_eq!(detail.unwrap()["detail"], "the database does not answer in time");
    drop(blocker);

    program.deliver(after);
    settle(database.url());
    running.wait_until_ready();
    assert_same(&dump(database.url()), &scenario.dump(), "after the lock");
}

#[test]
fn somebody_locks_what_ingest_writes_and_the_inbox_fills_up() {
    let (scenario, half) = story(43);
    let (before, after) = scenario.payloads.split_at(half);
    let database = TestDatabase::create().unwrap();
    let program = Program::new(database.url()).with(&["--inbox-limit", "5"]);
    let running = program.start();
    program.deliver(before);
    settle(database.url());

    let blocker = Blocker::lock(database.url(), "begin; lock table block in access exclusive mode");
    thread::scope(|scope| {
        let sender = scope.spawn(|| program.deliver(after));
        running.wait_until_not_ready("inbox-full");
        running.wait_for("/metrics", |_, text| {
            let text = text.as_str().unwrap_or_default();
            text.contains("recoup_indexer_condition{code=\"inbox-full\"} 1")
                && text.contains("recoup_indexer_observer_messages_total{outcome=\"refused\"}")
        });
        drop(blocker);
        sender.join().unwrap();
    });
    settle(database.url());
    running.wait_until_ready();
    assert_same(&dump(database.url()), &scenario.dump(), "after the jam");
}

#[test]
fn the_databases_disk_is_full() {
    if !SmallDisk::is_possible() {
        eprintln!("NOT TESTED: this user may not make a small disk on this machine");
        return;
    }
    let (scenario, half) = story(44);
    let (before, after) = scenario.payloads.split_at(half);
    let cluster = Cluster::start_on_small_disk(160 << 20).unwrap();
    let url = cluster.create_database("recoup").unwrap();
    let program = Program::new(&url);
    let running = program.start();
    program.deliver(before);
    settle(&url);

    let (large, taken) = fill_disk(&cluster, &program);
    let told = running.wait_until_not_ready("observer-refusing");
    let conditions = told["conditions"].as_array().unwrap();
    let refusing = conditions
        .iter()
        .find(|found| found["code"] == "observer-refusing")
        .unwrap();
    assert_eq!(refusing["detail"], "the database's disk is full");

    cluster.disk().unwrap().empty().unwrap();
    program.deliver(&large[taken..]);
    program.deliver(after);
    settle(&url);
    running.wait_until_ready();
    assert_same(&dump(&url), &scenario.dump(), "with room again");
    let kept = lines(&url, "select count(*)::text from inbox where path = '/noise'");
    assert_eq!(kept, [large.len().to_string()], "each message once");
}

/// PostgreSQL cannot go on without room for what it writes ahead: it ends itself, and its start fails until there is room.
#[test]
fn the_disk_of_what_the_database_writes_ahead_is_full() {
    if !SmallDisk::is_possible() {
        eprintln!("NOT TESTED: this user may not make a small disk on this machine");
        return;
    }
    let (scenario, half) = story(45);
    let (before, after) = scenario.payloads.split_at(half);
    let mut cluster = Cluster::start_with_small_log_disk(32 << 20).unwrap();
    let url = cluster.create_database("recoup").unwrap();
    let program = Program::new(&url);
    let running = program.start();
    program.deliver(before);
    settle(&url);

    let (large, taken) = fill_disk(&cluster, &program);
    running.wait_until_not_ready("observer-refusing");
    running.wait_until_not_ready("database-unavailable");

    cluster.disk().unwrap().empty().unwrap();
    cluster.restart().unwrap();
    program.deliver(&large[taken..]);
    program.deliver(after);
    settle(&url);
    running.wait_until_ready();
    assert_same(&dump(&url), &scenario.dump(), "with room again");
    let kept = lines(&url, "select count(*)::text from inbox where path = '/noise'");
    assert_eq!(kept, [large.len().to_string()], "each message once");
}

/// Fills the cluster's small disk. Answers large messages, and how many of them were taken before one was refused.
fn fill_disk(cluster: &Cluster, program: &Program) -> (Vec<Posted>, usize) {
    cluster.disk().unwrap().fill().unwrap();
    // There is room in the files that PostgreSQL has; large messages need more. The node repeats the one that is refused,
    // so here is the same.
    let large: Vec<Posted> = (0..64).map(|number| noise(number, 200_000)).collect();
    let taken = large
        .iter()
        .take_while(|message| program.post(message) == Some(200))
        .count();
    assert!(taken < large.len(), "the disk is not full");
    assert_eq!(program.post(&large[taken]), Some(503));
    (large, taken)
}

/// A message that nobody follows, and that does not compress.
fn noise(number: u64, length: usize) -> Posted {
    let mut random = Random::new(number);
    let text: String = (0..length)
        .map(|_| char::from(b'!' + u8::try_from(random.below(90)).unwrap()))
        .collect();
    Posted {
        path: "/noise",
        body: json!(text),
        subject: Subject::Other,
    }
}
