//! What time alone changes: invoices expire and refund windows close while no block says anything of them.

use serde_json::{Value, json};

use crate::api::ROOT;
use crate::harness::TestIndexer;
use crate::synthetic::{Chain, MERCHANT, NewInvoice, OTHER_PAYER, PAYER, Transaction};

/// Invoices of the merchant in a status.
fn invoices(indexer: &TestIndexer, status: &str) -> Vec<u64> {
    let page = indexer.get_ok(&format!("/invoices?merchant={MERCHANT}&status={status}"));
    let items = page["items"].as_array().unwrap();
    for item in items {
        assert_eq!(item["status"], status);
    }
    items
        .iter()
        .map(|item| item["invoice_id"].as_u64().unwrap())
        .collect()
}

/// What the merchant's payers can still get back in STX.
fn refundable(indexer: &TestIndexer) -> Value {
    let reserves = indexer.get_ok(&format!("/reserves/{MERCHANT}"));
    reserves["reserves"][0]["refundable"].clone()
}

#[test]
fn the_bitcoin_tip_expires_invoices_and_closes_windows() {
    let (mut chain, root) = Chain::new();
    let mut shop = root.shop.clone();
    let of_three = NewInvoice {
        amount: 100,
        payable_blocks: 2,
        refund_window: 3,
        ..NewInvoice::of(MERCHANT)
    };
    let of_five = NewInvoice {
        amount: 50,
        refund_window: 5,
        ..NewInvoice::of(MERCHANT)
    };
    let sold = vec![
        shop.create(&of_three, 100),
        shop.pay(1, PAYER, 60, 100),
        shop.create(&of_five, 100),
        shop.pay(2, OTHER_PAYER, 50, 100),
        shop.refund(2, OTHER_PAYER, 10, 100),
    ];
    let block = chain.block(&root, &root.tenure, vec![Transaction::new(1, sold)], shop);
    let mut told = chain.messages.len();
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&chain.messages);
    assert_eq!(invoices(&indexer, "partially-paid"), [1]);
    assert_eq!(refundable(&indexer), "100");

    // Heights 101 to 103: the first invoice expires at 102, its payer's window closes at 103.
    let mut burn = block.tenure.clone();
    let mut pass = |chain: &mut Chain, burn: &mut _| {
        *burn = chain.burn(burn);
        indexer.post_all(&chain.messages[told..]);
        told = chain.messages.len();
        json!([invoices(&indexer, "expired"), refundable(&indexer)])
    };
    let seen: Vec<Value> = (0..3).map(|_| pass(&mut chain, &mut burn)).collect();
    assert_eq!(
        json!(seen),
        json!([[[], "100"], [[1], "100"], [[1], "40"]]),
        "by height"
    );

    // At 104 the second window grows from 5 to 7, for a payer that no event names: it closes at 107.
    let mut later = block.shop.clone();
    let extended = later.extend_window(2, 7, 103);
    chain.block(&block, &burn, vec![Transaction::new(2, vec![extended])], later);
    let seen: Vec<Value> = (0..4).map(|_| pass(&mut chain, &mut burn)).collect();
    assert_eq!(
        json!(seen),
        json!([[[1], "40"], [[1], "40"], [[1], "40"], [[1], null]]),
        "by height"
    );
    assert_eq!(invoices(&indexer, "partially-paid"), [0; 0]);
    assert_eq!(invoices(&indexer, "paid"), [2]);
}
