//! Checking, sequencing and results of lists, without a chain.

use std::collections::HashSet;
use std::fs;

use proptest::prelude::*;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::RefundId;
use recoup_protocol::reads::{Refund, RefundQuote};
use recoup_protocol::status::InvoiceStatus;
use recoup_protocol::token::Token;
use recoup_stacks::hash::{BurnHeight, StacksHeight, Txid};

use super::*;
use crate::journal::{
    BatchIntent, BatchLine, Book, Change, FailedAt, Inclusion, Intent, Record, RefundIntent,
    SignedTransaction,
};
use crate::profile::Chain;
use crate::token::TokenInfo;

const CORE: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core";
const MERCHANT: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
const PAYER: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";

/// Lines of (invoice, micro-STX or as written), with the references r0, r1 and so on.
fn list(lines: &[(u64, &str)]) -> List {
    let mut text = "invoice,payer,amount,reference\n".to_owned();
    for (index, (invoice, amount)) in lines.iter().enumerate() {
        text += &format!("{invoice},{PAYER},{amount},r{index}\n");
    }
    let list = List::read(text.as_bytes());
    assert_eq!(list.problems, []);
    list
}

/// 10 STX were paid and none refunded; 90 blocks to the deadline.
fn answer() -> Answer {
    let quote = RefundQuote {
        merchant: MERCHANT.parse().unwrap(),
        token: Token::Stx,
        amount: BaseUnits(10_000_000),
        amount_paid: BaseUnits(10_000_000),
        amount_refunded: BaseUnits(0),
        status: InvoiceStatus::Paid,
        refund_window: 144,
        first_payment_at: Some(BurnHeight(10)),
        payer_count: 1,
        paid: BaseUnits(10_000_000),
        refunded: BaseUnits(0),
        deadline: Some(BurnHeight(154)),
        refundable: BaseUnits(10_000_000),
        refusal: None,
        reference_refund_id: None,
        burn_height: BurnHeight(64),
    };
    Answer {
        quote: Some(quote),
        reference_refund: None,
    }
}

fn terms() -> Terms {
    Terms {
        chain: Chain::Local,
        core: CORE.parse().unwrap(),
        issuer: MERCHANT.parse().unwrap(),
        operators: [].into(),
        tokens: [(Token::Stx, Ok(TokenInfo::Stx))].into(),
        force: false,
    }
}

fn check_with(list: &List, answers: Vec<Answer>, book: &Book) -> Checked {
    let references: HashSet<_> = list.lines.iter().map(|line| &line.reference).collect();
    let terms = terms();
    check(
        &list.lines,
        answers,
        &terms,
        &History::of(book, &terms.core, &references),
    )
}

fn check_all(list: &List, book: &Book) -> Checked {
    check_with(list, vec![answer(); list.lines.len()], book)
}

fn dues(checked: Checked) -> Vec<Due> {
    assert_eq!(checked.problems, []);
    let due = |(_, standing)| match standing {
        Standing::Due(due) => *due,
        other => panic!("not due: {other:?}"),
    };
    checked.standings.into_iter().map(due).collect()
}

/// (amount, what it expects to have been refunded) of each line.
fn amounts(lines: &[BatchLine]) -> Vec<(u128, u128)> {
    lines
        .iter()
        .map(|line| (line.refund.amount.0, line.refund.expected_refunded.0))
        .collect()
}

/// A journal with one entry for each group of lines, brought to a state.
fn journal(groups: &[(Vec<Due>, Option<Change>)]) -> Book {
    let mut book = Book::default();
    for (number, (group, change)) in (1..).zip(groups) {
        let lines = Balances::before(group).sequence(group);
        let intent = Intent::RefundMany(BatchIntent {
            list: String::new(),
            lines,
        });
        let transaction = SignedTransaction {
            txid: Txid::from_bytes([u8::try_from(number).unwrap(); 32]),
            raw: "0x00".to_owned(),
            sender: MERCHANT.parse().unwrap(),
            nonce: number,
            fee: 300,
        };
        let planned = Change::Planned { intent };
        let signed = Change::Signed { transaction };
        // A fork undoes only what was seen.
        let seen = matches!(change, Some(Change::Orphaned {}))
            .then(included)
            .flatten();
        for change in [Some(planned), Some(signed), seen, change.clone()]
            .into_iter()
            .flatten()
        {
            book.apply(Record {
                entry: number,
                at: chrono::DateTime::UNIX_EPOCH,
                change,
            })
            .unwrap();
        }
    }
    book
}

fn failed(at: FailedAt) -> Option<Change> {
    Some(Change::Failed {
        at,
        code: None,
        detail: "no".to_owned(),
    })
}

fn included() -> Option<Change> {
    Some(Change::Included(Inclusion {
        seen_at: StacksHeight(9),
        burn_height: BurnHeight(3),
        id: Some(1),
        txid: None,
    }))
}

#[test]
fn lines_of_one_payer_expect_those_before_them() {
    let list = list(&[(1, "25%"), (2, "1"), (1, "1.5"), (1, "full"), (2, "full")]);
    let dues = dues(check_all(&list, &Book::default()));
    let lines = Balances::before(&dues).sequence(&dues);
    let expected = [
        (2_500_000, 0),
        (1_000_000, 0),
        (1_500_000, 2_500_000),
        (6_000_000, 4_000_000),
        (9_000_000, 1_000_000),
    ];
    assert_eq!(amounts(&lines), expected);
}

#[test]
fn lines_that_ask_for_more_than_earlier_ones_leave_are_refused() {
    let list = list(&[(1, "6"), (1, "5"), (1, "full"), (1, "0.1")]);
    let checked = check_all(&list, &Book::default());
    let places: Vec<_> = checked
        .problems
        .iter()
        .map(|problem| (problem.line, problem.column))
        .collect();
    assert_eq!(places, [(3, Some(Column::Amount)), (5, Some(Column::Invoice))]);
    assert_eq!(checked.standings.len(), 2);
}

#[test]
fn a_line_on_chain_is_done_and_another_refund_with_its_reference_is_a_problem() {
    let list = list(&[(1, "1"), (1, "2"), (1, "full")]);
    let on_chain = |amount| {
        let mut answer = answer();
        let quote = answer.quote.as_mut().unwrap();
        (quote.reference_refund_id, quote.refusal) = (Some(RefundId(5)), Some(1006));
        (quote.refunded, quote.refundable) = (BaseUnits(1_000_000), BaseUnits(9_000_000));
        let refund = Refund {
            invoice_id: list.lines[0].invoice_id,
            payer: PAYER.parse().unwrap(),
            amount: BaseUnits(amount),
            issuer: MERCHANT.parse().unwrap(),
            reason: None,
            reference: None,
            burn_height: BurnHeight(60),
            previous: None,
        };
        Answer {
            reference_refund: Some((RefundId(5), refund)),
            ..answer
        }
    };
    let mut left = answer();
    left.quote.as_mut().unwrap().refundable = BaseUnits(9_000_000);
    let checked = check_with(
        &list,
        vec![on_chain(1_000_000), on_chain(1_000_000), left],
        &Book::default(),
    );
    assert_eq!(
        checked.standings[0],
        (
            2,
            Standing::Done {
                refund_id: RefundId(5),
                txid: None
            }
        )
    );
    assert_eq!(
        (checked.problems[0].line, checked.problems[0].column),
        (3, Some(Column::Reference))
    );
    let Standing::Due(due) = &checked.standings[1].1 else {
        panic!("not due")
    };
    assert_eq!(
        due.refund.amount,
        BaseUnits(9_000_000),
        "what is done is in the quote already"
    );
}

#[test]
fn a_line_in_a_transaction_that_may_count_is_not_signed_again() {
    let list = list(&[(1, "1"), (2, "1")]);
    let all = dues(check_all(&list, &Book::default()));
    for change in [
        None,
        Some(Change::Broadcast {}),
        included(),
        Some(Change::Orphaned {}),
    ] {
        let book = journal(&[(vec![all[0].clone()], change)]);
        let checked = check_all(&list, &book);
        assert!(
            matches!(checked.standings[0].1, Standing::Unsettled { entry: 1, .. }),
            "{checked:?}"
        );
        assert!(matches!(checked.standings[1].1, Standing::Due(_)));
    }
    for change in [
        failed(FailedAt::Node),
        failed(FailedAt::Chain),
        Some(Change::Replaced {
            detail: String::new(),
        }),
    ] {
        let book = journal(&[(all.clone(), change)]);
        assert_eq!(dues(check_all(&list, &book)).len(), 2);
    }
}

#[test]
fn another_refund_under_way_is_in_the_way() {
    let first = list(&[(1, "1")]);
    let book = journal(&[(dues(check_all(&first, &Book::default())), None)]);
    let changed = check_all(&list(&[(1, "2")]), &book);
    assert_eq!(
        changed.problems[0].column,
        Some(Column::Reference),
        "same reference, other amount"
    );
    let other = list(&[(2, "1"), (1, "2")]); // r0 for another invoice, r1 for the payer with an open refund
    let book = {
        let mut lines = dues(check_all(&first, &Book::default()));
        lines[0].refund.reference = Some("of another list".parse().unwrap());
        journal(&[(lines, None)])
    };
    let checked = check_all(&other, &book);
    assert_eq!(
        (checked.standings.len(), checked.problems[0].column),
        (1, Some(Column::Payer))
    );
}

#[test]
fn halves_of_a_failed_transaction_go_apart_in_the_next_run() {
    let list = list(&[(1, "1"), (2, "1"), (3, "1"), (4, "1"), (5, "1"), (6, "1")]);
    let all = dues(check_all(&list, &Book::default()));
    let groups = |book: &Book| -> Vec<Vec<u64>> {
        let dues = dues(check_all(&list, book));
        let groups = split(
            dues,
            |due| due.failed,
            |_| 1,
            Budget {
                lines: 200,
                bytes: u64::MAX,
            },
        );
        groups
            .iter()
            .map(|group| group.iter().map(|due| due.line).collect())
            .collect()
    };
    let once = journal(&[(all[..5].to_vec(), failed(FailedAt::Chain))]);
    assert_eq!(groups(&once), [vec![2, 3, 4], vec![5, 6], vec![7]]);
    let twice = journal(&[
        (all[..5].to_vec(), failed(FailedAt::Chain)),
        (all[..3].to_vec(), failed(FailedAt::Chain)),
    ]);
    assert_eq!(groups(&twice), [vec![2, 3], vec![4], vec![5, 6], vec![7]]);
    let alone = journal(&[
        (all.clone(), failed(FailedAt::Chain)),
        (vec![all[0].clone()], failed(FailedAt::Chain)),
    ]);
    assert_eq!(groups(&alone), [vec![2], vec![3, 4], vec![5, 6, 7]]);
}

#[test]
fn an_entry_in_the_journal_is_read_back_with_its_lines() {
    let list = list(&[(1, "1"), (2, "1")]);
    let book = journal(&[(dues(check_all(&list, &Book::default())), None)]);
    let entry = book.get(1).unwrap();
    let text = serde_json::to_string(&entry.intent).unwrap();
    assert!(
        text.starts_with(r#"{"refund-many":{"list":"","lines":[{"line":2,"refund":{"core":"#),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<Intent>(&text).unwrap(), entry.intent);
    assert_eq!(
        (entry.refunds().count(), entry.refund()),
        (2, None::<&RefundIntent>)
    );
}

#[test]
fn results_have_every_line_in_order_and_never_replace_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results");
    let list = list(&[(1, "1"), (2, "1"), (3, "1")]);
    let mut results = Results::of(path.clone(), &list.lines).unwrap();
    results.set(
        3,
        Status::Included,
        Some(RefundId(9)),
        Some(Txid::from_bytes([1; 32])),
    );
    results.fail(4, None, "no");
    results.save().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let read: Vec<LineResult> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        read.iter().collect::<Vec<_>>(),
        results.lines().collect::<Vec<_>>()
    );
    let states: Vec<_> = read
        .iter()
        .map(|line| (line.line, line.status.as_str()))
        .collect();
    assert_eq!(states, [(2, "planned"), (3, "included"), (4, "failed")]);
    Results::of(path.clone(), &list.lines).unwrap();
    fs::write(&path, "invoice,payer\n").unwrap();
    assert!(Results::of(path, &list.lines).is_err());
}

proptest! {
    /// Whatever fails, in whatever order: a payer never gets more than was paid, and each expectation is what it then is.
    #[test]
    fn expectations_follow_what_was_really_paid(lines in proptest::collection::vec((1..4u64, 1..40u128), 1..20), outcome in proptest::collection::vec(any::<bool>(), 20)) {
        let written: Vec<(u64, String)> = lines.iter().map(|(invoice, tenths)| (*invoice, BaseUnits(*tenths).to_decimal(1))).collect();
        let written: Vec<(u64, &str)> = written.iter().map(|(invoice, amount)| (*invoice, amount.as_str())).collect();
        let list = list(&written);
        let checked = check_all(&list, &Book::default());
        prop_assert_eq!(checked.standings.len() + checked.problems.len(), list.lines.len());
        let dues: Vec<Due> = checked.standings.into_iter().filter_map(|(_, standing)| match standing {
            Standing::Due(due) => Some(*due),
            _ => None,
        }).collect();
        let mut balances = Balances::before(&dues);
        let mut refunded = std::collections::HashMap::new();
        for (group, is_paid) in dues.chunks(3).zip(outcome) {
            let lines = balances.sequence(group);
            let mut now = refunded.clone();
            for line in &lines {
                let sum: &mut u128 = now.entry(line.refund.invoice_id).or_default();
                prop_assert_eq!(line.refund.expected_refunded.0, *sum);
                *sum += line.refund.amount.0;
                prop_assert!(*sum <= 10_000_000);
            }
            if is_paid {
                balances.settle(&lines);
                refunded = now;
            }
        }
    }
}
