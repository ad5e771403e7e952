//! The machine's clock, or the miners', is wrong: nothing depends on either.

use serde_json::json;

use crate::story::{DONE, KINDS, ONE, SENT, Story, stage};

const TEN_YEARS_S: i64 = 10 * 365 * 24 * 3600;

#[test]
fn the_machines_clock_is_years_off_and_jumps_back() {
    let stage = stage();
    let story = Story::new(&stage);
    let at = |offset: i64| {
        let machine = story.machine().dying("nowhere").unwrap();
        machine.with_env("RECOUP_CLOCK_OFFSET_S", offset.to_string())
    };
    story.shop.stage().hold_blocks().unwrap();
    let more: Vec<&str> = KINDS[0].iter().copied().chain(["--no-wait"]).collect();
    story.run_on(0, &at(TEN_YEARS_S), SENT, &story.create(&more));
    let journal = std::fs::read_to_string(story.machine().journal_path()).unwrap();
    assert!(journal.contains("\"at\":\"2036-"), "{journal}");
    story.run_on(0, &at(-TEN_YEARS_S), SENT, &["refund", "resume", "--no-wait"]);
    story.shop.stage().heal().unwrap();
    story.run_on(0, &at(-TEN_YEARS_S), DONE, &story.create(KINDS[0]));
    story.resume(DONE);
    story.ends_with(&[ONE]);
}

#[test]
fn the_miners_clock_is_years_off() {
    let stage = stage();
    for offset in [TEN_YEARS_S, -TEN_YEARS_S] {
        let story = Story::new(&stage);
        story.faults(&json!({ "clock_offset_s": offset }));
        story.run(DONE, &story.create(KINDS[0]));
        story.chain().burn(1).unwrap();
        story.run(DONE, &story.create(&["--amount", "2"]));
        story.resume(DONE);
        story.ends_with(&[ONE, 2 * ONE]);
    }
}
