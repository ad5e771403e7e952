//! An invoice that a crowd paid: its answer stays short, and says where the rest is.

use std::collections::BTreeSet;

use recoup_protocol::api::{BASE_PATH, Invoice};
use recoup_stacks::address::{Address, Network};
use serde_json::{Value, json};

use crate::api::followed;
use crate::harness::TestIndexer;
use crate::synthetic::{Chain, Transaction};

const CROWD: u8 = 130;

/// One invoice, paid and partly refunded by each of the crowd, and one of a single payer.
fn crowd() -> Chain {
    let (mut chain, root) = Chain::new();
    let mut shop = root.shop.clone();
    let (invoice, created) = shop.create_invoice(10_000, None, 100);
    let mut acts = vec![created];
    let payers: Vec<String> = (0..CROWD)
        .map(|number| Address::single_sig(Network::Testnet, [number; 20]).to_string())
        .collect();
    for payer in &payers {
        acts.push(shop.pay(invoice, payer, 10, 100));
    }
    for payer in &payers {
        acts.push(shop.refund(invoice, payer, 4, 100));
    }
    let (lonely, created) = shop.create_invoice(10, None, 100);
    acts.extend([created, shop.pay(lonely, &payers[0], 10, 100)]);
    chain.block(&root, &root.tenure, vec![Transaction::new(1, acts)], shop);
    chain
}

/// What stands at a path that an answer gave.
fn rest(indexer: &TestIndexer, path: &Option<String>) -> Value {
    let path = path.as_deref().unwrap().strip_prefix(BASE_PATH).unwrap();
    let page = indexer.get_ok(path);
    assert_eq!(page["next_cursor"], Value::Null, "{path}");
    page["items"].clone()
}

fn all<'a>(shown: impl IntoIterator<Item = String>, rest: &'a Value, field: &str) -> Vec<String> {
    let text = |value: &'a Value| {
        value[field]
            .as_str()
            .map_or_else(|| value[field].to_string(), str::to_owned)
    };
    shown
        .into_iter()
        .chain(rest.as_array().unwrap().iter().map(text))
        .collect()
}

#[test]
fn an_invoice_shows_the_first_hundred_and_where_the_rest_is() {
    let indexer = followed(&crowd());
    let invoice: Invoice = serde_json::from_value(indexer.get_ok("/invoices/1")).unwrap();
    assert_eq!(
        [
            invoice.payers.len(),
            invoice.payments.len(),
            invoice.refunds.len()
        ],
        [100, 100, 100]
    );
    let payers = rest(&indexer, &invoice.more.payers);
    let payers = all(
        invoice.payers.iter().map(|row| row.payer.to_string()),
        &payers,
        "payer",
    );
    let mut in_order = payers.clone();
    in_order.sort();
    in_order.dedup();
    assert_eq!((payers.len(), &payers), (usize::from(CROWD), &in_order));

    let payments = rest(&indexer, &invoice.more.payments);
    let paid = all(
        invoice.payments.iter().map(|row| row.payer.to_string()),
        &payments,
        "payer",
    );
    assert_eq!(paid.len(), usize::from(CROWD));
    assert_eq!(paid.iter().collect::<BTreeSet<_>>(), payers.iter().collect());

    let refunds = rest(&indexer, &invoice.more.refunds);
    let refunded = all(
        invoice.refunds.iter().map(|row| row.refund_id.to_string()),
        &refunds,
        "refund_id",
    );
    let expected: Vec<String> = (1..=CROWD).map(|id| id.to_string()).collect();
    assert_eq!(refunded, expected);
}

#[test]
fn the_lists_of_an_invoice_are_read_page_by_page() {
    let indexer = followed(&crowd());
    for list in ["payers", "payments"] {
        let mut read = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = indexer.get_ok(&format!("/invoices/1/{list}?limit=50{cursor}"));
            read.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| row["payer"].clone()),
            );
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        let distinct: BTreeSet<String> = read.iter().map(ToString::to_string).collect();
        assert_eq!(
            (read.len(), distinct.len()),
            (usize::from(CROWD), usize::from(CROWD)),
            "{list}"
        );
        assert_eq!(indexer.get(&format!("/invoices/99/{list}")).0, 404);
    }
    let lonely: Invoice = serde_json::from_value(indexer.get_ok("/invoices/2")).unwrap();
    assert_eq!(
        serde_json::to_value(&lonely.more).unwrap(),
        json!({"payers": null, "payments": null, "refunds": null})
    );
    // A cursor of one invoice's list is none of another's.
    let page = indexer.get_ok("/invoices/1/payments?limit=1");
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(
        indexer.get(&format!("/invoices/2/payments?cursor={cursor}")).0,
        400
    );
    assert_eq!(
        indexer.get(&format!("/invoices/1/timeline?cursor={cursor}")).0,
        400
    );
    assert_eq!(indexer.get("/invoices/1/payers?cursor=nobody").0, 400);
}
