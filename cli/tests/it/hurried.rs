//! Transactions that wait: where they stand, and the same with a higher fee. Whichever is included, the payer is paid once.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::process::{Command, Stdio};

use recoup_test_support::wait_until;
use serde_json::{Value, json};

use crate::shop::Shop;

/// A refund of 1 STX that the node accepted and forgot: it waits for ever. (Invoice, document of the command,
/// what the payer has.)
fn waiting_refund(shop: &Shop, reference: &str) -> (String, Value, u128) {
    let invoice = shop.paid_invoice();
    let before = shop.balance("alice");
    forget_next(shop);
    let create = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--amount",
        "1",
        "--reference",
        reference,
        "--yes",
        "--no-wait",
    ];
    let sent = shop.run_to(6, "shop", &create);
    (invoice, sent, before)
}

fn forget_next(shop: &Shop) {
    shop.chain
        .faults(&json!({ "broadcast": "accept-then-forget", "times": 1 }))
        .unwrap();
}

fn status(shop: &Shop, target: &str) -> Value {
    let status = shop.run("shop", &["tx", "status", target]);
    assert_eq!(status["entries"].as_array().unwrap().len(), 1, "{status}");
    status["entries"][0].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Hands a transaction of the journal to the node, as if a copy had waited somewhere.
fn post(shop: &Shop, txid: &Value) {
    let journal = shop.journal();
    let changes = journal.lines().skip(1).map(|line| {
        let record: Value = serde_json::from_str(line.split_once(' ').unwrap().1).unwrap();
        record["change"].clone()
    });
    let transactions =
        changes.flat_map(|change| ["signed", "bumped"].map(|step| change[step]["transaction"].clone()));
    let raw = transactions
        .filter(|transaction| transaction["txid"] == *txid)
        .map(|transaction| text(&transaction["raw"]).to_owned())
        .next()
        .unwrap();
    let digits = raw.trim_start_matches("0x").as_bytes();
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let _: String = shop
        .chain
        .client()
        .post_bytes("/v2/transactions", &bytes)
        .unwrap();
}

#[test]
fn a_forgotten_refund_is_sent_with_a_higher_fee_and_counts_once() {
    let shop = Shop::open();
    let (invoice, sent, before) = waiting_refund(&shop, "hurried");
    let txid = text(&sent["transaction"]["txid"]);
    let waits = status(&shop, txid);
    assert_eq!(
        (text(&waits["state"]), text(&waits["transactions"][0]["node"])),
        ("broadcast", "not-listed")
    );
    assert!(text(&waits["next"]).contains("refund resume"), "{waits}");
    let fee: u64 = text(&sent["transaction"]["fee"]).parse().unwrap();
    let same_fee = fee.to_string();
    shop.run_to(3, "shop", &["tx", "bump", txid, "--fee", &same_fee, "--yes"]);
    let other_wallet = shop.run_to(3, "bob", &["tx", "bump", txid, "--yes"]);
    assert!(text(&other_wallet["error"]["hint"]).contains("--wallet"));
    let dry = shop.run("shop", &["tx", "bump", txid, "--dry-run"]);
    assert_eq!(
        (text(&dry["outcome"]), &dry["bumped"]),
        ("dry-run", &json!(false))
    );
    let bumped = shop.run("shop", &["tx", "bump", txid, "--yes"]);
    assert_eq!(
        (text(&bumped["outcome"]), &bumped["bumped"]),
        ("included", &json!(true))
    );
    assert_ne!(bumped["transaction"]["txid"], txid);
    assert_eq!(bumped["transaction"]["alternatives"], json!([txid]));
    assert_eq!(bumped["transaction"]["nonce"], sent["transaction"]["nonce"]);
    assert!(text(&bumped["transaction"]["fee"]).parse::<u64>().unwrap() > fee);
    assert_eq!(shop.refunds(&invoice).len(), 1);
    assert_eq!(shop.balance("alice"), before + 1_000_000);
    let done = status(&shop, txid);
    assert_eq!(text(&done["state"]), "included");
    assert_eq!(done["inclusion"]["txid"], bumped["transaction"]["txid"]);
    for target in ["hurried", text(&bumped["transaction"]["txid"])] {
        let by_name = shop.run("shop", &["refund", "status", target]);
        assert_eq!(by_name["entries"][0]["refund"]["amount"], "1000000");
    }
    let of_invoice = shop.run("shop", &["refund", "status", "--invoice", &invoice]);
    assert_eq!(of_invoice["entries"][0]["journal_entry"], done["journal_entry"]);
    let too_late = shop.run_to(3, "shop", &["tx", "bump", txid, "--yes"]);
    assert!(
        text(&too_late["error"]["message"]).contains("in a block"),
        "{too_late}"
    );
}

#[test]
fn the_one_with_the_lower_fee_may_be_included_after_the_raise() {
    let shop = Shop::open();
    let (invoice, sent, before) = waiting_refund(&shop, "lower fee");
    let entry = sent["transaction"]["journal_entry"].to_string();
    forget_next(&shop);
    let bumped = shop.run_to(6, "shop", &["tx", "bump", &entry, "--yes", "--no-wait"]);
    assert_eq!(text(&bumped["outcome"]), "sent");
    post(&shop, &sent["transaction"]["txid"]);
    wait_for_refund(&shop, &invoice);
    shop.run("shop", &["refund", "resume"]);
    let done = status(&shop, &entry);
    assert_eq!(
        (text(&done["state"]), &done["inclusion"]["txid"]),
        ("included", &sent["transaction"]["txid"])
    );
    assert_eq!(shop.refunds(&invoice).len(), 1);
    assert_eq!(shop.balance("alice"), before + 1_000_000);
}

#[test]
fn the_first_is_included_while_its_fee_is_raised() {
    let shop = Shop::open();
    let (invoice, sent, before) = waiting_refund(&shop, "overtaken");
    let entry = sent["transaction"]["journal_entry"].to_string();
    // The raise is decided before the wallet is unlocked; the passphrase comes when the first one is in a block.
    let folder = tempfile::tempdir().unwrap();
    let passphrase = folder.path().join("passphrase");
    assert!(
        Command::new("mkfifo")
            .arg(&passphrase)
            .status()
            .unwrap()
            .success()
    );
    let path = passphrase.display().to_string();
    let bump = [
        "tx",
        "bump",
        &entry,
        "--yes",
        "--json",
        "--passphrase-file",
        &path,
    ];
    let mut command = shop.of("shop").command(bump).into_command();
    let run = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut writer = OpenOptions::new().write(true).open(&passphrase).unwrap();
    post(&shop, &sent["transaction"]["txid"]);
    wait_for_refund(&shop, &invoice);
    writer.write_all(b"local chain only\n").unwrap();
    drop(writer);
    let output = run.wait_with_output().unwrap();
    let ended: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{ended}");
    assert_eq!(
        (text(&ended["outcome"]), &ended["transaction"]["txid"]),
        ("included", &sent["transaction"]["txid"])
    );
    assert_eq!(shop.refunds(&invoice).len(), 1);
    assert_eq!(shop.balance("alice"), before + 1_000_000);
}

fn wait_for_refund(shop: &Shop, invoice: &str) {
    let limit = std::time::Duration::from_secs(60);
    wait_until("the refund is in a block", limit, || {
        Ok((!shop.refunds(invoice).is_empty()).then_some(()))
    })
    .unwrap();
}

#[test]
fn what_the_journal_does_not_know_is_looked_up_on_chain_or_refused() {
    let shop = Shop::open();
    shop.run_to(3, "shop", &["tx", "status", "999999"]);
    shop.run_to(3, "shop", &["refund", "status", "never used"]);
    let unknown = "ab".repeat(32);
    shop.run_to(3, "shop", &["refund", "status", &unknown]);
    let (_, sent, _) = waiting_refund(&shop, "listed");
    let all = shop.run("shop", &["refund", "status"]);
    let listed = all["entries"].as_array().unwrap();
    assert!(
        listed
            .iter()
            .any(|entry| entry["journal_entry"] == sent["transaction"]["journal_entry"])
    );
    // Another machine has a journal of its own, and knows the refund from the contract.
    shop.run("shop", &["refund", "resume"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let home = shop.of("shop").home().to_owned();
    fs::create_dir(elsewhere.path().join("wallets")).unwrap();
    for file in fs::read_dir(home.join("wallets")).unwrap() {
        let file = file.unwrap();
        fs::copy(
            file.path(),
            elsewhere.path().join("wallets").join(file.file_name()),
        )
        .unwrap();
    }
    fs::copy(home.join("config.toml"), elsewhere.path().join("config.toml")).unwrap();
    let path = elsewhere.path().display().to_string();
    let found = shop.run("shop", &["--home", &path, "refund", "status", "listed"]);
    assert_eq!(found["reference"], "listed");
}
