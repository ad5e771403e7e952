//! Refunds that are interrupted, repeated, or sent twice at once: each pays once.

use std::fs;
use std::thread;

use serde_json::{Value, json};

use crate::shop::Shop;

const ONE: [&str; 3] = ["--amount", "1", "--yes"];

fn refund(shop: &Shop, code: i32, invoice: &str, more: &[&str]) -> Value {
    let mut arguments = vec!["refund", "create", "--invoice", invoice];
    arguments.extend_from_slice(more);
    shop.run_to(code, "shop", &arguments)
}

fn assert_one_refund(shop: &Shop, invoice: &str, alice_before: u128) {
    assert_eq!(shop.refunds(invoice).len(), 1);
    assert_eq!(shop.balance("alice"), alice_before + 1_000_000);
}

#[test]
fn a_broadcast_without_an_answer_is_finished_by_the_same_command() {
    let shop = Shop::open();
    for fault in ["accept-then-disconnect", "fail", "accept-then-forget"] {
        let invoice = shop.paid_invoice();
        let before = shop.balance("alice");
        shop.chain
            .faults(&json!({ "broadcast": fault, "times": 1 }))
            .unwrap();
        let code = if fault == "accept-then-forget" { 6 } else { 5 };
        refund(
            &shop,
            code,
            &invoice,
            &["--amount", "1", "--yes", "--timeout", "1"],
        );
        let again = refund(&shop, 0, &invoice, &ONE);
        assert_eq!(
            (again["outcome"].as_str(), again["resumed"].as_bool()),
            (Some("included"), Some(true)),
            "{fault}"
        );
        assert_one_refund(&shop, &invoice, before);
    }
}

#[test]
fn a_sent_refund_is_reported_by_the_same_command_whether_included_or_not() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let before = shop.balance("alice");
    let sent = refund(&shop, 6, &invoice, &["--amount", "1", "--yes", "--no-wait"]);
    assert_eq!(sent["outcome"], "sent");
    let again = refund(&shop, 0, &invoice, &ONE);
    assert_eq!(again["transaction"]["txid"], sent["transaction"]["txid"]);
    assert_one_refund(&shop, &invoice, before);
}

#[test]
fn a_signed_refund_is_finished_by_resume() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let before = shop.balance("alice");
    shop.chain
        .faults(&json!({ "broadcast": "fail", "times": 1 }))
        .unwrap();
    refund(&shop, 5, &invoice, &ONE);
    shop.run("shop", &["refund", "resume"]);
    assert_one_refund(&shop, &invoice, before);
}

#[test]
fn what_was_signed_before_and_never_arrived_goes_first() {
    let shop = Shop::open();
    let (first, second) = (shop.paid_invoice(), shop.paid_invoice());
    shop.chain
        .faults(&json!({ "broadcast": "fail", "times": 1 }))
        .unwrap();
    refund(&shop, 5, &first, &ONE);
    assert_eq!(refund(&shop, 0, &second, &ONE)["outcome"], "included");
    assert_eq!((shop.refunds(&first).len(), shop.refunds(&second).len()), (1, 1));
}

#[test]
fn another_refund_of_the_payer_waits_for_the_open_one() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    shop.chain
        .faults(&json!({ "broadcast": "fail", "times": 1 }))
        .unwrap();
    refund(&shop, 5, &invoice, &ONE);
    let other = refund(&shop, 3, &invoice, &["--amount", "2", "--yes"]);
    assert!(
        other["error"]["hint"].as_str().unwrap().contains("refund resume"),
        "{other}"
    );
    shop.run("shop", &["refund", "resume"]);
    assert_eq!(
        refund(&shop, 0, &invoice, &["--amount", "2", "--yes"])["refund"]["amount"],
        "2000000"
    );
}

#[test]
fn the_same_command_in_several_windows_at_once_pays_once() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let before = shop.balance("alice");
    let endings: Vec<Value> = thread::scope(|scope| {
        let windows: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let arguments = [
                        "refund",
                        "create",
                        "--invoice",
                        &invoice,
                        "--amount",
                        "1",
                        "--reference",
                        "windows",
                        "--yes",
                    ];
                    shop.run("shop", &arguments)
                })
            })
            .collect();
        windows.into_iter().map(|window| window.join().unwrap()).collect()
    });
    for ending in &endings {
        assert_eq!(ending["refund"]["refund_id"], endings[0]["refund"]["refund_id"]);
    }
    assert_one_refund(&shop, &invoice, before);
}

#[test]
fn refunds_in_several_windows_take_nonces_of_their_own() {
    let shop = Shop::open();
    let invoices: Vec<String> = (0..3).map(|_| shop.paid_invoice()).collect();
    thread::scope(|scope| {
        for invoice in &invoices {
            scope.spawn(|| refund(&shop, 0, invoice, &ONE));
        }
    });
    for invoice in &invoices {
        assert_eq!(shop.refunds(invoice).len(), 1);
    }
}

#[test]
fn a_damaged_journal_stops_everything_that_signs() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let path = shop.of("shop").home().join("journal/local.journal");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"nonce\":0", "\"nonce\":9", 1)).unwrap();
    let failed = refund(&shop, 1, &invoice, &ONE);
    fs::write(&path, text).unwrap();
    assert!(
        failed["error"]["message"]
            .as_str()
            .unwrap()
            .contains("is damaged"),
        "{failed}"
    );
    assert!(shop.refunds(&invoice).is_empty());
}

#[test]
fn a_node_of_another_chain_is_noticed_before_anything_is_signed() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    shop.chain.faults(&json!({ "network_id": 1 })).unwrap();
    let refused = refund(&shop, 3, &invoice, &ONE);
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("is on chain"),
        "{refused}"
    );
}
