//! Checks that say no before anything is signed.

use serde_json::Value;

use crate::shop::Shop;

fn contract_error(document: &Value) -> (i64, &str) {
    let error = &document["error"]["contract_error"];
    (error["code"].as_i64().unwrap(), error["name"].as_str().unwrap())
}

#[test]
fn what_the_contract_would_refuse_is_refused_with_its_error() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let journal = shop.journal();
    let refund = |wallet: &str, more: &[&str]| {
        let mut arguments = vec!["refund", "create", "--yes"];
        arguments.extend_from_slice(more);
        shop.run_to(3, wallet, &arguments)
    };
    let too_much = refund("shop", &["--invoice", &invoice, "--amount", "10.000001"]);
    assert_eq!(contract_error(&too_much), (1024, "ERR_MORE_THAN_REFUNDABLE"));
    let nothing = refund("shop", &["--invoice", &invoice, "--amount", "0"]);
    assert_eq!(contract_error(&nothing), (1002, "ERR_INVALID_AMOUNT"));
    let stranger = refund("bob", &["--invoice", &invoice, "--full"]);
    assert_eq!(contract_error(&stranger), (1000, "ERR_NOT_AUTHORISED"));
    let missing = refund("shop", &["--invoice", "99", "--full"]);
    assert_eq!(contract_error(&missing), (1001, "ERR_INVOICE_NOT_FOUND"));
    let bob = crate::shop::WALLETS[3].1;
    let never_paid = refund("shop", &["--invoice", &invoice, "--payer", bob, "--full"]);
    assert_eq!(contract_error(&never_paid), (1020, "ERR_NOTHING_PAID"));
    assert_eq!(shop.journal(), journal, "nothing was signed");
}

#[test]
fn a_reference_pays_once_and_names_one_refund() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let run = |code, amount| {
        let refund = ["refund", "create", "--invoice", &invoice, "--amount", amount];
        let arguments: Vec<&str> = refund
            .into_iter()
            .chain(["--reference", "used-once", "--yes"])
            .collect();
        shop.run_to(code, "shop", &arguments)
    };
    assert_eq!(run(0, "1")["outcome"], "included");
    let again = run(0, "1");
    assert_eq!(again["outcome"], "already-done");
    assert_eq!(again["refund"]["amount"], "1000000");
    assert_eq!(contract_error(&run(3, "2")), (1006, "ERR_REFERENCE_USED"));
    assert_eq!(shop.refunds(&invoice).len(), 1);
}

#[test]
fn the_refund_window_ends_with_a_margin() {
    let shop = Shop::open();
    let create = [
        "invoice",
        "create",
        "--amount",
        "10",
        "--refund-window",
        "144",
        "--yes",
    ];
    let invoice = shop.run("shop", &create)["invoice_id"].to_string();
    shop.run("alice", &["pay", &invoice, "--yes"]);
    let deadline = shop.run("shop", &["invoice", "show", &invoice])["payers"][0]["deadline"]
        .as_u64()
        .unwrap();
    let now = || {
        shop.run("shop", &["invoice", "show", &invoice])["burn_height"]
            .as_u64()
            .unwrap()
    };
    shop.chain
        .pass_burn_blocks(u32::try_from(deadline - 5 - now()).unwrap())
        .unwrap();
    let refund = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--amount",
        "1",
        "--yes",
    ];
    let close = shop.run_to(3, "shop", &refund);
    assert!(
        close["error"]["message"]
            .as_str()
            .unwrap()
            .contains("until this payer's deadline"),
        "{close}"
    );
    let forced: Vec<&str> = refund.iter().copied().chain(["--force"]).collect();
    assert_eq!(shop.run("shop", &forced)["outcome"], "included");
    shop.chain
        .pass_burn_blocks(u32::try_from(deadline - now()).unwrap())
        .unwrap();
    assert_eq!(
        contract_error(&shop.run_to(3, "shop", &forced)),
        (1021, "ERR_WINDOW_EXPIRED")
    );
}

#[test]
fn payments_are_checked_as_the_contract_does() {
    let shop = Shop::open();
    let invoice =
        shop.run("shop", &["invoice", "create", "--amount", "10", "--yes"])["invoice_id"].to_string();
    let pay = |wallet: &str, more: &[&str]| {
        let mut arguments = vec!["pay", invoice.as_str(), "--yes"];
        arguments.extend_from_slice(more);
        contract_error(&shop.run_to(3, wallet, &arguments)).0
    };
    assert_eq!(pay("alice", &["--amount", "11"]), 1012);
    assert_eq!(pay("alice", &["--amount", "9"]), 1013);
    assert_eq!(pay("alice", &["--merchant", crate::shop::WALLETS[3].1]), 1008);
    assert_eq!(pay("shop", &[]), 1009);
    shop.run("alice", &["pay", &invoice, "--yes"]);
    assert_eq!(pay("bob", &[]), 1010);
}

#[test]
fn a_wrong_passphrase_signs_nothing() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let journal = shop.journal();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "wrong").unwrap();
    let refund = shop.of("shop").with_env("RECOUP_PASSPHRASE_FILE", file.path());
    let refund = refund.command(["refund", "create", "--invoice", &invoice, "--full", "--yes"]);
    let finished = refund.expect_code(3).run().unwrap();
    assert!(
        finished.stderr.contains("wrong passphrase"),
        "{}",
        finished.stderr
    );
    assert_eq!(shop.journal(), journal);
}

#[test]
fn nothing_is_signed_without_a_confirmation() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let journal = shop.journal();
    let finished = shop
        .of("shop")
        .command(["refund", "create", "--invoice", &invoice, "--full"])
        .expect_code(2)
        .run()
        .unwrap();
    assert!(finished.stderr.contains("--dry-run"), "{}", finished.stderr);
    assert_eq!(shop.journal(), journal);
}
