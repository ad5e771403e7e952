//! Whatever of the node's stream is lost is found and fetched, without a hand, whatever the node answers meanwhile.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use recoup_block_tree::{Fork, Posted, Scenario, Shape};
use recoup_indexer::ingest::RootRule;
use recoup_stacks::hash::StacksHeight;
use recoup_test_support::wait_until;
use serde_json::{Value, json};

use crate::fake_node::{FakeNode, Faults};
use crate::harness::{TestIndexer, assert_same, cases};

const ROOT: RootRule = RootRule::Height(StacksHeight(100));
const LIMIT: Duration = Duration::from_secs(120);

/// An indexer that asks this node for what it misses.
fn repairing(node: &FakeNode) -> TestIndexer {
    TestIndexer::start_with(ROOT, |config| config.repair = Some(node.repair()))
}

/// Waits until nothing is missing, and compares.
fn assert_repaired(indexer: &TestIndexer, scenario: &Scenario, without: &str) {
    let expected = scenario.dump();
    let mut health = Value::Null;
    let repaired = wait_until("the repair", LIMIT, || {
        health = indexer.get_ok("/health");
        let is_whole = health["open_gaps"] == 0 && health["status"] == "ok";
        Ok((is_whole && sorted(indexer.dump()) == expected).then_some(()))
    });
    if repaired.is_err() {
        assert_same(
            &indexer.dump(),
            &expected,
            &format!("without {without}: {health}"),
        );
        panic!("without {without}: {health}");
    }
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}

/// A stream of which these messages are lost, and a node that has all.
fn lose(scenario: &Arc<Scenario>, lost: impl Fn(usize) -> bool, faults: Faults, what: &str) {
    let node = FakeNode::start(scenario, scenario.seed, faults);
    let indexer = repairing(&node);
    let told = scenario.payloads.iter().enumerate();
    let kept: Vec<&Posted> = told
        .filter(|(number, _)| !lost(*number))
        .map(|(_, message)| message)
        .collect();
    indexer.post_all(kept);
    assert_repaired(&indexer, scenario, what);
}

/// Small, and yet with a fork, siblings and a tenure that sees later Bitcoin blocks. Nothing of it is unproven: that would
/// show in the health, and only gaps are to show there.
fn small(seed: u64) -> Arc<Scenario> {
    Arc::new(Scenario::draw(
        seed,
        &Shape {
            noise: false,
            ..Shape::of(5)
        }
        .proven(),
    ))
}

/// Whether a history holds a fork or a sibling, a tenure that saw a later Bitcoin block, and refunds.
fn is_whole_story(scenario: &Scenario) -> bool {
    let canonical = scenario.canonical();
    let sees_later = canonical
        .blocks
        .iter()
        .any(|made| made.block.view != made.block.tenure);
    sees_later && canonical.refunds() > 0 && canonical.blocks.len() < scenario.chain.blocks.len()
}

#[test]
fn whatever_one_message_is_lost() {
    let stories = usize::try_from(cases(1)).unwrap();
    let drawn = (0..).map(small).filter(|scenario| is_whole_story(scenario));
    for scenario in drawn.take(stories) {
        lose_each(&scenario);
    }
}

fn lose_each(scenario: &Arc<Scenario>) {
    let next = AtomicUsize::new(0);
    let try_the_next = || {
        loop {
            let lost = next.fetch_add(1, Ordering::Relaxed);
            let Some(message) = scenario.payloads.get(lost) else {
                return;
            };
            let what = format!("message {lost} of seed {} ({})", scenario.seed, message.path);
            lose(scenario, |number| number == lost, Faults::default(), &what);
        }
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(try_the_next);
        }
    });
}

#[test]
fn a_run_of_messages_is_lost() {
    for seed in 0..u64::from(cases(3)) {
        let scenario = small(seed + 10);
        let length = scenario.payloads.len();
        let runs: [(&str, Range<usize>); 3] = [
            ("the first half", 0..length / 2),
            ("the last half", length / 2..length),
            ("everything", 0..length),
        ];
        let (what, run) = &runs[usize::try_from(seed).unwrap() % 3];
        let what = format!("{what} of seed {}", scenario.seed);
        lose(
            &scenario,
            |number| run.contains(&number),
            Faults::default(),
            &what,
        );
    }
}

#[test]
fn a_whole_fork_or_all_bitcoin_blocks_are_lost() {
    let fork = Fork {
        depth: 15,
        branches: 3,
        refunds: 10,
    };
    let (scenario, turns) = fork.draw(2);
    let scenario = Arc::new(scenario);
    let [_, second, third, _] = turns[..] else {
        panic!("three branches and the way back")
    };
    lose(
        &scenario,
        |number| (second..third).contains(&number),
        Faults::default(),
        "the third branch",
    );
    // All of what is canonical in the end but its first and last blocks.
    let first = turns[0];
    lose(
        &scenario,
        |number| (6..first).contains(&number),
        Faults::default(),
        "the first branch",
    );
    let is_burn = |number: usize| scenario.payloads[number].path == "/new_burn_block";
    lose(
        &scenario,
        |number| number > 8 && is_burn(number),
        Faults::default(),
        "the Bitcoin blocks",
    );
}

#[test]
fn a_node_that_errs_lies_and_lags() {
    for seed in 0..u64::from(cases(3)) {
        let scenario = small(seed + 20);
        let faults = Faults {
            error_chance: 10,
            slow_chance: 10,
            slow: Duration::from_millis(40),
            wrong_block_chance: 30,
            torn_chance: 10,
            ..Faults::default()
        };
        let what = format!("every third message of seed {} from a faulty node", scenario.seed);
        lose(&scenario, |number| number % 3 == 1, faults, &what);
    }
}

#[test]
fn a_block_that_cannot_be_had_keeps_no_other_away_and_shows() {
    let (scenario, _) = Fork {
        depth: 6,
        branches: 2,
        refunds: 6,
    }
    .draw(3);
    let scenario = Arc::new(scenario);
    let last = scenario.canonical().blocks.len() - 1;
    let broken = scenario.canonical().blocks[last]
        .block
        .id
        .trim_start_matches("0x")
        .to_owned();
    let faults = Faults {
        broken: Some(broken.clone()),
        ..Faults::default()
    };
    let node = FakeNode::start(&scenario, 1, faults);
    let indexer = repairing(&node);
    // Nothing arrives at all: the sweep finds everything.
    let expected = scenario.canonical().blocks[last - 1].block.id.clone();
    wait_until("all but the broken block", LIMIT, || {
        Ok(indexer.tip().ends_with(&expected).then_some(()))
    })
    .unwrap();
    wait_until("the gap to show", LIMIT, || {
        let health = indexer.get_ok("/health");
        Ok((health["open_gaps"] == json!(1) && health["status"] == "degraded").then_some(()))
    })
    .unwrap();
    let missing = indexer.lines("select encode(missing_hash, 'hex') from gap where closed_at is null");
    assert_eq!(missing, [broken]);
    node.set_faults(Faults::default());
    assert_repaired(&indexer, &scenario, "the broken block");
}

#[test]
fn a_node_that_refuses_the_token_shows_until_it_takes_it() {
    let scenario = small(30);
    let faults = Faults {
        refuses_token: true,
        ..Faults::default()
    };
    let node = FakeNode::start(&scenario, 1, faults);
    let indexer = repairing(&node);
    wait_until("the failure to show", LIMIT, || {
        let health = indexer.get_ok("/health");
        Ok((health["open_gaps"].as_u64() > Some(0) && health["status"] == "degraded").then_some(()))
    })
    .unwrap();
    assert_eq!(indexer.count("select count(*) from block"), 0);
    node.set_faults(Faults::default());
    assert_repaired(&indexer, &scenario, "anything but a token");
}

#[test]
fn a_node_on_another_fork_is_followed_when_it_comes_back() {
    let (scenario, turns) = Fork {
        depth: 8,
        branches: 2,
        refunds: 8,
    }
    .draw(5);
    let scenario = Arc::new(scenario);
    let node = FakeNode::start(&scenario, 1, Faults::default());
    // The node is on the branch that is abandoned in the end, and the indexer hears of the end only.
    node.follow(turns[1]);
    let indexer = repairing(&node);
    indexer.post_all(&scenario.payloads[turns[1]..]);
    wait_until("the other branch", LIMIT, || {
        let other = scenario.chain.canonical(&scenario.payloads[..turns[1]]);
        let id = other.tip().unwrap().to_owned();
        let known = indexer.lines("select '0x' || encode(index_block_hash, 'hex') from block");
        Ok(known.contains(&id).then_some(()))
    })
    .unwrap();
    node.follow(scenario.payloads.len());
    assert_repaired(&indexer, &scenario, "the branch that won");
}

#[test]
fn a_whole_chain_is_not_asked_for_twice() {
    let scenario = small(40);
    let node = FakeNode::start(&scenario, 1, Faults::default());
    let indexer = repairing(&node);
    indexer.post_all(&scenario.payloads);
    assert_repaired(&indexer, &scenario, "nothing");
    let before = node.requests();
    wait_until("five looks", LIMIT, || {
        Ok((node.requests() > before + 60).then_some(()))
    })
    .unwrap();
    assert_eq!(
        indexer.count("select count(*) from inbox where source = 'node'"),
        0
    );
    assert_eq!(indexer.count("select count(*) from gap"), 0);
}
