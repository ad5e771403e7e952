//! Crashes of the indexer, and of a node that repeats itself: at the end it tells exactly the chain's refunds.

use std::thread;
use std::time::Duration;

use recoup_test_support::{Fork, Orphans};
use serde_json::json;

use crate::world::{Trade, World};

const SALES: u64 = 4;
const REFUNDS_PER_SALE: u128 = 12;

#[test]
fn killed_again_and_again_while_blocks_arrive() {
    let mut world = World::with_contracts();
    let mut trade = Trade::new(world.scene.node(), 0);
    let sales: Vec<_> = (0..SALES).map(|_| trade.sell(&world.scene).unwrap()).collect();
    world.mine(1);
    for nth in 0..REFUNDS_PER_SALE {
        for id in &sales {
            trade.refund(&world.scene, *id, nth).unwrap();
        }
        world.scene.chain().burn(1).unwrap();
        world.mine(2);
        // Blocks are on their way to the indexer now: killed a little later each time, it dies at other points.
        thread::sleep(Duration::from_millis(u64::try_from(nth).unwrap() * 7));
        world.scene.kill_indexer();
        world.mine(1);
        world.scene.start_indexer().unwrap();
    }
    let audit = world.audit();
    let expected = usize::try_from(u128::from(SALES) * REFUNDS_PER_SALE).unwrap();
    assert_eq!(audit.contract.refunds.len(), expected);
    assert_eq!(world.scene.health().unwrap().quarantined, 0);
}

#[test]
fn killed_in_the_middle_of_a_fork() {
    let mut world = World::with_contracts();
    let mut trade = Trade::new(world.scene.node(), 0);
    let id = trade.sell(&world.scene).unwrap();
    world.mine(1);
    for nth in 0..10 {
        trade.refund(&world.scene, id, nth).unwrap();
        world.scene.chain().burn(1).unwrap();
    }
    world.scene.wait_until_followed().unwrap();
    let fork = Fork {
        depth: 8,
        build: 8,
        orphans: Orphans::Remine,
        is_burn_fork: true,
    };
    for pause in [0, 20, 60] {
        world.scene.chain().fork(&fork).unwrap();
        thread::sleep(Duration::from_millis(pause));
        world.scene.kill_indexer();
        world.scene.start_indexer().unwrap();
    }
    assert_eq!(world.audit().contract.refunds.len(), 10);
}

#[test]
fn hears_everything_twice() {
    let world = World::with_contracts();
    world
        .scene
        .chain()
        .faults(&json!({ "duplicate_deliveries": 1_000 }))
        .unwrap();
    let mut trade = Trade::new(world.scene.node(), 0);
    let id = trade.sell(&world.scene).unwrap();
    world.mine(1);
    for nth in 0..5 {
        trade.refund(&world.scene, id, nth).unwrap();
        world.scene.chain().burn(1).unwrap();
    }
    assert_eq!(world.audit().contract.refunds.len(), 5);
}

#[test]
fn away_for_a_long_time() {
    let mut world = World::with_contracts();
    let mut trade = Trade::new(world.scene.node(), 0);
    world.scene.kill_indexer();
    let id = trade.sell(&world.scene).unwrap();
    world.mine(1);
    for nth in 0..20 {
        trade.refund(&world.scene, id, nth).unwrap();
        world.mine(5);
    }
    world.scene.start_indexer().unwrap();
    assert_eq!(world.audit().contract.refunds.len(), 20);
}
