//! What came out of a verification.

use std::fmt;

use chrono::{DateTime, Utc};
use recoup_protocol::ids::RefundId;
use recoup_stacks::hash::{IndexBlockHash, Txid};
use serde::Serialize;

use super::facts::Facts;

/// Who tells of a refund, the strongest first: signed bytes, provable state, then words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The transaction that somebody signed.
    Transaction,
    /// The contract's own maps.
    Map,
    /// What the contract printed.
    Event,
    /// What moved.
    Transfer,
    /// The indexer's row.
    Indexer,
}

impl Source {
    /// In the order in which they are shown: that of the money's way.
    pub const SHOWN: [Self; 5] = [
        Self::Transaction,
        Self::Event,
        Self::Transfer,
        Self::Map,
        Self::Indexer,
    ];

    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Map => "map",
            Self::Event => "event",
            Self::Transfer => "transfer",
            Self::Indexer => "indexer",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How one check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Looked at, and as all others.
    Agrees,
    /// Looked at, and otherwise.
    Differs,
    /// Not to be had: nothing follows from it.
    NotChecked,
}

/// What one source says, and what others do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Of what.
    pub field: String,
    /// What this source says.
    pub here: String,
    /// What counts.
    pub elsewhere: String,
    /// Who says that; empty where it follows from the source itself.
    pub said_by: Vec<Source>,
}

impl Difference {
    /// One that follows from the source itself.
    pub(super) fn alone(field: &str, here: impl ToString, elsewhere: impl ToString) -> Self {
        Self {
            field: field.to_owned(),
            here: here.to_string(),
            elsewhere: elsewhere.to_string(),
            said_by: Vec::new(),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            here,
            elsewhere,
            said_by,
        } = self;
        write!(f, "{field} is {here}, expected {elsewhere}")?;
        if !said_by.is_empty() {
            let names: Vec<&str> = said_by.iter().map(|source| source.as_str()).collect();
            write!(f, " (by {})", names.join(", "))?;
        }
        Ok(())
    }
}

/// One row of the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Whose.
    pub check: Source,
    /// How it ended.
    pub result: Verdict,
    /// Where its statement was had: `node`, `indexer`, or nowhere.
    pub from: Option<&'static str>,
    /// What was looked at, or why not.
    pub detail: String,
    /// What is otherwise; empty unless it differs.
    pub differences: Vec<Difference>,
}

/// How far the maps are proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProofReport {
    /// Whether they are.
    pub state: ProofState,
    /// In a sentence.
    pub detail: String,
    /// The block whose state was read.
    pub index_block_hash: Option<IndexBlockHash>,
    /// Its state root, where proofs ended in it.
    pub state_root: Option<String>,
    /// Blocks whose headers were compared on the way, all entries together.
    pub headers: usize,
}

/// See [`ProofReport::state`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofState {
    /// Every entry, from its hash to the state root.
    Checked,
    /// The node makes no proofs.
    NotOffered,
    /// The node offers proofs, and not what they are checked against.
    NotChecked,
    /// A proof does not hold.
    Failed,
}

/// The event as the contract printed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrintedEvent {
    /// Who tells it: `node` or `indexer`.
    pub from: &'static str,
    /// Which of the transaction's events, from 0.
    pub ordinal: u32,
    /// The serialised value.
    pub raw_value: String,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Of which refund.
    pub refund_id: RefundId,
    /// Its transaction, as far as anybody names it.
    pub txid: Option<Txid>,
    /// One for each source, in the order of [`Source::SHOWN`].
    pub checks: Vec<Check>,
    /// What counts.
    pub facts: Facts,
    /// How far the maps are proven.
    pub proof: ProofReport,
    /// The event, and who tells it.
    pub event: Option<PrintedEvent>,
    /// When the block was made, and who says so.
    pub block_time: Option<(DateTime<Utc>, &'static str)>,
    /// What is taken on trust.
    pub trusted: Vec<&'static str>,
}

impl Report {
    /// Sources that differ.
    pub fn liars(&self) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(|check| check.result == Verdict::Differs)
    }

    /// How many ended so.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.checks.iter().filter(|check| check.result == verdict).count()
    }
}
