//! Somebody else acts in between: the same key on another machine, an operator, the merchant himself.

use std::thread;

use recoup_e2e::accounts::DEPLOYER;
use recoup_e2e::participant::Participant;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{Call, PaidIn, RefundOrder};
use recoup_protocol::ids::InvoiceId;
use serde_json::{Value, json};

use crate::story::{DONE, KINDS, ONE, REFUSED, REJECTED, SENT, Story, stage, txid};

#[test]
fn two_machines_pay_the_same_reference_at_once() {
    let stage = stage();
    let mut story = Story::new(&stage);
    story.shop.add_machine().unwrap();
    thread::scope(|scope| {
        for machine in 0..2 {
            let story = &story;
            scope.spawn(move || {
                let recoup = story.shop.machine(machine).recoup();
                let command = recoup
                    .command(story.create(KINDS[0]))
                    .into_command()
                    .output()
                    .unwrap();
                // The same transaction to the byte, or the later one of two.
                assert!(
                    [DONE, REJECTED].contains(&command.status.code().unwrap()),
                    "{command:?}"
                );
            });
        }
    });
    for machine in 0..2 {
        story.run_at(machine, DONE, &["refund", "resume"]);
        assert_eq!(
            story.run_at(machine, DONE, &story.create(KINDS[0]))["outcome"],
            "already-done"
        );
    }
    story.ends_with(&[ONE]);
}

#[test]
fn two_processes_on_one_machine_pay_the_same_at_once() {
    let stage = stage();
    for kind in KINDS {
        let story = Story::new(&stage);
        story.shop.stage().hold_blocks().unwrap();
        let more: Vec<&str> = kind.iter().copied().chain(["--no-wait"]).collect();
        let documents: Vec<Value> = thread::scope(|scope| {
            let windows: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| story.run(SENT, &story.create(&more))))
                .collect();
            windows.into_iter().map(|window| window.join().unwrap()).collect()
        });
        let mut txids: Vec<String> = documents.iter().map(txid).collect();
        txids.dedup();
        assert_eq!(txids.len(), 1, "{documents:#?}");
        story.resume(DONE);
        story.ends_with(&[ONE]);
    }
}

#[test]
fn another_machine_pays_the_reference_first() {
    let stage = stage();
    let mut story = Story::new(&stage);
    let other = story.shop.add_machine().unwrap();
    story.send_held(KINDS[0]);
    // With a higher fee: the node drops the first.
    let more: Vec<&str> = KINDS[0]
        .iter()
        .copied()
        .chain(["--no-wait", "--fee", "200000"])
        .collect();
    story.run_at(other, SENT, &story.create(&more));
    story.shop.stage().heal().unwrap();
    story.run_at(other, DONE, &["refund", "resume"]);
    // The wish is fulfilled, whoever did it.
    story.resume(DONE);
    assert_eq!(
        story.run(DONE, &story.create(KINDS[0]))["outcome"],
        "already-done"
    );
    story.ends_with(&[ONE]);
}

#[test]
fn another_machine_takes_the_nonce_for_another_refund() {
    let stage = stage();
    let mut story = Story::new(&stage);
    let other = story.shop.add_machine().unwrap();
    story.send_held(&["--amount", "1", "--fee", "3000"]);
    let more = ["--amount", "2", "--no-wait", "--fee", "200000"];
    story.run_at(other, SENT, &story.create(&more));
    story.shop.stage().heal().unwrap();
    story.run_at(other, DONE, &["refund", "resume"]);
    let told = story.resume(REJECTED);
    assert_eq!(
        told["transactions"][0]["transaction"]["state"], "replaced",
        "{told}"
    );
    assert!(told.to_string().contains("nothing was moved by it"), "{told}");
    story.ends_with(&[2 * ONE]);
    // What was not paid can be paid now.
    story.run(DONE, &story.create(&["--amount", "1"]));
    story.ends_with(&[2 * ONE, ONE]);
}

#[test]
fn an_operator_refunds_in_between() {
    let stage = stage();
    let mut story = Story::new(&stage);
    let mut operator = Participant::with_key(stage.node(), &stage.new_key()).unwrap();
    let address = operator.address().to_string();
    stage.chain().send_funds(&address, None, 100 * ONE).unwrap();
    let appoint = Call::SetOperator {
        operator: operator.principal(),
        may_refund: true,
        may_invoice: false,
    };
    let merchant = story.shop.merchant();
    merchant.catch_up(stage.node()).unwrap();
    merchant.call(stage.node(), stage.core(), &appoint).unwrap();
    story.chain().burn(1).unwrap();
    story.send_held(KINDS[1]);
    let order = RefundOrder {
        invoice_id: InvoiceId(story.invoice.parse().unwrap()),
        payer: story.shop.customer(0).parse().unwrap(),
        amount: BaseUnits(3 * ONE),
        expected_refunded: BaseUnits(0),
        reference: None,
        reason: None,
    };
    let refund = Call::Refund(PaidIn { order, token: None });
    let first = operator.call(stage.node(), stage.core(), &refund).unwrap();
    story.chain().mine_chosen(&[&first.to_bare_hex()]).unwrap();
    let told = story.resume(REJECTED);
    assert!(told.to_string().contains("ERR_LEDGER_CHANGED"), "{told}");
    assert!(
        told.to_string().contains("nothing was moved but the fee"),
        "{told}"
    );
    story.ends_with(&[3 * ONE]);
}

#[test]
fn the_balance_is_spent_in_between() {
    let stage = stage();
    let mut story = Story::new(&stage);
    story.shop.stage().hold_blocks().unwrap();
    // The merchant sends nearly all away from another wallet; the node's word is that the next nonce is the one after.
    let balance = story.shop.balances().unwrap()[&(story.shop.address(), "STX".to_owned())];
    let spent = u64::try_from(balance - ONE).unwrap();
    let merchant = story.shop.merchant();
    merchant.transfer(stage.node(), DEPLOYER.address, spent).unwrap();
    story.faults(&json!({ "nonce_offset": 1 }));
    story.run(SENT, &story.create(&["--amount", "1", "--no-wait"]));
    let told = story.resume(REJECTED);
    assert!(told.to_string().contains("ERR_INSUFFICIENT_BALANCE"), "{told}");
    story.ends_with(&[]);
    let again = story.run(REFUSED, &story.create(&["--amount", "1"]));
    assert!(again.to_string().contains("ERR_INSUFFICIENT_BALANCE"), "{again}");
    assert!(again.to_string().contains(&story.shop.address()), "{again}");
    story.ends_with(&[]);
}
