//! What auditors are answered.

use std::collections::BTreeSet;

use recoup_indexer::ingest::RootRule;
use recoup_protocol::api::{
    ErrorBody, Health, Invoice, InvoiceSummary, Page, PrincipalTotals, Refund, Stats, TimelineEntry,
};
use recoup_stacks::hash::StacksHeight;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::harness::TestIndexer;
use crate::synthetic::{Block, Chain, MERCHANT, OTHER_PAYER, PAYER, TOKEN, Transaction};

pub(crate) const ROOT: RootRule = RootRule::Height(StacksHeight(100));

/// An STX invoice paid by two payers and refunded in part, an expired one, and a token invoice refunded whole.
pub(crate) fn story() -> (Chain, Block) {
    let (mut chain, root) = Chain::new();
    let mut shop = root.shop.clone();
    let (stx, created) = shop.create_invoice(100, None, 100);
    let (_, never_paid) = shop.create_invoice(u128::MAX, None, 100);
    let (token, token_created) = shop.create_invoice(25_000, Some(TOKEN), 100);
    let first = Transaction::new(1, vec![created, never_paid, token_created]);
    let second = Transaction::new(
        2,
        vec![shop.pay(stx, PAYER, 60, 100), shop.pay(token, PAYER, 25_000, 100)],
    );
    let block = chain.block(&root, &root.tenure, vec![first, second], shop);

    let burn = chain.burn(&block.tenure);
    let mut shop = block.shop.clone();
    let paid = Transaction::new(3, vec![shop.pay(stx, OTHER_PAYER, 40, 101)]);
    let refunded = vec![
        shop.refund(stx, PAYER, 15, 101),
        shop.refund(token, PAYER, 25_000, 101),
    ];
    let extended = Transaction::new(5, vec![shop.extend_window(stx, 5000, 101)]);
    let transactions = vec![paid, Transaction::new(4, refunded), extended];
    let block = chain.block(&block, &burn, transactions, shop);
    (chain, block)
}

pub(crate) fn followed(chain: &Chain) -> TestIndexer {
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&chain.messages);
    indexer
}

/// A body as its readers understand it, with nothing lost on the way.
fn body<T: DeserializeOwned + Serialize>(indexer: &TestIndexer, path: &str) -> String {
    let sent = indexer.get_ok(path);
    let understood: T = serde_json::from_value(sent.clone()).unwrap();
    assert_eq!(serde_json::to_value(&understood).unwrap(), sent);
    serde_json::to_string_pretty(&understood).unwrap()
}

#[test]
fn bodies_are_as_documented() {
    let (chain, _) = story();
    let indexer = followed(&chain);
    insta::assert_snapshot!("invoice", body::<Invoice>(&indexer, "/invoices/1"));
    insta::assert_snapshot!("refund", body::<Refund>(&indexer, "/refunds/1"));
    insta::assert_snapshot!("refunds", body::<Page<Refund>>(&indexer, "/refunds?limit=1"));
    let merchant = format!("/merchants/{MERCHANT}?as_of_burn_height=101");
    insta::assert_snapshot!("merchant", body::<PrincipalTotals>(&indexer, &merchant));
    insta::assert_snapshot!(
        "stats",
        body::<Stats>(&indexer, "/stats?bucket=burn&from_burn_height=100&size=1")
    );
    insta::assert_snapshot!(
        "invoices",
        body::<Page<InvoiceSummary>>(&indexer, "/invoices?limit=1")
    );
    insta::assert_snapshot!(
        "timeline",
        body::<Page<TimelineEntry>>(&indexer, "/invoices/1/timeline?limit=3")
    );
    let mut health: Value = serde_json::from_str(&body::<Health>(&indexer, "/health")).unwrap();
    for time in ["last_message_at", "writer_seen_at"] {
        assert!(health[time].is_string(), "{health}");
        health[time] = json!("(a time)");
    }
    let health = serde_json::to_string_pretty(&health).unwrap();
    insta::assert_snapshot!("health", health);
}

#[test]
fn refusals_say_what_is_wrong() {
    let (chain, _) = story();
    let indexer = followed(&chain);
    let asked = [
        "/refunds?merchnat=x",
        "/refunds?merchant=nobody",
        "/refunds?invoice=0",
        "/refunds?invoice=9223372036854775808",
        "/refunds?limit=0",
        "/refunds?limit=501",
        "/refunds?limit=+1",
        "/refunds?status=pending",
        "/refunds?cursor=1.2.3",
        "/refunds?token=STX&reference=a",
        "/refunds?q=coffee",
        "/refunds?order=largest",
        "/refunds?min_amount=1&token=STX",
        "/refunds?min_amount=-1&token=STX&order=largest",
        "/refunds?as_of_burn_height=102",
        "/refunds?from_time=yesterday",
        "/refunds?merchant=ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5&q=%00",
        "/refunds?merchant=ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5&q=...",
        "/refunds?limit=1&limit=2",
        "/refunds/0",
        "/refunds/99",
        "/refunds/18446744073709551616",
        "/refunds/1?x=1",
        "/invoices/99",
        "/invoices/99/timeline",
        "/invoices?status=paid",
        "/invoices?cursor=1",
        "/merchants/nobody",
        "/payers/ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD6",
        "/stats?bucket=week",
        "/stats?from_day=2026-1-1",
        "/stats?from_day=2020-01-01&to_day=2026-01-01",
        "/stats?from_day=2026-01-02&to_day=2026-01-01",
        "/stats?bucket=day&from_burn_height=1",
        "/health?verbose=1",
        "/nothing",
    ];
    let answers: Vec<String> = asked
        .iter()
        .map(|path| {
            let (status, body) = indexer.get(path);
            let body: ErrorBody = serde_json::from_value(body).unwrap();
            let [error] = &body.errors[..] else {
                panic!("{path}: {body:?}")
            };
            format!("GET {path}\n{status} {}: {}\n", error.code, error.detail)
        })
        .collect();
    insta::assert_snapshot!("refusals", answers.join("\n"));
}

#[test]
fn a_database_out_of_order_is_said_and_not_hidden_as_nothing_found() {
    let indexer = TestIndexer::start(ROOT);
    indexer.execute(
        "alter table chain_tip rename to chain_tip_away; alter table refund rename to refund_away;
         alter table invoice rename to invoice_away",
    );
    let (status, body) = indexer.get("/health");
    assert_eq!(
        (status, &body["errors"][0]["code"]),
        (503, &json!("database-unavailable"))
    );
    for path in ["/invoices/1", "/refunds/1", "/refunds"] {
        let (status, body) = indexer.get(path);
        assert_eq!(
            (status, &body["errors"][0]["code"]),
            (503, &json!("unavailable")),
            "{path}"
        );
    }
}

#[test]
fn filters_narrow_and_combine() {
    let (chain, _) = story();
    let indexer = followed(&chain);
    let ids = |query: &str| -> Vec<u64> {
        let page = indexer.get_ok(&format!("/refunds?{query}"));
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|refund| refund["refund_id"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(ids(""), [2, 1]);
    assert_eq!(ids(&format!("merchant={MERCHANT}")), [2, 1]);
    assert_eq!(ids(&format!("merchant={PAYER}")), Vec::<u64>::new());
    assert_eq!(ids(&format!("payer={PAYER}&merchant={MERCHANT}")), [2, 1]);
    assert_eq!(ids(&format!("payer={OTHER_PAYER}")), Vec::<u64>::new());
    assert_eq!(ids("invoice=3&status=seen"), [2]);
    assert_eq!(ids("status=final"), Vec::<u64>::new());
}

#[test]
fn an_unpaid_invoice_expires_with_the_burn_chain() {
    let (mut chain, block) = story();
    let indexer = followed(&chain);
    assert_eq!(indexer.get_ok("/invoices/2")["status"], "open");
    let known = chain.messages.len();
    let far = crate::synthetic::Burn {
        height: 1099,
        ..block.tenure
    };
    let last = chain.burn(&far);
    indexer.post_all(&chain.messages[known..]);
    assert_eq!(last.height, 1100);
    assert_eq!(indexer.get_ok("/invoices/2")["status"], "expired");
    assert_eq!(indexer.get_ok("/invoices/1")["status"], "paid");
    assert_eq!(indexer.get_ok("/invoices/3")["status"], "refunded");
}

/// Appends a block with so many refunds of 1.
pub(crate) fn more_refunds(chain: &mut Chain, parent: &Block, txid: u64, count: usize) -> Block {
    let mut shop = parent.shop.clone();
    let acts = (0..count).map(|_| shop.refund(1, PAYER, 1, 100)).collect();
    chain.block(
        parent,
        &parent.tenure.clone(),
        vec![Transaction::new(txid, acts)],
        shop,
    )
}

pub(crate) fn many_refunds() -> (Chain, Block) {
    let (mut chain, root) = Chain::new();
    let mut shop = root.shop.clone();
    let (invoice, created) = shop.create_invoice(1000, None, 100);
    let paid = shop.pay(invoice, PAYER, 1000, 100);
    let block = chain.block(
        &root,
        &root.tenure,
        vec![Transaction::new(1, vec![created, paid])],
        shop,
    );
    let block = more_refunds(&mut chain, &block, 2, 10);
    let block = more_refunds(&mut chain, &block, 3, 10);
    (chain, block)
}

pub(crate) fn ids(page: &Value) -> Vec<u64> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refund| refund["refund_id"].as_u64().unwrap())
        .collect()
}

#[test]
fn pages_neither_skip_nor_repeat_while_refunds_arrive() {
    let (mut chain, mut block) = many_refunds();
    let indexer = followed(&chain);
    let mut read = Vec::new();
    let mut cursor = String::new();
    for txid in 100.. {
        let page = indexer.get_ok(&format!("/refunds?invoice=1&limit=3{cursor}"));
        read.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
        let known = chain.messages.len();
        block = more_refunds(&mut chain, &block, txid, 2);
        indexer.post_all(&chain.messages[known..]);
    }
    assert_eq!(read, (1..=20).rev().collect::<Vec<_>>());
}

#[test]
fn a_fork_below_the_last_page_asks_for_a_new_start_and_one_above_does_not() {
    let (mut chain, block) = many_refunds();
    // On a Bitcoin block of its own, so that it can be orphaned.
    let burn = chain.burn(&block.tenure);
    let orphan = Block {
        tenure: burn.clone(),
        view: burn,
        ..block.clone()
    };
    let mut shop = block.shop.clone();
    let acts = (0..3).map(|_| shop.refund(1, PAYER, 1, 100)).collect();
    chain.block(&block, &orphan.tenure, vec![Transaction::new(9, acts)], shop);
    let indexer = followed(&chain);
    let top = indexer.get_ok("/refunds?limit=2");
    assert_eq!(ids(&top), [23, 22]);
    let deep = indexer.get_ok("/refunds?limit=8");
    let next = |page: &Value| page["next_cursor"].as_str().unwrap().to_owned();

    let known = chain.messages.len();
    let rival = chain.burn(&block.tenure);
    chain.burn(&rival);
    indexer.post_all(&chain.messages[known..]);

    let (status, refusal) = indexer.get(&format!("/refunds?limit=2&cursor={}", next(&top)));
    assert_eq!(
        (status, &refusal["errors"][0]["code"]),
        (409, &json!("cursor-orphaned"))
    );
    let rest = indexer.get_ok(&format!("/refunds?limit=100&cursor={}", next(&deep)));
    let read: BTreeSet<u64> = ids(&deep).into_iter().chain(ids(&rest)).collect();
    assert_eq!(read, (1..=23).collect());
}
