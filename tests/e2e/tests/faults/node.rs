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
        .command(story.create(&["--amount", "1", "--timeout", "1"]))
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
        let more: Vec<&str> = kind.iter().copied().chain(["--timeout", "1"]).collect();
        let elsewhere = story
            .machine()
            .recoup()
            .command(story.create(&more))
            .into_command()
            .output()
            .unwrap();
        // Sent again, or noticed: never done, never signed anew.
        assert!(
            [SENT, REFUSED, REJECTED].contains(&elsewhere.status.code().unwrap()),
            "{elsewhere:?}"
        );
        story.resume(DONE);
        story.ends_with(&[ONE]);
    }
}

#[test]
fn it_lags() {
    let stage = stage();
    for kind in KINDS {
        let story = Story::new(&stage);
        story.chain().burn(3).unwrap();
        story.run(DONE, &story.create(kind));
        story.faults(&json!({ "lag_blocks": 3, "is_fully_synced": false }));
        // It does not know the refund, and takes the transaction again: the same one.
        let more: Vec<&str> = kind.iter().copied().chain(["--timeout", "1"]).collect();
        let behind = story
            .machine()
            .recoup()
            .command(story.create(&more))
            .into_command()
            .output()
            .unwrap();
        assert!(
            [SENT, REFUSED, REJECTED].contains(&behind.status.code().unwrap()),
            "{behind:?}"
        );
        story.resume(DONE);
        story.ends_with(&[ONE]);
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
