//! Entries: the records of one transaction, folded together.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use recoup_stacks::address::Address;
use thiserror::Error;

use super::record::{Change, FailedAt, Inclusion, Intent, Record, RefundIntent, SignedTransaction};

/// Why records make no sense together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BookError {
    /// A change of an entry that was never signed.
    #[error("entry {0} is changed before it exists")]
    Unknown(u64),
    /// A new entry whose number is not the next.
    #[error("entry {0} is out of order")]
    OutOfOrder(u64),
}

/// Where an entry stands; see the table in [`crate::journal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Signed, perhaps sent.
    Signed,
    /// Accepted by a node.
    Broadcast,
    /// Its effect was seen.
    Included(Inclusion),
    /// Its effect was seen long ago.
    Final(Inclusion),
    /// It had no effect.
    Failed {
        /// Who refused.
        at: FailedAt,
        /// In words.
        detail: String,
    },
    /// Its nonce went to another transaction.
    Replaced,
    /// A fork undid it.
    Orphaned,
}

impl State {
    /// The word in the journal and in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Broadcast => "broadcast",
            Self::Included(_) => "included",
            Self::Final(_) => "final",
            Self::Failed { .. } => "failed",
            Self::Replaced => "replaced",
            Self::Orphaned => "orphaned",
        }
    }

    /// Whether the transaction can still be included: it must not be signed anew under another nonce.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Signed | Self::Broadcast | Self::Orphaned)
    }

    /// Whether a block was seen that used the nonce, so that a fork can bring the transaction back.
    #[must_use]
    pub const fn used_its_nonce(&self) -> bool {
        matches!(
            self,
            Self::Included(_)
                | Self::Final(_)
                | Self::Replaced
                | Self::Failed {
                    at: FailedAt::Chain,
                    ..
                }
        )
    }
}

/// One transaction and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the journal.
    pub number: u64,
    /// When it was signed.
    pub signed_at: DateTime<Utc>,
    /// What it is for.
    pub intent: Intent,
    /// The transaction.
    pub transaction: SignedTransaction,
    /// Where it stands.
    pub state: State,
}

impl Entry {
    /// The refund that it is for, if it is for one.
    #[must_use]
    pub const fn refund(&self) -> Option<&RefundIntent> {
        match &self.intent {
            Intent::Refund(refund) => Some(refund),
            _ => None,
        }
    }

    /// All refunds that it is for: one, or several lines of a list.
    pub fn refunds(&self) -> impl Iterator<Item = &RefundIntent> {
        let lines = match &self.intent {
            Intent::RefundMany(batch) => batch.lines.as_slice(),
            _ => &[],
        };
        self.refund()
            .into_iter()
            .chain(lines.iter().map(|line| &line.refund))
    }
}

/// All entries of a journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    entries: BTreeMap<u64, Entry>,
}

impl Book {
    /// Takes in the next record.
    ///
    /// # Errors
    /// When it does not fit those before.
    pub fn apply(&mut self, record: Record) -> Result<(), BookError> {
        let number = record.entry;
        let state = match record.change {
            Change::Signed { intent, transaction } => {
                return self.add(number, record.at, intent, transaction);
            }
            Change::Broadcast {} => State::Broadcast,
            Change::Included(inclusion) => State::Included(inclusion),
            Change::Final {} => match self.entry(number)?.state.clone() {
                State::Included(inclusion) | State::Final(inclusion) => State::Final(inclusion),
                _ => return Err(BookError::OutOfOrder(number)),
            },
            Change::Failed { at, detail, .. } => State::Failed { at, detail },
            Change::Replaced { .. } => State::Replaced,
            Change::Orphaned {} => State::Orphaned,
        };
        self.entry(number)?.state = state;
        Ok(())
    }

    fn add(
        &mut self,
        number: u64,
        signed_at: DateTime<Utc>,
        intent: Intent,
        transaction: SignedTransaction,
    ) -> Result<(), BookError> {
        if number != self.next_number() {
            return Err(BookError::OutOfOrder(number));
        }
        let entry = Entry {
            number,
            signed_at,
            intent,
            transaction,
            state: State::Signed,
        };
        self.entries.insert(number, entry);
        Ok(())
    }

    fn entry(&mut self, number: u64) -> Result<&mut Entry, BookError> {
        self.entries.get_mut(&number).ok_or(BookError::Unknown(number))
    }

    /// The number of the next new entry.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.entries
            .last_key_value()
            .map_or(1, |(last, _)| last.saturating_add(1))
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.values()
    }

    /// One entry.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&Entry> {
        self.entries.get(&number)
    }

    /// The first nonce from `account_nonce` on that no transaction of `sender` in this book holds.
    #[must_use]
    pub fn next_nonce(&self, sender: &Address, account_nonce: u64) -> u64 {
        let holds = |nonce| {
            self.entries().any(|entry| {
                let transaction = &entry.transaction;
                let held = entry.state.is_open() || entry.state.used_its_nonce();
                held && transaction.sender == *sender && transaction.nonce == nonce
            })
        };
        (account_nonce..u64::MAX)
            .find(|nonce| !holds(*nonce))
            .unwrap_or(u64::MAX)
    }
}
