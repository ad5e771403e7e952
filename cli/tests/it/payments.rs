//! Invoices, payments and refunds that go as planned.

use recoup_test_support::{Fork, Orphans};

use crate::shop::Shop;

#[test]
fn contracts_are_deployed_once_and_compared() {
    let shop = Shop::open();
    let again = shop.run("deployer", &["contracts", "deploy", "--mocks", "--yes"]);
    for contract in again["contracts"].as_array().unwrap() {
        assert_eq!(contract["status"], "already-done");
    }
    let info = shop.run("deployer", &["contracts", "info"]);
    assert_eq!(info["contracts"][1]["status"], "released");
    assert_eq!(
        info["contracts"][1]["source_sha256"],
        again["contracts"][1]["source_sha256"]
    );
}

#[test]
fn a_payment_is_refunded_in_part_and_then_in_full() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let before = shop.balance("alice");
    let part = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--amount",
        "25%",
        "--reason",
        "late",
        "--yes",
    ];
    let part = shop.run("shop", &part);
    assert_eq!(part["outcome"], "included");
    assert_eq!(part["refund"]["amount"], "2500000");
    assert_eq!(part["refund"]["reason"], "late");
    let rest = shop.run(
        "shop",
        &[
            "refund",
            "create",
            "--invoice",
            &invoice,
            "--full",
            "--reference",
            "rest",
            "--yes",
        ],
    );
    assert_eq!(rest["plan"]["left_after"], "0");
    assert_eq!(rest["refund"]["amount"], "7500000");
    assert_eq!(rest["refund"]["previous"], part["refund"]["refund_id"]);
    assert_eq!(shop.balance("alice"), before + 10_000_000);
    let shown = shop.run("shop", &["invoice", "show", &invoice]);
    assert_eq!(shown["status"], "refunded");
    assert_eq!(shown["payers"][0]["refunded"], "10000000");
    let by_reference = shop.run("shop", &["refund", "show", "--reference", "rest"]);
    assert_eq!(by_reference, rest["refund"]);
}

#[test]
fn instalments_of_several_payers_are_refunded_to_the_one_that_is_named() {
    let shop = Shop::open();
    let create = [
        "invoice",
        "create",
        "--amount",
        "10",
        "--min-payment",
        "1",
        "--reference",
        "order",
        "--yes",
    ];
    let invoice = shop.run("shop", &create)["invoice_id"].to_string();
    assert_eq!(shop.run("shop", &create)["outcome"], "already-done");
    shop.run("alice", &["pay", &invoice, "--amount", "4", "--yes"]);
    shop.run("bob", &["pay", &invoice, "--yes"]);
    let unnamed = shop.run_to(
        2,
        "shop",
        &["refund", "create", "--invoice", &invoice, "--full", "--yes"],
    );
    assert_eq!(
        unnamed["error"]["causes"].as_array().unwrap().len(),
        2,
        "both payers are listed"
    );
    let bob = crate::shop::WALLETS[3].1;
    let before = shop.balance("bob");
    let refund = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--payer",
        bob,
        "--full",
        "--yes",
    ];
    assert_eq!(shop.run("shop", &refund)["refund"]["amount"], "6000000");
    assert_eq!(shop.balance("bob"), before + 6_000_000);
}

#[test]
fn a_token_moves_under_an_exact_post_condition_on_its_own_asset() {
    let shop = Shop::open();
    let token = format!("{}.mock-sbtc", crate::shop::WALLETS[0].1);
    let alice = crate::shop::WALLETS[2].1;
    shop.chain.fund_token(alice, &token, 50_000).unwrap();
    let create = [
        "invoice", "create", "--amount", "0.0005", "--token", &token, "--yes",
    ];
    let invoice = shop.run("shop", &create)["invoice_id"].to_string();
    shop.run("alice", &["pay", &invoice, "--yes"]);
    let refund = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--amount",
        "0.00012",
        "--yes",
    ];
    let refund = shop.run("shop", &refund);
    assert_eq!(refund["refund"]["amount"], "12000");
    assert_eq!(
        (
            refund["plan"]["decimals"].as_u64(),
            refund["plan"]["token"].as_str()
        ),
        (Some(8), Some(token.as_str()))
    );
    let too_fine = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--amount",
        "0.000000001",
        "--yes",
    ];
    shop.run_to(2, "shop", &too_fine);
    let shown = shop.run("shop", &["invoice", "show", &invoice]);
    assert_eq!(
        (shown["symbol"].as_str(), shown["amount_refunded"].as_str()),
        (Some("sBTC"), Some("12000"))
    );
}

#[test]
fn a_dry_run_shows_the_plan_and_signs_nothing() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let journal = shop.journal();
    let plan = shop.run(
        "shop",
        &[
            "refund",
            "create",
            "--invoice",
            &invoice,
            "--amount",
            "1.5",
            "--dry-run",
        ],
    );
    assert_eq!(plan["outcome"], "dry-run");
    assert_eq!(plan["plan"]["amount"], "1500000");
    assert_eq!(shop.journal(), journal);
    assert!(shop.refunds(&invoice).is_empty());
}

/// A refund whose block leaves the chain, while `build` blocks take the place of two.
fn undo_and_send_again(build: u32, reference: &str) {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let before = shop.balance("alice");
    shop.chain.burn(1).unwrap(); // a burn fork abandons a whole tenure: the payment's has to stay
    let refund = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--amount",
        "1",
        "--reference",
        reference,
        "--yes",
    ];
    shop.run("shop", &refund);
    shop.chain
        .fork(&Fork {
            depth: 1,
            build,
            orphans: Orphans::Drop,
            is_burn_fork: true,
        })
        .unwrap();
    assert!(shop.refunds(&invoice).is_empty(), "the fork dropped it");
    shop.run("shop", &["refund", "resume"]);
    assert_eq!(shop.refunds(&invoice).len(), 1, "resume sent it again");
    assert_eq!(shop.balance("alice"), before + 1_000_000);
    assert_eq!(shop.run("shop", &refund)["outcome"], "already-done");
    assert_eq!(shop.balance("alice"), before + 1_000_000);
}

#[test]
fn a_refund_that_a_fork_undid_is_sent_again_and_counts_once() {
    undo_and_send_again(2, "undone");
}

#[test]
fn a_fork_that_made_the_chain_shorter_undoes_a_refund_too() {
    undo_and_send_again(1, "undone-by-a-shorter-chain");
}

#[test]
fn what_was_included_long_ago_is_final() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let refund = shop.run(
        "shop",
        &["refund", "create", "--invoice", &invoice, "--full", "--yes"],
    );
    let state_after_resume = || {
        let settled = shop.run("shop", &["refund", "resume"]);
        let transactions = settled["transactions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| &entry["transaction"]);
        let ours = transactions.filter(|transaction| transaction["txid"] == refund["transaction"]["txid"]);
        ours.map(|transaction| transaction["state"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(state_after_resume(), ["included"]);
    shop.chain.burn(6).unwrap();
    assert_eq!(state_after_resume(), ["final"]);
    assert!(state_after_resume().is_empty(), "nothing is left to do");
}

#[test]
fn times_are_told_in_the_zone_of_whoever_reads_them() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let told = |zone: &str, arguments: &[&str]| {
        let recoup = shop.of("shop").with_env("TZ", zone);
        let finished = recoup.command(arguments).run().unwrap();
        finished.stdout + &finished.stderr
    };
    let refund = ["refund", "create", "--invoice", &invoice, "--full"];
    let list = ["--reference", &format!("zone-{invoice}"), "--yes"];
    told("UTC", &[&refund[..], &list].concat());
    for (zone, ending) in [("UTC", " UTC"), ("IST-5:30", " +05:30"), ("PST8", " -08:00")] {
        let shown = told(zone, &["invoice", "show", &invoice]);
        assert_eq!(shown.matches(ending).count(), 2, "{zone}: {shown}");
        let status = told(zone, &["refund", "status", "--invoice", &invoice]);
        assert_eq!(status.matches(ending).count(), 2, "{zone}: {status}");
        let another = ["invoice", "extend-window", &invoice, "9000", "--dry-run"];
        assert!(told(zone, &another).contains("burn blocks (about 63 days), for every payer"));
    }
}
