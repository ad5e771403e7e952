//! What the journal knows of a list's lines, found by reference.

use std::collections::{BTreeSet, HashMap, HashSet};

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::text::Reference;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::Txid;

use super::split::middle;
use crate::journal::{Book, Entry, FailedAt, RefundIntent, State};
use crate::refund::{Wish, is_same, may_have_effect};

/// A line's part in a transaction that failed on chain: lines of the same half can be tried together again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Failed {
    /// The transaction's entry.
    pub entry: u64,
    /// 0 or 1. A line that failed alone is a half of its own.
    pub half: u8,
}

/// What was signed before for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// Nothing that counts.
    Nothing,
    /// The line itself, in a transaction that can still count.
    Unsettled {
        /// Its entry.
        entry: u64,
        /// Its transaction.
        txid: Txid,
        /// How much the line is there.
        amount: BaseUnits,
    },
    /// Another refund under the same reference, which can still count.
    Another {
        /// Its entry.
        entry: u64,
        /// Its transaction.
        txid: Txid,
    },
    /// The line, in a transaction that failed on chain.
    Failed(Failed),
}

/// A book, seen from a list.
#[derive(Debug)]
pub struct History<'book> {
    /// The last entry of each reference of a merchant.
    named: HashMap<(&'book Principal, &'book Reference), Signed<'book>>,
    /// Open refunds of payers that are not lines of the list.
    open: HashMap<(InvoiceId, &'book Principal), &'book Entry>,
    /// Open entries that hold lines of the list.
    unsettled: BTreeSet<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Signed<'book> {
    entry: &'book Entry,
    refund: &'book RefundIntent,
    half: u8,
}

impl<'book> History<'book> {
    /// Indexes what a book says of one contract. `references`: those of the list.
    #[must_use]
    pub fn of(book: &'book Book, core: &ContractId, references: &HashSet<&Reference>) -> Self {
        let mut history = Self {
            named: HashMap::new(),
            open: HashMap::new(),
            unsettled: BTreeSet::new(),
        };
        for entry in book.entries() {
            let middle = middle(entry.refunds().count());
            for (index, refund) in entry
                .refunds()
                .enumerate()
                .filter(|(_, refund)| refund.core == *core)
            {
                history.take(
                    Signed {
                        entry,
                        refund,
                        half: u8::from(index >= middle),
                    },
                    references,
                );
            }
        }
        history
    }

    fn take(&mut self, signed: Signed<'book>, references: &HashSet<&Reference>) {
        let Signed { entry, refund, .. } = signed;
        let is_of_list = refund
            .reference
            .as_ref()
            .is_some_and(|reference| references.contains(reference));
        if let Some(reference) = &refund.reference {
            self.named.insert((&refund.merchant, reference), signed);
        }
        if entry.state.is_open() {
            if is_of_list {
                self.unsettled.insert(entry.number);
            } else {
                self.open.insert((refund.invoice_id, &refund.payer), entry);
            }
        }
    }

    /// What was signed before for a wish with a reference.
    #[must_use]
    pub fn earlier(&self, merchant: &Principal, wish: &Wish) -> Earlier {
        let named = wish
            .reference
            .as_ref()
            .and_then(|reference| self.named.get(&(merchant, reference)));
        let Some(Signed { entry, refund, half }) = named.copied() else {
            return Earlier::Nothing;
        };
        let (number, txid) = (entry.number, entry.transaction.txid);
        if may_have_effect(&entry.state) {
            return if is_same(wish, refund) {
                Earlier::Unsettled {
                    entry: number,
                    txid,
                    amount: refund.amount,
                }
            } else {
                Earlier::Another { entry: number, txid }
            };
        }
        match entry.state {
            State::Failed {
                at: FailedAt::Chain, ..
            } => Earlier::Failed(Failed { entry: number, half }),
            _ => Earlier::Nothing,
        }
    }

    /// An open refund of this payer that is not a line of the list.
    #[must_use]
    pub fn open_refund(&self, invoice_id: InvoiceId, payer: &Principal) -> Option<&'book Entry> {
        self.open.get(&(invoice_id, payer)).copied()
    }

    /// The transaction under which a reference was signed last.
    #[must_use]
    pub fn txid(&self, merchant: &Principal, reference: &Reference) -> Option<Txid> {
        self.named
            .get(&(merchant, reference))
            .map(|signed| signed.entry.transaction.txid)
    }

    /// Open entries that hold lines of the list, oldest first.
    #[must_use]
    pub const fn unsettled(&self) -> &BTreeSet<u64> {
        &self.unsettled
    }

    /// An entry that has or can get the effect of one of these refunds.
    #[must_use]
    pub fn holder<'refund>(&self, mut refunds: impl Iterator<Item = &'refund RefundIntent>) -> Option<u64> {
        refunds.find_map(|refund| {
            let signed = self.named.get(&(&refund.merchant, refund.reference.as_ref()?))?;
            may_have_effect(&signed.entry.state).then_some(signed.entry.number)
        })
    }
}
