//! Above an amount, a second person has to agree: to exactly this plan, in time, and with a wallet of their own.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shop::{Shop, WALLETS};

const ALICE: &str = WALLETS[2].1;
const BOB: &str = WALLETS[3].1;
/// Burn blocks; more than any story here passes by itself.
const VALID_FOR: u32 = 30;

/// A profile beside the usual one, on the same chain and journal: above 2 STX, bob has to agree.
fn with_strict_profile(shop: &Shop) {
    let path = shop.of("shop").home().join("config.toml");
    let text = fs::read_to_string(&path).unwrap();
    if text.contains("[profiles.strict]") {
        return;
    }
    let contract = format!("{}.recoup-core", WALLETS[0].1);
    let profile = format!(
        "\n[profiles.strict]\nnetwork = \"local\"\nnode = \"http://127.0.0.1:1\"\ncontract = \"{contract}\"\n\
         [profiles.strict.approval]\napprovers = [\"{BOB}\", \"{}\"]\nvalid-for = {VALID_FOR}\nabove.STX = \"2\"\n",
        WALLETS[1].1
    );
    fs::write(path, text + &profile).unwrap();
}

fn strict(shop: &Shop, code: i32, wallet: &str, arguments: &[&str]) -> Value {
    let arguments = [&["--profile", "strict"], arguments].concat();
    shop.run_to(code, wallet, &arguments)
}

fn refund(shop: &Shop, code: i32, invoice: &str, amount: &str) -> Value {
    let create = [
        "refund",
        "create",
        "--invoice",
        invoice,
        "--amount",
        amount,
        "--yes",
    ];
    strict(shop, code, "shop", &create)
}

fn approve(shop: &Shop, code: i32, wallet: &str, entry: &str) -> Value {
    strict(shop, code, wallet, &["refund", "approve", entry, "--yes"])
}

/// Plans a refund that has to wait. Its entry.
fn wait_for_approval(shop: &Shop, invoice: &str, amount: &str) -> String {
    let waiting = refund(shop, 6, invoice, amount);
    assert_eq!(waiting["outcome"], "awaiting-approval");
    waiting["awaiting"]["journal_entry"].to_string()
}

#[test]
fn a_refund_above_the_limit_waits_for_another_person() {
    let shop = Shop::open();
    with_strict_profile(&shop);
    let invoice = shop.paid_invoice();
    let before = shop.balance("alice");
    assert_eq!(refund(&shop, 0, &invoice, "2")["outcome"], "included");
    let entry = wait_for_approval(&shop, &invoice, "3");
    assert_eq!(
        wait_for_approval(&shop, &invoice, "3"),
        entry,
        "the same plan is one entry"
    );
    let status = strict(&shop, 0, "shop", &["refund", "status", &entry]);
    assert_eq!(status["entries"][0]["state"], "awaiting-approval");
    let resumed = strict(&shop, 6, "shop", &["refund", "resume"]);
    assert!(
        resumed["transactions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["state"] == "awaiting-approval")
    );
    let own = approve(&shop, 3, "shop", &entry);
    assert!(
        own["error"]["message"].as_str().unwrap().contains("planned it"),
        "{own}"
    );
    let stranger = approve(&shop, 3, "alice", &entry);
    assert!(
        stranger["error"]["message"]
            .as_str()
            .unwrap()
            .contains("not an approver")
    );
    assert_eq!(shop.balance("alice"), before + 2_000_000, "nothing was sent");
    approve(&shop, 0, "bob", &entry);
    let sent = refund(&shop, 0, &invoice, "3");
    assert_eq!(sent["outcome"], "included");
    assert_eq!(sent["transaction"]["journal_entry"].to_string(), entry);
    assert_eq!(shop.balance("alice"), before + 5_000_000);
    approve(&shop, 3, "bob", &entry);
}

#[test]
fn what_changed_since_it_was_approved_is_planned_anew_and_resume_sends_what_is_approved() {
    let shop = Shop::open();
    with_strict_profile(&shop);
    let invoice = shop.paid_invoice();
    let first = wait_for_approval(&shop, &invoice, "3");
    approve(&shop, 0, "bob", &first);
    // Another clerk, whose profile knows no limit.
    let other = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--amount",
        "1",
        "--yes",
    ];
    shop.run("shop", &other);
    let resumed = strict(&shop, 6, "shop", &["refund", "resume"]);
    assert_eq!(shop.refunds(&invoice).len(), 1, "{resumed}");
    let second = wait_for_approval(&shop, &invoice, "3");
    assert_ne!(first, second);
    approve(&shop, 3, "bob", &first);
    approve(&shop, 0, "bob", &second);
    strict(&shop, 0, "shop", &["refund", "resume"]);
    let amounts: Vec<Value> = shop
        .refunds(&invoice)
        .iter()
        .map(|one| one["amount"].clone())
        .collect();
    assert_eq!(amounts, [json!("1000000"), json!("3000000")]);
    // Heights, not clocks, end the time to approve.
    let late = wait_for_approval(&shop, &invoice, "4");
    approve(&shop, 0, "bob", &late);
    shop.chain.pass_burn_blocks(VALID_FOR).unwrap();
    let anew = wait_for_approval(&shop, &invoice, "4");
    assert_ne!(late, anew);
    shop.chain.pass_burn_blocks(VALID_FOR).unwrap();
    let expired = approve(&shop, 3, "bob", &anew);
    assert!(
        expired["error"]["message"].as_str().unwrap().contains("was over"),
        "{expired}"
    );
    strict(&shop, 0, "shop", &["refund", "resume"]);
    let status = strict(&shop, 0, "shop", &["tx", "status", &anew]);
    assert_eq!(status["entries"][0]["state"], "failed");
    assert_eq!(shop.refunds(&invoice).len(), 2);
}

#[test]
fn a_plan_can_be_handed_over_and_a_forged_one_approves_nothing() {
    let shop = Shop::open();
    with_strict_profile(&shop);
    let invoice = shop.paid_invoice();
    let entry = wait_for_approval(&shop, &invoice, "5");
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (plan, approval) = (at("plan.json"), at("approval.json"));
    strict(
        &shop,
        0,
        "shop",
        &["refund", "approve", &entry, "--export", &plan],
    );
    // Bob's own machine: no settings, no journal, only the wallet.
    let home = folder.path().join("bob");
    fs::create_dir_all(home.join("wallets")).unwrap();
    for file in fs::read_dir(shop.of("bob").home().join("wallets")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), home.join("wallets").join(file.file_name())).unwrap();
    }
    let home = home.display().to_string();
    let sign = |plan: &str| {
        let there = ["--home", &home, "refund", "approve", "--request", plan, "--yes"];
        shop.run("bob", &there)
    };
    let text = fs::read_to_string(&plan).unwrap();
    fs::write(at("forged.json"), text.replace("\"5000000\"", "\"2000000\"")).unwrap();
    let take = |code, document: &Value| {
        fs::write(&approval, document.to_string()).unwrap();
        strict(
            &shop,
            code,
            "shop",
            &["refund", "approve", &entry, "--approval", &approval],
        )
    };
    take(3, &sign(&at("forged.json")));
    refund(&shop, 6, &invoice, "5");
    take(0, &sign(&plan));
    assert_eq!(refund(&shop, 0, &invoice, "5")["refund"]["amount"], "5000000");
}

#[test]
fn a_list_is_approved_by_its_sum_and_only_what_was_approved_is_sent() {
    let shop = Shop::open();
    with_strict_profile(&shop);
    let invoice = shop.paid_invoice();
    let before = shop.balance("alice");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("list.csv");
    let list = format!(
        "invoice,payer,amount,reference,reason\n{invoice},{ALICE},1.5,{invoice}/a,\n{invoice},{ALICE},1,{invoice}/b,\n"
    );
    fs::write(&path, &list).unwrap();
    let path = path.display().to_string();
    let batch = |code| {
        strict(
            &shop,
            code,
            "shop",
            &["refund", "batch", &path, "--yes", "--per-transaction", "1"],
        )
    };
    let waiting = batch(6);
    assert_eq!(waiting["outcome"], "awaiting-approval");
    let entry = waiting["journal_entry"].to_string();
    assert_eq!(batch(6)["journal_entry"].to_string(), entry);
    approve(&shop, 0, "bob", &entry);
    // A line that nobody saw: another list.
    fs::write(&path, format!("{list}{invoice},{ALICE},1,{invoice}/c,\n")).unwrap();
    let longer = batch(6)["journal_entry"].to_string();
    assert_ne!(longer, entry);
    strict(&shop, 0, "shop", &["refund", "approve", &longer, "--withdraw"]);
    approve(&shop, 3, "bob", &longer);
    assert_eq!(shop.balance("alice"), before);
    fs::write(&path, &list).unwrap();
    assert_eq!(batch(0)["outcome"], "done");
    assert_eq!(shop.balance("alice"), before + 2_500_000);
    assert_eq!(batch(0)["lines"]["already_done"], 2);
    let spent = strict(&shop, 0, "shop", &["tx", "status", &entry]);
    assert_eq!(spent["entries"][0]["state"], "replaced");
}
