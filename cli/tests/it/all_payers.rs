//! An invoice that several paid goes back to all of them at once.

use serde_json::{Value, json};

use crate::shop::{Shop, WALLETS};

const ALICE: &str = WALLETS[2].1;

fn invoice_with(shop: &Shop, more: &[&str]) -> String {
    let create = [
        "invoice",
        "create",
        "--amount",
        "10",
        "--min-payment",
        "1",
        "--yes",
    ];
    let invoice = shop.run("shop", &[&create, more].concat())["invoice_id"].to_string();
    shop.run("alice", &["pay", &invoice, "--amount", "4", "--yes"]);
    invoice
}

fn refund(shop: &Shop, code: i32, invoice: &str, more: &[&str]) -> Value {
    let create = ["refund", "create", "--invoice", invoice, "--all-payers", "--yes"];
    shop.run_to(code, "shop", &[&create, more].concat())
}

#[test]
fn all_payers_get_their_part_once_and_then_the_rest() {
    let shop = Shop::open();
    let invoice = invoice_with(&shop, &[]);
    shop.run("bob", &["pay", &invoice, "--yes"]);
    let before = (shop.balance("alice"), shop.balance("bob"));
    let gained = || (shop.balance("alice") - before.0, shop.balance("bob") - before.1);
    let usage = shop.of("shop").command([
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--all-payers",
        "--full",
    ]);
    usage.expect_code(2).run().unwrap();
    let part = format!("{invoice}part");
    let shared = ["--amount", "1.000001", "--reference", &part];
    let plan = refund(&shop, 0, &invoice, &[&shared[..], &["--dry-run"]].concat());
    assert_eq!(plan["plan"]["sums"][0]["amount"], "1000001");
    let paid = refund(&shop, 0, &invoice, &shared);
    assert_eq!(
        (&paid["outcome"], &paid["lines"]["included"]),
        (&json!("done"), &json!(2))
    );
    // 0.4000004 and 0.6000006: the larger remainder gets the last unit.
    assert_eq!(gained(), (400_000, 600_001));
    let again = refund(&shop, 0, &invoice, &shared);
    assert_eq!(again["lines"]["already_done"], 2, "{again}");
    assert_eq!(gained(), (400_000, 600_001));
    let references: Vec<Value> = shop
        .refunds(&invoice)
        .iter()
        .map(|one| one["reference"].clone())
        .collect();
    assert_eq!(
        references,
        [json!(format!("{part}/1")), json!(format!("{part}/2"))]
    );
    let too_much = refund(&shop, 3, &invoice, &["--amount", "9.5", "--reference", "more"]);
    assert_eq!(too_much["error"]["contract_error"]["code"], 1024);
    let rest = format!("{invoice}rest");
    refund(&shop, 0, &invoice, &["--full", "--reference", &rest]);
    assert_eq!(gained(), (4_000_000, 6_000_000));
    let nothing = refund(&shop, 3, &invoice, &["--full", "--reference", "nothing"]);
    assert_eq!(nothing["error"]["contract_error"]["code"], 1022);
}

#[test]
fn a_payer_whose_window_is_over_is_named_and_left_out_only_on_demand() {
    let shop = Shop::open();
    let invoice = invoice_with(&shop, &["--expires-in", "3000", "--refund-window", "1008"]);
    shop.chain.pass_burn_blocks(500).unwrap();
    shop.run("bob", &["pay", &invoice, "--yes"]);
    shop.chain.pass_burn_blocks(520).unwrap();
    let before = (shop.balance("alice"), shop.balance("bob"));
    let reference = format!("{invoice}late");
    let full = ["--full", "--reference", &reference];
    let refused = refund(&shop, 3, &invoice, &full);
    assert!(
        refused["error"]["causes"][0].as_str().unwrap().contains(ALICE),
        "{refused}"
    );
    assert_eq!(refused["error"]["contract_error"]["code"], 1021);
    refund(&shop, 0, &invoice, &[&full[..], &["--without-expired"]].concat());
    assert_eq!(shop.balance("bob"), before.1 + 6_000_000);
    assert_eq!(shop.balance("alice"), before.0);
}
