//! Seen, final, orphaned: the history of every refund tells each step, and ends where the refund stands.

use std::collections::BTreeMap;

use recoup_block_tree::{Arrival, Scenario, Shape};
use recoup_indexer::ingest::RootRule;
use recoup_stacks::hash::StacksHeight;

use crate::harness::{TestIndexer, assert_same, cases};

const ROOT: RootRule = RootRule::Height(StacksHeight(100));

/// `status@burn height` of each refund, in order.
type Histories = BTreeMap<String, Vec<String>>;

fn histories(indexer: &TestIndexer) -> Histories {
    let rows = indexer.lines(
        "select concat_ws(' ', '0x' || encode(index_block_hash, 'hex'), '0x' || encode(txid, 'hex'), ordinal,
                status || '@' || coalesce(burn_height::text, 'none'))
           from refund_status_change order by refund_status_change_id",
    );
    let mut histories = Histories::new();
    for row in rows {
        let (refund, step) = row.rsplit_once(' ').unwrap();
        histories
            .entry(refund.to_owned())
            .or_default()
            .push(step.to_owned());
    }
    histories
}

/// The steps of every refund, when each message is followed by itself.
fn expected(scenario: &Scenario) -> Histories {
    let mut histories = Histories::new();
    let mut before = BTreeMap::new();
    for told in 1..=scenario.payloads.len() {
        let canonical = scenario.chain.canonical(&scenario.payloads[..told]);
        let burn_tip = canonical
            .burn_height()
            .map_or_else(|| "none".to_owned(), |height| height.to_string());
        let now = canonical.tiers();
        let mut step = |refund: &String, status: &str| {
            let steps = histories.entry(refund.clone()).or_default();
            steps.push(format!("{status}@{burn_tip}"));
        };
        for refund in before.keys().filter(|refund| !now.contains_key(*refund)) {
            step(refund, "orphaned");
        }
        for (refund, tier) in &now {
            match (before.get(refund), *tier) {
                (None, "seen") | (Some(&"final"), "seen") => step(refund, "seen"),
                (Some(&"seen"), "final") => step(refund, "final"),
                (None, _) => {
                    step(refund, "seen");
                    step(refund, "final");
                }
                _ => {}
            }
        }
        before = now;
    }
    histories
}

/// The last step is the refund's status, and no step is one that cannot be.
fn assert_legal(indexer: &TestIndexer) {
    let ends_elsewhere = "select count(*) from refund
        where status is distinct from (
              select change.status from refund_status_change as change
               where (change.index_block_hash, change.txid, change.ordinal)
                     = (refund.index_block_hash, refund.txid, refund.ordinal)
               order by refund_status_change_id desc limit 1)";
    assert_eq!(indexer.count(ends_elsewhere), 0);
    for (refund, steps) in histories(indexer) {
        let mut before = "orphaned";
        for step in &steps {
            let status = step.split('@').next().unwrap();
            let is_legal = matches!(
                (before, status),
                ("orphaned", "seen") | ("seen", "final" | "orphaned") | ("final", "orphaned")
            );
            assert!(is_legal, "{refund}: {steps:?}");
            before = status;
        }
    }
    // Depth counts from the burn view.
    let misjudged = "select count(*) from refund join block using (index_block_hash) cross join chain_tip
        where refund.canonical
          and (refund.status = 'final') is distinct from coalesce(burn_view_height <= chain_tip.burn_height - 6, false)";
    assert_eq!(indexer.count(misjudged), 0);
}

#[test]
fn every_step_of_every_refund_is_told_when_it_happens() {
    let mut steps = BTreeMap::<String, usize>::new();
    for seed in 0..u64::from(cases(3)) {
        let scenario = Scenario::draw(
            seed,
            &Shape {
                fork_depth: 9,
                ..Shape::of(22)
            },
        );
        let indexer = TestIndexer::start(ROOT);
        for message in &scenario.payloads {
            indexer.post_all([message]);
        }
        assert_eq!(histories(&indexer), expected(&scenario), "seed {seed}");
        assert_legal(&indexer);
        for step in histories(&indexer).into_values().flatten() {
            let status = step.split('@').next().unwrap().to_owned();
            *steps.entry(status).or_default() += 1;
        }
    }
    assert_eq!(steps.len(), 3, "all three happened: {steps:?}");
}

#[test]
fn however_messages_come_the_history_is_one_that_can_be() {
    for seed in 0..u64::from(cases(3)) {
        let arrival = Arrival::shuffled();
        let scenario = Scenario::draw(seed + 100, &Shape::of(25).arriving(arrival));
        let indexer = TestIndexer::start(ROOT);
        indexer.post_all(&scenario.payloads);
        assert_legal(&indexer);
        assert_same(
            &indexer.dump(),
            &scenario.dump(),
            &format!("seed {}", scenario.seed),
        );
    }
}
