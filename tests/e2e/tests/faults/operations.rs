//! docs/OPERATIONS.md: every situation of "what to do when a refund hangs" is made, and its commands are typed.

use std::fs;

use recoup_e2e::accounts::DEPLOYER;
use recoup_e2e::docs::{Situation, Step, situations, type_in};
use recoup_test_support::{Orphans, repository};
use serde_json::json;

use crate::story::{DONE, REJECTED, SENT, Story, stage};

/// The chapter for clerks; others have their own tests.
const CHAPTER: &str = "## What to do when a refund hangs";
/// What the document calls another node of the network.
const OTHER_NODE: &str = "http://other-node.example:20443";
const REFUND: [&str; 4] = ["--amount", "1", "--reference", "order-1842"];
/// The shortest refund window.
const WINDOW: u64 = 144;

fn chapter() -> String {
    let document = fs::read_to_string(repository().join("docs/OPERATIONS.md")).unwrap();
    let (_, rest) = document.split_once(CHAPTER).unwrap();
    rest.split("\n## ").next().unwrap().to_owned()
}

/// Brings about what the document speaks of.
fn bring_about(story: &mut Story<'_>, name: &str) {
    let no_wait: Vec<&str> = REFUND.iter().copied().chain(["--no-wait"]).collect();
    match name {
        "waits" | "no-miner-takes-it" | "node-away" => {
            drop(story.send_held(&[&REFUND[..], &["--fee", "2000"]].concat()))
        }
        "interrupted" => story.die("after-journal-signed", &story.create(&REFUND)),
        "dropped" => {
            story.send_held(&REFUND);
            story.faults(&json!({ "clear": true, "restart": true }));
        }
        "undone" => {
            story.run(DONE, &story.create(&REFUND));
            story.fork(Orphans::Drop);
        }
        "too-late" => {
            story.send_held(&REFUND);
            story
                .chain()
                .pass_burn_blocks(u32::try_from(WINDOW).unwrap())
                .unwrap();
        }
        "no-money" => {
            story.shop.stage().hold_blocks().unwrap();
            let balance = story.shop.balances().unwrap()[&(story.shop.address(), "STX".to_owned())];
            let spent = u64::try_from(balance - 1_000_000).unwrap();
            let node = story.shop.stage().node();
            story
                .shop
                .merchant()
                .transfer(node, DEPLOYER.address, spent)
                .unwrap();
            story.faults(&json!({ "nonce_offset": 1 }));
            story.run(SENT, &story.create(&no_wait));
            story.shop.stage().heal().unwrap();
            story.chain().mine(1).unwrap();
        }
        "unused-nonce" => {
            story.faults(&json!({ "nonce_offset": 1 }));
            story.run(SENT, &story.create(&no_wait));
            story.shop.stage().heal().unwrap();
        }
        "refused-for-now" => {
            story.faults(&json!({ "reject": "TemporarilyBlacklisted" }));
            story.run(REJECTED, &story.create(&REFUND));
        }
        "journal-damaged" => {
            story.run(DONE, &story.create(&REFUND));
            let path = story.machine().journal_path();
            let text = fs::read_to_string(&path).unwrap();
            fs::write(path, text.replacen("\"nonce\":1", "\"nonce\":7", 1)).unwrap();
        }
        other => panic!("the document names a situation {other:?} that nobody makes"),
    }
}

fn happen(story: &Story<'_>, event: &str) {
    match event {
        "a-block-comes" => {
            story.shop.stage().heal().unwrap();
            story.chain().mine(1).unwrap();
        }
        other => panic!("the document names an event {other:?} that nobody makes"),
    }
}

/// What a terminal would show.
fn typed(story: &Story<'_>, is_away: bool, command: &str) -> (Option<i32>, String) {
    // "Another node" is the chain itself; while the profile's own is away, a port on which nothing listens stands for it.
    let command = command.replace(OTHER_NODE, story.chain().url());
    let recoup = story.machine().recoup();
    let recoup = if is_away {
        recoup.clone().with_env("RECOUP_NODE_URL", "http://127.0.0.1:9")
    } else {
        recoup.clone()
    };
    type_in(&recoup, &std::env::temp_dir(), &command).unwrap()
}

fn objections(story: &Story<'_>, situation: &Situation) -> Vec<String> {
    let mut objections = Vec::new();
    for step in &situation.steps {
        match step {
            Step::Event(event) => happen(story, event),
            Step::Command(shown) => {
                let is_away = situation.name == "node-away";
                let (exit, printed) = typed(story, is_away, &shown.command);
                let objection = shown.objection(exit, &printed);
                objections.extend(objection.map(|text| format!("{}: {text}", situation.name)));
            }
        }
    }
    objections
}

#[test]
fn what_to_do_when_a_refund_hangs() {
    let stage = stage();
    let situations = situations(&chapter()).unwrap();
    assert!(situations.len() >= 10, "{situations:#?}");
    let mut wrong = Vec::new();
    for situation in situations {
        let mut story = Story::with_window(&stage, Some(WINDOW));
        bring_about(&mut story, &situation.name);
        wrong.extend(objections(&story, &situation));
        story.shop.stage().heal().unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}
