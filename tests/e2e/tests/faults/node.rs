//! The node: slow, dropping, restarted, elsewhere, behind, lying, full.

use recoup_test_support::Orphans;
use serde_json::json;

use crate::story::{DONE, KINDS, NETWORK, ONE, REFUSED, REJECTED, SENT, Story, assert_says, down, stage};

#[test]
fn it_accepts_and_never_answers() {
    let stage = stage();
    for fault in ["accept-then-hang", "accept-then-disconnect"] {
        let story = Story::new(&stage);
        story.faults(&json!({ "broadcast": fault }));
        // A hanging answer ends with the node: the client's own patience is half a minute.
        let failed = std::thread::scope(|scope| {
            let create = scope.spawn(|| {
                let recoup = story.machine().recoup().command(story.create(KINDS[1]));
                recoup.arg("--json").expect_code(NETWORK).run().unwrap()
            });
            while !create.is_finished() {
                let waiting = story.chain().state().unwrap()["mempool"]
                    .as_array()
                    .unwrap()
                    .len();
                if waiting > 0 || story.machine().journal().unwrap().len() == 1 {
                    std::thread::sleep(std::time::Duration::from_millis(300));
                    story.faults(&json!({ "restart": true }));
                }
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            create.join().unwrap()
        });
        assert_says(
            &failed.json().unwrap(),
            &["may or may not have been sent", "run the same command again"],
        );
        let again = story.run(DONE, &story.create(KINDS[1]));
        assert_eq!(again["resumed"], true, "{fault}");
        story.ends_with(&[ONE]);
    }
}

#[test]
fn it_answers_200_and_drops_the_transaction() {
    let stage = stage();
    let story = Story::new(&stage);
    story.faults(&json!({ "broadcast": "accept-then-forget" }));
    let finished = story
        .machine()
        .recoup()
        .command(story.create(&["--amount", "1", "--no-wait"]))
        .expect_code(SENT)
        .run()
        .unwrap();
    assert!(
        finished.stderr.contains("does not list it as waiting"),
        "{}",
        finished.stderr
    );
    story.resume(DONE);
    story.ends_with(&[ONE]);
}

#[test]
fn it_forgets_the_transaction_in_a_restart() {
    let stage = stage();
    let story = Story::new(&stage);
    story.send_held(KINDS[0]);
    story.faults(&down());
    assert_says(
        &story.run(NETWORK, &["refund", "resume"]),
        &["check that the node runs"],
    );
    assert_says(
        &story.run(NETWORK, &story.create(KINDS[0])),
        &["check that the node runs"],
    );
    story.resume(DONE);
    story.ends_with(&[ONE]);
}

/// Whether it restarts or drops what it took: the command that waits sends the very same again.
#[test]
fn it_forgets_the_transaction_while_the_command_waits() {
    let stage = stage();
    for is_dropped in [false, true] {
        let story = Story::new(&stage);
        if is_dropped {
            story.faults(&json!({ "broadcast": "accept-then-forget" }));
        } else {
            story.shop.stage().hold_blocks().unwrap();
        }
        let ended = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let recoup = story.machine().recoup();
                recoup.command(story.create(KINDS[0])).run().unwrap()
            });
            if !is_dropped {
                story.wait_for_state("broadcast");
                story.faults(&json!({ "clear": true, "restart": true }));
            }
            waiting.join().unwrap()
        });
        assert!(
            ended
                .stderr
                .contains("any more: sending the same transaction again"),
            "{}",
            ended.stderr
        );
        let evidence = story.ends_with(&[ONE]);
        assert_eq!(evidence.journals[0][0].txids.len(), 1);
    }
}

/// A node that takes it every time and keeps it never: the wait ends, and the refund is not lost.
#[test]
fn it_drops_the_transaction_whenever_it_gets_it() {
    let stage = stage();
    let story = Story::new(&stage);
    story.faults(&json!({ "broadcast": "accept-then-forget", "times": 100 }));
    let recoup = story.machine().recoup();
    let waiting = recoup.command(story.create(&["--amount", "1", "--timeout", "8"]));
    let ended = waiting.expect_code(SENT).run().unwrap();
    let again = ended
        .stderr
        .matches("any more: sending the same transaction again");
    assert_eq!(again.count(), 5, "{}", ended.stderr);
    story.resume(DONE);
    story.ends_with(&[ONE]);
}

#[test]
fn it_is_away_while_the_block_comes() {
    let stage = stage();
    let story = Story::new(&stage);
    story.shop.stage().hold_blocks().unwrap();
    let ended = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| story.run(DONE, &story.create(KINDS[1])));
        story.wait_for_state("broadcast");
        story.faults(&json!({ "down": true }));
        std::thread::sleep(std::time::Duration::from_millis(600));
        story.faults(&json!({ "clear": true }));
        waiting.join().unwrap()
    });
    assert_eq!(ended["outcome"], "included");
    story.ends_with(&[ONE]);
}

#[test]
fn it_is_on_another_network() {
    let stage = stage();
    let story = Story::new(&stage);
    story.faults(&json!({ "network_id": 1 }));
    assert_says(
        &story.run(REFUSED, &story.create(KINDS[1])),
        &["is on chain 0x00000001"],
    );
    story.faults(&json!({ "clear": true }));
    story.send_held(KINDS[1]);
    story.faults(&json!({ "network_id": 1 }));
    assert_says(
        &story.run(REFUSED, &["refund", "resume"]),
        &["is on chain 0x00000001"],
    );
    story.resume(DONE);
    story.ends_with(&[ONE]);
}

#[test]
fn it_is_on_a_fork_that_has_the_refund() {
    let stage = stage();
    let story = Story::new(&stage);
    story.run(DONE, &story.create(KINDS[0]));
    story.fork(Orphans::Drop);
    story.faults(&json!({ "stuck_on": "abandoned" }));
    // On that fork it is true.
    assert_eq!(
        story.run(DONE, &story.create(KINDS[0]))["outcome"],
        "already-done"
    );
    story.fork_happened();
    story.resume(DONE);
    story.ends_with(&[ONE]);
}

#[test]
fn it_is_on_a_fork_that_lacks_the_refund() {
    let stage = stage();
    for kind in KINDS {
        let story = Story::new(&stage);
        // The fork that loses is empty.
        story.chain().burn(1).unwrap();
        story.fork(Orphans::Remine);
        story.run(DONE, &story.create(kind));
        story.faults(&json!({ "stuck_on": "abandoned" }));
        sends_it_again(&story, kind);
    }
}

/// For this node the refund never was: the very same transaction is sent again, and nothing else is signed.
fn sends_it_again(story: &Story<'_>, kind: &[&str]) {
    let more: Vec<&str> = kind.iter().copied().chain(["--timeout", "1"]).collect();
    let recoup = story.machine().recoup().command(story.create(&more));
    let behind = recoup.expect_code(SENT).run().unwrap();
    for words in [
        "it is behind, or a fork made the chain shorter",
        "was signed before: sending it again",
        "not in a block yet",
    ] {
        assert!(
            behind.stderr.contains(words),
            "{words:?} is missing: {}",
            behind.stderr
        );
    }
    assert_eq!(story.state(), "broadcast");
    story.resume(DONE);
    let evidence = story.ends_with(&[ONE]);
    assert_eq!(evidence.journals[0][0].txids.len(), 1);
}

#[test]
fn it_says_that_it_lags() {
    let stage = stage();
    for kind in KINDS {
        let story = Story::new(&stage);
        story.run(DONE, &story.create(kind));
        story.faults(&json!({ "is_fully_synced": false }));
        let words = [
            "has not caught up with its peers",
            "--force goes on with what it knows",
        ];
        assert_says(&story.run(REFUSED, &story.create(kind)), &words);
        story.shop.stage().heal().unwrap();
        story.ends_with(&[ONE]);
    }
}

#[test]
fn it_lags_and_does_not_know() {
    /// Blocks come while the command runs: the node must not have reached the refund's before it ended.
    const BEFORE: u64 = 250;
    let stage = stage();
    for kind in KINDS {
        let story = Story::new(&stage);
        story.chain().mine(300).unwrap();
        let before = story.shop.height().unwrap();
        story.run(DONE, &story.create(kind));
        let since = story.shop.height().unwrap() - before;
        story.faults(&json!({ "lag_blocks": since + BEFORE }));
        sends_it_again(&story, kind);
    }
}

#[test]
fn it_says_a_nonce_that_is_too_low() {
    let stage = stage();
    let story = Story::new(&stage);
    story.run(DONE, &story.create(KINDS[0]));
    story.faults(&json!({ "nonce_offset": -1 }));
    let second = ["--amount", "2", "--reference", "refund-2"];
    let more: Vec<&str> = second.iter().copied().chain(["--no-wait"]).collect();
    story.run(SENT, &story.create(&more));
    story.resume(DONE);
    story.ends_with(&[ONE, 2 * ONE]);
}

#[test]
fn it_says_a_nonce_that_is_too_high() {
    let stage = stage();
    for kind in KINDS {
        // By the node's word another transaction took the nonce. When that turns out to be wrong, it is noticed: by resume,
        // and by the same command before it pays again.
        for notices in [true, false] {
            let story = Story::new(&stage);
            story.send_held(kind);
            story.faults(&json!({ "nonce_offset": 1 }));
            story.run(REJECTED, &["refund", "resume", "--no-wait"]);
            story.misled();
            story.shop.stage().heal().unwrap();
            story.chain().mine(1).unwrap();
            if !notices {
                let (code, words) = if kind.contains(&"--reference") {
                    (DONE, "already-done")
                } else {
                    (REFUSED, "it is paid")
                };
                let told = story.run(code, &story.create(kind));
                assert!(told.to_string().contains(words), "{told}");
            }
            story.resume(DONE);
            story.ends_with(&[ONE]);
        }
    }
}

#[test]
fn its_mempool_is_full_or_it_refuses_for_the_moment() {
    let stage = stage();
    for reason in [
        "TooMuchChaining",
        "TemporarilyBlacklisted",
        "ServerFailureNoSuchChainTip",
        "ServerFailureDatabase",
        "ServerFailureOther",
    ] {
        let story = Story::new(&stage);
        story.faults(&json!({ "reject": reason }));
        let refused = story.run(REJECTED, &story.create(KINDS[1]));
        // Each with its own hint, and all of them: the same command, or resume, goes on.
        let text = refused["error"]["hint"].as_str().unwrap();
        let goes_on = ["the same command", "recoup refund resume"];
        assert!(goes_on.iter().any(|way| text.contains(way)), "{reason}: {text}");
        assert_eq!(story.state(), "signed", "{reason}");
        assert_eq!(story.run(DONE, &story.create(KINDS[1]))["resumed"], true);
        story.ends_with(&[ONE]);
    }
}
