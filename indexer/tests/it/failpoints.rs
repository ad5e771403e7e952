//! Dead just before and just after every commit of the program: started again, it ends in the tables of the oracle.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::thread;

use recoup_block_tree::{Arrival, CORE, NODE_TOKEN, Posted, Scenario, Shape, Subject, write_archive};
use recoup_indexer::failpoint::CommitPoint;
use recoup_test_support::{TestDatabase, binary, scratch_folder, wait_until};
use serde_json::json;

use crate::fake_node::{FakeNode, Faults};
use crate::harness::assert_same;
use crate::program::{LIMIT, Program, Running, dump, execute, lines, settle};

/// SIGABRT.
const ABORTED: i32 = 6;

/// What makes the program come by a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Observed,
    Pulled,
    Imported,
}

const fn way_to(point: CommitPoint) -> Way {
    match point {
        CommitPoint::ChainClaim
        | CommitPoint::MessageStore
        | CommitPoint::Message
        | CommitPoint::NoMessage
        | CommitPoint::PutAside
        | CommitPoint::Heartbeat
        | CommitPoint::PartitionAdd
        | CommitPoint::PartitionDrop => Way::Observed,
        CommitPoint::PullStore | CommitPoint::GapNote | CommitPoint::GapOffChain => Way::Pulled,
        CommitPoint::ArchiveBatch
        | CommitPoint::ArchiveRowAside
        | CommitPoint::IndexDefer
        | CommitPoint::IndexBuild => Way::Imported,
    }
}

/// The time at which it dies there: in the middle, where there are many.
const fn nth(point: CommitPoint) -> u32 {
    match point {
        CommitPoint::MessageStore | CommitPoint::Message => 17,
        CommitPoint::ArchiveBatch => 2,
        CommitPoint::IndexBuild => 12,
        _ => 1,
    }
}

fn failing(program: &Program, place: &str, nth: u32) -> Program {
    let path = binary(
        "recoup-indexer-failpoints",
        "recoup-indexer --features recoup-indexer/failpoints",
    );
    let mut program = program.clone();
    program.path = path.unwrap();
    program
        .environment
        .push(("RECOUP_FAILPOINT", format!("{place}:{nth}")));
    program
}

fn assert_died_at(place: &str, status: ExitStatus, log: &str) {
    assert_eq!(status.signal(), Some(ABORTED), "{place}: {status}\n{log}");
    assert!(log.contains(&format!("failpoint {place}")), "{place}\n{log}");
}

fn wait_for_death(place: &str, running: &mut Running) {
    let status = wait_until(place, LIMIT, || running.process.exit_status()).unwrap();
    assert_died_at(place, status, &running.process.stderr().unwrap());
}

/// A block that decodes and that no table can hold: a print of core at a place beyond any.
fn unstorable() -> Posted {
    let scenario = Scenario::draw(8, &Shape::of(10));
    let prints = |message: &&Posted| message.body["events"].to_string().contains(CORE);
    let mut message = scenario.payloads.iter().find(prints).unwrap().clone();
    for transaction in message.body["transactions"].as_array_mut().unwrap() {
        transaction["tx_index"] = json!(u32::MAX);
    }
    message.body["index_block_hash"] = json!(format!("0x{}", "ee".repeat(32)));
    message.subject = Subject::Other;
    message
}

/// The program dies while the node tells its history, is started again, and the node goes on.
fn die_while_observing(program: &Program, place: &str, nth: u32, scenario: &Scenario) {
    let messages: Vec<&Posted> = scenario.payloads.iter().collect();
    let strange = unstorable();
    thread::scope(|scope| {
        let mut dying = failing(program, place, nth).spawn();
        let node = scope.spawn(|| {
            program.deliver([&strange]);
            program.deliver(messages);
        });
        wait_for_death(place, &mut dying);
        drop(dying);
        let running = program.start();
        node.join().unwrap();
        settle(program.database_url());
        running.wait_until_ready();
    });
    let aside = lines(program.database_url(), "select path from quarantine");
    assert_eq!(aside, ["/new_block"], "{place}");
}

/// The node forgot to tell some blocks, and the program dies while it asks for them.
fn die_while_pulling(program: &Program, place: &str, nth: u32, scenario: &Arc<Scenario>) {
    let canonical = scenario.canonical();
    let lost = BTreeSet::from([
        Subject::Block(canonical.blocks[canonical.blocks.len() - 1].block.number),
        Subject::Block(canonical.blocks[canonical.blocks.len() / 2].block.number),
        Subject::Burn(canonical.blocks[canonical.blocks.len() / 3].block.tenure.number),
    ]);
    let told = scenario
        .payloads
        .iter()
        .filter(|message| !lost.contains(&message.subject));
    let token = scratch_folder("token").unwrap();
    let token_file = token.path().join("token");
    fs::write(&token_file, NODE_TOKEN).unwrap();
    let node = FakeNode::start(scenario, 1, Faults::default());
    let program = program.clone().with(&[
        "--node-url",
        &node.url(),
        "--node-auth-token-file",
        token_file.to_str().unwrap(),
        "--node-requests-per-second",
        "500",
        "--repair-interval-ms",
        "50",
    ]);
    thread::scope(|scope| {
        let mut dying = failing(&program, place, nth).spawn();
        let teller = scope.spawn(|| program.deliver(told));
        wait_for_death(place, &mut dying);
        drop(dying);
        let running = program.start();
        teller.join().unwrap();
        let tip = canonical.tip().unwrap().to_owned();
        running.wait_for("/health", |_, body| {
            body["tip"]["index_block_hash"] == tip.as_str() && body["open_gaps"] == 0
        });
        settle(program.database_url());
    });
}

/// An import dies, and the same one is begun again.
fn die_while_importing(program: &Program, place: &str, nth: u32, scenario: &Scenario) {
    let folder = scratch_folder("archive").unwrap();
    let archive = folder.path().join("events.tsv");
    let mut text = Vec::new();
    let strange = unstorable();
    write_archive(&mut text, [&strange].into_iter().chain(&scenario.payloads)).unwrap();
    fs::write(&archive, text).unwrap();
    let import = |program: &Program| {
        let mut command = program.command("import");
        command
            .arg(&archive)
            .args(["--batch-rows", "16"])
            .output()
            .unwrap()
    };
    let died = import(&failing(program, place, nth));
    assert_died_at(place, died.status, &String::from_utf8_lossy(&died.stderr));
    let again = import(program);
    assert!(again.status.success(), "{place}: {again:?}");
    let left_out = lines(program.database_url(), "select name from deferred_index");
    assert_eq!(left_out, Vec::<String>::new(), "{place}");
    let aside = lines(program.database_url(), "select path from quarantine");
    assert_eq!(aside, ["/new_block"], "{place}");
}

fn die_at(side: &str, point: CommitPoint) {
    let place = format!("{side}-{}", point.name());
    let scenario = Scenario::draw(7, &Shape::of(10).arriving(Arrival::rough()));
    let database = TestDatabase::create().unwrap();
    let program = Program::new(database.url()).with(&[
        "--inbox-partition-messages",
        "10",
        "--inbox-retention-days",
        "0",
        "--inbox-retention-interval-ms",
        "20",
    ]);
    assert!(program.command("migrate").status().unwrap().success());
    // The next messages go beyond the first partition.
    execute(
        database.url(),
        "select setval('inbox_id_seq', (select max(to_id) - 20 from inbox_partition))",
    );
    match way_to(point) {
        Way::Observed => die_while_observing(&program, &place, nth(point), &scenario),
        Way::Pulled => {
            let shape = Shape {
                sibling_chance: 0,
                flip_chance: 0,
                ..Shape::of(14)
            };
            let scenario = Arc::new(Scenario::draw(3, &shape));
            die_while_pulling(&program, &place, nth(point), &scenario);
            assert_same(&dump(database.url()), &scenario.dump(), &place);
            return;
        }
        Way::Imported => die_while_importing(&program, &place, nth(point), &scenario),
    }
    assert_same(&dump(database.url()), &scenario.dump(), &place);
}

#[test]
fn dead_before_any_commit_nothing_is_lost_or_doubled() {
    for point in CommitPoint::ALL {
        die_at("before", point);
    }
}

#[test]
fn dead_after_any_commit_nothing_is_lost_or_doubled() {
    for point in CommitPoint::ALL {
        die_at("after", point);
    }
}

fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}

#[test]
fn every_commit_of_the_source_has_a_name_and_every_name_a_commit() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let committing: Vec<_> = files
        .iter()
        .filter(|(_, text)| text.contains(".commit()"))
        .map(|(path, _)| path)
        .collect();
    assert!(
        matches!(&committing[..], [path] if path.ends_with("db/commit.rs")),
        "commits without a name: {committing:?}"
    );
    for point in CommitPoint::ALL {
        let name = format!("CommitPoint::{point:?}");
        let is_whole = |rest: &str| !rest.starts_with(char::is_alphanumeric);
        let uses = files
            .iter()
            .filter(|(path, _)| !path.ends_with("failpoint.rs"))
            .flat_map(|(_, text)| text.split(&name).skip(1))
            .filter(|rest| is_whole(rest))
            .count();
        assert_eq!(uses, 1, "{name}");
    }
}

#[test]
fn the_program_itself_has_no_failpoints() {
    let database = TestDatabase::create().unwrap();
    let mut program = Program::new(database.url());
    program
        .environment
        .push(("RECOUP_FAILPOINT", "before-chain-claim".to_owned()));
    program.start().wait_for("/health", |status, _| status == 200);
}
