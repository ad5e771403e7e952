//! The command line dies at every step.

use std::fs;

use serde_json::Value;

use crate::story::{DONE, KINDS, ONE, Story, stage};

/// Where nothing is in the journal yet, so that nothing is to be resumed.
const BEFORE_SIGNED: [&str; 5] = [
    "before-journal-planned",
    "during-journal",
    "during-journal:2",
    "after-journal-planned",
    "during-journal:3",
];
/// From there on the transaction exists. A new journal's lines are the header, planned, signed, broadcast and included.
const AFTER_SIGNED: [&str; 7] = [
    "after-journal-signed",
    "after-broadcast",
    "during-journal:4",
    "after-journal-broadcast",
    "before-journal-seen",
    "during-journal:5",
    "after-journal-seen",
];

#[test]
fn before_it_is_signed_nothing_happened() {
    let stage = stage();
    for place in BEFORE_SIGNED {
        for kind in KINDS {
            let story = Story::new(&stage);
            story.die(place, &story.create(kind));
            let resumed = story.run(DONE, &["refund", "resume"]);
            assert_eq!(resumed["transactions"], Value::Array(Vec::new()), "{place}");
            story.ends_with(&[]);
            assert_eq!(story.run(DONE, &story.create(kind))["outcome"], "included");
            story.ends_with(&[ONE]);
        }
    }
}

#[test]
fn after_it_is_signed_the_same_command_finishes_it() {
    let stage = stage();
    for place in AFTER_SIGNED {
        // Without a reference a command that saw its refund on chain is over: run again, it is a new refund.
        let kinds = if place == "after-journal-seen" {
            &KINDS[..1]
        } else {
            &KINDS
        };
        for kind in kinds {
            let story = Story::new(&stage);
            story.die(place, &story.create(kind));
            let again = story.run(DONE, &story.create(kind));
            assert!(
                again["resumed"] == true || again["outcome"] == "already-done",
                "{place}: {again}"
            );
            story.run(DONE, &["refund", "resume"]);
            story.ends_with(&[ONE]);
        }
    }
}

#[test]
fn after_it_is_signed_resume_finishes_it() {
    let stage = stage();
    for place in AFTER_SIGNED {
        let story = Story::new(&stage);
        story.die(place, &story.create(KINDS[1]));
        story.run(DONE, &["refund", "resume"]);
        story.ends_with(&[ONE]);
    }
}

#[test]
fn while_it_resumes() {
    let stage = stage();
    let story = Story::new(&stage);
    story.die("after-journal-signed", &story.create(KINDS[0]));
    // Blocks come when it was sent, not before: else there is nothing left to send.
    story.shop.stage().hold_blocks().unwrap();
    for place in [
        "after-broadcast",
        "during-journal",
        "after-journal-broadcast",
        "before-journal-seen",
        "after-journal-seen",
    ] {
        if place == "before-journal-seen" {
            story.shop.stage().heal().unwrap();
            story.chain().mine(1).unwrap();
        }
        let dying = story.machine().dying(place).unwrap();
        // Once it is in a block and noted, there is no such step any more.
        let command = dying.command(["refund", "resume"]);
        let died = !command.into_command().output().unwrap().status.success();
        assert!(died, "{place}");
    }
    story.run(DONE, &["refund", "resume"]);
    story.ends_with(&[ONE]);
}

/// Four lines, two in each transaction.
#[test]
fn in_the_middle_of_a_list() {
    let stage = stage();
    for place in [
        "after-journal-signed",
        "after-broadcast",
        "before-results",
        "between-transactions",
        "after-journal-planned:2",
        "after-journal-signed:2",
        "after-broadcast:2",
        "before-results:2",
        "between-transactions:2",
    ] {
        let story = Story::new(&stage);
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list.csv");
        let mut text = "invoice,payer,amount,reference,reason\n".to_owned();
        for line in 1..=4 {
            let (invoice, payer) = (&story.invoice, story.shop.customer(0));
            text.push_str(&format!("{invoice},{payer},0.{line},line-{line},\n"));
        }
        fs::write(&list, text).unwrap();
        let batch = [
            "refund",
            "batch",
            list.to_str().unwrap(),
            "--per-transaction",
            "2",
            "--yes",
        ];
        story.die(place, &batch);
        // What was signed can be seen through without the list, too.
        if place.ends_with(":2") {
            story.run(DONE, &["refund", "resume"]);
        }
        assert_eq!(story.run(DONE, &batch)["outcome"], "done", "{place}");
        story.ends_with(&[100_000, 200_000, 300_000, 400_000]);
    }
}
