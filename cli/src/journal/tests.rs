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

fn intent() -> Intent {
    Intent::Refund(RefundIntent {
        core: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core"
            .parse()
            .unwrap(),
        invoice_id: InvoiceId(7),
        merchant: MERCHANT.parse().unwrap(),
        issuer: MERCHANT.parse().unwrap(),
        delegate: None,
        payer: PAYER.parse().unwrap(),
        token: Token::Stx,
        asked: "25%".to_owned(),
        amount: BaseUnits(u128::MAX),
        expected_refunded: BaseUnits(0),
        reference: Some("order 7".parse().unwrap()),
        reason: Some("line\nfeed \u{202e} \"quoted\"".parse().unwrap()),
    })
}

fn planned() -> Change {
    Change::Planned { intent: intent() }
}

fn transaction(nonce: u64, fee: u64) -> SignedTransaction {
    SignedTransaction {
        txid: Txid::from_bytes([u8::try_from(nonce).unwrap(); 32]),
        raw: "0x00".to_owned(),
        sender: MERCHANT.parse().unwrap(),
        nonce,
        fee,
    }
}

fn signed(nonce: u64) -> Change {
    let transaction = transaction(nonce, 300);
    Change::Signed { transaction }
}

fn bumped(nonce: u64, fee: u64) -> Change {
    let transaction = transaction(nonce, fee);
    Change::Bumped { transaction }
}

fn included() -> Change {
    Change::Included(Inclusion {
        seen_at: StacksHeight(9),
        burn_height: BurnHeight(3),
        id: Some(1),
        txid: None,
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
        append(&mut locked, *entry, change.clone()).unwrap();
    }
    drop(locked);
    folder
}

/// Plans what is signed, first.
fn append(locked: &mut LockedJournal<'_>, entry: u64, change: Change) -> Result<(), JournalError> {
    if matches!(change, Change::Signed { .. }) && locked.book().draft(entry).is_none() {
        locked.append(entry, planned())?;
    }
    locked.append(entry, change)
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
    let entry = book.get(2).unwrap();
    assert_eq!(
        (&entry.intent, &entry.transaction),
        (&intent(), &transaction(1, 300))
    );
}

#[test]
fn a_missing_journal_is_empty_and_reading_makes_none() {
    let folder = folder();
    assert_eq!(*folder.journal.read().unwrap(), Book::default());
    assert!(!folder.journal.path().exists());
}

#[test]
fn a_torn_last_line_is_dropped_wherever_it_was_cut() {
    let folder = journal_with(&[(1, signed(0)), (1, Change::Broadcast {}), (2, signed(1))]);
    // The last line signs what the line before it planned.
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
    assert_eq!(locked.book().draft(2).unwrap().stage, Stage::Planned);
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
    assert_eq!(*folder.journal.read().unwrap(), Book::default());
    append(&mut folder.journal.lock().unwrap(), 1, signed(0)).unwrap();
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
        vec![0, 1, 2, 5, 6],
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
    assert!(locked.append(1, signed(0)).is_err(), "never planned");
    assert!(locked.append(2, planned()).is_err(), "not the next number");
    locked.append(1, planned()).unwrap();
    assert!(locked.append(1, included()).is_err(), "not signed yet");
    locked.append(1, signed(0)).unwrap();
    assert!(locked.append(1, Change::Final {}).is_err(), "never included");
    assert!(locked.append(1, failed(FailedAt::Here)).is_err(), "signed");
    drop(locked);
    assert_eq!(states(&folder.journal), ["signed"]);
}

/// A journal whose lines are whole and well summed up, and say something impossible.
#[test]
fn an_impossible_transition_is_damage_and_is_told_with_its_line() {
    let folder = journal_with(&[(1, signed(0)), (1, Change::Broadcast {})]);
    let lines = [
        r#"{"entry":1,"at":"2026-01-01T00:00:00Z","change":{"final":{}}}"#,
        r#"{"entry":1,"at":"2026-01-01T00:00:00Z","change":{"orphaned":{}}}"#,
        r#"{"entry":1,"at":"2026-01-01T00:00:00Z","change":{"broadcast":{}}}"#,
        r#"{"entry":1,"at":"2026-01-01T00:00:00Z","change":{"failed":{"at":"node","detail":"x"}}}"#,
        r#"{"entry":2,"at":"2026-01-01T00:00:00Z","change":{"broadcast":{}}}"#,
        r#"{"entry":1,"at":"2026-01-01T00:00:00Z","change":{"approved":{"approver":"ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5","signature":"00"}}}"#,
    ];
    let whole = fs::read_to_string(folder.journal.path()).unwrap();
    let mut chain = line::Chain::start();
    for text in whole.lines() {
        chain = chain.read(text).unwrap().1;
    }
    for json in lines {
        fs::write(folder.journal.path(), format!("{whole}{}", chain.write(json).0)).unwrap();
        let error = folder.journal.read().unwrap_err();
        assert!(
            matches!(error, JournalError::Order { line: 5, .. }),
            "{json}: {error:?}"
        );
        assert!(folder.journal.lock().is_err(), "{json}");
    }
}

#[test]
fn a_raised_fee_is_an_alternative_of_the_same_entry() {
    let folder = journal_with(&[(1, signed(4)), (1, Change::Broadcast {}), (1, bumped(4, 400))]);
    let book = folder.journal.read().unwrap();
    let entry = book.get(1).unwrap();
    let fees: Vec<u64> = entry.alternatives().map(|one| one.fee).collect();
    assert_eq!((fees, entry.state.as_str()), (vec![400, 300], "signed"));
    assert_eq!(book.next_nonce(&MERCHANT.parse().unwrap(), 4), 5);
    let mut locked = folder.journal.lock().unwrap();
    for wrong in [bumped(4, 400), bumped(4, 399), bumped(5, 500)] {
        assert!(locked.append(1, wrong).is_err());
    }
    locked.append(1, included()).unwrap();
    assert!(locked.append(1, bumped(4, 500)).is_err(), "in a block already");
}

#[test]
fn what_another_process_wrote_is_read_beside_what_is_known() {
    let folder = journal_with(&[(1, signed(0))]);
    let other = Journal::new(folder.journal.path(), "local");
    assert_eq!(states(&folder.journal), states(&other));
    append(&mut other.lock().unwrap(), 2, signed(1)).unwrap();
    assert_eq!(states(&folder.journal), ["signed", "signed"]);
    append(&mut folder.journal.lock().unwrap(), 1, Change::Broadcast {}).unwrap();
    assert_eq!(states(&other), ["broadcast", "signed"]);
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
                    append(&mut locked, number, signed(nonce)).unwrap();
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
        Err(JournalError::Line { line: 4, .. })
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

#[test]
fn every_kind_of_damage_says_what_it_is_and_what_to_do() {
    use std::io;

    use crate::failure::Failure;
    use crate::home::FileError;

    let path = || std::path::PathBuf::from("/recoup/journal/local.journal");
    let full = FileError {
        action: "write",
        path: path(),
        source: io::Error::from(io::ErrorKind::StorageFull),
    };
    let json = serde_json::from_str::<Record>("{}").unwrap_err();
    let errors = [
        JournalError::Write(full),
        JournalError::Line {
            path: path(),
            line: 7,
            source: LineError::Checksum,
        },
        JournalError::Line {
            path: path(),
            line: 7,
            source: LineError::Shape,
        },
        JournalError::Content {
            path: path(),
            line: 7,
            source: json,
        },
        JournalError::Order {
            path: path(),
            line: 7,
            source: BookError::Impossible {
                entry: 3,
                from: Stage::Failed,
                step: "broadcast",
            },
        },
        JournalError::Header {
            path: path(),
            network: "local".to_owned(),
        },
    ];
    let texts = errors.map(|error| Failure::from(error).to_text());
    insta::assert_snapshot!(texts.join("\n"));
}
