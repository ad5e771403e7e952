//! What is not as it should be.

use recoup_protocol::checkpoint::Root;
use recoup_protocol::ids::RefundId;
use serde::Serialize;

/// Most differences that are named; the others are counted.
const NAMED: usize = 100;

/// What the rows were compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Side {
    /// Each other: ids count up, heights are in the range.
    Rows,
    /// The indexer's own checkpoint.
    Checkpoint,
    /// A root that the user gave.
    Root,
    /// The file of an earlier audit.
    Saved,
    /// Another indexer.
    Indexer,
    /// The contract's maps.
    Chain,
}

impl Side {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Rows => "the other rows",
            Self::Checkpoint => "the indexer's own checkpoint",
            Self::Root => "the root given",
            Self::Saved => "the saved file",
            Self::Indexer => "the second indexer",
            Self::Chain => "the contract's maps",
        }
    }
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    /// Of which refund; none: of all.
    pub(super) refund_id: Option<RefundId>,
    /// What it was compared with.
    pub(super) against: Side,
    /// A field, or what else differs.
    pub(super) what: String,
    /// What the indexer says; none: nothing.
    pub(super) here: Option<String>,
    /// What the other says.
    pub(super) there: Option<String>,
}

/// Differences that were found.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// The first of them.
    pub(super) first: Vec<Difference>,
    /// How many there are.
    pub(super) count: u64,
}

impl Differences {
    pub(super) fn note(&mut self, difference: Difference) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < NAMED {
            self.first.push(difference);
        }
    }

    /// A refund that one of both does not have.
    pub(super) fn note_row(&mut self, refund_id: RefundId, against: Side, is_here: bool) {
        let row = || Some("a refund".to_owned());
        self.note(Difference {
            refund_id: Some(refund_id),
            against,
            what: "refund".to_owned(),
            here: row().filter(|_| is_here),
            there: row().filter(|_| !is_here),
        });
    }

    /// Compares a value of a refund, or of all of them.
    pub(super) fn compare(
        &mut self,
        refund_id: Option<RefundId>,
        against: Side,
        what: &str,
        here: Option<String>,
        there: Option<String>,
    ) {
        if here != there {
            self.note(Difference {
                refund_id,
                against,
                what: what.to_owned(),
                here,
                there,
            });
        }
    }

    /// Compares a value of all of them.
    pub(super) fn compare_whole(
        &mut self,
        against: Side,
        what: &str,
        here: &impl ToString,
        there: &impl ToString,
    ) {
        self.compare(
            None,
            against,
            what,
            Some(here.to_string()),
            Some(there.to_string()),
        );
    }

    pub(super) fn compare_root(&mut self, against: Side, here: Root, there: Root) {
        self.compare_whole(against, "root", &here, &there);
    }
}
