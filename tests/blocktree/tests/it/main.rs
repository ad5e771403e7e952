//! What a history is made of, and that what is said of it does not depend on its order.

#![expect(
    clippy::indexing_slicing,
    reason = "what is not as expected is to end the test"
)]

use std::collections::{BTreeMap, BTreeSet};

use recoup_block_tree::{Arrival, Canonical, Fork, Outcome, Scenario, Shape};

#[test]
fn a_seed_is_a_history() {
    let shape = Shape::of(15).arriving(Arrival::shuffled());
    let bodies = |seed| -> Vec<String> {
        let scenario = Scenario::draw(seed, &shape);
        scenario
            .payloads
            .iter()
            .map(|message| message.body.to_string())
            .collect()
    };
    assert_eq!(bodies(3), bodies(3));
    assert_ne!(bodies(3), bodies(4));
}

#[test]
fn every_order_of_the_same_messages_says_the_same() {
    for seed in 0..15 {
        let scenario = Scenario::draw(seed, &Shape::of(20));
        let in_order = scenario.dump();
        let shuffled = scenario.arriving(seed + 1, &Arrival::shuffled());
        assert_eq!(shuffled.dump(), in_order, "seed {seed}");
    }
}

/// How often what the indexer must stand happens in thirty histories.
#[test]
fn everything_happens() {
    let mut happened: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..30 {
        let scenario = Scenario::draw(seed, &Shape::of(30).arriving(Arrival::rough()));
        for (what, count) in happenings(&scenario) {
            *happened.entry(what).or_default() += count;
        }
    }
    println!("{happened:#?}");
    for (what, count) in happened {
        assert!(count >= 5, "{what}: {count} times only");
    }
}

fn happenings(scenario: &Scenario) -> Vec<(&'static str, usize)> {
    let chain = &scenario.chain;
    let canonical = scenario.canonical();
    let mut burn_children: BTreeMap<&str, usize> = BTreeMap::new();
    for made in &chain.burns {
        *burn_children.entry(&made.parent).or_default() += 1;
    }
    let mut siblings: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    let mut mined: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for made in &chain.blocks {
        *siblings
            .entry((&made.parent, made.block.tenure.number))
            .or_default() += 1;
        for transaction in &made.transactions {
            mined.entry(&transaction.txid).or_default().insert(&made.block.id);
        }
    }
    let line: BTreeSet<&str> = canonical
        .blocks
        .iter()
        .map(|made| made.block.id.as_str())
        .collect();
    let on_the_line = |blocks: &BTreeSet<&str>| blocks.iter().any(|id| line.contains(id));
    let extends = |made: &&recoup_block_tree::MadeBlock| made.block.view != made.block.tenure;
    let outcomes = chain.blocks.iter().flat_map(|made| &made.transactions);
    // A flip back: the tip is a block whose parent was made before others that were left meanwhile.
    let tips: Vec<Option<String>> = (1..=chain.messages.len())
        .map(|told| chain.canonical(&chain.messages[..told]).tip().map(str::to_owned))
        .collect();
    let mut left: BTreeSet<&Option<String>> = BTreeSet::new();
    let mut back = 0;
    for pair in tips.windows(2) {
        if pair[0] != pair[1] {
            left.insert(&pair[0]);
            back += usize::from(left.contains(&pair[1]));
        }
    }
    let big = format!("{}", u128::MAX);
    let overflows = scenario
        .dump()
        .iter()
        .filter(|row| {
            let digits = row.split(|c: char| !c.is_ascii_digit());
            row.starts_with("merchant_total")
                && digits
                    .into_iter()
                    .any(|run| run.len() > big.len() || (run.len() == big.len() && run > big.as_str()))
        })
        .count();
    let expired = scenario
        .dump()
        .iter()
        .filter(|row| row.contains("\"derived_status\": 3"))
        .count();
    vec![
        ("expired invoices", expired),
        (
            "windows that closed with something left",
            closed_windows(&canonical),
        ),
        (
            "Bitcoin blocks with two children",
            burn_children.values().filter(|count| **count == 2).count(),
        ),
        (
            "Bitcoin blocks with three or more",
            burn_children.values().filter(|count| **count > 2).count(),
        ),
        (
            "siblings in a tenure",
            siblings.values().filter(|count| **count > 1).count(),
        ),
        (
            "canonical blocks that see a later Bitcoin block",
            canonical.blocks.iter().filter(|made| extends(made)).count(),
        ),
        (
            "transactions in two blocks",
            mined.values().filter(|blocks| blocks.len() > 1).count(),
        ),
        (
            "transactions that never came back",
            mined.values().filter(|blocks| !on_the_line(blocks)).count(),
        ),
        ("tips that came back", back),
        (
            "refused transactions",
            outcomes
                .filter(|transaction| transaction.outcome == Outcome::AbortByResponse)
                .count(),
        ),
        (
            "repeated messages",
            scenario.payloads.len() - chain.messages.len(),
        ),
        ("sums beyond the greatest u128", overflows),
        ("canonical refunds", canonical.refunds()),
    ]
}

/// Payers of a canonical invoice that can get nothing back any more, and did not get all.
fn closed_windows(canonical: &Canonical<'_>) -> usize {
    let (Some(now), Some(last)) = (canonical.burn_height(), canonical.blocks.last()) else {
        return 0;
    };
    let ledgers = last.block.shop.invoices().values().flat_map(|invoice| {
        let window = invoice.state.refund_window;
        invoice.ledgers.values().map(move |ledger| (window, ledger))
    });
    ledgers
        .filter(|(window, (paid, refunded, first))| refunded < paid && now >= first.get() + window)
        .count()
}

#[test]
fn a_fork_there_and_back_ends_where_it_began() {
    for (depth, branches) in [(1, 2), (7, 3)] {
        let (scenario, turns) = Fork {
            depth,
            branches,
            refunds: 5,
        }
        .draw(1);
        let tips: Vec<String> = turns
            .iter()
            .map(|told| {
                let canonical = scenario.chain.canonical(&scenario.payloads[..*told]);
                assert_eq!(canonical.refunds(), 5);
                canonical.blocks[2].block.id.clone()
            })
            .collect();
        assert_eq!(tips.len(), branches + 1);
        let distinct: BTreeSet<&String> = tips.iter().collect();
        assert_eq!(distinct.len(), branches, "each branch once, and the first again");
        assert_eq!(tips.first().unwrap(), tips.last().unwrap());
    }
}
