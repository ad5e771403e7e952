//! The same chain in any order, repeated, and by several senders at once gives the same tables.

use std::collections::HashSet;
use std::thread;

use recoup_block_tree::{Arrival, Scenario, Shape};
use recoup_indexer::ingest::RootRule;
use recoup_stacks::hash::StacksHeight;

use crate::harness::{TestIndexer, assert_same, cases};
use crate::synthetic::{Chain, Posted, Random, random_chain};

const ROOT: RootRule = RootRule::Height(StacksHeight(100));

fn followed(messages: &[Posted]) -> TestIndexer {
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(messages);
    indexer
}

fn assert_sound(indexer: &TestIndexer) {
    assert_eq!(indexer.count("select count(*) from quarantine"), 0);
    assert_eq!(
        indexer.count("select count(*) from contract_event where problem is not null"),
        0
    );
    assert_eq!(
        indexer.count("select count(*) from gap where closed_at is null"),
        0
    );
    // Only a token that moves silently leaves something unproven.
    let unproven = "select count(*) from (
        select disagreement, token from refund union all select disagreement, token from payment) as movement
        where disagreement <> 'the transaction holds no such token transfer'
           or (disagreement is null) = (token is not distinct from 'ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC.silent-token')";
    assert_eq!(indexer.count(unproven), 0);
    // An invoice's sums are those of its payments and refunds, and those of its payers' ledgers.
    let wrong = "select count(*) from invoice where canonical and (
        amount_paid <> (select coalesce(sum(amount), 0) from payment where payment.invoice_id = invoice.invoice_id and canonical)
        or amount_refunded <> (select coalesce(sum(amount), 0) from refund where refund.invoice_id = invoice.invoice_id and canonical)
        or amount_paid <> (select coalesce(sum(paid), 0) from payer_ledger where payer_ledger.invoice_id = invoice.invoice_id)
        or amount_refunded <> (select coalesce(sum(refunded), 0) from payer_ledger where payer_ledger.invoice_id = invoice.invoice_id))";
    assert_eq!(indexer.count(wrong), 0);
    assert_eq!(indexer.lines(WRONG_TOTALS), Vec::<String>::new());
}

/// Running totals, as of every burn height, that are not the sums of the canonical payments and refunds up to it.
const WRONG_TOTALS: &str = "
    with movement as (
        select burn_height, merchant, payer, coalesce(token, 'STX') as token, amount::numeric as paid, 0 as refunded,
               1 as payments, 0 as refunds from payment where canonical
        union all
        select burn_height, merchant, payer, coalesce(token, 'STX'), 0, amount::numeric, 0, 1 from refund where canonical),
    concerned as (
        select scope, subject, token, burn_height, paid, refunded, payments, refunds
          from movement
         cross join lateral (values ('all', ''), ('merchant', merchant), ('payer', payer)) as concerned (scope, subject)),
    expected as (
        select concerned.scope, concerned.subject, concerned.token, height.burn_height,
               sum(paid) as paid, sum(refunded) as refunded, sum(payments) as payments, sum(refunds) as refunds
          from (select distinct burn_height from movement) as height
          join concerned on concerned.burn_height <= height.burn_height
         group by concerned.scope, concerned.subject, concerned.token, height.burn_height)
    select expected::text || ' but ' || coalesce(found::text, 'nothing')
      from expected
      left join lateral (
           select total.paid, total.refunded, total.payments, total.refunds
             from running_total as total
            where total.scope = expected.scope and total.subject = expected.subject
              and total.token = expected.token and total.burn_height <= expected.burn_height
            order by total.burn_height desc, total.stacks_height desc limit 1) as found on true
     where (found.paid, found.refunded, found.payments, found.refunds)
           is distinct from (expected.paid, expected.refunded, expected.payments::bigint, expected.refunds::bigint)";

#[test]
fn any_order_of_arrival_ends_in_the_tables_of_the_oracle() {
    let cases = cases(12);
    let mut refunds = 0;
    for seed in 0..u64::from(cases) {
        let arrival = if seed % 3 == 0 {
            Arrival::rough()
        } else {
            Arrival::shuffled()
        };
        let scenario = Scenario::draw(seed, &Shape::of(20).arriving(arrival));
        let indexer = followed(&scenario.payloads);
        assert_same(&indexer.dump(), &scenario.dump(), &format!("seed {seed}"));
        assert!(
            indexer.tip().ends_with(scenario.canonical().tip().unwrap()),
            "seed {seed}"
        );
        assert_sound(&indexer);
        refunds += scenario.canonical().refunds();
    }
    assert!(refunds > 30, "the chains hold {refunds} refunds only");
}

#[test]
fn announcements_of_old_nodes_are_judged_as_far_as_they_go() {
    for seed in 0..u64::from(cases(3)) {
        let scenario = Scenario::draw(seed + 60, &Shape::of(20).arriving(Arrival::from_old_nodes()));
        let mut indexer = followed(&scenario.payloads);
        assert_same(&indexer.dump(), &scenario.dump(), &format!("seed {seed}"));
        // What was learned later of a Bitcoin block is not forgotten with the memory.
        indexer.stop_server();
        indexer.start_server();
        let again = scenario.chain.messages.last().unwrap();
        let told = scenario.payloads.iter().chain([again]);
        indexer.post_all([again]);
        assert_same(
            &indexer.dump(),
            &scenario.chain.canonical(told).dump(),
            &format!("seed {seed}, once more"),
        );
    }
}

#[test]
fn the_first_seen_of_two_equals_stays_it_after_a_restart() {
    let (mut chain, root) = Chain::new();
    let burn = chain.burn(&root.tenure);
    let base = chain.block(&root, &burn, Vec::new(), root.shop.clone());
    for _ in 0..2 {
        chain.block(&base, &burn, Vec::new(), root.shop.clone());
    }
    chain.burn(&burn);
    let [.., one, other, next] = &chain.messages[..] else {
        panic!("two equals and a Bitcoin block")
    };
    let head = chain.messages.len() - 3;
    for (first, second) in [(one, other), (other, one)] {
        let mut indexer = followed(&chain.messages[..head]);
        indexer.post_all([first, second]);
        let tip = indexer.tip();
        assert!(
            tip.ends_with(first.body["index_block_hash"].as_str().unwrap()),
            "{tip}"
        );
        indexer.stop_server();
        indexer.start_server();
        indexer.post_all([next, second, first]);
        assert_eq!(indexer.tip(), tip);
        assert_eq!(indexer.get_ok("/health")["reorgs"], 0);
    }
}

#[test]
fn messages_sent_again_change_nothing() {
    let chain = random_chain(7, 20);
    let indexer = followed(&chain.messages);
    let expected = indexer.dump();
    let stored = indexer.count("select count(*) from inbox");
    indexer.post_all(&chain.messages);
    assert_eq!(
        indexer.count("select count(*) from inbox"),
        stored,
        "the same bytes are stored once"
    );

    // The same blocks in other bytes: a node does not send its events in the same order twice.
    let mut respelt = chain.messages.clone();
    for message in &mut respelt {
        message.body["sent_again"] = serde_json::json!(true);
    }
    indexer.post_all(&respelt);
    assert!(indexer.count("select count(*) from inbox") > stored);
    assert_same(&indexer.dump(), &expected, "at the end");
}

#[test]
fn several_senders_at_once_are_one() {
    for seed in 0..u64::from(cases(2)) {
        let scenario = Scenario::draw(seed + 8, &Shape::of(20).arriving(Arrival::rough()));
        let indexer = TestIndexer::start(ROOT);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| scenario.payloads.iter().for_each(|message| indexer.post(message)));
            }
            // Not all in the same order: whose request is first is chance.
            scope.spawn(|| {
                scenario
                    .payloads
                    .iter()
                    .rev()
                    .for_each(|message| indexer.post(message))
            });
        });
        indexer.settle();
        let distinct: HashSet<String> = scenario
            .payloads
            .iter()
            .map(|message| format!("{} {}", message.path, message.body))
            .collect();
        let stored = usize::try_from(indexer.count("select count(*) from inbox")).unwrap();
        assert_eq!(stored, distinct.len(), "seed {seed}");
        assert_same(&indexer.dump(), &scenario.dump(), &format!("seed {seed}"));
        assert_sound(&indexer);
    }
}

#[test]
fn a_restart_after_any_message_continues_where_it_ended() {
    let chain = random_chain(9, 12);
    let expected = chain.canonical(&chain.messages).dump();
    let mut indexer = TestIndexer::start(ROOT);
    for (number, message) in chain.messages.iter().enumerate() {
        indexer.post(message);
        if number % 7 == 0 {
            // Stored and acknowledged; whether it was followed already, nobody knows.
            indexer.stop_server();
            indexer.start_server();
        }
    }
    indexer.settle();
    assert_sound(&indexer);
    assert_same(&indexer.dump(), &expected, "at the end");
}

#[test]
fn a_small_window_of_the_tree_loads_what_it_needs() {
    for seed in 20..23 {
        let chain = random_chain(seed, 30);
        let expected = chain.canonical(&chain.messages).dump();
        let mut messages = chain.messages;
        for order in 0..2 {
            let indexer = TestIndexer::start_with(ROOT, |config| config.ingest.window.burn_blocks = 1);
            indexer.post_all(&messages);
            assert_sound(&indexer);
            assert_same(
                &indexer.dump(),
                &expected,
                &format!("chain {seed} in order {order}"),
            );
            Random::new(seed).shuffle(&mut messages);
        }
    }
}
