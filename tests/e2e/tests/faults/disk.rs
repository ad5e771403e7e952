//! The disk is full.

use std::fs;

use recoup_e2e::faults::{JournalEntry, with_disk_of};
use recoup_test_support::Recoup;
use serde_json::Value;

use crate::story::{DONE, INTERNAL, KINDS, ONE, Story, assert_says, stage};

/// Runs the command with no file growing over `bytes`.
fn on_disk_of(recoup: &Recoup, bytes: u64, arguments: &[&str]) -> (Option<i32>, Value) {
    let inner = recoup.command(arguments).arg("--json").into_command();
    let output = with_disk_of(&inner, bytes).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), serde_json::from_str(&text).unwrap())
}

/// Length of the journal after this refund was signed, on a machine with the same key and the same history.
fn length_when_signed(story: &mut Story<'_>, kind: &[&str]) -> u64 {
    let twin = story.shop.add_machine().unwrap();
    let dying = story.shop.machine(twin).dying("after-journal-signed").unwrap();
    dying.command(story.create(kind)).expect_crash().run().unwrap();
    let path = story.shop.machine(twin).journal_path();
    let length = fs::metadata(&path).unwrap().len();
    // The twin never was: nothing of it was sent.
    fs::remove_file(path).unwrap();
    length
}

#[test]
fn before_it_is_signed_nothing_happened() {
    let stage = stage();
    let mut story = Story::new(&stage);
    let length = length_when_signed(&mut story, KINDS[1]);
    for missing in [1, 200, 700] {
        let (code, told) = on_disk_of(
            story.machine().recoup(),
            length - missing,
            &story.create(KINDS[1]),
        );
        assert_eq!(code, Some(INTERNAL), "{told}");
        assert_says(
            &told,
            &["local.journal", "not signed or sent", "make room on the disk"],
        );
        let journal = story.machine().journal().unwrap();
        assert!(!journal.iter().any(JournalEntry::is_signed), "{journal:#?}");
    }
    story.ends_with(&[]);
    story.run(DONE, &story.create(KINDS[1]));
    story.ends_with(&[ONE]);
}

#[test]
fn after_it_was_sent_it_is_not_lost() {
    let stage = stage();
    let mut story = Story::new(&stage);
    let length = length_when_signed(&mut story, KINDS[1]);
    let (code, told) = on_disk_of(story.machine().recoup(), length + 5, &story.create(KINDS[1]));
    assert_eq!(code, Some(INTERNAL), "{told}");
    assert_says(&told, &["write", "local.journal"]);
    assert_eq!(story.state(), "signed");
    // The user who runs it again with some room gets to the end, and pays once.
    assert_eq!(story.run(DONE, &story.create(KINDS[1]))["resumed"], true);
    story.resume(DONE);
    story.ends_with(&[ONE]);
}
