//! Forks of the chain: after each, the indexer tells what the contract on the new branch holds, no more and no less.

use recoup_e2e::audit::RefundFacts;
use recoup_protocol::ids::InvoiceId;
use recoup_test_support::{Fork, Orphans};

use crate::world::{Trade, World};

/// A sale, then `refunds` of it, each in a tenure of its own.
fn world_with_refunds(refunds: u32) -> World {
    let world = World::with_contracts();
    let mut trade = Trade::new(world.scene.node(), 0);
    let id = trade.sell(&world.scene).unwrap();
    world.mine(1);
    // What happens before the fork, too, must stay.
    trade.refund(&world.scene, id, 0).unwrap();
    world.scene.chain().burn(1).unwrap();
    for nth in 1..=refunds {
        trade.refund(&world.scene, id, nth.into()).unwrap();
        world.scene.chain().burn(1).unwrap();
    }
    world
}

fn refunds_of(world: &World) -> Vec<RefundFacts> {
    world.audit().contract.refunds
}

fn fork(world: &World, depth: u32, orphans: Orphans) {
    let before = world.scene.health().unwrap().reorgs;
    world
        .scene
        .chain()
        .fork(&Fork {
            depth,
            build: 1,
            orphans,
            is_burn_fork: true,
        })
        .unwrap();
    world.scene.wait_until_followed().unwrap();
    assert!(world.scene.health().unwrap().reorgs > before, "the fork was seen");
}

fn refunds_come_back_after_a_fork(depth: u32) {
    let world = world_with_refunds(depth);
    let before = refunds_of(&world);
    fork(&world, depth, Orphans::Remine);
    let after = refunds_of(&world);
    assert_eq!(after.len(), before.len());
    let height = |refunds: &[RefundFacts]| {
        refunds
            .iter()
            .map(|refund| refund.burn_height)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        height(&after)[0],
        height(&before)[0],
        "what lies below the fork stays"
    );
    for (index, (old, new)) in before.iter().zip(&after).enumerate().skip(1) {
        assert_ne!(
            old.burn_height, new.burn_height,
            "refund {index} was mined in another block"
        );
        assert_eq!(
            RefundFacts {
                burn_height: new.burn_height,
                ..old.clone()
            },
            *new
        );
    }
}

#[test]
fn one_block_deep() {
    refunds_come_back_after_a_fork(1);
}

#[test]
fn seven_blocks_deep() {
    refunds_come_back_after_a_fork(7);
}

#[test]
fn fifty_blocks_deep() {
    refunds_come_back_after_a_fork(50);
}

#[test]
fn refunds_that_never_come_back_are_in_no_list_and_no_total() {
    let world = world_with_refunds(7);
    fork(&world, 7, Orphans::Drop);
    assert_eq!(refunds_of(&world).len(), 1);
    // The ids are given again, to others.
    let mut trade = Trade::new(world.scene.node(), 1);
    trade.refund(&world.scene, InvoiceId(1), 1).unwrap();
    trade.sell(&world.scene).unwrap();
    world.mine(1);
    let audit = world.audit();
    assert_eq!(
        (audit.contract.refunds.len(), audit.contract.invoices.len()),
        (2, 2)
    );
}

#[test]
fn the_first_branch_wins_again() {
    let world = world_with_refunds(7);
    let before = refunds_of(&world);
    fork(&world, 7, Orphans::Drop);
    assert_eq!(refunds_of(&world).len(), 1);
    // Nothing of it is announced a second time: only the next block, whose parent was orphaned.
    world.scene.chain().flip(1).unwrap();
    assert_eq!(refunds_of(&world), before);
}

#[test]
fn siblings_under_the_same_burn_blocks() {
    let world = world_with_refunds(2);
    world.mine(3);
    let before = refunds_of(&world);
    let fork = Fork {
        depth: 5,
        build: 6,
        orphans: Orphans::Remine,
        is_burn_fork: false,
    };
    world.scene.chain().fork(&fork).unwrap();
    assert_eq!(refunds_of(&world).len(), before.len());
}
