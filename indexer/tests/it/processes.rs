//! Several processes on one database: one writes, one stands by, others only answer.

use std::process::Command;
use std::sync::Arc;

use recoup_block_tree::{Arrival, Chain, Scenario, Shape};
use recoup_test_support::{Cluster, Durability, TestDatabase, wait_until};
use serde_json::Value;

use crate::fake_node::{FakeNode, Faults};
use crate::harness::assert_same;
use crate::program::{LIMIT, Program, Running, dump, execute, lines, settle};

const WRITERS: &str = "select pid::text from pg_locks where locktype = 'advisory' and granted
    and database = (select oid from pg_database where datname = current_database())";

fn is_writer(running: &Running) -> bool {
    running
        .ask("/health")
        .is_some_and(|(_, body)| body["process"]["is_writer"] == true)
}

fn wait_until_writer(running: &Running) {
    running.wait_for("/health", |_, body| body["process"]["is_writer"] == true);
}

#[test]
fn a_standby_takes_over_when_the_writer_is_killed_and_leaves_the_node_alone_before() {
    let scenario = Arc::new(Scenario::draw(51, &Shape::of(12).arriving(Arrival::rough())));
    let (before, after) = scenario.payloads.split_at(scenario.payloads.len() / 2);
    let database = TestDatabase::create().unwrap();
    let [writers_node, standbys_node] =
        [1, 2].map(|seed| FakeNode::start(&scenario, seed, Faults::default()));
    let interval = ["--repair-interval-ms", "50"];
    let first = Program::new(database.url());
    let second = first
        .beside()
        .with(&["--node-url", &standbys_node.url()])
        .with(&interval);
    let first = first.with(&["--node-url", &writers_node.url()]).with(&interval);
    let writer = first.start();
    wait_until_writer(&writer);
    let standby = second.start();
    first.deliver(before);
    wait_until("the writer to ask its node", LIMIT, || {
        Ok((writers_node.requests() > 3).then_some(()))
    })
    .unwrap();
    assert!(!is_writer(&standby));
    assert_eq!(standbys_node.requests(), 0);
    assert_eq!(standby.ask("/health").unwrap().1["process"]["ingest"], true);

    writer.process.kill();
    wait_until_writer(&standby);
    second.deliver(after);
    settle(database.url());
    assert_same(&dump(database.url()), &scenario.dump(), "after the takeover");
    wait_until("the new writer to ask its node", LIMIT, || {
        Ok((standbys_node.requests() > 0).then_some(()))
    })
    .unwrap();
}

#[test]
fn a_writer_whose_connection_is_gone_writes_no_more() {
    let scenario = Scenario::draw(52, &Shape::of(16).arriving(Arrival::rough()));
    let database = TestDatabase::create().unwrap();
    let first = Program::new(database.url());
    let writer = first.start();
    wait_until_writer(&writer);
    let standby = first.beside().start();

    // Every session that moves the cursor, and whether it is the one that holds the lock.
    execute(
        database.url(),
        "create table written (backend integer, holds_lock boolean);
         create function note() returns trigger language plpgsql as $$ begin
             insert into written select pg_backend_pid(), exists (select from pg_locks
                 where locktype = 'advisory' and granted and pid = pg_backend_pid());
             return new; end $$;
         create trigger note before update of inbox_id on chain_tip for each row execute function note();",
    );
    for part in scenario.payloads.chunks(scenario.payloads.len() / 6) {
        // The server ends the writer's session, as when the network broke or a machine was frozen for too long.
        execute(
            database.url(),
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
                and database = (select oid from pg_database where datname = current_database())",
        );
        first.deliver(part);
        settle(database.url());
    }
    assert_eq!(lines(database.url(), WRITERS).len(), 1);
    let sessions = lines(
        database.url(),
        "select distinct concat_ws(' ', backend, holds_lock) from written order by 1",
    );
    assert!(
        sessions.len() > 2,
        "the writer changed its session too rarely: {sessions:?}"
    );
    assert!(
        sessions.iter().all(|session| session.ends_with(" t")),
        "{sessions:?}"
    );
    assert_same(&dump(database.url()), &scenario.dump(), "at the end");
    drop((writer, standby));
}

#[test]
fn a_frozen_writer_loses_its_place() {
    let (chain, _) = Chain::new();
    let database = TestDatabase::create().unwrap();
    let first = Program::new(database.url());
    let writer = first.start();
    wait_until_writer(&writer);
    let standby = first.beside().start();
    first.deliver(&chain.messages);

    let signal = |name: &str, process: u32| {
        let status = Command::new("kill")
            .args(["-s", name, &process.to_string()])
            .status();
        assert!(status.unwrap().success());
    };
    signal("STOP", writer.process.id());
    // The server ends a session that asks nothing.
    wait_until_writer(&standby);
    signal("CONT", writer.process.id());
    writer.wait_for("/health", |_, body| body["process"]["is_writer"] == false);
    assert!(is_writer(&standby));
    assert_eq!(lines(database.url(), WRITERS).len(), 1);
}

#[test]
fn each_part_stands_alone() {
    let (chain, _) = Chain::new();
    let database = TestDatabase::create().unwrap();
    let base = Program::new(database.url());
    let ingest = base.clone().with(&["--no-observer", "--no-api"]);
    let observer = base.beside().with(&["--no-ingest", "--no-api"]);
    let api = base.beside().with(&["--no-observer", "--no-ingest"]);
    let (ingest_process, observer_process, api_process) = (ingest.start(), observer.start(), api.start());
    observer.deliver(&chain.messages);
    let told = api_process.wait_for("/health", |_, body| body["tip"]["stacks_height"] == 100);
    assert_eq!(told["process"]["observer"], false);
    assert_eq!(told["process"]["ingest"], false);
    assert_eq!(api_process.ask("/refunds").unwrap().0, 200);
    assert_eq!(ingest.post(&chain.messages[0]), None, "nobody listens");
    for (part, path, status) in [
        (&ingest_process, "/refunds", 404),
        (&observer_process, "/refunds", 404),
        (&ingest_process, "/ready", 200),
        (&observer_process, "/ready", 200),
        (&ingest_process, "/metrics", 200),
    ] {
        assert_eq!(part.ask(path).unwrap().0, status, "{path}");
    }
    assert!(is_writer(&ingest_process));
}

#[test]
fn an_api_process_needs_no_more_than_to_read() {
    let (chain, _) = Chain::new();
    let cluster = Cluster::start(Durability::Process).unwrap();
    let url = cluster.create_database("recoup").unwrap();
    let reader_url = url.replace("user=recoup", "user=reader");
    // It waits for what is not there yet, and says for what.
    let writer_program = Program::new(&url);
    let api = writer_program
        .beside()
        .on(&reader_url)
        .with(&["--no-observer", "--no-ingest"]);
    let answering = api.start();
    answering.wait_until_not_ready("database-unavailable");
    cluster
        .execute(
            "recoup",
            "create role reader login; grant usage on schema public to reader;
             alter default privileges grant select on tables to reader;
             alter default privileges grant select on sequences to reader",
        )
        .unwrap();
    answering.wait_until_not_ready("not-initialised");
    let writer = writer_program.start();
    answering.wait_until_not_ready("no-block");
    writer_program.deliver(&chain.messages);
    answering.wait_until_ready();
    assert_eq!(answering.conditions(), Vec::<String>::new());
    assert_eq!(answering.ask("/refunds").unwrap().0, 200);

    // One that was told of another contract.
    let other = api
        .beside()
        .with_contract("ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG.recoup-core")
        .start();
    other.wait_until_not_ready("other-chain");

    cluster
        .execute("recoup", "insert into _sqlx_migrations select 9999, description, now(), true, checksum, 0 from _sqlx_migrations limit 1")
        .unwrap();
    answering.wait_until_not_ready("schema-differs");
    drop(writer);
}

#[test]
fn an_api_process_reads_from_a_replica_and_tells_how_far_behind_it_is() {
    let (chain, _) = Chain::new();
    let primary = Cluster::start(Durability::Process).unwrap();
    let url = primary.create_database("recoup").unwrap();
    let replica = primary.start_replica().unwrap();
    let program = Program::new(&url);
    let writer = program.start();
    let api = program.beside().with(&[
        "--no-observer",
        "--no-ingest",
        "--database-read-url",
        &replica.url("recoup"),
    ]);
    let answering = api.start();
    program.deliver(&chain.messages);
    let told = answering.wait_for("/health", |_, body| body["tip"]["stacks_height"] == 100);
    assert!(told["replica"]["lag_seconds"].is_u64(), "{told}");
    assert_eq!(writer.ask("/health").unwrap().1["replica"], Value::Null);
    answering.wait_until_ready();

    // The replica stops to follow: that shows, and passes.
    replica.execute("recoup", "select pg_wal_replay_pause()").unwrap();
    answering.wait_until_not_ready("replica-behind");
    replica
        .execute("recoup", "select pg_wal_replay_resume()")
        .unwrap();
    answering.wait_until_ready();
}
