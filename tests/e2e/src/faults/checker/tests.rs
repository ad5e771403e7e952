//! The checker is silent about a good story, and finds each lie that is planted in it.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::events::InvoiceState;
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::status::InvoiceStatus;
use recoup_protocol::text::Reference;
use recoup_protocol::token::Token;
use recoup_stacks::hash::BurnHeight;

use super::*;
use crate::faults::Move;

const SHOP: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
const ALICE: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";

fn processed(id: u64, amount: u128, reference: &str) -> RefundProcessed {
    RefundProcessed {
        refund_id: RefundId(id),
        invoice_id: InvoiceId(7),
        merchant: SHOP.parse().unwrap(),
        issuer: SHOP.parse().unwrap(),
        payer: ALICE.parse().unwrap(),
        token: Token::Stx,
        amount: BaseUnits(amount),
        reason: None,
        reference: Some(Reference::new(reference).unwrap()),
        payer_paid: BaseUnits(1_000),
        payer_refunded: BaseUnits(amount),
        deadline: BurnHeight(2_000),
        burn_height: BurnHeight(200),
        state: InvoiceState {
            amount_paid: BaseUnits(1_000),
            amount_refunded: BaseUnits(amount),
            status: InvoiceStatus::Paid,
            refund_window: 144,
            first_payment_at: None,
            expires_at: BurnHeight(1_000),
        },
    }
}

fn mined(txid: &str, nonce: u64, refund: Option<RefundProcessed>) -> Mined {
    let moves = refund.iter().map(|refund| Move {
        token: "STX".to_owned(),
        from: Some(SHOP.to_owned()),
        to: ALICE.to_owned(),
        amount: refund.amount.0,
    });
    Mined {
        txid: txid.to_owned(),
        height: 9,
        sender: SHOP.to_owned(),
        nonce,
        fee: 5,
        is_success: refund.is_some(),
        moves: moves.collect(),
        refunds: refund.into_iter().collect(),
        invoices: Vec::new(),
    }
}

fn entry(number: u64, txid: &str, state: &str, amount: u128, reference: &str) -> JournalEntry {
    JournalEntry {
        number,
        txids: vec![txid.to_owned()],
        state: state.to_owned(),
        refunds: vec![JournalRefund {
            invoice: 7,
            payer: ALICE.to_owned(),
            amount,
            reference: Some(reference.to_owned()),
        }],
    }
}

fn claim(id: u64, amount: u128, reference: &str) -> Claim {
    Claim {
        refund_id: Some(id),
        invoice: 7,
        payer: ALICE.to_owned(),
        amount: Some(amount),
        reference: Some(reference.to_owned()),
    }
}

fn stx(who: &str) -> Holding {
    (who.to_owned(), "STX".to_owned())
}

/// Two refunds, and a transaction that failed.
fn story() -> Evidence {
    Evidence {
        merchants: vec![SHOP.to_owned()],
        before: [(stx(SHOP), 1_000), (stx(ALICE), 50)].into(),
        after: [(stx(SHOP), 1_000 - 30 - 20 - 15), (stx(ALICE), 100)].into(),
        mined: vec![
            mined("aa", 0, Some(processed(1, 30, "one"))),
            mined("bb", 1, None),
            mined("cc", 2, Some(processed(2, 20, "two"))),
        ],
        ledgers: [(
            (7, ALICE.to_owned()),
            Ledger {
                paid: 1_000,
                refunded: 50,
            },
        )]
        .into(),
        journals: vec![vec![
            entry(1, "aa", "final", 30, "one"),
            entry(2, "bb", "failed", 40, "three"),
            entry(3, "cc", "included", 20, "two"),
        ]],
        said: vec![
            Said {
                command: "create one".to_owned(),
                exit: Some(0),
                claims: vec![claim(1, 30, "one")],
                included: vec!["aa".to_owned()],
                signed: 1,
                ..Said::default()
            },
            Said {
                command: "create three".to_owned(),
                exit: Some(4),
                failed: vec!["bb".to_owned()],
                signed: 1,
                ..Said::default()
            },
            Said {
                command: "create four".to_owned(),
                exit: Some(3),
                ..Said::default()
            },
        ],
    }
}

fn assert_found(lie: impl FnOnce(&mut Evidence), expected: &str) {
    let mut evidence = story();
    lie(&mut evidence);
    let found = contradictions(&evidence);
    assert!(found.iter().any(|text| text.contains(expected)), "{found:#?}");
}

#[test]
fn is_silent_about_a_good_story() {
    assert_eq!(contradictions(&story()), Vec::<String>::new());
}

#[test]
fn finds_a_refund_that_was_paid_twice() {
    let twice = |evidence: &mut Evidence| {
        // The chain is consistent in itself: the balances and the ledger follow.
        evidence.mined.push(mined("dd", 3, Some(processed(3, 20, "two"))));
        *evidence.after.get_mut(&stx(SHOP)).unwrap() -= 25;
        *evidence.after.get_mut(&stx(ALICE)).unwrap() += 20;
        evidence.ledgers.values_mut().next().unwrap().refunded += 20;
    };
    assert_found(twice, "reference two");
    assert_found(twice, "dd: a refund that no journal knows");
}

#[test]
fn finds_money_that_moved_otherwise_than_the_refund_says() {
    assert_found(|evidence| evidence.mined[0].moves[0].amount = 31, "aa: moved");
    assert_found(
        |evidence| evidence.mined[0].moves[0].to = SHOP.to_owned(),
        "aa: moved",
    );
    let again = |evidence: &mut Evidence| {
        let moved = evidence.mined[0].moves[0].clone();
        evidence.mined[0].moves.push(moved);
    };
    assert_found(again, "aa: moved");
}

#[test]
fn finds_a_balance_that_is_off_by_one() {
    assert_found(
        |evidence| *evidence.after.get_mut(&stx(SHOP)).unwrap() += 1,
        "do not make",
    );
    assert_found(
        |evidence| *evidence.after.get_mut(&stx(ALICE)).unwrap() -= 1,
        "do not make",
    );
}

#[test]
fn finds_a_ledger_that_does_not_follow() {
    assert_found(
        |evidence| evidence.ledgers.values_mut().next().unwrap().refunded = 51,
        "51 in the ledger",
    );
    assert_found(
        |evidence| evidence.ledgers.values_mut().next().unwrap().paid = 49,
        "refunded 50 of 49",
    );
    assert_found(|evidence| evidence.ledgers.clear(), "who has no ledger");
}

#[test]
fn finds_printed_words_that_are_not_true() {
    let claim_of = |evidence: &mut Evidence, change: fn(&mut Claim)| change(&mut evidence.said[0].claims[0]);
    assert_found(
        |evidence| claim_of(evidence, |claim| claim.amount = Some(31)),
        "claims",
    );
    assert_found(|evidence| claim_of(evidence, |claim| claim.invoice = 8), "claims");
    assert_found(
        |evidence| claim_of(evidence, |claim| claim.refund_id = Some(2)),
        "claims",
    );
    assert_found(
        |evidence| claim_of(evidence, |claim| claim.reference = None),
        "claims",
    );
    assert_found(
        |evidence| evidence.said[1].failed = vec!["cc".to_owned()],
        "says that cc failed",
    );
    assert_found(
        |evidence| evidence.said[0].included = vec!["bb".to_owned()],
        "says that bb is included",
    );
    assert_found(|evidence| evidence.said[2].signed = 1, "was refused and signed 1");
}

#[test]
fn finds_a_journal_that_disagrees_with_the_chain() {
    let state = |number: usize, word: &'static str| {
        move |evidence: &mut Evidence| evidence.journals[0][number].state = word.to_owned()
    };
    assert_found(state(1, "included"), "entry 2 (included)");
    assert_found(state(0, "failed"), "aa had its effect");
    assert_found(state(2, "replaced"), "cc had its effect");
    assert_found(state(2, "broadcast"), "is still open");
    let lost = |evidence: &mut Evidence| drop(evidence.journals[0].remove(2));
    assert_found(lost, "cc: a refund that no journal knows");
}

#[test]
fn what_a_fork_undid_must_stand_in_a_journal() {
    let undone = |evidence: &mut Evidence| {
        evidence.mined[0] = mined("aa", 0, None);
        *evidence.after.get_mut(&stx(SHOP)).unwrap() += 30;
        *evidence.after.get_mut(&stx(ALICE)).unwrap() -= 30;
        evidence.ledgers.values_mut().next().unwrap().refunded = 20;
        evidence.said[0].is_before_fork = true;
    };
    let mut told = story();
    undone(&mut told);
    told.journals[0][0].state = "failed".to_owned();
    assert_eq!(contradictions(&told), Vec::<String>::new());
    assert_found(undone, "create one` claims");
    let without_fork = |evidence: &mut Evidence| {
        undone(evidence);
        evidence.journals[0][0].state = "failed".to_owned();
        evidence.said[0].is_before_fork = false;
    };
    assert_found(without_fork, "create one` claims");
}
