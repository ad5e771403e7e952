//! Nonces that nobody uses, and that keep later ones out of every block. A node that overstates an account's nonce leaves
//! such a gap behind. Each nonce of it is used up by a call that is certain to fail and moves nothing but its fee.

use recoup_protocol::calls::Call;
use recoup_protocol::ids::InvoiceId;
use recoup_stacks::address::ContractId;
use recoup_stacks::keys::SecretKey;
use recoup_stacks::transaction::UnsignedTransaction;

use super::fee::Fee;
use super::outgoing::{close_abandoned, note_undone, plan, sign_planned};
use crate::context::Context;
use crate::failpoint;
use crate::failure::Failure;
use crate::journal::{Act, ActIntent, Book, Entry, Intent};

/// Most nonces that are filled for one transaction. A wider gap is the word of a wrong node, or of somebody who has to know
/// why.
pub const MOST_FILLERS: usize = 10;

/// Ids begin at 1: whoever cancels this one is told that there is no such invoice.
const NO_INVOICE: InvoiceId = InvoiceId(0);

/// The nonces before an open entry's own that no block uses by `account_nonce`, and that nothing in the book will use: it
/// can wait for ever. One more than can be filled at the most.
#[must_use]
pub fn gap(book: &Book, entry: &Entry, account_nonce: u64) -> Vec<u64> {
    if !entry.state.is_open() {
        return Vec::new();
    }
    let transaction = &entry.transaction;
    book.free_nonces(&transaction.sender, account_nonce..transaction.nonce)
        .take(MOST_FILLERS.saturating_add(1))
        .collect()
}

/// What fills a nonce: the cancellation of an invoice that cannot be there. Nothing may leave anybody.
///
/// With the least fee that nodes take for its length, no call of a Recoup contract can lose its place to it: nodes put a
/// transaction in the place of another for a higher fee only, all those calls are at least as long, and their fees not
/// below their lengths. So a bare node, which cannot be asked what waits under a nonce, tells by refusing the filler.
#[must_use]
pub fn filler(context: &Context, core: &ContractId) -> UnsignedTransaction {
    let call = Call::CancelInvoice {
        invoice_id: NO_INVOICE,
    };
    let network = context.profile.network.network();
    UnsignedTransaction::contract_call(network, core.clone(), call.function(), call.arguments())
}

/// Nonces in words: a few by name, many by their first.
#[must_use]
pub fn show_nonces(nonces: &[u64]) -> String {
    match nonces {
        [] => "no nonce".to_owned(),
        [only] => format!("nonce {only}"),
        [first, .., last] if nonces.len() <= MOST_FILLERS => {
            format!("{} nonces from {first} to {last}", nonces.len())
        }
        [first, ..] => format!("more than {MOST_FILLERS} nonces from {first} on"),
    }
}

/// Signs a filler for each of these nonces that is still free, and writes it to the journal. How many those are: another
/// process may have filled some meanwhile, or seen the waiting entry to its end.
///
/// # Errors
/// When the journal refuses, or signing fails. Nothing is sent in any case.
pub fn record_fillers(
    context: &Context,
    (waiting, nonces): (&Entry, &[u64]),
    account_nonce: u64,
    core: &ContractId,
    key: &SecretKey,
    fee: Fee,
) -> Result<usize, Failure> {
    let mut journal = context.journal.lock()?;
    close_abandoned(&mut journal)?;
    let sender = key.address(context.profile.network.network());
    note_undone(&mut journal, &sender, account_nonce)?;
    let free = match journal.book().get(waiting.number) {
        Some(entry) => gap(journal.book(), entry, account_nonce),
        None => Vec::new(),
    };
    let mut count = 0;
    for nonce in nonces.iter().filter(|nonce| free.contains(nonce)) {
        let intent = ActIntent {
            contract: core.clone(),
            sender: sender.into(),
            act: Act::FillNonce { nonce: *nonce },
        };
        failpoint::reach("before-journal-planned");
        let number = plan(&mut journal, Intent::Act(intent))?;
        failpoint::reach("after-journal-planned");
        let transaction = filler(context, core).with_nonce(*nonce);
        sign_planned(context, &mut journal, number, transaction, key, fee)?;
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use recoup_stacks::address::Address;
    use recoup_stacks::hash::Txid;

    use super::*;
    use crate::journal::{Change, Record, SignedTransaction};

    const MERCHANT: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
    const OTHER: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";

    /// A journal of transactions that were signed: by whom, and with which nonce.
    fn book(transactions: &[(&str, u64)]) -> Book {
        let mut book = Book::default();
        for (number, (sender, nonce)) in (1..).zip(transactions) {
            let sender: Address = sender.parse().unwrap();
            let intent = ActIntent {
                contract: format!("{MERCHANT}.recoup-core").parse().unwrap(),
                sender: sender.into(),
                act: Act::FillNonce { nonce: *nonce },
            };
            let transaction = SignedTransaction {
                txid: Txid::from_bytes([1; 32]),
                raw: "0x00".to_owned(),
                sender,
                nonce: *nonce,
                fee: 300,
            };
            let intent = Intent::Act(intent);
            for change in [Change::Planned { intent }, Change::Signed { transaction }] {
                let record = Record {
                    entry: number,
                    at: DateTime::UNIX_EPOCH,
                    change,
                };
                book.apply(record).unwrap();
            }
        }
        book
    }

    fn gap_before_last(transactions: &[(&str, u64)], account_nonce: u64) -> Vec<u64> {
        let book = book(transactions);
        gap(&book, book.entries().next_back().unwrap(), account_nonce)
    }

    #[test]
    fn only_nonces_that_no_entry_of_the_account_holds_are_unused() {
        let of = |nonce| (MERCHANT, nonce);
        assert!(gap_before_last(&[of(5)], 5).is_empty());
        assert_eq!(gap_before_last(&[of(5)], 3), [3, 4]);
        assert_eq!(gap_before_last(&[of(3), of(6), of(5)], 3), [4]);
        assert_eq!(gap_before_last(&[(OTHER, 4), of(5)], 4), [4]);
        // A node that is ahead, or of another chain.
        assert!(gap_before_last(&[of(5)], 9).is_empty());
    }

    #[test]
    fn a_gap_however_wide_is_told_as_one_more_than_is_filled() {
        let unused = gap_before_last(&[(MERCHANT, u64::MAX)], 0);
        assert_eq!(unused.len(), MOST_FILLERS + 1);
        assert_eq!(show_nonces(&unused), "more than 10 nonces from 0 on");
        assert_eq!(show_nonces(&[4]), "nonce 4");
        assert_eq!(show_nonces(&[4, 6]), "2 nonces from 4 to 6");
    }

    #[test]
    fn no_settled_entry_waits_behind_anything() {
        let mut book = book(&[(MERCHANT, 5)]);
        let failed = Change::Failed {
            at: crate::journal::FailedAt::Chain,
            code: None,
            detail: String::new(),
        };
        let record = Record {
            entry: 1,
            at: DateTime::UNIX_EPOCH,
            change: failed,
        };
        book.apply(record).unwrap();
        assert!(gap(&book, book.get(1).unwrap(), 3).is_empty());
    }
}
