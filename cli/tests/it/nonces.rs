//! Nonces that somebody else knows more about: the mempool of a hosted API, and a node that lies.

use chrono::Utc;
use serde_json::json;

use crate::fake_server;
use crate::shop::Shop;

fn refund<'a>(invoice: &'a str, amount: &'a str) -> [&'a str; 8] {
    [
        "refund",
        "create",
        "--invoice",
        invoice,
        "--amount",
        amount,
        "--yes",
        "--no-wait",
    ]
}

#[test]
fn what_other_programs_sent_from_this_wallet_goes_first() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let next = shop.run("shop", &["wallet", "balance"])["nonce"]
        .as_u64()
        .unwrap();
    // Another machine of the same shop: its transaction waits, and this journal does not know it.
    shop.chain.faults(&json!({ "minimum_fee": 100_000_000 })).unwrap();
    let elsewhere = crate::shop::Home::new();
    let other = elsewhere.recoup().with_env("RECOUP_NODE_URL", shop.chain.url());
    elsewhere.import(&other, "shop", crate::shop::WALLETS[1].2);
    let other = other.with_env(
        "RECOUP_CONTRACT",
        format!("{}.recoup-core", crate::shop::WALLETS[0].1),
    );
    let create = ["invoice", "create", "--amount", "1", "--yes", "--no-wait"];
    other.command(create).expect_code(6).run().unwrap();

    let nonces = json!({ "next_nonce": next + 1, "last_confirmed_nonce": next.checked_sub(1) });
    let api = fake_server::always(&Utc::now().to_rfc2822(), &nonces.to_string());
    let recoup = shop.of("shop").with_env("RECOUP_API_URL", api);
    let told = recoup
        .command(refund(&invoice, "1"))
        .expect_code(6)
        .run()
        .unwrap();
    assert!(
        told.stderr.contains(&format!("gets nonce {}", next + 1)),
        "{}",
        told.stderr
    );
    // A hosted API that is away is told, and stops nothing.
    let recoup = recoup.with_env("RECOUP_API_URL", "http://127.0.0.1:1");
    let told = recoup
        .command(["pay", &invoice, "--dry-run"])
        .expect_code(3)
        .run()
        .unwrap();
    assert!(told.stderr.contains("error:"), "{}", told.stderr);
    let again = ["invoice", "create", "--amount", "1", "--dry-run"];
    recoup
        .command(again)
        .expect_stderr("does not say what waits")
        .run()
        .unwrap();

    shop.chain.faults(&json!({ "clear": true })).unwrap();
    shop.run("shop", &["refund", "resume"]);
    assert_eq!(shop.refunds(&invoice).len(), 1);
}
