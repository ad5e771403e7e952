//! The conditions, each with what it means and what to do about it. docs/OPERATIONS.md repeats them; a test compares.

use recoup_protocol::api::HealthCondition;

/// Something that an operator wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// No answer.
    DatabaseUnavailable,
    /// Older or newer tables.
    SchemaDiffers,
    /// Nothing in it.
    NotInitialised,
    /// Another network or contract.
    OtherChain,
    /// Nothing followed yet.
    NoBlock,
    /// A message was refused for the database's sake.
    ObserverRefusing,
    /// Too many messages wait.
    InboxFull,
    /// A turn of ingest failed.
    IngestFailing,
    /// Replication.
    ReplicaBehind,
    /// Nobody writes.
    NoWriter,
    /// Many messages wait.
    InboxGrowing,
    /// Burn blocks without Stacks blocks.
    BehindNode,
    /// No messages.
    NodeSilent,
    /// Parents that are missing.
    OpenGaps,
    /// The node does not give what is missing.
    RepairFailing,
    /// Retention.
    UpkeepFailing,
    /// Messages that could not be read.
    QuarantinedMessages,
    /// Prints that could not be read.
    UndecodableEvents,
    /// Refunds that do not add up.
    UnprovenRefunds,
    /// Subscriptions or reserves that do not add up.
    UnprovenSatelliteEvents,
}

impl Condition {
    /// All of them, those that make a process not ready first.
    pub const ALL: [Self; 20] = [
        Self::DatabaseUnavailable,
        Self::SchemaDiffers,
        Self::NotInitialised,
        Self::OtherChain,
        Self::NoBlock,
        Self::ObserverRefusing,
        Self::InboxFull,
        Self::IngestFailing,
        Self::ReplicaBehind,
        Self::NoWriter,
        Self::InboxGrowing,
        Self::BehindNode,
        Self::NodeSilent,
        Self::OpenGaps,
        Self::RepairFailing,
        Self::UpkeepFailing,
        Self::QuarantinedMessages,
        Self::UndecodableEvents,
        Self::UnprovenRefunds,
        Self::UnprovenSatelliteEvents,
    ];

    /// Its name, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.about().0
    }

    /// What it means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        self.about().1
    }

    /// What to do.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        self.about().2
    }

    /// Whether a process with this condition should get no requests: its answers are missing, old or not of this chain.
    #[must_use]
    pub fn blocks_ready(self) -> bool {
        self <= Self::ReplicaBehind
    }

    /// This condition as it is told.
    #[must_use]
    pub fn found(self, detail: impl Into<String>) -> HealthCondition {
        HealthCondition {
            code: self.code().to_owned(),
            detail: detail.into(),
            blocks_ready: self.blocks_ready(),
        }
    }

    const fn about(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::DatabaseUnavailable => (
                "database-unavailable",
                "the database does not answer this process, or not in time",
                "start PostgreSQL, look at its log, its disk and its connections; the indexer goes on by itself",
            ),
            Self::SchemaDiffers => (
                "schema-differs",
                "the tables are of another version than this program",
                "run one version everywhere; `recoup-indexer migrate` or the writer's start brings the tables up to date",
            ),
            Self::NotInitialised => (
                "not-initialised",
                "no indexer has used this database yet",
                "start the writer; check the database's name",
            ),
            Self::OtherChain => (
                "other-chain",
                "the database follows another network or contract than this process was told",
                "correct `--network`, `--core-contract` or the database's URL",
            ),
            Self::NoBlock => (
                "no-block",
                "no block is followed yet",
                "wait for the block that deploys the contract; if that is past, backfill or import",
            ),
            Self::ObserverRefusing => (
                "observer-refusing",
                "the node's last message could not be stored, and the node was answered 503",
                "see what the detail says of the database; the node repeats the message, nothing is lost",
            ),
            Self::InboxFull => (
                "inbox-full",
                "as many messages wait as `--inbox-limit` allows, and the node is answered 503",
                "see why ingest does not follow: `ingest-failing`, `no-writer`, or a slow database",
            ),
            Self::IngestFailing => (
                "ingest-failing",
                "the last message could not be followed; it is tried again every second",
                "see what the detail says of the database, and the log",
            ),
            Self::ReplicaBehind => (
                "replica-behind",
                "the replica has not heard from the writer for 30 seconds: replication is behind, or nobody writes",
                "look at `pg_stat_replication` on the primary, and whether a writer runs",
            ),
            Self::NoWriter => (
                "no-writer",
                "no process has said for 60 seconds that it writes",
                "start one; if one runs, see its `ingest-failing`",
            ),
            Self::InboxGrowing => (
                "inbox-growing",
                "1000 messages or more wait",
                "wait while an outage is caught up; otherwise see why ingest is slow",
            ),
            Self::BehindNode => (
                "behind-node",
                "the newest Stacks block saw a Bitcoin block at least 6 below the newest one",
                "see whether the node is synchronised, and `open-gaps`; it passes by itself when no miner wins",
            ),
            Self::NodeSilent => (
                "node-silent",
                "no message of a node came for 30 minutes",
                "see whether the node runs and its `[[events_observer]]` points here",
            ),
            Self::OpenGaps => (
                "open-gaps",
                "blocks are missing that others name as their parents, or that the node lists",
                "with `--node-url` they are fetched; otherwise `recoup-indexer backfill`",
            ),
            Self::RepairFailing => (
                "repair-failing",
                "the node does not answer the repair's questions",
                "check `--node-url`, the node's token and the log",
            ),
            Self::UpkeepFailing => (
                "upkeep-failing",
                "old messages could not be dropped from the inbox",
                "look for long transactions in `pg_stat_activity`; it is tried again every minute",
            ),
            Self::QuarantinedMessages => (
                "quarantined-messages",
                "messages could not be decoded or stored; they are kept in the table `quarantine`",
                "read `reason` there; a newer version may know them",
            ),
            Self::UndecodableEvents => (
                "undecodable-events",
                "prints of the contracts could not be decoded; they are kept as they are",
                "read `problem` in the tables `contract_event` and `satellite_event`; is it the contract's right version?",
            ),
            Self::UnprovenRefunds => (
                "unproven-refunds",
                "refunds on the chain disagree with their token transfer or with the accounting",
                "see `disagreement` of the refunds; a token that moves nothing shows here",
            ),
            Self::UnprovenSatelliteEvents => (
                "unproven-satellite-events",
                "events of subscriptions or reserves disagree with core's beside them or with what went before",
                "see `disagreement` in `subscription_change` and `reserve_movement`; was the database begun by an older version?",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Condition;

    #[test]
    #[expect(clippy::as_conversions, reason = "the only way to a variant's place")]
    fn every_condition_is_listed_in_order_under_a_code_of_its_own() {
        assert!(Condition::ALL.is_sorted());
        let last = Condition::ALL.last().copied().unwrap();
        assert_eq!(last as usize + 1, Condition::ALL.len());
        let codes: BTreeSet<_> = Condition::ALL.iter().map(|condition| condition.code()).collect();
        assert_eq!(codes.len(), Condition::ALL.len());
    }
}
