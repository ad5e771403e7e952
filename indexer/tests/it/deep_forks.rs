//! Forks of every depth, there and back: after each turn the tables are those of the branch that won.

use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use recoup_block_tree::{Fork, Posted, Scenario, write_archive};
use recoup_indexer::ingest::RootRule;
use recoup_stacks::hash::StacksHeight;

use crate::archive::{Archive, import, stopped_indexer};
use crate::harness::{TestIndexer, assert_same};

const ROOT: RootRule = RootRule::Height(StacksHeight(100));

/// The parts of a history between its turns.
fn parts<'a>(scenario: &'a Scenario, turns: &'a [usize]) -> impl Iterator<Item = (usize, &'a [Posted])> {
    let starts = [0].into_iter().chain(turns.iter().copied());
    starts
        .zip(turns)
        .map(|(start, end)| (*end, &scenario.payloads[start..*end]))
}

fn assert_turn(indexer: &TestIndexer, scenario: &Scenario, told: usize, what: &str) {
    let canonical = scenario.chain.canonical(&scenario.payloads[..told]);
    assert_same(
        &indexer.dump(),
        &canonical.dump(),
        &format!("{what}, after {told} messages"),
    );
    assert!(
        indexer.tip().ends_with(canonical.tip().unwrap()),
        "{what}, after {told} messages"
    );
}

/// As the node pushes them.
fn pushed(depth: usize, branches: usize) {
    let what = format!("{branches} branches, {depth} deep");
    let (scenario, turns) = Fork {
        depth,
        branches,
        refunds: depth * 2,
    }
    .draw(depth.try_into().unwrap());
    // Less in memory than the fork is deep.
    let indexer = TestIndexer::start_with(ROOT, |config| config.ingest.window.burn_blocks = 3);
    for (told, part) in parts(&scenario, &turns) {
        indexer.post_all(part);
        assert_turn(&indexer, &scenario, told, &what);
    }
    assert_eq!(indexer.get_ok("/health")["reorgs"], branches);
}

/// From an archive that grows.
fn imported(depth: usize, branches: usize, refunds: usize) {
    let what = format!("{branches} branches, {depth} deep");
    let (scenario, turns) = Fork {
        depth,
        branches,
        refunds,
    }
    .draw(depth.try_into().unwrap());
    let indexer = stopped_indexer();
    let archive = Archive::new(&[]);
    let mut file = File::options().append(true).open(&archive.path).unwrap();
    for (told, part) in parts(&scenario, &turns) {
        write_archive(&mut file, part).unwrap();
        file.flush().unwrap();
        assert_eq!(import(&indexer, &archive.path)["rows"], told);
        assert_turn(&indexer, &scenario, told, &what);
    }
}

#[test]
fn one_six_and_seven_deep_with_two_and_three_branches() {
    for depth in [1, 6, 7] {
        pushed(depth, 2);
        pushed(depth, 3);
    }
}

#[test]
fn one_hundred_and_thirty_deep() {
    imported(130, 3, 200);
}

#[test]
fn three_hundred_deep() {
    imported(300, 3, 300);
}

#[test]
fn a_thousand_deep() {
    imported(1000, 2, 300);
}

#[test]
fn a_thousand_blocks_with_a_thousand_refunds_leave_and_come_back_in_one_step() {
    let (scenario, turns) = Fork {
        depth: 1000,
        branches: 2,
        refunds: 1000,
    }
    .draw(9);
    let archive = Archive::new(&[]);
    let mut file = File::options().append(true).open(&archive.path).unwrap();
    let tip_after = |told: usize| {
        let canonical = scenario.chain.canonical(&scenario.payloads[..told]);
        canonical.tip().map(str::to_owned)
    };
    let abandoned = tip_after(turns[1]);
    // All but the Bitcoin block that brings the first branch back, and what comes after it.
    let mut told = turns[1];
    while tip_after(told + 1) == abandoned {
        told += 1;
    }
    write_archive(&mut file, &scenario.payloads[..told]).unwrap();
    let mut indexer = stopped_indexer();
    import(&indexer, &archive.path);
    assert_turn(&indexer, &scenario, told, "before the last step");
    indexer.start_server();
    let started = std::time::Instant::now();
    indexer.post_all(&scenario.payloads[told..=told]);
    let took: Duration = started.elapsed();
    println!(
        "a fork of 1000 blocks and 1000 refunds: {} ms, in this build and on this machine",
        took.as_millis()
    );
    assert_turn(&indexer, &scenario, told + 1, "in one step");
    assert_eq!(
        indexer.lines(
            "select orphaned_blocks || ' ' || adopted_blocks from reorg order by reorg_id desc limit 1"
        ),
        ["1001 1000"]
    );
}
