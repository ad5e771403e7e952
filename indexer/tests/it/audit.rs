//! What only auditors ask: every filter and order, and lists that hold still.

use std::collections::BTreeSet;

use recoup_indexer::api::COMBINATIONS;
use serde_json::{Value, json};

use crate::api::{followed, ids, story};
use crate::synthetic::{Block, Burn, Chain, MERCHANT, OTHER_PAYER, PAYER, TOKEN, Transaction};

/// A value for each filter, as the stories have it.
fn parameter(filter: &str) -> String {
    match filter {
        "merchant" => format!("merchant={MERCHANT}"),
        "payer" => format!("payer={PAYER}"),
        "invoice" => "invoice=1".to_owned(),
        "token" => "token=STX".to_owned(),
        "reference" => "reference=refund-1".to_owned(),
        "txid" => format!("txid={}", Transaction::new(2, Vec::new()).txid),
        "amount" => "min_amount=1&max_amount=10".to_owned(),
        "q" => "q=Script".to_owned(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_pair_that_no_index_answers_is_refused_with_those_that_are() {
    let (chain, _) = story();
    let indexer = followed(&chain);
    let allowed: BTreeSet<Vec<&str>> = COMBINATIONS
        .iter()
        .map(|combination| combination.filters.to_vec())
        .collect();
    let filters = [
        "merchant",
        "payer",
        "invoice",
        "token",
        "reference",
        "txid",
        "q",
        "amount",
    ];
    let (mut answered, mut refused) = (0, 0);
    for chosen in 0..1_u32 << filters.len() {
        let chosen: Vec<&str> = (0..filters.len())
            .filter(|bit| chosen & 1 << bit != 0)
            .map(|bit| filters[bit])
            .collect();
        for order in ["newest", "oldest", "largest", "smallest"] {
            let mut query: Vec<String> = chosen.iter().map(|filter| parameter(filter)).collect();
            query.push(format!("order={order}"));
            let (status, body) = indexer.get(&format!("/refunds?{}", query.join("&")));
            if status == 200 {
                answered += 1;
                let is_by_amount = matches!(order, "largest" | "smallest") && !chosen.contains(&"amount");
                let named: Vec<&str> = chosen
                    .iter()
                    .copied()
                    .chain(is_by_amount.then_some("amount"))
                    .collect();
                assert!(allowed.contains(&named), "{chosen:?} {order}");
            } else {
                refused += 1;
                let error = &body["errors"][0];
                assert_eq!(
                    (status, &error["code"]),
                    (400, &json!("unsupported-filters")),
                    "{chosen:?} {order}"
                );
                assert!(
                    error["detail"].as_str().unwrap().contains("merchant + reference"),
                    "{error}"
                );
            }
        }
    }
    // By place: 9 in two orders. By amount: 2 in two, each with and without a range. Words: one order.
    assert_eq!((answered, refused), (9 * 2 + 2 * 2 * 2 + 1, 1024 - 27));
}

/// Two burn blocks of refunds by amount: 1 to 6 in STX below, 7 to 9 above, and one in a token.
pub(crate) fn amounts() -> (Chain, [Block; 2], Burn) {
    let (mut chain, root) = Chain::new();
    let mut shop = root.shop.clone();
    let (stx, created) = shop.create_invoice(1000, None, 100);
    let (token, token_created) = shop.create_invoice(1000, Some(TOKEN), 100);
    let mut acts = vec![
        created,
        token_created,
        shop.pay(stx, PAYER, 1000, 100),
        shop.pay(token, PAYER, 1000, 100),
    ];
    acts.extend((1..=6).map(|amount| shop.refund(stx, PAYER, amount, 100)));
    acts.push(shop.refund(token, PAYER, 500, 100));
    let below = chain.block(&root, &root.tenure, vec![Transaction::new(1, acts)], shop);
    let burn = chain.burn(&below.tenure);
    let mut shop = below.shop.clone();
    let acts = (7..=9)
        .map(|amount| shop.refund(stx, PAYER, amount, 101))
        .collect();
    let above = chain.block(&below, &burn, vec![Transaction::new(2, acts)], shop);
    (chain, [below, above], burn)
}

pub(crate) fn field(page: &Value, name: &str) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| match &item[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect()
}

#[test]
fn a_list_by_amount_holds_still_while_refunds_arrive_and_asks_for_a_new_start_after_a_fork() {
    let (mut chain, [below, above], burn) = amounts();
    let indexer = followed(&chain);
    let list = format!("/refunds?merchant={MERCHANT}&token=STX&order=largest");
    assert_eq!(
        field(&indexer.get_ok(&list), "amount"),
        ["9", "8", "7", "6", "5", "4", "3", "2", "1"]
    );
    let smallest = list.replace("largest", "smallest");
    assert_eq!(
        field(
            &indexer.get_ok(&format!("{smallest}&min_amount=3&max_amount=5")),
            "amount"
        ),
        ["3", "4", "5"]
    );

    let first = indexer.get_ok(&format!("{list}&limit=4"));
    let next = |page: &Value| page["next_cursor"].as_str().unwrap().to_owned();
    // One that would stand above what was read, one that would stand below.
    let known = chain.messages.len();
    let mut shop = above.shop.clone();
    let acts = vec![shop.refund(1, PAYER, 100, 101), shop.refund(1, PAYER, 2, 101)];
    let last = chain.block(&above, &burn, vec![Transaction::new(3, acts)], shop);
    indexer.post_all(&chain.messages[known..]);
    let second = indexer.get_ok(&format!("{list}&limit=4&cursor={}", next(&first)));
    let rest = indexer.get_ok(&format!("{list}&limit=4&cursor={}", next(&second)));
    let read: Vec<String> = [&first, &second, &rest]
        .into_iter()
        .flat_map(|page| field(page, "amount"))
        .collect();
    assert_eq!(read, ["9", "8", "7", "6", "5", "4", "3", "2", "1"]);
    assert_eq!(indexer.get_ok(&list)["items"][0]["amount"], "100");

    // A cursor of one list is none of another.
    let (status, refusal) = indexer.get(&format!("{smallest}&cursor={}", next(&first)));
    assert_eq!(
        (status, &refusal["errors"][0]["code"]),
        (400, &json!("invalid-parameter"))
    );

    let known = chain.messages.len();
    let rival = chain.burn(&below.tenure);
    let rival = chain.burn(&rival);
    chain.block(&below, &rival, Vec::new(), below.shop.clone());
    indexer.post_all(&chain.messages[known..]);
    let (status, refusal) = indexer.get(&format!("{list}&limit=4&cursor={}", next(&first)));
    assert_eq!(
        (status, &refusal["errors"][0]["code"]),
        (409, &json!("cursor-orphaned"))
    );
    assert_eq!(
        field(&indexer.get_ok(&list), "amount"),
        ["6", "5", "4", "3", "2", "1"]
    );
    assert_eq!(last.height, 103);
}

#[test]
fn the_oldest_come_first_when_asked_and_none_is_skipped_while_refunds_arrive_and_the_tip_forks() {
    let (mut chain, [below, above], burn) = amounts();
    let indexer = followed(&chain);
    let list = format!("/refunds?merchant={MERCHANT}&order=oldest&limit=3");
    let mut read = Vec::new();
    let mut cursor = String::new();
    let mut tip = above;
    for round in 0..10 {
        let page = indexer.get_ok(&format!("{list}{cursor}"));
        read.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
        let known = chain.messages.len();
        if round == 0 {
            // The tip's burn block leaves the chain; what was read stays on it.
            let rival = chain.burn(&below.tenure);
            let rival = chain.burn(&rival);
            tip = chain.block(&below, &rival, Vec::new(), below.shop.clone());
            assert_ne!(rival, burn);
        } else if round < 4 {
            let mut shop = tip.shop.clone();
            let acts = (0..3).map(|_| shop.refund(1, PAYER, 1, 102)).collect();
            let tenure = tip.tenure.clone();
            tip = chain.block(&tip, &tenure, vec![Transaction::new(50 + round, acts)], shop);
        }
        indexer.post_all(&chain.messages[known..]);
    }
    assert_eq!(read, (1..=16).collect::<Vec<_>>());
    assert_eq!(read, ids(&indexer.get_ok("/refunds?order=oldest")));
}

#[test]
fn ranges_of_burn_heights_and_times_cut_the_list() {
    let (chain, _, _) = amounts();
    let indexer = followed(&chain);
    let of = |query: &str| ids(&indexer.get_ok(&format!("/refunds?order=oldest&{query}")));
    assert_eq!(of("as_of_burn_height=100"), (1..=7).collect::<Vec<_>>());
    assert_eq!(of("as_of_burn_height=101&from_burn_height=101"), [8, 9, 10]);
    assert_eq!(of("from_burn_height=102"), Vec::<u64>::new());
    assert_eq!(of("to_burn_height=99"), Vec::<u64>::new());
    assert_eq!(of("to_burn_height=9223372036854775806").len(), 10);
    let made = indexer.get_ok("/refunds/8")["position"]["block_time"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(of(&format!("from_time={made}")), [8, 9, 10]);
    assert_eq!(of(&format!("before_time={made}")), (1..=7).collect::<Vec<_>>());
    assert_eq!(
        of(&format!("from_time={made}&before_time={made}")),
        Vec::<u64>::new()
    );
    assert_eq!(of("from_time=9999-01-01T00:00:00Z"), Vec::<u64>::new());
    assert_eq!(
        of(&format!("token={TOKEN}&payer={PAYER}").replace(&format!("&payer={PAYER}"), "")),
        [7]
    );
    assert_eq!(of(&format!("merchant={MERCHANT}&token={TOKEN}")), [7]);
    assert_eq!(of(&format!("merchant={MERCHANT}&reference=refund-3")), [3]);
    assert_eq!(
        of(&format!("merchant={MERCHANT}&payer={PAYER}&status=seen")).len(),
        10
    );
}

#[test]
fn orphans_are_found_by_their_transaction() {
    let (mut chain, [below, _], _) = amounts();
    let indexer = followed(&chain);
    let txid = Transaction::new(2, Vec::new()).txid;
    let known = chain.messages.len();
    let rival = chain.burn(&below.tenure);
    let rival = chain.burn(&rival);
    let mut shop = below.shop.clone();
    let acts = (7..=9).map(|amount| shop.refund(1, PAYER, amount, 102)).collect();
    chain.block(&below, &rival, vec![Transaction::new(2, acts)], shop);
    indexer.post_all(&chain.messages[known..]);
    let of = |query: &str| indexer.get_ok(&format!("/refunds?txid={txid}{query}"));
    assert_eq!(field(&of(""), "status").len(), 6);
    assert_eq!(field(&of("&status=orphaned"), "refund_id"), ["10", "9", "8"]);
    assert_eq!(
        field(&of("&status=seen&order=oldest"), "refund_id"),
        ["8", "9", "10"]
    );
    // Page by page, over two forks that have a refund at the same place.
    let mut read = Vec::new();
    let mut cursor = String::new();
    while let page = of(&format!("&limit=1{cursor}"))
        && !page["items"].as_array().unwrap().is_empty()
    {
        read.push(page["items"][0]["position"].clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(read.len(), 6);
    assert_eq!(
        read.iter().map(Value::to_string).collect::<BTreeSet<_>>().len(),
        6
    );
}

#[test]
fn words_of_a_reason_are_found_among_one_merchants_refunds() {
    let (chain, _) = story();
    let indexer = followed(&chain);
    let of = |merchant: &str, words: &str| {
        ids(&indexer.get_ok(&format!("/refunds?merchant={merchant}&q={words}")))
    };
    assert_eq!(of(MERCHANT, "script"), [2, 1]);
    assert_eq!(of(MERCHANT, "SCRIPT%20cmd"), [2, 1]);
    assert_eq!(of(MERCHANT, "script%20coffee"), Vec::<u64>::new());
    assert_eq!(of(OTHER_PAYER, "script"), Vec::<u64>::new());
    assert_eq!(of(MERCHANT, "';drop%20table%20refund;--"), Vec::<u64>::new());
    let first = indexer.get_ok(&format!("/refunds?merchant={MERCHANT}&q=cmd&limit=1"));
    let next = first["next_cursor"].as_str().unwrap();
    assert_eq!(
        ids(&indexer.get_ok(&format!(
            "/refunds?merchant={MERCHANT}&q=cmd&limit=1&cursor={next}"
        ))),
        [1]
    );
}
