//! The journal under interruption, damage and several processes.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::thread;

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::token::Token;
use recoup_stacks::hash::{BurnHeight, StacksHeight, Txid};

use super::*;

const MERCHANT: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
const PAYER: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";

fn signed(nonce: u64) -> Change {
    let intent = Intent::Refund(RefundIntent {
        core: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core"
            .parse()
            .unwrap(),
        invoice_id: InvoiceId(7),
        merchant: MERCHANT.parse().unwrap(),
        issuer: MERCHANT.parse().unwrap(),
        payer: PAYER.parse().unwrap(),
        token: Token::Stx,
        asked: "25%".to_owned(),
        amount: BaseUnits(u128::MAX),
        expected_refunded: BaseUnits(0),
        reference: Some("order 7".parse().unwrap()),
        reason: Some("line\nfeed \u{202e} \"quoted\"".parse().unwrap()),
    });
    let transaction = SignedTransaction {
        txid: Txid::from_bytes([u8::try_from(nonce).unwrap(); 32]),
        raw: "0x00".to_owned(),
        sender: MERCHANT.parse().unwrap(),
        nonce,
        fee: 300,
    };
    Change::Signed { intent, transaction }
}

fn included() -> Change {
    Change::Included(Inclusion {
        seen_at: StacksHeight(9),
        burn_height: BurnHeight(3),
        id: Some(1),
    })
}

fn failed(at: FailedAt) -> Change {
    Change::Failed {
        at,
        code: Some(BaseUnits(1024)),
        detail: "too much".to_owned(),
    }
}

struct Folder {
    _folder: tempfile::TempDir,
    journal: Journal,
}

fn folder() -> Folder {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::new(folder.path().join("journal/local.journal"), "local");
    Folder {
        _folder: folder,
        journal,
    }
}

fn journal_with(changes: &[(u64, Change)]) -> Folder {
    let folder = folder();
    let mut locked = folder.journal.lock().unwrap();
    for (entry, change) in changes {
        locked.append(*entry, change.clone()).unwrap();
    }
    drop(locked);
    folder
}

fn states(journal: &Journal) -> Vec<&'static str> {
    journal
        .read()
        .unwrap()
        .entries()
        .map(|entry| entry.state.as_str())
        .collect()
}

#[test]
fn what_is_appended_is_read_back() {
    let folder = journal_with(&[
        (1, signed(0)),
        (1, Change::Broadcast {}),
        (2, signed(1)),
        (1, included()),
        (1, Change::Final {}),
        (2, failed(FailedAt::Chain)),
        (3, signed(2)),
        (
            3,
            Change::Replaced {
                detail: "by hand".to_owned(),
            },
        ),
        (3, Change::Orphaned {}),
    ]);
    assert_eq!(states(&folder.journal), ["final", "failed", "orphaned"]);
    let book = folder.journal.read().unwrap();
    let Change::Signed { intent, transaction } = signed(1) else {
        unreachable!()
    };
    let entry = book.get(2).unwrap();
    assert_eq!((&entry.intent, &entry.transaction), (&intent, &transaction));
}

#[test]
fn a_missing_journal_is_empty_and_reading_makes_none() {
    let folder = folder();
    assert_eq!(folder.journal.read().unwrap(), Book::default());
    assert!(!folder.journal.path().exists());
}

#[test]
fn a_torn_last_line_is_dropped_wherever_it_was_cut() {
    let folder = journal_with(&[(1, signed(0)), (1, Change::Broadcast {}), (2, signed(1))]);
    let whole = fs::read(folder.journal.path()).unwrap();
    let last_line = whole[..whole.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap()
        + 1;
    for cut in last_line..whole.len() {
        fs::write(folder.journal.path(), &whole[..cut]).unwrap();
        assert_eq!(states(&folder.journal), ["broadcast"], "cut at {cut}");
    }
    let mut locked = folder.journal.lock().unwrap();
    locked.append(2, signed(5)).unwrap();
    drop(locked);
    assert_eq!(states(&folder.journal), ["broadcast", "signed"]);
    assert_eq!(
        folder.journal.read().unwrap().get(2).unwrap().transaction.nonce,
        5
    );
}

#[test]
fn a_torn_header_is_written_again() {
    let folder = journal_with(&[(1, signed(0))]);
    fs::write(folder.journal.path(), "0123 {\"journal\"").unwrap();
    assert_eq!(folder.journal.read().unwrap(), Book::default());
    folder.journal.lock().unwrap().append(1, signed(0)).unwrap();
    assert_eq!(states(&folder.journal), ["signed"]);
}

#[test]
fn every_changed_byte_is_noticed() {
    let folder = journal_with(&[(1, signed(0)), (1, Change::Broadcast {})]);
    let whole = fs::read(folder.journal.path()).unwrap();
    // The very last byte is the line feed that makes the last line whole: without it the line is torn, not damaged.
    for index in 0..whole.len() - 1 {
        let mut changed = whole.clone();
        changed[index] ^= 1;
        fs::write(folder.journal.path(), &changed).unwrap();
        assert!(
            folder.journal.read().is_err(),
            "byte {index} of {:?}",
            String::from_utf8_lossy(&whole)
        );
        assert!(folder.journal.lock().is_err(), "byte {index}");
    }
}

#[test]
fn a_removed_or_moved_line_is_noticed() {
    let folder = journal_with(&[(1, signed(0)), (2, signed(1)), (3, signed(2))]);
    let text = fs::read_to_string(folder.journal.path()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for order in [
        vec![0, 2, 3],
        vec![0, 1, 3],
        vec![0, 2, 1, 3],
        vec![1, 2, 3],
        vec![0, 1, 1, 2, 3],
    ] {
        let content: String = order.iter().map(|index| lines[*index]).collect();
        fs::write(folder.journal.path(), content).unwrap();
        assert!(
            matches!(folder.journal.read(), Err(JournalError::Line { .. })),
            "{order:?}"
        );
    }
}

#[test]
fn refuses_the_journal_of_another_network_or_version() {
    let folder = journal_with(&[]);
    let other = Journal::new(folder.journal.path(), "mainnet");
    assert!(matches!(other.read(), Err(JournalError::Header { .. })));
}

#[test]
fn refuses_changes_that_make_no_sense_and_stays_usable() {
    let folder = folder();
    let mut locked = folder.journal.lock().unwrap();
    assert!(locked.append(1, Change::Broadcast {}).is_err(), "never signed");
    assert!(locked.append(2, signed(0)).is_err(), "not the next number");
    locked.append(1, signed(0)).unwrap();
    assert!(locked.append(1, Change::Final {}).is_err(), "never included");
    drop(locked);
    assert_eq!(states(&folder.journal), ["signed"]);
}

#[test]
fn writers_take_turns() {
    let folder = folder();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let mut locked = folder.journal.lock().unwrap();
                    let number = locked.book().next_number();
                    let nonce = locked.book().next_nonce(&MERCHANT.parse().unwrap(), 0);
                    locked.append(number, signed(nonce)).unwrap();
                }
            });
        }
    });
    let book = folder.journal.read().unwrap();
    let mut nonces: Vec<u64> = book.entries().map(|entry| entry.transaction.nonce).collect();
    nonces.sort_unstable();
    assert_eq!(nonces, (0..40).collect::<Vec<_>>());
}

#[test]
fn a_write_by_somebody_without_lock_is_not_swallowed() {
    let folder = journal_with(&[(1, signed(0))]);
    let mut file = OpenOptions::new()
        .append(true)
        .open(folder.journal.path())
        .unwrap();
    file.write_all(b"somebody was here\n").unwrap();
    assert!(matches!(
        folder.journal.lock(),
        Err(JournalError::Line { line: 3, .. })
    ));
}

#[test]
fn a_nonce_is_taken_unless_the_node_refused_it() {
    let sender = MERCHANT.parse().unwrap();
    let next = |changes: &[(u64, Change)], account| {
        journal_with(changes)
            .journal
            .read()
            .unwrap()
            .next_nonce(&sender, account)
    };
    assert_eq!(next(&[], 4), 4);
    assert_eq!(next(&[(1, signed(4))], 4), 5);
    assert_eq!(next(&[(1, signed(4)), (1, failed(FailedAt::Node))], 4), 4);
    assert_eq!(next(&[(1, signed(4)), (1, failed(FailedAt::Chain))], 4), 5);
    assert_eq!(
        next(&[(1, signed(4)), (2, signed(6))], 4),
        5,
        "a gap is filled first"
    );
    assert_eq!(
        next(&[(1, signed(4)), (1, included())], 4),
        5,
        "the account was read before the block"
    );
    let other = PAYER.parse().unwrap();
    assert_eq!(
        journal_with(&[(1, signed(4))])
            .journal
            .read()
            .unwrap()
            .next_nonce(&other, 4),
        4
    );
}
