//! Forks at several depths, there and back, and what they leave in the history.

use recoup_indexer::ingest::RootRule;
use recoup_stacks::address::ContractId;
use recoup_stacks::hash::StacksHeight;
use serde_json::{Value, json};

use crate::harness::{TestIndexer, assert_same};
use crate::synthetic::{Block, CORE, Chain, PAYER, Posted, Transaction};

const ROOT: RootRule = RootRule::Height(StacksHeight(100));

/// A refunded invoice, then `depth` burn blocks that see it orphaned, then the same transaction mined again, then the
/// first branch winning after all. The messages end at each of these four moments.
fn story(depth: u64) -> (Chain, [usize; 4]) {
    let (mut chain, root) = Chain::new();
    let mut shop = root.shop.clone();
    let (invoice, created) = shop.create_invoice(100, None, 100);
    let paid = shop.pay(invoice, PAYER, 100, 100);
    let base = chain.block(
        &root,
        &root.tenure,
        vec![Transaction::new(1, vec![created, paid])],
        shop,
    );

    let mut left_shop = base.shop.clone();
    let refund = left_shop.refund(invoice, PAYER, 40, 101);
    let fork_burn = base.tenure.clone();
    let mut left_burn = chain.burn(&fork_burn);
    let refund_transaction = Transaction::new(2, vec![refund]);
    let mut left = chain.block(&base, &left_burn, vec![refund_transaction.clone()], left_shop);
    for _ in 1..depth {
        left_burn = chain.burn(&left_burn);
        left = chain.block(&left, &left_burn, Vec::new(), left.shop.clone());
    }
    let seen = chain.messages.len();

    let mut right_burn = chain.burn(&fork_burn);
    for _ in 0..depth {
        right_burn = chain.burn(&right_burn);
    }
    let orphaned = chain.messages.len();

    let mut right_shop = base.shop.clone();
    right_shop.refund(invoice, PAYER, 40, 101);
    chain.block(&base, &right_burn, vec![refund_transaction], right_shop);
    let mined_again = chain.messages.len();

    // The abandoned branch wins; nothing of it is announced again.
    left_burn = chain.burn(&left_burn);
    left_burn = chain.burn(&left_burn);
    chain.block(&left, &left_burn, Vec::new(), left.shop.clone());
    let flipped_back = chain.messages.len();
    (chain, [seen, orphaned, mined_again, flipped_back])
}

fn history(indexer: &TestIndexer) -> Vec<String> {
    indexer.lines(
        "select block.stacks_height || ' ' || status from refund_status_change
           join block using (index_block_hash) order by refund_status_change_id",
    )
}

/// As an indexer that never saw the other branch.
fn dump_of_branch(messages: &[Posted], forgotten: std::ops::Range<usize>) -> Vec<String> {
    let indexer = TestIndexer::start(ROOT);
    let kept = messages
        .iter()
        .enumerate()
        .filter(|(number, _)| !forgotten.contains(number));
    indexer.post_all(kept.map(|(_, message)| message));
    indexer.dump()
}

fn follows_the_story(depth: u64) {
    let (chain, [seen, orphaned, mined_again, flipped_back]) = story(depth);
    let messages = &chain.messages;
    let indexer = TestIndexer::start(ROOT);

    indexer.post_all(&messages[..seen]);
    let refund = indexer.get_ok("/refunds/1");
    let first_block = refund["position"]["index_block_hash"].clone();
    let before = indexer.dump();

    indexer.post_all(&messages[seen..orphaned]);
    assert_eq!(indexer.get("/refunds/1").0, 404);
    assert_eq!(indexer.get_ok("/refunds")["items"], json!([]));
    let orphans = indexer.get_ok("/refunds?status=orphaned");
    assert_eq!(orphans["items"][0]["position"]["index_block_hash"], first_block);
    let invoice = indexer.get_ok("/invoices/1");
    assert_eq!(invoice["amount_refunded"], "0");
    assert_eq!(invoice["status"], "paid");
    assert_eq!(invoice["payers"][0]["refunded"], "0");

    indexer.post_all(&messages[orphaned..mined_again]);
    let again = indexer.get_ok("/refunds/1");
    assert_eq!(again["position"]["txid"], refund["position"]["txid"]);
    assert_ne!(again["position"]["index_block_hash"], first_block);
    assert_eq!(indexer.get_ok("/invoices/1")["amount_refunded"], "40");

    indexer.post_all(&messages[mined_again..flipped_back]);
    assert_eq!(
        indexer.get_ok("/refunds/1")["position"]["index_block_hash"],
        first_block
    );
    assert_eq!(indexer.get_ok("/health")["reorgs"], 2);
    assert_same(
        &indexer.dump(),
        &dump_of_branch(messages, seen..mined_again),
        "after the flip back",
    );
    let unchanged = |dump: Vec<String>| {
        dump.into_iter()
            .filter(|row| !row.starts_with("refund "))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        unchanged(indexer.dump()),
        unchanged(before),
        "all as before the fork, but for finality"
    );
    assert!(history(&indexer).starts_with(&["102 seen".to_owned()]));
}

#[test]
fn one_deep() {
    follows_the_story(1);
}

#[test]
fn seven_deep() {
    follows_the_story(7);
}

#[test]
fn fifty_deep() {
    follows_the_story(50);
}

#[test]
fn fifty_deep_with_less_in_memory() {
    let (chain, _) = story(50);
    let expected = {
        let indexer = TestIndexer::start(ROOT);
        indexer.post_all(&chain.messages);
        indexer.dump()
    };
    let indexer = TestIndexer::start_with(ROOT, |config| config.ingest.window.burn_blocks = 5);
    indexer.post_all(&chain.messages);
    assert_same(&indexer.dump(), &expected, "at the end");
}

#[test]
fn the_history_tells_every_status_of_a_refund() {
    let (chain, _) = story(1);
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&chain.messages);
    assert_eq!(
        history(&indexer),
        ["102 seen", "102 orphaned", "102 seen", "102 orphaned", "102 seen"]
    );
}

#[test]
fn a_refund_is_final_when_its_burn_view_is_deep_enough() {
    let (mut chain, root) = Chain::new();
    let mut shop = root.shop.clone();
    let (invoice, created) = shop.create_invoice(10, None, 101);
    let paid = shop.pay(invoice, PAYER, 10, 101);
    let refunded = shop.refund(invoice, PAYER, 10, 101);
    // Elected by block 100 and made in view of block 101: depth counts from there.
    let view = chain.burn(&root.tenure);
    let acts = vec![created, paid, refunded];
    chain.extend_tenure(&root, &view, vec![Transaction::new(1, acts)], shop);
    let mut burn = view;
    for _ in 0..5 {
        burn = chain.burn(&burn);
    }
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&chain.messages);
    let status = |indexer: &TestIndexer| -> Value { indexer.get_ok("/refunds/1")["status"].clone() };
    assert_eq!(status(&indexer), "seen");
    assert_eq!(indexer.get_ok("/refunds?status=final")["items"], json!([]));

    let known = chain.messages.len();
    chain.burn(&burn);
    indexer.post_all(&chain.messages[known..]);
    assert_eq!(status(&indexer), "final");
    assert_eq!(
        indexer.get_ok("/refunds?status=final")["items"][0]["refund_id"],
        1
    );
    assert_eq!(indexer.get_ok("/refunds?status=seen")["items"], json!([]));
    assert_eq!(indexer.get_ok("/invoices/1")["payments"][0]["status"], "final");
    assert_eq!(history(&indexer), ["101 seen", "101 final"]);
}

#[test]
fn a_gap_is_open_until_the_parent_comes() {
    let (mut chain, root) = Chain::new();
    let first = chain.block(&root, &root.tenure, Vec::new(), root.shop.clone());
    chain.block(&first, &root.tenure, Vec::new(), root.shop.clone());
    let indexer = TestIndexer::start(ROOT);
    let missing = chain.messages.remove(3);
    indexer.post_all(&chain.messages);
    let health = indexer.get_ok("/health");
    assert_eq!(
        (&health["open_gaps"], &health["status"]),
        (&json!(1), &json!("degraded"))
    );
    assert!(indexer.tip().starts_with("100 "));

    indexer.post_all([&missing]);
    assert_eq!(indexer.get_ok("/health")["open_gaps"], 0);
    assert!(indexer.tip().starts_with("102 "));
}

#[test]
fn a_bitcoin_block_is_missed_whichever_of_its_neighbours_came_first() {
    let (mut chain, root) = Chain::new();
    let mut burn = root.tenure.clone();
    for _ in 0..3 {
        burn = chain.burn(&burn);
    }
    // Heights 99, 100 with the root block, 101 to 103; 102 is lost.
    let [_, low, _, _, lost, high] = &chain.messages[..] else {
        panic!("six messages")
    };
    for (first, second) in [(low, high), (high, low)] {
        let indexer = TestIndexer::start(ROOT);
        indexer.post_all([first, second]);
        let missing = "select kind || ' ' || expected_height || ' 0x' || encode(missing_hash, 'hex') from gap where closed_at is null";
        let expected = format!(
            "burn_block 102 {}",
            lost.body["burn_block_hash"].as_str().unwrap()
        );
        assert_eq!(indexer.lines(missing), [expected]);
        indexer.post_all([lost]);
        let still = indexer.lines("select expected_height::text from gap where closed_at is null");
        assert_eq!(still, ["101"], "the next one down is missed now");
    }
}

#[test]
fn the_root_is_the_block_that_deployed_core_on_any_branch() {
    let (mut chain, root) = Chain::new();
    let deployed = chain.block(&root, &root.tenure, Vec::new(), root.shop.clone());
    chain.block(&deployed, &root.tenure, Vec::new(), root.shop.clone());
    let mut messages = chain.messages.clone();
    messages[3].body["transactions"] = json!([deployment(1)]);
    let indexer = TestIndexer::start(RootRule::DeployOfCore);
    indexer.post_all(&messages[..3]);
    assert_eq!(indexer.get_ok("/health")["tip"], Value::Null);
    indexer.post_all(&messages[3..]);
    let health = indexer.get_ok("/health");
    assert_eq!(
        (&health["root_stacks_height"], &health["open_gaps"]),
        (&json!(101), &json!(0))
    );
    assert!(indexer.tip().starts_with("102 "));
    assert_eq!(
        indexer.count("select count(*) from block"),
        2,
        "nothing below the root is kept"
    );

    // A fork from below the root mines the deployment again, lower than before.
    let known = chain.messages.len();
    let below = Block {
        height: 99,
        id: format!("0x{}", "77".repeat(32)),
        ..root.clone()
    };
    let burn = chain.burn(&root.tenure);
    let rival = chain.block(&below, &burn, Vec::new(), root.shop.clone());
    let burn = chain.burn(&burn);
    let rival = chain.block(&rival, &burn, Vec::new(), root.shop.clone());
    let burn = chain.burn(&burn);
    let rival = chain.block(&rival, &burn, Vec::new(), root.shop.clone());
    let burn = chain.burn(&burn);
    chain.block(&rival, &burn, Vec::new(), root.shop.clone());
    let mut rivals = chain.messages.split_off(known);
    rivals[1].body["transactions"] = json!([deployment(2)]);
    indexer.post_all(&rivals);
    assert_eq!(indexer.get_ok("/health")["root_stacks_height"], 100);
    assert!(indexer.tip().starts_with("103 "));
}

/// A deployment of core by its own address, as raw bytes.
fn deployment(txid: u8) -> Value {
    let signer = CORE.parse::<ContractId>().unwrap().address;
    // Version, chain id, standard authorisation, hash mode.
    let mut raw = hex("80800000000400");
    raw.extend_from_slice(signer.hash160());
    // Nonce, fee, key encoding, signature.
    raw.extend_from_slice(&[0; 16 + 1 + 65]);
    // Anchor and post-condition mode, no post-conditions; versioned contract, Clarity 4, a name of 11 characters.
    raw.extend_from_slice(&hex("01010000000006040b"));
    raw.extend_from_slice(b"recoup-core");
    raw.extend_from_slice(&[0, 0, 0, 0]);
    json!({
        "txid": format!("0x{}", format!("{txid:02x}").repeat(32)), "tx_index": 0, "status": "success",
        "raw_tx": recoup_stacks::hex::encode_prefixed(&raw), "raw_result": "0x0703",
    })
}

fn hex(digits: &str) -> Vec<u8> {
    recoup_stacks::hex::decode(digits).unwrap()
}
