//! Miners and fees: a transaction that waits, and what is worth its place.

use recoup_e2e::accounts::DEPLOYER;
use serde_json::json;

use crate::story::{DONE, KINDS, ONE, REFUSED, REJECTED, SENT, Story, assert_says, stage, txid};

#[test]
fn a_fee_below_the_floor_is_refused_here() {
    let stage = stage();
    let story = Story::new(&stage);
    let refused = story.run(REFUSED, &story.create(&["--amount", "1", "--fee", "10"]));
    assert_says(&refused, &["too low", "higher --fee"]);
    story.ends_with(&[]);
}

#[test]
fn a_fee_that_no_miner_takes_waits_until_one_does() {
    let stage = stage();
    let story = Story::new(&stage);
    story.faults(&json!({ "minimum_fee": 5_000 }));
    let more = ["--amount", "1", "--fee", "2000", "--timeout", "1"];
    assert_eq!(story.run(SENT, &story.create(&more))["outcome"], "sent");
    story.run(SENT, &["refund", "resume", "--timeout", "1"]);
    assert_eq!(story.machine().journal().unwrap().len(), 1);
    story.resume(DONE);
    story.ends_with(&[ONE]);
}

#[test]
fn a_transaction_from_outside_the_journal_keeps_its_place() {
    let stage = stage();
    let mut story = Story::new(&stage);
    story.shop.stage().hold_blocks().unwrap();
    let merchant = story.shop.merchant();
    merchant.transfer(stage.node(), DEPLOYER.address, 1).unwrap();
    let told = story.run(REJECTED, &story.create(KINDS[1]));
    assert_says(
        &told,
        &["a transaction with the same nonce and no lower fee waits"],
    );
    assert_eq!(story.state(), "failed");
    story.shop.stage().heal().unwrap();
    story.chain().mine(1).unwrap();
    assert_eq!(story.run(DONE, &story.create(KINDS[1]))["resumed"], false);
    story.resume(DONE);
    story.ends_with(&[ONE]);
}

/// A refund whose fee no miner takes, then raised. Ids of both transactions.
fn bumped(story: &Story<'_>) -> [String; 2] {
    let first = story.send_held(&["--amount", "1", "--fee", "2000"]);
    let raised = story.run(SENT, &["tx", "bump", "--yes", "--no-wait"]);
    assert_eq!(raised["bumped"], true);
    [first, txid(&raised)]
}

#[test]
fn a_raised_fee_gets_it_mined_once() {
    let stage = stage();
    let story = Story::new(&stage);
    let [first, second] = bumped(&story);
    story.faults(&json!({ "minimum_fee": 2_001 }));
    story.run(DONE, &["refund", "resume"]);
    let evidence = story.ends_with(&[ONE]);
    assert!(evidence.mined.iter().any(|mined| mined.txid == second));
    assert!(!evidence.mined.iter().any(|mined| mined.txid == first));
}

#[test]
fn the_first_one_is_mined_although_the_fee_was_raised() {
    let stage = stage();
    let story = Story::new(&stage);
    let [first, second] = bumped(&story);
    // A miner who had not heard of the second.
    story.chain().mine_chosen(&[&first]).unwrap();
    let resumed = story.resume(DONE);
    assert_eq!(resumed["transactions"][0]["transaction"]["state"], "included");
    let evidence = story.ends_with(&[ONE]);
    assert!(!evidence.mined.iter().any(|mined| mined.txid == second));
    assert_eq!(evidence.journals[0].len(), 1);
}

#[test]
fn killed_while_the_fee_is_raised() {
    let stage = stage();
    for place in [
        "during-journal",
        "after-journal-bumped",
        "after-broadcast",
        "after-journal-broadcast",
    ] {
        let story = Story::new(&stage);
        story.send_held(&["--amount", "1", "--fee", "2000"]);
        story.die(place, &["tx", "bump", "--yes", "--no-wait"]);
        story.resume(DONE);
        story.ends_with(&[ONE]);
    }
}

#[test]
fn the_first_one_is_mined_while_the_fee_is_raised() {
    let stage = stage();
    let story = Story::new(&stage);
    let first = story.send_held(&["--amount", "1", "--fee", "2000"]);
    story.die("after-journal-bumped", &["tx", "bump", "--yes"]);
    story.chain().mine_chosen(&[&first]).unwrap();
    story.resume(DONE);
    story.ends_with(&[ONE]);
    story.run(REFUSED, &["tx", "bump", "1", "--yes"]);
    story.ends_with(&[ONE]);
}
