//! The command line dies, or the node's answer gets lost: the same command, run again, pays once.

use std::thread;
use std::time::Duration;

use recoup_e2e::accounts::{ALICE, BOB, SHOP};
use recoup_protocol::api::PaidFrom;
use recoup_test_support::{Finished, Process, Recoup, scratch_folder};
use serde_json::{Value, json};

use crate::world::{PaidInvoice, SENT};

const REFERENCED: [&str; 4] = ["--amount", "30", "--reference", "refund-1"];
const UNNAMED: [&str; 2] = ["--amount", "30"];
/// In micro-STX.
const REFUND: u128 = 30_000_000;
/// In micro-STX.
const DEPOSIT: u128 = 200_000_000;

const NETWORK_FAILED: i32 = 5;

fn create<'text>(refund: &[&'text str]) -> Vec<&'text str> {
    [
        &["--json", "refund", "create", "--invoice", PaidInvoice::ID],
        refund,
        &["--yes"],
    ]
    .concat()
}

fn create_without_waiting(recoup: &Recoup, refund: &[&str]) -> Finished {
    recoup
        .command(create(refund))
        .arg("--no-wait")
        .expect_code(SENT)
        .run()
        .unwrap()
}

fn balance_of_alice(paid: &PaidInvoice) -> u128 {
    let account: Value = paid
        .world
        .scene
        .node()
        .get(&format!("/v2/accounts/{}?proof=0", ALICE.address))
        .unwrap();
    u128::from_str_radix(account["balance"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

fn mempool(paid: &PaidInvoice) -> usize {
    paid.world.scene.chain().state().unwrap()["mempool"]
        .as_array()
        .unwrap()
        .len()
}

/// Whatever happened before: the same command now ends well, once, and again, and Alice has the refund once.
fn finishes_and_pays_once(paid: &PaidInvoice, refund: &[&str], balance_before: u128) {
    paid.world.mine(1);
    let finished: Value = paid.shop().command(create(refund)).run().unwrap().json().unwrap();
    assert!(
        ["included", "already-done"].contains(&finished["outcome"].as_str().unwrap()),
        "{finished}"
    );
    assert_eq!(finished["refund"]["amount"], REFUND.to_string());
    paid.world.mine(1);
    let refunds = paid.world.audit().contract.refunds;
    assert_eq!(
        refunds.iter().map(|refund| refund.amount.0).collect::<Vec<_>>(),
        [REFUND]
    );
    assert_eq!(balance_of_alice(paid) - balance_before, REFUND);
    assert_eq!(mempool(paid), 0);
}

#[test]
fn killed_between_signing_and_broadcasting() {
    for refund in [REFERENCED.as_slice(), UNNAMED.as_slice()] {
        let paid = PaidInvoice::new();
        let before = balance_of_alice(&paid);
        paid.dying_shop("after-journal-signed")
            .command(create(refund))
            .expect_crash()
            .run()
            .unwrap();
        assert_eq!(mempool(&paid), 0, "nothing was sent");
        let resumed: Value = create_without_waiting(&paid.shop(), refund).json().unwrap();
        assert_eq!(
            (&resumed["outcome"], &resumed["resumed"]),
            (&json!("sent"), &json!(true))
        );
        assert_eq!(mempool(&paid), 1);
        finishes_and_pays_once(&paid, refund, before);
    }
}

#[test]
fn killed_between_broadcasting_and_inclusion() {
    for refund in [REFERENCED.as_slice(), UNNAMED.as_slice()] {
        let paid = PaidInvoice::new();
        let before = balance_of_alice(&paid);
        paid.dying_shop("after-broadcast")
            .command(create(refund))
            .expect_crash()
            .run()
            .unwrap();
        assert_eq!(mempool(&paid), 1, "it was sent");
        let resumed: Value = create_without_waiting(&paid.shop(), refund).json().unwrap();
        assert_eq!(
            (&resumed["outcome"], &resumed["resumed"]),
            (&json!("sent"), &json!(true))
        );
        assert_eq!(mempool(&paid), 1, "it is the same transaction");
        finishes_and_pays_once(&paid, refund, before);
    }
}

/// As above, by a delegate from the shop's reserve: the first time the same command sees it through, then `refund resume`.
#[test]
fn a_delegate_killed_between_signing_and_broadcasting() {
    let paid = PaidInvoice::new();
    open_reserve(&paid);
    let (bob, before) = (paid.command_line.of(BOB), balance_of_alice(&paid));
    for (refund, finishes) in [
        ("refund-1", &[][..]),
        ("refund-2", &["--json", "refund", "resume"]),
    ] {
        let create = create(&["--from-reserve", "--amount", "30", "--reference", refund]);
        paid.dying(BOB, "after-journal-signed")
            .command(&create)
            .expect_crash()
            .run()
            .unwrap();
        assert_eq!(mempool(&paid), 0, "nothing was sent");
        let finishes = if finishes.is_empty() {
            create.as_slice()
        } else {
            finishes
        };
        let sent = bob.command(finishes).arg("--no-wait").expect_code(SENT);
        sent.run().unwrap();
        assert_eq!(mempool(&paid), 1);
        paid.world.mine(1);
        bob.command(finishes).run().unwrap();
        let again: Value = bob.command(&create).run().unwrap().json().unwrap();
        assert_eq!(again["outcome"], "already-done", "{again}");
        paid.world.mine(1);
        assert_eq!(mempool(&paid), 0);
    }
    let contracts = paid.world.audit().contract;
    let refunds: Vec<_> = contracts
        .refunds
        .iter()
        .map(|refund| (refund.amount.0, refund.paid_from))
        .collect();
    assert_eq!(refunds, [(REFUND, PaidFrom::Reserve); 2]);
    let reserve = &contracts.reserves[0];
    assert_eq!(reserve.balance.0, DEPOSIT - 2 * REFUND);
    assert_eq!(reserve.delegates[0].spent.0, 2 * REFUND);
    assert_eq!(balance_of_alice(&paid) - before, 2 * REFUND);
}

/// The shop deposits, and lets Bob refund: there is more of both than he needs, so that nothing else stops a second payment.
fn open_reserve(paid: &PaidInvoice) {
    paid.world
        .deploy(&[("recoup-reserve", "contracts/recoup-reserve.clar")]);
    for command in [
        ["operator", "set", "reserve", "--may-refund"].as_slice(),
        &["reserve", "deposit", "200"],
        &[
            "reserve",
            "delegate",
            BOB.address,
            "--per-refund",
            "50",
            "--per-period",
            "150",
        ],
    ] {
        paid.send(SHOP, command);
    }
}

#[test]
fn killed_at_any_moment() {
    let paid = PaidInvoice::new();
    let before = balance_of_alice(&paid);
    for pause in [0, 20, 60, 120, 200, 300, 450, 700] {
        let command = paid.shop().command(create(&REFERENCED)).into_command();
        let process = Process::spawn("recoup", command, scratch_folder("killed").unwrap(), "TERM").unwrap();
        thread::sleep(Duration::from_millis(pause));
        process.kill();
    }
    // Killed before it signed anything, the command starts from nothing.
    create_without_waiting(&paid.shop(), &REFERENCED);
    finishes_and_pays_once(&paid, &REFERENCED, before);
}

#[test]
fn the_node_accepts_and_never_answers() {
    let paid = PaidInvoice::new();
    let before = balance_of_alice(&paid);
    paid.world
        .scene
        .chain()
        .faults(&json!({ "broadcast": "accept-then-disconnect", "times": 1 }))
        .unwrap();
    let failed = paid
        .shop()
        .command(create(&REFERENCED))
        .expect_code(NETWORK_FAILED)
        .run()
        .unwrap();
    assert!(
        failed.stderr.contains("may or may not have been sent"),
        "{}",
        failed.stderr
    );
    assert_eq!(mempool(&paid), 1, "it was accepted all the same");
    create_without_waiting(&paid.shop(), &REFERENCED);
    assert_eq!(mempool(&paid), 1, "it is the same transaction");
    finishes_and_pays_once(&paid, &REFERENCED, before);
}

#[test]
fn the_node_accepts_and_forgets() {
    let paid = PaidInvoice::new();
    let before = balance_of_alice(&paid);
    paid.world
        .scene
        .chain()
        .faults(&json!({ "broadcast": "accept-then-forget", "times": 1 }))
        .unwrap();
    create_without_waiting(&paid.shop(), &REFERENCED);
    create_without_waiting(&paid.shop(), &REFERENCED);
    assert_eq!(mempool(&paid), 1, "it was sent again");
    finishes_and_pays_once(&paid, &REFERENCED, before);
}

#[test]
fn the_node_is_broken_for_a_while() {
    let paid = PaidInvoice::new();
    let before = balance_of_alice(&paid);
    paid.world
        .scene
        .chain()
        .faults(&json!({ "broadcast": "fail", "times": 1 }))
        .unwrap();
    paid.shop()
        .command(create(&REFERENCED))
        .expect_code(NETWORK_FAILED)
        .run()
        .unwrap();
    assert_eq!(mempool(&paid), 0, "nothing was sent");
    create_without_waiting(&paid.shop(), &REFERENCED);
    finishes_and_pays_once(&paid, &REFERENCED, before);
}

#[test]
fn the_block_of_a_finished_refund_leaves_the_chain() {
    let paid = PaidInvoice::new();
    let before = balance_of_alice(&paid);
    paid.world.scene.chain().burn(1).unwrap();
    create_without_waiting(&paid.shop(), &REFERENCED);
    paid.world.mine(1);
    paid.shop().command(create(&REFERENCED)).run().unwrap();
    let fork = recoup_test_support::Fork {
        depth: 1,
        build: 1,
        orphans: recoup_test_support::Orphans::Drop,
        is_burn_fork: true,
    };
    paid.world.scene.chain().fork(&fork).unwrap();
    assert_eq!(balance_of_alice(&paid), before);
    create_without_waiting(&paid.shop(), &REFERENCED);
    finishes_and_pays_once(&paid, &REFERENCED, before);
}
