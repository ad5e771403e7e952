//! Fork choice as functions of data, on random chains in random orders.

use std::collections::HashSet;

use proptest::prelude::*;
use recoup_indexer::chain::{BelowHorizon, BurnHeader, Insertion, TipChange, Tree};
use recoup_stacks::hash::{BurnHeight, IndexBlockHash, StacksHeight};

use recoup_block_tree::{Arrival, Scenario, Shape};

use crate::harness::cases;
use crate::synthetic::{Chain, Header, Random, Transaction, headers};

const ROOT: StacksHeight = StacksHeight(100);

fn add(tree: &mut Tree, header: Header) {
    match header {
        Header::Burn(burn) => {
            tree.insert_burn(burn);
        }
        Header::Block(block) => {
            tree.insert(block);
        }
    }
}

/// The canonical chain as flags, kept by nothing but the changes of tip.
#[derive(Default, PartialEq, Eq, Debug, Clone)]
struct Flags(HashSet<IndexBlockHash>);

impl Flags {
    fn apply(&mut self, change: &TipChange) {
        for id in &change.orphaned {
            assert!(self.0.remove(id), "a block left that was not on the chain");
        }
        for id in &change.adopted {
            assert!(self.0.insert(*id), "a block joined that was on the chain");
        }
    }

    fn revert(&mut self, change: &TipChange) {
        for id in &change.adopted {
            assert!(self.0.remove(id));
        }
        for id in &change.orphaned {
            assert!(self.0.insert(*id));
        }
    }
}

/// The tip's line of parents.
fn line(tree: &Tree) -> HashSet<IndexBlockHash> {
    let mut line = HashSet::new();
    let mut next = tree.tip();
    while let Some(block) = next {
        line.insert(block.header.id);
        next = tree.attached(&block.header.parent);
    }
    line
}

/// Cases of each property.
fn config() -> ProptestConfig {
    ProptestConfig {
        // Seeds of failures are printed; no files beside the sources.
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases(400))
    }
}

/// A history in an order.
#[derive(Debug, Clone)]
struct Drawn {
    seed: u64,
    order: u64,
    burn_blocks: usize,
    arrival: usize,
}

impl Drawn {
    fn scenario(&self) -> Scenario {
        let arrivals = [
            Arrival::rough(),
            Arrival::shuffled(),
            Arrival::from_old_nodes(),
            Arrival {
                is_shuffled: true,
                ..Arrival::from_old_nodes()
            },
        ];
        let arrival = &arrivals[self.arrival];
        Scenario::draw(self.seed, &Shape::tree(self.burn_blocks)).arriving(self.order, arrival)
    }
}

fn drawn(arrivals: std::ops::Range<usize>) -> impl Strategy<Value = Drawn> {
    (any::<u64>(), any::<u64>(), 1_usize..30, arrivals).prop_map(|(seed, order, burn_blocks, arrival)| {
        Drawn {
            seed,
            order,
            burn_blocks,
            arrival,
        }
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn after_every_message_the_tip_is_that_of_the_rule(drawn in drawn(0..4)) {
        let scenario = drawn.scenario();
        let mut tree = Tree::new(Some(ROOT));
        let mut flags = Flags::default();
        for (number, header) in headers(&scenario.payloads) {
            add(&mut tree, header);
            let change = tree.advance().unwrap();
            let expected = scenario.chain.canonical(&scenario.payloads[..=number]);
            let tip = tree.tip().map(|tip| tip.header.id.to_string());
            prop_assert_eq!(tip.as_deref(), expected.tip(), "after message {}", number);
            if let Some(change) = change {
                flags.apply(&change);
                prop_assert_eq!(&flags.0, &line(&tree));
            }
            prop_assert_eq!(flags.0.len(), expected.blocks.len());
        }
        prop_assert!(tree.missing_parents().is_empty());
    }

    #[test]
    fn a_change_applied_and_reverted_changes_nothing(drawn in drawn(0..4)) {
        let scenario = drawn.scenario();
        let mut tree = Tree::new(Some(ROOT));
        let mut flags = Flags::default();
        for (_, header) in headers(&scenario.payloads) {
            add(&mut tree, header);
            let Some(change) = tree.advance().unwrap() else { continue };
            let before = flags.clone();
            flags.apply(&change);
            let after = flags.clone();
            flags.revert(&change);
            prop_assert_eq!(&flags, &before);
            flags = after;
        }
    }

    #[test]
    fn every_order_ends_alike_and_as_if_built_at_once(drawn in drawn(0..2), order: u64) {
        let scenario = drawn.scenario();
        let in_order = scenario.chain.canonical(&scenario.chain.messages);
        let mut rebuilt = Tree::new(Some(ROOT));
        let mut all = headers(&scenario.payloads);
        Random::new(order).shuffle(&mut all);
        for (_, header) in all {
            add(&mut rebuilt, header);
        }
        // One step from nothing to the end: incremental equals rebuilt.
        let change = rebuilt.advance().unwrap().unwrap();
        let ids: Vec<String> = change.adopted.iter().map(ToString::to_string).collect();
        let expected: Vec<String> = in_order.blocks.iter().map(|made| made.block.id.clone()).collect();
        prop_assert_eq!(ids, expected);
        prop_assert!(change.orphaned.is_empty());
    }

    #[test]
    fn what_was_forgotten_is_missed_or_changes_nothing(
        seed: u64, order: Option<u64>, length in 4_usize..40, keep in 1_u64..8
    ) {
        let chain = Scenario::draw(seed, &Shape::tree(length)).chain;
        let mut messages = chain.messages.clone();
        if let Some(order) = order {
            Random::new(order).shuffle(&mut messages);
        }
        let mut whole = Tree::new(Some(ROOT));
        let mut cut = Tree::new(Some(ROOT));
        for (_, header) in headers(&messages) {
            // The caller loads what a block hangs on; where that was forgotten, this story ends.
            if let Header::Block(block) = header
                && whole.contains(&block.parent) && !cut.contains(&block.parent)
            {
                return Ok(());
            }
            add(&mut whole, header);
            add(&mut cut, header);
            let expected = whole.advance().unwrap();
            match cut.advance() {
                Ok(change) => prop_assert_eq!(change, expected),
                Err(BelowHorizon) => return Ok(()),
            }
            if let Some(horizon) = cut.burn.tip().and_then(|tip| tip.height.checked_sub(keep)) {
                cut.forget_below(horizon);
            }
        }
    }
}

#[test]
fn a_block_without_its_parent_waits_and_is_missed_by_name() {
    let (mut chain, root) = Chain::new();
    let first = chain.block(&root, &root.tenure, Vec::new(), root.shop.clone());
    let second = chain.block(&first, &root.tenure, Vec::new(), root.shop.clone());
    let headers: Vec<Header> = headers(&chain.messages)
        .into_iter()
        .map(|(_, header)| header)
        .collect();
    let [genesis, burn, root, first_header, second_header] = headers[..] else {
        panic!("five messages")
    };
    let mut tree = Tree::new(Some(ROOT));
    for header in [genesis, burn, root] {
        add(&mut tree, header);
    }
    let Header::Block(second_block) = second_header else {
        panic!("a block")
    };
    assert_eq!(tree.insert(second_block), Insertion::Detached);
    let missing: Vec<_> = tree.missing_parents().into_iter().collect();
    assert_eq!(missing, [(first.id.parse().unwrap(), StacksHeight(first.height))]);
    tree.advance().unwrap();
    assert_eq!(tree.tip().unwrap().header.height, ROOT);

    let Header::Block(first_block) = first_header else {
        panic!("a block")
    };
    let Insertion::Attached(attached) = tree.insert(first_block) else {
        panic!("it hangs on the root")
    };
    assert_eq!(attached.len(), 2);
    tree.advance().unwrap();
    assert_eq!(tree.tip().unwrap().header.id, second.id.parse().unwrap());
}

#[test]
fn burn_blocks_alone_take_the_tip_back_and_forth() {
    let (mut chain, root) = Chain::new();
    let left = chain.burn(&root.tenure);
    let tip = chain.block(
        &root,
        &left,
        vec![Transaction::new(1, Vec::new())],
        root.shop.clone(),
    );
    let right = chain.burn(&root.tenure);
    let right = chain.burn(&right);
    let left_again = chain.burn(&left);
    let left_again = chain.burn(&left_again);
    assert!(right.height < left_again.height);
    let mut heights = Vec::new();
    let mut tree = Tree::new(Some(ROOT));
    for (_, header) in headers(&chain.messages) {
        add(&mut tree, header);
        tree.advance().unwrap();
        heights.extend(tree.tip().map(|tip| tip.header.height.get()));
    }
    // Root; its child; back to the root when the right branch is longer; forth again when the left one is.
    heights.dedup();
    assert_eq!(heights, [100, 101, 100, 101]);
    assert_eq!(tree.tip().unwrap().header.id, tip.id.parse().unwrap());
}

#[test]
fn a_tenure_that_saw_a_dead_burn_block_is_dead_from_there_on() {
    let (mut chain, root) = Chain::new();
    let seen = chain.burn(&root.tenure);
    let extended = chain.extend_tenure(&root, &seen, Vec::new(), root.shop.clone());
    let child = chain.block(&extended, &root.tenure, Vec::new(), root.shop.clone());
    let mut tree = Tree::new(Some(ROOT));
    for (_, header) in headers(&chain.messages) {
        add(&mut tree, header);
    }
    tree.advance().unwrap();
    assert_eq!(tree.tip().unwrap().header.id, child.id.parse().unwrap());

    let known = chain.messages.len();
    let rival = chain.burn(&root.tenure);
    chain.burn(&rival);
    for (_, header) in headers(&chain.messages).split_off(known) {
        add(&mut tree, header);
    }
    let change = tree.advance().unwrap().unwrap();
    assert_eq!(
        change.orphaned.len(),
        2,
        "the child inherits its parent's burn view"
    );
    assert_eq!(tree.tip().unwrap().header.height, ROOT);
}

#[test]
fn equal_burn_heights_go_to_the_smaller_hash() {
    let (mut chain, root) = Chain::new();
    let one = chain.burn(&root.tenure);
    let other = chain.burn(&root.tenure);
    let mut tree = Tree::new(Some(ROOT));
    for (_, header) in headers(&chain.messages) {
        add(&mut tree, header);
    }
    let smaller = one.hash.min(other.hash);
    assert_eq!(tree.burn.tip().unwrap().hash, smaller.parse().unwrap());
}

#[test]
fn without_parents_of_burn_blocks_nothing_is_judged() {
    let (mut chain, root) = Chain::new();
    let left = chain.burn(&root.tenure);
    let tip = chain.block(&root, &left, Vec::new(), root.shop.clone());
    let right = chain.burn(&root.tenure);
    chain.burn(&right);
    let mut tree = Tree::new(Some(ROOT));
    for (_, header) in headers(&chain.messages) {
        match header {
            Header::Burn(burn) => add(&mut tree, Header::Burn(BurnHeader { parent: None, ..burn })),
            block @ Header::Block(_) => add(&mut tree, block),
        }
    }
    tree.advance().unwrap();
    assert_eq!(tree.tip().unwrap().header.id, tip.id.parse().unwrap());
    assert_eq!(tree.burn.tip().unwrap().height, BurnHeight(102));
}
