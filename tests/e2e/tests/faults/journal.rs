//! The journal is damaged: that is noticed, and nothing is guessed.

use std::fs;

use crate::story::{DONE, INTERNAL, KINDS, ONE, Story, assert_says, stage};

/// A journal with a refund that is sent and waits.
fn lines(story: &Story<'_>) -> Vec<String> {
    let text = fs::read_to_string(story.machine().journal_path()).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

#[test]
fn a_changed_missing_moved_or_foreign_line_stops_everything() {
    let stage = stage();
    let story = Story::new(&stage);
    let stranger = Story::new(&stage);
    stranger.run(DONE, &stranger.create(KINDS[1]));
    let foreign = lines(&stranger)[2].clone();
    story.run(DONE, &story.create(KINDS[0]));
    story.send_held(&["--amount", "2", "--reference", "refund-2"]);
    let whole = lines(&story);
    let flipped = |line: &String| {
        let middle = line.len() / 2;
        let mut bytes = line.clone().into_bytes();
        bytes[middle] ^= 1;
        String::from_utf8(bytes).unwrap()
    };
    let mut damages = Vec::new();
    for index in 0..whole.len() {
        let mut changed = whole.clone();
        changed[index] = flipped(&whole[index]);
        damages.push(changed);
    }
    for index in 1..whole.len() - 1 {
        let mut shorter = whole.clone();
        shorter.remove(index);
        damages.push(shorter);
        let mut longer = whole.clone();
        longer.insert(index + 1, foreign.clone());
        damages.push(longer);
        let mut doubled = whole.clone();
        doubled.insert(index, whole[index].clone());
        damages.push(doubled);
    }
    let mut swapped = whole.clone();
    swapped.swap(1, 2);
    damages.push(swapped);
    for damaged in damages {
        let text = damaged.concat();
        fs::write(story.machine().journal_path(), &text).unwrap();
        let recoup = story.machine().recoup();
        for arguments in [story.create(KINDS[0]), vec!["refund", "resume"]] {
            let command = recoup.command(&arguments).arg("--json").expect_code(INTERNAL);
            let told = command.run().unwrap().json().unwrap();
            assert_says(&told, &["local.journal", "keep a copy of the file"]);
        }
        assert_eq!(fs::read_to_string(story.machine().journal_path()).unwrap(), text);
    }
    fs::write(story.machine().journal_path(), whole.concat()).unwrap();
    story.resume(DONE);
    story.ends_with(&[ONE, 2 * ONE]);
}

#[test]
fn a_tail_that_was_broken_off_is_written_again() {
    let stage = stage();
    let story = Story::new(&stage);
    story.send_held(KINDS[0]);
    let whole = lines(&story).concat();
    let last = lines(&story).pop().unwrap();
    assert!(last.contains("broadcast"), "{last}");
    for cut in [1, last.len() / 2, last.len() - 1] {
        fs::write(story.machine().journal_path(), &whole[..whole.len() - cut]).unwrap();
        story.run(crate::story::SENT, &["refund", "resume", "--no-wait"]);
        assert_eq!(lines(&story).len(), 4);
    }
    story.resume(DONE);
    story.ends_with(&[ONE]);
}
