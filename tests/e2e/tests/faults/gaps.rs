//! Nonces that nobody uses, because a node overstated the account's: nothing after them can be included until `refund
//! resume` fills them.

use std::thread;

use recoup_e2e::accounts::DEPLOYER;
use recoup_e2e::faults::Evidence;
use serde_json::{Value, json};

use crate::story::{DONE, KINDS, ONE, REFUSED, SENT, Story, assert_says, stage};

const RESUME: [&str; 3] = ["refund", "resume", "--yes"];

/// Sends a refund with a nonce that is so many too high, from a machine.
fn overstated(story: &Story<'_>, machine: usize, by: u32, more: &[&str]) {
    story.faults(&json!({ "nonce_offset": by }));
    let more: Vec<&str> = more.iter().copied().chain(["--no-wait"]).collect();
    story.run_at(machine, SENT, &story.create(&more));
    story.shop.stage().heal().unwrap();
}

/// Transactions of the merchant that ended without effect, and what the dearest of them cost.
fn fillers(story: &Story<'_>, evidence: &Evidence) -> (usize, u128) {
    let address = story.shop.address();
    let fees = evidence
        .mined
        .iter()
        .filter(|mined| mined.sender == address && !mined.is_success)
        .map(|mined| mined.fee);
    (fees.clone().count(), fees.max().unwrap_or_default())
}

#[test]
fn resume_fills_them_when_it_may() {
    let stage = stage();
    for kind in KINDS {
        let story = Story::new(&stage);
        overstated(&story, 0, 2, kind);
        let status = story.run(DONE, &["refund", "status"]);
        let next = status["entries"][0]["next"].as_str().unwrap();
        assert!(
            next.contains("nobody uses 2 nonces from")
                && next.contains("`recoup refund resume` fills the gap"),
            "{next}"
        );
        // Nobody agreed, and there is nobody to ask: it is sent again, and told.
        let left = story.run(SENT, &["refund", "resume", "--timeout", "1"]);
        assert_says(
            &left,
            &[
                "cannot be included while nobody uses 2 nonces from",
                "`recoup refund resume --yes` fills the gap",
            ],
        );
        assert_eq!(story.machine().journal().unwrap().len(), 1);
        let done = story.run(DONE, &RESUME);
        let what: Vec<&str> = done["transactions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["what"].as_str().unwrap().split(' ').next().unwrap())
            .collect();
        assert_eq!(what, ["refund", "filler", "filler"], "{done}");
        let evidence = story.ends_with(&[ONE]);
        // The least that nodes take: 1 micro-STX a byte.
        assert_eq!(fillers(&story, &evidence), (2, 185));
        // Nothing is left to do, and nothing is done twice.
        story.run(DONE, &RESUME);
        assert_eq!(fillers(&story, &story.ends_with(&[ONE])).0, 2);
    }
}

/// One story, in which each run gets a step further. Blocks come when all was sent: else there is nothing left to send.
#[test]
fn it_dies_at_every_step() {
    let stage = stage();
    let story = Story::new(&stage);
    overstated(&story, 0, 2, KINDS[1]);
    story.shop.stage().hold_blocks().unwrap();
    for place in [
        "before-journal-planned",
        "during-journal",
        "after-journal-planned",
        "during-journal:3",
        "after-journal-signed",
        // The first filler is sent, and the second one is still to be signed.
        "after-broadcast",
        "after-journal-broadcast",
        "before-journal-planned",
        "after-journal-signed",
        "after-broadcast:2",
        "after-journal-broadcast:3",
    ] {
        story.die(place, &[&RESUME[..], &["--no-wait"]].concat());
    }
    let journal = story.machine().journal().unwrap();
    assert_eq!(journal.iter().filter(|entry| entry.is_signed()).count(), 3);
    story.shop.stage().heal().unwrap();
    for place in ["before-journal-seen", "after-journal-seen", "after-journal-seen"] {
        story.die(place, &RESUME);
    }
    story.run(DONE, &RESUME);
    let evidence = story.ends_with(&[ONE]);
    assert_eq!(fillers(&story, &evidence).0, 2);
}

#[test]
fn two_windows_fill_them_once() {
    let stage = stage();
    let story = Story::new(&stage);
    overstated(&story, 0, 2, KINDS[0]);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| story.run(DONE, &RESUME));
        }
    });
    assert_eq!(story.machine().journal().unwrap().len(), 3);
    assert_eq!(fillers(&story, &story.ends_with(&[ONE])).0, 2);
}

/// Neither journal knows the other's transactions: the one machine's refund waits where the other sees a gap.
#[test]
fn two_machines_do_not_take_each_others_place() {
    let stage = stage();
    let mut story = Story::new(&stage);
    let other = story.shop.add_machine().unwrap();
    overstated(&story, 0, 1, KINDS[0]);
    story.faults(&json!({ "nonce_offset": 2 }));
    let invoice = ["invoice", "create", "--amount", "1", "--yes", "--no-wait"];
    story.run_at(other, SENT, &invoice);
    story.shop.stage().heal().unwrap();
    thread::scope(|scope| {
        for machine in [0, other] {
            let story = &story;
            scope.spawn(move || story.run_at(machine, DONE, &RESUME));
        }
    });
    let evidence = story.ends_with(&[ONE]);
    assert_eq!(
        evidence.journals[other]
            .iter()
            .filter(|entry| entry.is_done())
            .count(),
        3
    );
    // The same bytes from both machines; what the other one has for the refund's nonce no node took.
    assert_eq!(fillers(&story, &evidence).0, 1);
}

#[test]
fn what_another_program_sent_goes_first() {
    let stage = stage();
    let mut story = Story::new(&stage);
    story.shop.stage().hold_blocks().unwrap();
    let merchant = story.shop.merchant();
    merchant.transfer(stage.node(), DEPLOYER.address, 1).unwrap();
    story.faults(&json!({ "nonce_offset": 1 }));
    story.run(SENT, &story.create(&["--amount", "1", "--no-wait"]));
    story.faults(&json!({ "nonce_offset": 0 }));
    let recoup = story.machine().recoup();
    let held = recoup.command(["refund", "resume", "--yes", "--no-wait"]);
    let held = held.expect_code(SENT).run().unwrap();
    assert!(
        held.stderr
            .contains("that one goes first, and nothing has to be filled"),
        "{}",
        held.stderr
    );
    story.resume(DONE);
    assert_eq!(fillers(&story, &story.ends_with(&[ONE])).0, 0);
}

#[test]
fn never_more_than_documented_and_never_above_the_ceiling() {
    let stage = stage();
    let story = Story::new(&stage);
    overstated(&story, 0, 12, KINDS[0]);
    let resume = ["refund", "resume", "--yes", "--timeout", "1"];
    assert_says(
        &story.run(REFUSED, &resume),
        &["more than 10 unused nonces", "ask another node"],
    );
    assert_eq!(story.machine().journal().unwrap().len(), 1);
    for _ in 0..2 {
        let invoice = ["invoice", "create", "--amount", "1", "--yes"];
        story.run(DONE, &invoice);
    }
    let ceiling = |micro_stx: &str| {
        let set = ["config", "set", "max-fee", micro_stx];
        story.machine().recoup().command(set).run().unwrap();
    };
    ceiling("184");
    let refused = story.run(REFUSED, &resume).to_string();
    assert!(
        refused.contains("nobody uses 10 nonces from") && refused.contains("above the ceiling of 184"),
        "{refused}"
    );
    assert_eq!(story.machine().journal().unwrap().len(), 3);
    ceiling("1000000");
    let told = story.run(DONE, &RESUME);
    assert_eq!(told["transactions"].as_array().map(Vec::len), Some(13), "{told}");
    assert_eq!(fillers(&story, &story.ends_with(&[ONE])), (10, 185));
}

/// A fork can undo a filler as it can undo anything else.
#[test]
fn a_fork_undoes_what_filled_them() {
    let stage = stage();
    for orphans in [
        recoup_test_support::Orphans::Drop,
        recoup_test_support::Orphans::Remine,
    ] {
        let story = Story::new(&stage);
        overstated(&story, 0, 1, KINDS[0]);
        story.run(DONE, &RESUME);
        story.fork(orphans);
        story.run(DONE, &RESUME);
        let states: Vec<Value> = story
            .machine()
            .journal()
            .unwrap()
            .iter()
            .map(|entry| Value::from(entry.state.as_str()))
            .collect();
        assert_eq!(states, ["included", "included"]);
        assert_eq!(fillers(&story, &story.ends_with(&[ONE])).0, 1);
    }
}
