//! Blocks pulled from a node by the program's `backfill`, whatever the node answers meanwhile.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use recoup_block_tree::{CORE, NODE_TOKEN, Scenario, Shape};
use recoup_indexer::ingest::RootRule;
use recoup_stacks::hash::StacksHeight;
use recoup_test_support::scratch_folder;
use serde_json::Value;

use crate::archive::stopped_indexer;
use crate::fake_node::{FakeNode, Faults};
use crate::harness::{CHECKPOINT_INTERVAL, TestIndexer, assert_same, cases};

const ROOT: RootRule = RootRule::Height(StacksHeight(100));

/// The program's `backfill` from the first Bitcoin block on.
fn backfill(indexer: &TestIndexer, node: &FakeNode) -> Output {
    let folder = scratch_folder("token").unwrap();
    let token = folder.path().join("token");
    fs::write(&token, NODE_TOKEN).unwrap();
    Command::new(env!("CARGO_BIN_EXE_recoup-indexer"))
        .args(["backfill", "--network", "testnet", "--core-contract", CORE])
        .args(["--start-block", "100", "--from-burn-height", "99"])
        .args(["--node-requests-per-second", "2000", "--node-url", &node.url()])
        .arg("--node-auth-token-file")
        .arg(&token)
        .env("RECOUP_DATABASE_URL", indexer.database_url())
        .env("RECOUP_CHECKPOINT_INTERVAL", CHECKPOINT_INTERVAL.to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn fetched(output: &Output) -> u64 {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    summary["fetched"].as_u64().unwrap()
}

#[test]
fn what_is_pulled_is_what_would_have_been_pushed() {
    for seed in 0..u64::from(cases(3)) {
        let scenario = Arc::new(Scenario::draw(seed + 500, &Shape::of(20)));
        let node = FakeNode::start(&scenario, seed, Faults::default());
        let indexer = stopped_indexer();
        assert!(fetched(&backfill(&indexer, &node)) > 20);
        assert_same(&indexer.dump(), &scenario.dump(), &format!("seed {seed}"));
        assert_eq!(
            fetched(&backfill(&indexer, &node)),
            0,
            "what is there is not fetched again"
        );
    }
}

#[test]
fn a_fork_between_two_pulls_is_followed() {
    let scenario = Arc::new(Scenario::draw(
        600,
        &Shape {
            fork_chance: 50,
            ..Shape::of(24)
        },
    ));
    let node = FakeNode::start(&scenario, 1, Faults::default());
    let indexer = stopped_indexer();
    let messages = &scenario.chain.messages;
    for told in (messages.len() / 4..messages.len())
        .step_by(9)
        .chain([messages.len()])
    {
        node.follow(told);
        fetched(&backfill(&indexer, &node));
        let canonical = scenario.chain.canonical(&messages[..told]);
        assert_same(
            &indexer.dump(),
            &canonical.dump(),
            &format!("after {told} messages"),
        );
    }
}

#[test]
fn a_faulty_node_fails_the_pull_and_is_pulled_from_until_all_is_there() {
    let scenario = Arc::new(Scenario::draw(700, &Shape::of(12)));
    let faults = Faults {
        error_chance: 3,
        slow_chance: 10,
        slow: Duration::from_millis(20),
        wrong_block_chance: 20,
        torn_chance: 3,
        ..Faults::default()
    };
    let node = FakeNode::start(&scenario, 7, faults);
    let indexer = stopped_indexer();
    let mut failures = 0;
    while !backfill(&indexer, &node).status.success() {
        failures += 1;
        assert!(failures < 100, "no end of failures");
        // Nothing but blocks of the history comes in, however far it went.
        assert_eq!(indexer.count("select count(*) from quarantine"), 0);
    }
    assert!(failures > 0, "the faults hit nothing");
    assert_same(
        &indexer.dump(),
        &scenario.dump(),
        &format!("after {failures} failures"),
    );
}

#[test]
fn what_is_missing_shows_in_the_status() {
    let scenario = Arc::new(Scenario::draw(800, &Shape::of(8).proven()));
    let indexer = TestIndexer::start(ROOT);
    let blocks = || {
        scenario
            .payloads
            .iter()
            .filter(|message| message.path == "/new_block")
    };
    let lost = blocks().nth(2).unwrap().body["index_block_hash"].clone();
    indexer.post_all(
        scenario
            .payloads
            .iter()
            .filter(|message| message.body["index_block_hash"] != lost),
    );
    let mut status = Command::new(env!("CARGO_BIN_EXE_recoup-indexer"));
    let output = status
        .arg("status")
        .env("RECOUP_DATABASE_URL", indexer.database_url())
        .output()
        .unwrap();
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&status["open_gaps"], &status["status"]),
        (&1.into(), &"degraded".into())
    );
    let told = scenario
        .payloads
        .iter()
        .filter(|message| message.body["index_block_hash"] != lost);
    assert_same(
        &indexer.dump(),
        &scenario.chain.canonical(told).dump(),
        "without the lost block",
    );
}
