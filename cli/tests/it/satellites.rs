//! Subscriptions, operators, reserves and invoices' other commands, against the contracts themselves.

use serde_json::Value;

use crate::shop::{Shop, WALLETS};

const BOB: &str = WALLETS[3].1;

fn contract_error(document: &Value) -> (i64, &str) {
    let error = &document["error"]["contract_error"];
    (error["code"].as_i64().unwrap(), error["name"].as_str().unwrap())
}

fn outcome(document: &Value) -> &str {
    document["outcome"].as_str().unwrap()
}

/// What the newest invoice of the shop is: the one of a subscription payment just made.
fn newest_invoice(shop: &Shop) -> String {
    let list = shop.run("shop", &["invoice", "list", "--newest", "1"]);
    list["invoices"][0]["invoice_id"].to_string()
}

#[test]
fn all_contracts_are_deployed_as_released() {
    let shop = Shop::open();
    let info = shop.run("deployer", &["contracts", "info"]);
    let contracts = info["contracts"].as_array().unwrap();
    assert_eq!(contracts.len(), 4);
    for contract in contracts {
        assert_eq!(contract["status"], "released", "{contract}");
    }
    let again = shop.run("deployer", &["contracts", "deploy", "--yes"]);
    for contract in again["contracts"].as_array().unwrap() {
        assert_eq!(contract["status"], "already-done", "{contract}");
    }
}

#[test]
fn a_subscription_is_paid_refunded_and_cancelled() {
    let shop = Shop::open();
    let appoint = ["operator", "set", "subscriptions", "--may-invoice", "--yes"];
    shop.run("shop", &appoint);
    assert_eq!(outcome(&shop.run("shop", &appoint)), "already-done");
    let operators = shop.run("shop", &["operator", "list"]);
    assert!(operators["operators"].as_array().unwrap().iter().any(|operator| {
        operator["operator"]
            .as_str()
            .unwrap()
            .ends_with(".recoup-subscriptions")
            && operator["may_invoice"] == true
    }));
    let offer = [
        "subscription",
        "plan",
        "create",
        "--amount",
        "10",
        "--interval",
        "1000",
        "--yes",
    ];
    let plan = shop.run("shop", &offer)["id"].to_string();
    let shown = shop.run("alice", &["subscription", "plan", "show", &plan]);
    assert_eq!(
        (&shown["amount"], &shown["open"]),
        (&"10000000".into(), &true.into())
    );

    let before = shop.balance("alice");
    let subscribe = ["subscription", "subscribe", &plan, "--yes", "--fee", "5000"];
    let subscription = shop.run("alice", &subscribe)["id"].to_string();
    assert_eq!(shop.balance("alice"), before - 10_000_000 - 5_000);
    let pay = ["subscription", "pay", &subscription, "--yes"];
    assert_eq!(outcome(&shop.run("alice", &pay)), "included");
    assert_eq!(
        contract_error(&shop.run_to(3, "alice", &pay)),
        (1106, "ERR_TOO_EARLY")
    );
    assert_eq!(
        contract_error(&shop.run_to(3, "bob", &pay)),
        (1100, "ERR_NOT_AUTHORISED")
    );
    let invoice = newest_invoice(&shop);
    let refund = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--amount",
        "4",
        "--yes",
    ];
    assert_eq!(shop.run("shop", &refund)["refund"]["amount"], "4000000");

    let cancel = ["subscription", "cancel", &subscription, "--yes"];
    assert_eq!(outcome(&shop.run("alice", &cancel)), "included");
    assert_eq!(outcome(&shop.run("shop", &cancel)), "already-done");
    assert_eq!(
        contract_error(&shop.run_to(3, "alice", &pay)),
        (1105, "ERR_CANCELLED")
    );
    let list = shop.run("alice", &["subscription", "list"]);
    let ours = &list["subscriptions"][0];
    assert_eq!(
        (&ours["status"], &ours["payments"]),
        (&"cancelled".into(), &2.into())
    );

    let close = ["subscription", "plan", "close", &plan, "--yes"];
    shop.run("shop", &close);
    assert_eq!(
        contract_error(&shop.run_to(3, "bob", &subscribe)),
        (1103, "ERR_PLAN_CLOSED")
    );
    shop.run("shop", &["operator", "revoke", "subscriptions", "--yes"]);
    assert_eq!(
        contract_error(&shop.run_to(3, "shop", &offer)),
        (1000, "ERR_NOT_AUTHORISED")
    );
}

#[test]
fn a_delegate_refunds_from_the_reserve_within_its_budget() {
    let shop = Shop::open();
    shop.run("shop", &["operator", "set", "reserve", "--may-refund", "--yes"]);
    let before = shop.balance("shop");
    shop.run("shop", &["reserve", "deposit", "20", "--yes", "--fee", "5000"]);
    assert_eq!(shop.balance("shop"), before - 20_000_000 - 5_000);
    let too_much = shop.run_to(3, "shop", &["reserve", "withdraw", "20.000001", "--yes"]);
    assert_eq!(contract_error(&too_much), (1205, "ERR_RESERVE_TOO_LOW"));

    let invoice = shop.paid_invoice();
    let refund = |code, wallet: &str, amount: &str, reference: &str| {
        let arguments = [
            "refund",
            "create",
            "--invoice",
            &invoice,
            "--from-reserve",
            "--yes",
            "--amount",
            amount,
            "--reference",
            reference,
        ];
        shop.run_to(code, wallet, &arguments)
    };
    assert_eq!(
        contract_error(&refund(3, "bob", "1", "reserve-0")),
        (1201, "ERR_NOT_DELEGATE")
    );
    let delegate = [
        "reserve",
        "delegate",
        BOB,
        "--per-refund",
        "3",
        "--per-period",
        "5",
        "--yes",
    ];
    shop.run("shop", &delegate);
    assert_eq!(
        contract_error(&refund(3, "bob", "3.1", "reserve-1")),
        (1203, "ERR_ABOVE_LIMIT")
    );
    let alice = shop.balance("alice");
    let paid = refund(0, "bob", "3", "reserve-1");
    assert_eq!(outcome(&paid), "included");
    assert!(
        paid["refund"]["issuer"]
            .as_str()
            .unwrap()
            .ends_with(".recoup-reserve")
    );
    assert_eq!(
        (&paid["plan"]["reserve_after"], &paid["plan"]["budget_after"]),
        (&"17000000".into(), &"2000000".into())
    );
    assert_eq!(outcome(&refund(0, "bob", "3", "reserve-1")), "already-done");
    assert_eq!(shop.balance("alice"), alice + 3_000_000);
    assert_eq!(
        contract_error(&refund(3, "bob", "3", "reserve-2")),
        (1204, "ERR_BUDGET_SPENT")
    );
    let shown = shop.run("shop", &["reserve", "show", "--delegate", BOB]);
    assert_eq!(
        (&shown["balance"], &shown["delegate"]["left"]),
        (&"17000000".into(), &"2000000".into())
    );
    shop.run("shop", &["reserve", "revoke", BOB, "--yes"]);
    assert_eq!(
        contract_error(&refund(3, "bob", "1", "reserve-3")),
        (1201, "ERR_NOT_DELEGATE")
    );
    let withdrawn = shop.balance("shop");
    shop.run("shop", &["reserve", "withdraw", "17", "--yes", "--fee", "5000"]);
    assert_eq!(shop.balance("shop"), withdrawn + 17_000_000 - 5_000);
}

#[test]
fn a_reserve_refund_whose_sending_failed_pays_once() {
    let shop = Shop::open();
    shop.run("shop", &["operator", "set", "reserve", "--may-refund", "--yes"]);
    shop.run("shop", &["reserve", "deposit", "5", "--yes"]);
    let delegate = [
        "reserve",
        "delegate",
        BOB,
        "--per-refund",
        "3",
        "--per-period",
        "3",
        "--yes",
    ];
    shop.run("shop", &delegate);
    let invoice = shop.paid_invoice();
    let alice = shop.balance("alice");
    let refund = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--from-reserve",
        "--yes",
        "--amount",
        "2",
    ];
    shop.chain
        .faults(&serde_json::json!({ "broadcast": "fail", "times": 1 }))
        .unwrap();
    shop.run_to(5, "bob", &refund);
    let again = shop.run("bob", &refund);
    assert_eq!(
        (outcome(&again), again["resumed"].as_bool()),
        ("included", Some(true))
    );
    assert_eq!(shop.balance("alice"), alice + 2_000_000);
    assert_eq!(shop.refunds(&invoice).len(), 1);
}

#[test]
fn tokens_are_kept_in_reserve_too() {
    let shop = Shop::open();
    let token = format!("{}.mock-sbtc", WALLETS[0].1);
    shop.chain.fund_token(WALLETS[1].1, &token, 1_000).unwrap();
    let deposit = ["reserve", "deposit", "0.00000900", "--token", &token, "--yes"];
    shop.run("shop", &deposit);
    let shown = shop.run("shop", &["reserve", "show", "--token", &token]);
    assert_eq!(shown["balance"], "900");
    shop.run(
        "shop",
        &["reserve", "withdraw", "0.000009", "--token", &token, "--yes"],
    );
    let shown = shop.run("shop", &["reserve", "show", "--token", &token]);
    assert_eq!(shown["balance"], "0");
}

#[test]
fn an_invoice_is_cancelled_and_a_window_grows() {
    let shop = Shop::open();
    let invoice =
        shop.run("shop", &["invoice", "create", "--amount", "1", "--yes"])["invoice_id"].to_string();
    let extend = |window| ["invoice", "extend-window", &invoice, window, "--yes"];
    assert_eq!(outcome(&shop.run("shop", &extend("5000"))), "included");
    assert_eq!(outcome(&shop.run("shop", &extend("5000"))), "already-done");
    assert_eq!(
        contract_error(&shop.run_to(3, "shop", &extend("4999"))),
        (1003, "ERR_INVALID_WINDOW")
    );
    let cancel = ["invoice", "cancel", &invoice, "--yes"];
    assert_eq!(
        contract_error(&shop.run_to(3, "bob", &cancel)),
        (1000, "ERR_NOT_AUTHORISED")
    );
    assert_eq!(outcome(&shop.run("shop", &cancel)), "included");
    assert_eq!(outcome(&shop.run("shop", &cancel)), "already-done");
    assert_eq!(
        contract_error(&shop.run_to(3, "alice", &["pay", &invoice, "--yes"])),
        (1010, "ERR_NOT_PAYABLE")
    );
    let paid = shop.paid_invoice();
    let too_late = shop.run_to(3, "shop", &["invoice", "cancel", &paid, "--yes"]);
    assert_eq!(contract_error(&too_late), (1015, "ERR_NOT_CANCELLABLE"));
}
