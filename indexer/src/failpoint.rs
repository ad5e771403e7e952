//! Where what was written becomes lasting: every commit of this program, by name.
//!
//! A build with the feature `failpoints` dies just before or just after one of them when `RECOUP_FAILPOINT` says so:
//! `before-message`, or `after-message:3` for the third time. It dies without any clean-up, as by SIGKILL.

/// A commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitPoint {
    /// A new database takes its chain.
    ChainClaim,
    /// The observer stores a message.
    MessageStore,
    /// A message that was asked of a node is stored.
    PullStore,
    /// Missing blocks are noted as gaps.
    GapNote,
    /// Whether a missing Bitcoin block is off the node's chain is noted.
    GapOffChain,
    /// Ingest is done with a message.
    Message,
    /// Ingest looked and found no message; what another finality depth changed is kept.
    NoMessage,
    /// A message that the tables cannot hold is put aside.
    PutAside,
    /// A batch of an archive is followed.
    ArchiveBatch,
    /// A row of an archive that the tables cannot hold is put aside.
    ArchiveRowAside,
    /// An import leaves out indexes.
    IndexDefer,
    /// An index that was left out is built.
    IndexBuild,
    /// The writer says that it lives.
    Heartbeat,
    /// The inbox gets a new partition.
    PartitionAdd,
    /// The inbox loses its oldest partition.
    PartitionDrop,
}

impl CommitPoint {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::ChainClaim,
        Self::MessageStore,
        Self::PullStore,
        Self::GapNote,
        Self::GapOffChain,
        Self::Message,
        Self::NoMessage,
        Self::PutAside,
        Self::ArchiveBatch,
        Self::ArchiveRowAside,
        Self::IndexDefer,
        Self::IndexBuild,
        Self::Heartbeat,
        Self::PartitionAdd,
        Self::PartitionDrop,
    ];

    /// Its name in `RECOUP_FAILPOINT`, after `before-` or `after-`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChainClaim => "chain-claim",
            Self::MessageStore => "message-store",
            Self::PullStore => "pull-store",
            Self::GapNote => "gap-note",
            Self::GapOffChain => "gap-off-chain",
            Self::Message => "message",
            Self::NoMessage => "no-message",
            Self::PutAside => "put-aside",
            Self::ArchiveBatch => "archive-batch",
            Self::ArchiveRowAside => "archive-row-aside",
            Self::IndexDefer => "index-defer",
            Self::IndexBuild => "index-build",
            Self::Heartbeat => "heartbeat",
            Self::PartitionAdd => "partition-add",
            Self::PartitionDrop => "partition-drop",
        }
    }
}

/// Which side of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Nothing is lasting yet.
    Before,
    /// It is, and nobody was told.
    After,
}

/// Dies here if told to.
#[cfg(feature = "failpoints")]
pub(crate) fn reach(side: Side, point: CommitPoint) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static TIMES: AtomicU64 = AtomicU64::new(0);
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("RECOUP_FAILPOINT").ok()?;
        let (name, nth) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), nth.parse().unwrap_or(1)))
    });
    let Some((name, nth)) = wanted else { return };
    let side = match side {
        Side::Before => "before",
        Side::After => "after",
    };
    if *name == format!("{side}-{}", point.name())
        && TIMES.fetch_add(1, Ordering::Relaxed).saturating_add(1) == *nth
    {
        eprintln!("failpoint {name}");
        std::process::abort();
    }
}

/// Does nothing: this build has no failpoints.
#[cfg(not(feature = "failpoints"))]
pub(crate) const fn reach(_side: Side, _point: CommitPoint) {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::CommitPoint;

    #[test]
    #[expect(clippy::as_conversions, reason = "the only way to a variant's place")]
    fn every_point_is_listed_under_a_name_of_its_own() {
        let names: BTreeSet<_> = CommitPoint::ALL.iter().map(|point| point.name()).collect();
        assert_eq!(names.len(), CommitPoint::ALL.len());
        // The last variant's place is the number of variants before it.
        let last = CommitPoint::ALL.last().copied().unwrap();
        assert_eq!(last as usize + 1, CommitPoint::ALL.len());
    }
}
