//! Entries: the records of one transaction, folded together.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::{DateTime, Utc};
use recoup_stacks::address::Address;
use thiserror::Error;

use super::record::{
    Approval, ApprovalTerms, BatchLine, Change, FailedAt, Inclusion, Intent, Record, RefundIntent,
    SignedTransaction,
};
use super::stage::{Stage, Step};

/// Why records make no sense together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BookError {
    /// A change of an entry that was never planned.
    #[error("entry {0} is changed before it exists")]
    Unknown(u64),
    /// A new entry whose number is not the next.
    #[error("entry {0} is out of order")]
    OutOfOrder(u64),
    /// A change that is impossible where the entry stands.
    #[error("entry {entry} cannot become `{step}` after `{from}`")]
    Impossible {
        /// The entry.
        entry: u64,
        /// Where it stands.
        from: Stage,
        /// The record.
        step: &'static str,
    },
    /// A transaction that is not the entry's with a higher fee.
    #[error("entry {0} gets a transaction that is no alternative to its own")]
    NoAlternative(u64),
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
    /// Where that is, without details.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Signed => Stage::Signed,
            Self::Broadcast => Stage::Broadcast,
            Self::Included(_) => Stage::Included,
            Self::Final(_) => Stage::Final,
            Self::Failed { .. } => Stage::Failed,
            Self::Replaced => Stage::Replaced,
            Self::Orphaned => Stage::Orphaned,
        }
    }

    /// The word in the journal and in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.stage().as_str()
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

/// What is decided and has no transaction: not yet, or never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its number in the journal.
    pub number: u64,
    /// When it was planned.
    pub planned_at: DateTime<Utc>,
    /// What it is for.
    pub intent: Intent,
    /// `planned`, `awaiting-approval`, `failed` or `replaced`.
    pub stage: Stage,
    /// What a second person is asked for.
    pub terms: Option<ApprovalTerms>,
    /// What second persons said.
    pub approvals: Vec<Approval>,
    /// Why it came to nothing.
    pub detail: Option<String>,
}

impl Draft {
    /// Whether it waits for a second person.
    #[must_use]
    pub fn is_awaiting(&self) -> bool {
        self.stage == Stage::AwaitingApproval
    }
}

/// One signed transaction, or several alternatives of which one can count, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the journal.
    pub number: u64,
    /// When it was signed first.
    pub signed_at: DateTime<Utc>,
    /// What it is for.
    pub intent: Intent,
    /// The transaction; where the fee was raised, the one with the highest.
    pub transaction: SignedTransaction,
    /// The same with lower fees, oldest first: each can be included in place of the last.
    pub lower: Vec<SignedTransaction>,
    /// What a second person agreed to.
    pub terms: Option<ApprovalTerms>,
    /// Who agreed to it.
    pub approvals: Vec<Approval>,
    /// Where it stands.
    pub state: State,
}

impl Entry {
    /// The refund that it is for, if it is for one.
    #[must_use]
    pub const fn refund(&self) -> Option<&RefundIntent> {
        self.intent.refund()
    }

    /// All refunds that it is for: one, or several lines of a list.
    pub fn refunds(&self) -> impl Iterator<Item = &RefundIntent> {
        self.intent.refunds()
    }

    /// All transactions that can count for it, the one with the highest fee first.
    pub fn alternatives(&self) -> impl Iterator<Item = &SignedTransaction> {
        std::iter::once(&self.transaction).chain(self.lower.iter().rev())
    }

    fn accepts(&self, bumped: &SignedTransaction) -> bool {
        let current = &self.transaction;
        bumped.sender == current.sender && bumped.nonce == current.nonce && bumped.fee > current.fee
    }
}

impl Intent {
    /// The refund, if it is one.
    #[must_use]
    pub const fn refund(&self) -> Option<&RefundIntent> {
        match self {
            Self::Refund(refund) => Some(refund),
            _ => None,
        }
    }

    /// All refunds: one, or several lines of a list.
    pub fn refunds(&self) -> impl Iterator<Item = &RefundIntent> {
        let lines: &[BatchLine] = match self {
            Self::RefundMany(batch) => batch.lines.as_slice(),
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
    drafts: BTreeMap<u64, Draft>,
    entries: BTreeMap<u64, Entry>,
}

impl Book {
    /// Takes in the next record.
    ///
    /// # Errors
    /// When it does not fit those before; nothing is taken in then.
    pub fn apply(&mut self, record: Record) -> Result<(), BookError> {
        self.check(&record)?;
        let Record { entry, at, change } = record;
        match change {
            Change::Planned { intent } => self.plan(entry, at, intent),
            Change::AwaitingApproval(terms) => {
                if let Some(draft) = self.drafts.get_mut(&entry) {
                    (draft.stage, draft.terms) = (Stage::AwaitingApproval, Some(terms));
                }
            }
            Change::Approved(approval) => {
                if let Some(draft) = self.drafts.get_mut(&entry) {
                    draft.approvals.push(approval);
                }
            }
            Change::Signed { transaction } => self.sign(entry, at, transaction),
            Change::Bumped { transaction } => {
                if let Some(entry) = self.entries.get_mut(&entry) {
                    let lower = std::mem::replace(&mut entry.transaction, transaction);
                    entry.lower.push(lower);
                    entry.state = State::Signed;
                }
            }
            Change::Broadcast {} => self.set(entry, State::Broadcast),
            Change::Included(inclusion) => self.set(entry, State::Included(inclusion)),
            Change::Final {} => {
                if let Some(entry) = self.entries.get_mut(&entry)
                    && let State::Included(inclusion) = &entry.state
                {
                    entry.state = State::Final(inclusion.clone());
                }
            }
            Change::Failed { at, detail, .. } => self.end(entry, Stage::Failed, State::Failed { at, detail }),
            Change::Replaced { detail } => {
                if let Some(draft) = self.drafts.get_mut(&entry) {
                    (draft.stage, draft.detail) = (Stage::Replaced, Some(detail));
                } else {
                    self.set(entry, State::Replaced);
                }
            }
            Change::Orphaned {} => self.set(entry, State::Orphaned),
        }
        Ok(())
    }

    /// Whether a record fits those before.
    ///
    /// # Errors
    /// When it does not.
    pub fn check(&self, record: &Record) -> Result<(), BookError> {
        let number = record.entry;
        let step = record.change.step();
        let from = self.stage(number);
        if step == Step::Planned && number != self.next_number() {
            return Err(BookError::OutOfOrder(number));
        }
        let Some(stage) = from else {
            return match step {
                Step::Planned => Ok(()),
                _ => Err(BookError::Unknown(number)),
            };
        };
        let impossible = BookError::Impossible {
            entry: number,
            from: stage,
            step: step.as_str(),
        };
        if step.lead(from).is_none() || !self.fits(number, &record.change) {
            return Err(impossible);
        }
        match &record.change {
            Change::Bumped { transaction } => match self.entries.get(&number) {
                Some(entry) if entry.accepts(transaction) => Ok(()),
                _ => Err(BookError::NoAlternative(number)),
            },
            _ => Ok(()),
        }
    }

    /// What the table of transitions does not say: who can refuse what, and what a fork can undo.
    fn fits(&self, number: u64, change: &Change) -> bool {
        let entry = self.entries.get(&number);
        match change {
            Change::Failed { at, .. } => match at {
                FailedAt::Here => entry.is_none(),
                FailedAt::Node => entry.is_some_and(|entry| entry.state == State::Signed),
                FailedAt::Chain => entry.is_some(),
            },
            Change::Orphaned {} => entry.is_some_and(|entry| entry.state.used_its_nonce()),
            // What has no transaction and came to nothing stays so.
            Change::Included(_) => entry.is_some(),
            _ => true,
        }
    }

    fn stage(&self, number: u64) -> Option<Stage> {
        let draft = self.drafts.get(&number).map(|draft| draft.stage);
        draft.or_else(|| self.entries.get(&number).map(|entry| entry.state.stage()))
    }

    fn plan(&mut self, number: u64, planned_at: DateTime<Utc>, intent: Intent) {
        let draft = Draft {
            number,
            planned_at,
            intent,
            stage: Stage::Planned,
            terms: None,
            approvals: Vec::new(),
            detail: None,
        };
        self.drafts.insert(number, draft);
    }

    fn sign(&mut self, number: u64, signed_at: DateTime<Utc>, transaction: SignedTransaction) {
        if let Some(draft) = self.drafts.remove(&number) {
            let entry = Entry {
                number,
                signed_at,
                intent: draft.intent,
                transaction,
                lower: Vec::new(),
                terms: draft.terms,
                approvals: draft.approvals,
                state: State::Signed,
            };
            self.entries.insert(number, entry);
        }
    }

    fn end(&mut self, number: u64, stage: Stage, state: State) {
        if let Some(draft) = self.drafts.get_mut(&number) {
            draft.stage = stage;
            if let State::Failed { detail, .. } = state {
                draft.detail = Some(detail);
            }
        } else {
            self.set(number, state);
        }
    }

    fn set(&mut self, number: u64, state: State) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.state = state;
        }
    }

    /// The number of the next new entry.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        let last = |number: Option<&u64>| number.copied().unwrap_or_default();
        let draft = last(self.drafts.last_key_value().map(|(number, _)| number));
        let entry = last(self.entries.last_key_value().map(|(number, _)| number));
        draft.max(entry).saturating_add(1)
    }

    /// What was planned and has no transaction, oldest first.
    pub fn drafts(&self) -> impl DoubleEndedIterator<Item = &Draft> {
        self.drafts.values()
    }

    /// One of them.
    #[must_use]
    pub fn draft(&self, number: u64) -> Option<&Draft> {
        self.drafts.get(&number)
    }

    /// All that was signed, oldest first.
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
        self.free_nonces(sender, account_nonce..u64::MAX)
            .next()
            .unwrap_or(u64::MAX)
    }

    /// The nonces of a range that no transaction of `sender` in this book holds, in their order.
    pub fn free_nonces(&self, sender: &Address, range: Range<u64>) -> impl Iterator<Item = u64> + use<> {
        let holds = |entry: &&Entry| {
            let is_held = entry.state.is_open() || entry.state.used_its_nonce();
            is_held && entry.transaction.sender == *sender
        };
        let held: BTreeSet<u64> = self
            .entries()
            .filter(holds)
            .map(|entry| entry.transaction.nonce)
            .collect();
        range.filter(move |nonce| !held.contains(nonce))
    }
}
