//! Which prints count, and what is flagged.

use recoup_indexer::ingest::RootRule;
use recoup_protocol::events::Event;
use recoup_stacks::hash::StacksHeight;
use serde_json::json;

use crate::harness::TestIndexer;
use crate::synthetic::{Block, CORE, Chain, OTHER_PAYER, PAYER, Shop, TOKEN, Transaction};

const ROOT: RootRule = RootRule::Height(StacksHeight(100));

/// A chain whose second block holds a paid invoice of 100.
fn paid_invoice(token: Option<&str>) -> (Chain, Block) {
    let (mut chain, root) = Chain::new();
    let mut shop = root.shop.clone();
    let (invoice, created) = shop.create_invoice(100, token, 100);
    let paid = shop.pay(invoice, PAYER, 100, 100);
    let block = chain.block(
        &root,
        &root.tenure,
        vec![Transaction::new(1, vec![created, paid])],
        shop,
    );
    (chain, block)
}

fn followed(chain: &Chain) -> TestIndexer {
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&chain.messages);
    indexer
}

fn disagreements(indexer: &TestIndexer) -> Vec<String> {
    indexer.lines("select coalesce(disagreement, 'proven') from refund order by refund_id")
}

#[test]
fn events_of_failed_transactions_and_of_other_contracts_do_not_count() {
    let (mut chain, base) = paid_invoice(None);
    let refund = |shop: &mut Shop| vec![shop.refund(1, PAYER, 40, 100)];
    let look_alikes = [
        "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core2",
        "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.Recoup-core",
        "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG.recoup-core",
        "SP1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRP7V1RN.recoup-core",
    ];
    let mut transactions = vec![Transaction::new(2, refund(&mut base.shop.clone())).aborted()];
    for (txid, contract) in (3..).zip(look_alikes) {
        transactions.push(Transaction::new(txid, refund(&mut base.shop.clone())).printed_by(contract));
    }
    chain.block(&base, &base.tenure, transactions, base.shop.clone());
    let indexer = followed(&chain);
    assert!(indexer.tip().starts_with("102 "));
    assert_eq!(
        indexer.count("select count(*) from contract_event"),
        2,
        "the invoice and its payment"
    );
    assert_eq!(indexer.get_ok("/refunds")["items"], json!([]));
}

#[test]
fn every_refund_of_one_call_needs_a_transfer_of_its_own() {
    let (mut chain, base) = paid_invoice(Some(TOKEN));
    let mut shop = base.shop.clone();
    // Two equal refunds and one transfer only, then one that has its own.
    let acts = vec![
        shop.refund(1, PAYER, 10, 100),
        shop.refund(1, PAYER, 10, 100).without_transfer(),
        shop.refund(1, PAYER, 5, 100),
    ];
    chain.block(&base, &base.tenure, vec![Transaction::new(2, acts)], shop);
    let indexer = followed(&chain);
    let missing = "the transaction holds no such token transfer";
    assert_eq!(disagreements(&indexer), ["proven", missing, "proven"]);
    let proven: Vec<_> = (1..=3)
        .map(|id| indexer.get_ok(&format!("/refunds/{id}"))["proven"].clone())
        .collect();
    assert_eq!(proven, [json!(true), json!(false), json!(true)]);
    let health = indexer.get_ok("/health");
    assert_eq!(
        (&health["unproven_refunds"], &health["status"]),
        (&json!(1), &json!("degraded"))
    );
}

#[test]
fn a_transfer_of_another_token_amount_party_or_transaction_proves_nothing() {
    let (mut chain, base) = paid_invoice(Some(TOKEN));
    let mut shop = base.shop.clone();
    let other_token = format!("{TOKEN}-2::coin");
    let changes = [
        ("asset_identifier", other_token.as_str()),
        ("amount", "2"),
        ("recipient", OTHER_PAYER),
        ("sender", OTHER_PAYER),
    ];
    let mut transactions = Vec::new();
    for (txid, (field, value)) in (2..).zip(changes) {
        let mut act = shop.refund(1, PAYER, 1, 100);
        act.transfer.as_mut().unwrap()["ft_transfer_event"][field] = json!(value);
        transactions.push(Transaction::new(txid, vec![act]));
    }
    // The next transaction holds one transfer, for its own refund.
    transactions.push(Transaction::new(
        6,
        vec![shop.refund(1, PAYER, 1, 100).without_transfer()],
    ));
    transactions.push(Transaction::new(7, vec![shop.refund(1, PAYER, 1, 100)]));
    chain.block(&base, &base.tenure, transactions, shop);
    let missing = "the transaction holds no such token transfer";
    assert_eq!(
        disagreements(&followed(&chain)),
        [missing, missing, missing, missing, missing, "proven"]
    );
}

#[test]
fn accounting_that_does_not_add_up_is_flagged() {
    let (mut chain, base) = paid_invoice(None);
    let mut shop = base.shop.clone();
    let mut act = shop.refund(1, PAYER, 40, 100);
    if let Event::RefundProcessed(refund) = &mut act.event {
        refund.payer_refunded.0 += 1;
    }
    chain.block(&base, &base.tenure, vec![Transaction::new(2, vec![act])], shop);
    assert_eq!(
        disagreements(&followed(&chain)),
        ["payer-refunded is not the sum of refunds"]
    );
}

#[test]
fn a_print_of_core_that_cannot_be_read_is_kept_and_counted() {
    let (mut chain, base) = paid_invoice(None);
    chain.block(
        &base,
        &base.tenure,
        vec![Transaction::new(
            2,
            vec![base.shop.clone().refund(1, PAYER, 1, 100)],
        )],
        base.shop.clone(),
    );
    for event in chain.messages.last_mut().unwrap().body["events"]
        .as_array_mut()
        .unwrap()
    {
        if event["type"] == "contract_event" {
            event["contract_event"]["raw_value"] = json!("0x0d000000026869");
        }
    }
    let indexer = followed(&chain);
    assert_eq!(indexer.count("select count(*) from quarantine"), 0);
    assert_eq!(indexer.get_ok("/health")["undecodable_events"], 1);
    let problem = indexer.lines("select problem from contract_event where name is null");
    assert!(problem[0].contains("no event name"), "{problem:?}");
}

#[test]
fn every_event_that_the_contract_printed_in_simnet_is_kept_and_named() {
    let fixture: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/simnet-events.json")).unwrap();
    assert_eq!(fixture["contract"], CORE);
    let printed = fixture["events"].as_array().unwrap();
    let (mut chain, root) = Chain::new();
    chain.block(
        &root,
        &root.tenure,
        vec![Transaction::new(1, Vec::new())],
        root.shop.clone(),
    );
    let block = &mut chain.messages.last_mut().unwrap().body;
    let txid = block["transactions"][0]["txid"].clone();
    let events: Vec<_> = (0..)
        .zip(printed)
        .map(|(index, event): (u32, _)| {
            let print = json!({"contract_identifier": event["contract"], "topic": "print", "raw_value": event["hex"]});
            json!({"txid": txid, "event_index": index, "committed": true, "type": "contract_event", "contract_event": print})
        })
        .collect();
    block["events"] = json!(events);
    let indexer = followed(&chain);
    let names: Vec<_> = printed
        .iter()
        .map(|event| event["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        indexer.lines("select name from contract_event order by ordinal"),
        names
    );
    assert_eq!(
        indexer.count("select count(*) from contract_event where problem is not null"),
        0
    );
    // No transfers stand beside the prints here: that is all that may be wrong with them.
    let others = "select distinct disagreement from refund
        where disagreement is distinct from 'the transaction holds no such token transfer'";
    assert_eq!(indexer.lines(others), Vec::<String>::new());
}
