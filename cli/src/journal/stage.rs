//! The states of an entry, and which record leads from which to which. The reader takes no other: a journal that says
//! something impossible is damaged. docs/JOURNAL.md shows both tables; a test compares them.

use std::fmt;

/// Where an entry stands, without its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Decided, not signed.
    Planned,
    /// Decided; a second person has to agree before it is signed.
    AwaitingApproval,
    /// Signed, perhaps sent.
    Signed,
    /// Accepted by a node.
    Broadcast,
    /// Its effect was seen.
    Included,
    /// Its effect was seen long ago.
    Final,
    /// It has no effect.
    Failed,
    /// Its place went to others.
    Replaced,
    /// A fork undid it.
    Orphaned,
}

impl Stage {
    /// All of them, in their usual order.
    pub const ALL: [Self; 9] = [
        Self::Planned,
        Self::AwaitingApproval,
        Self::Signed,
        Self::Broadcast,
        Self::Included,
        Self::Final,
        Self::Failed,
        Self::Replaced,
        Self::Orphaned,
    ];

    /// The word in the journal and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::AwaitingApproval => "awaiting-approval",
            Self::Signed => "signed",
            Self::Broadcast => "broadcast",
            Self::Included => "included",
            Self::Final => "final",
            Self::Failed => "failed",
            Self::Replaced => "replaced",
            Self::Orphaned => "orphaned",
        }
    }

    /// What it means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Planned => "decided and on disk, not signed: nothing exists yet that could pay",
            Self::AwaitingApproval => "decided; a second person has to approve it before it is signed",
            Self::Signed => {
                "signed and on disk; it may have reached a node, or not: the process may have stopped in between"
            }
            Self::Broadcast => "a node accepted it",
            Self::Included => "its effect was seen in the contract at a block",
            Self::Final => "so long ago that no fork is expected to undo it",
            Self::Failed => {
                "`here`: given up before it was signed. `node`: refused when it was first sent. `chain`: executed \
                 without effect"
            }
            Self::Replaced => {
                "another transaction took its nonce; for the plan of a list: its transactions took its place"
            }
            Self::Orphaned => "a fork undid what was seen; it can be included again",
        }
    }

    /// What it says of the nonce.
    #[must_use]
    pub const fn nonce(self) -> &'static str {
        match self {
            Self::Planned | Self::AwaitingApproval => "none",
            Self::Signed | Self::Broadcast | Self::Orphaned => "taken",
            Self::Included | Self::Final | Self::Replaced => "used",
            Self::Failed => "none, free, or used",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What a record does: the word that it begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A new entry.
    Planned,
    /// Its plan needs a second person.
    AwaitingApproval,
    /// A second person agreed.
    Approved,
    /// Its transaction was signed.
    Signed,
    /// The same transaction was signed with a higher fee.
    Bumped,
    /// A node accepted it.
    Broadcast,
    /// Its effect was seen.
    Included,
    /// Its effect is not expected to be undone any more.
    Final,
    /// It has no effect.
    Failed,
    /// Its place went to others.
    Replaced,
    /// A fork undid what was seen.
    Orphaned,
}

impl Step {
    /// The word in the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::AwaitingApproval => "awaiting-approval",
            Self::Approved => "approved",
            Self::Signed => "signed",
            Self::Bumped => "bumped",
            Self::Broadcast => "broadcast",
            Self::Included => "included",
            Self::Final => "final",
            Self::Failed => "failed",
            Self::Replaced => "replaced",
            Self::Orphaned => "orphaned",
        }
    }

    /// Where it leads an entry that stands at `from`; nowhere when that is impossible. Only `planned` makes an entry, out
    /// of nothing.
    #[must_use]
    pub fn lead(self, from: Option<Stage>) -> Option<Stage> {
        let (_, sources, target) = TRANSITIONS.iter().find(|(step, ..)| *step == self)?;
        match from {
            None => sources.is_empty(),
            Some(stage) => sources.contains(&stage),
        }
        .then_some(*target)
    }
}

/// Record, from which states it can come, and where it leads. No states: it makes the entry.
pub const TRANSITIONS: [(Step, &[Stage], Stage); 11] = {
    use Stage::{AwaitingApproval, Broadcast, Failed, Final, Included, Orphaned, Planned, Replaced, Signed};
    [
        (Step::Planned, &[], Planned),
        (Step::AwaitingApproval, &[Planned], AwaitingApproval),
        (Step::Approved, &[AwaitingApproval], AwaitingApproval),
        (Step::Signed, &[Planned, AwaitingApproval], Signed),
        (Step::Bumped, &[Signed, Broadcast, Orphaned], Signed),
        (Step::Broadcast, &[Signed, Orphaned], Broadcast),
        // After a fork, one that had failed or was replaced can have its effect after all.
        (
            Step::Included,
            &[Signed, Broadcast, Orphaned, Failed, Replaced],
            Included,
        ),
        (Step::Final, &[Included], Final),
        (
            Step::Failed,
            &[
                Planned,
                AwaitingApproval,
                Signed,
                Broadcast,
                Orphaned,
                Included,
                Final,
            ],
            Failed,
        ),
        (
            Step::Replaced,
            &[AwaitingApproval, Signed, Broadcast, Orphaned, Included, Final],
            Replaced,
        ),
        (Step::Orphaned, &[Included, Final, Failed, Replaced], Orphaned),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = include_str!("../../../docs/JOURNAL.md");

    #[test]
    fn the_document_has_both_tables() {
        let mut states = String::from("| state | meaning | nonce |\n|---|---|---|\n");
        for stage in Stage::ALL {
            states += &format!("| `{stage}` | {} | {} |\n", stage.meaning(), stage.nonce());
        }
        assert!(DOCUMENT.contains(&states), "docs/JOURNAL.md lacks\n{states}");
        let mut transitions = String::from("| record | from | to |\n|---|---|---|\n");
        for (step, from, to) in TRANSITIONS {
            let from: Vec<String> = from.iter().map(|stage| format!("`{stage}`")).collect();
            let from = if from.is_empty() {
                "nothing".to_owned()
            } else {
                from.join(", ")
            };
            transitions += &format!("| `{}` | {from} | `{to}` |\n", step.as_str());
        }
        assert!(
            DOCUMENT.contains(&transitions),
            "docs/JOURNAL.md lacks\n{transitions}"
        );
    }

    #[test]
    fn only_a_plan_makes_an_entry() {
        for (step, ..) in TRANSITIONS {
            assert_eq!(step.lead(None).is_some(), step == Step::Planned, "{step:?}");
        }
        assert_eq!(Step::Planned.lead(Some(Stage::Planned)), None);
    }

    #[test]
    fn what_is_signed_never_becomes_unsigned() {
        let unsigned = [Stage::Planned, Stage::AwaitingApproval];
        for (step, from, to) in TRANSITIONS {
            let comes_from_signed = from.iter().any(|stage| !unsigned.contains(stage));
            assert!(!(comes_from_signed && unsigned.contains(&to)), "{step:?}");
        }
    }
}
