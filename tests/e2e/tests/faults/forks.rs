//! Blocks that held the refund are abandoned; deadlines pass.

use recoup_test_support::Orphans;

use crate::story::{DONE, KINDS, ONE, REJECTED, Story, assert_says, stage};

/// The shortest that the contract allows.
const WINDOW: u64 = 144;

#[test]
fn the_refund_comes_back_by_itself() {
    let stage = stage();
    let story = Story::new(&stage);
    let first = story.run(DONE, &story.create(KINDS[0]));
    story.fork(Orphans::Remine);
    assert_eq!(
        story.run(DONE, &story.create(KINDS[0]))["outcome"],
        "already-done"
    );
    story.resume(DONE);
    let evidence = story.ends_with(&[ONE]);
    assert_eq!(evidence.journals[0].len(), 1, "{first}");
}

#[test]
fn the_refund_is_sent_again() {
    let stage = stage();
    for kind in KINDS {
        let story = Story::new(&stage);
        story.run(DONE, &story.create(kind));
        story.fork(Orphans::Drop);
        story.resume(DONE);
        let evidence = story.ends_with(&[ONE]);
        assert_eq!(evidence.journals[0].len(), 1);
    }
}

#[test]
fn the_branch_with_the_refund_wins_again() {
    let stage = stage();
    let story = Story::new(&stage);
    story.run(DONE, &story.create(KINDS[0]));
    story.fork(Orphans::Drop);
    story.shop.stage().hold_blocks().unwrap();
    story.run(crate::story::SENT, &["refund", "resume", "--no-wait"]);
    story.chain().flip(1).unwrap();
    story.fork_happened();
    story.resume(DONE);
    story.ends_with(&[ONE]);
}

#[test]
fn the_refund_never_comes_back_because_its_deadline_is_over() {
    let stage = stage();
    let story = Story::with_window(&stage, Some(WINDOW));
    story.run(DONE, &story.create(KINDS[0]));
    story.fork(Orphans::Drop);
    story
        .chain()
        .pass_burn_blocks(u32::try_from(WINDOW).unwrap())
        .unwrap();
    let told = story.resume(REJECTED);
    assert_eq!(
        told["transactions"][0]["transaction"]["state"], "failed",
        "{told}"
    );
    assert!(told.to_string().contains("ERR_WINDOW_EXPIRED"), "{told}");
    story.ends_with(&[]);
    let again = story.run(crate::story::REFUSED, &story.create(KINDS[0]));
    assert_says(&again, &["ERR_WINDOW_EXPIRED"]);
    story.ends_with(&[]);
}

#[test]
fn the_deadline_passes_while_it_waits() {
    let stage = stage();
    let story = Story::with_window(&stage, Some(WINDOW));
    story.send_held(KINDS[1]);
    story
        .chain()
        .pass_burn_blocks(u32::try_from(WINDOW).unwrap())
        .unwrap();
    let told = story.resume(REJECTED);
    assert!(told.to_string().contains("ERR_WINDOW_EXPIRED"), "{told}");
    story.ends_with(&[]);
}
