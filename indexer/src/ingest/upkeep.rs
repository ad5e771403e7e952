//! What the writer does beside following messages: it says that it lives, makes room for messages to come, and drops
//! those that are old.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use sqlx::{Connection as _, PgConnection};

use crate::db::inbox_partition::{self, FullPartition};
use crate::db::{self, DbError};
use crate::diagnosis::{Condition, Vitals};
use crate::failpoint::CommitPoint;

/// How often the writer says that it lives.
const BEAT_EVERY: Duration = Duration::from_secs(5);

/// How long messages are kept after they were followed. Only whole partitions go.
#[derive(Debug, Clone)]
pub struct Retention {
    /// Fewest messages of a partition.
    pub partition_messages: u64,
    /// Days that messages are kept.
    pub days: u32,
    /// Most bytes of messages that are kept; none: as many as come.
    pub bytes: Option<u64>,
    /// How often is looked.
    pub every: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            partition_messages: 10_000,
            days: 30,
            bytes: None,
            every: Duration::from_secs(60),
        }
    }
}

impl Retention {
    /// The partitions that go, of those that get no more messages, the newest first.
    fn outdated(&self, full: Vec<FullPartition>) -> Vec<FullPartition> {
        let oldest =
            TimeDelta::try_days(i64::from(self.days)).and_then(|age| Utc::now().checked_sub_signed(age));
        let mut kept_bytes = 0_u64;
        full.into_iter()
            .filter(|partition| {
                kept_bytes = kept_bytes.saturating_add(partition.bytes);
                let is_old = oldest.is_some_and(|oldest| partition.newest < oldest);
                is_old || self.bytes.is_some_and(|most| kept_bytes > most)
            })
            .collect()
    }
}

/// Does it when it is time.
#[derive(Debug)]
pub(super) struct Upkeep {
    retention: Option<Retention>,
    vitals: Vitals,
    beaten_at: Option<Instant>,
    kept_at: Option<Instant>,
}

impl Upkeep {
    /// Without a retention, the inbox is left to others.
    pub(super) const fn new(retention: Option<Retention>, vitals: Vitals) -> Self {
        Self {
            retention,
            vitals,
            beaten_at: None,
            kept_at: None,
        }
    }

    /// Says that the writer lives, and looks after the inbox.
    pub(super) async fn keep_up(&mut self, connection: &mut PgConnection) -> Result<(), DbError> {
        if is_due(self.beaten_at, BEAT_EVERY) {
            db::autocommit(CommitPoint::Heartbeat, db::heartbeat::beat(&mut *connection)).await?;
            self.beaten_at = Some(Instant::now());
        }
        let Some(retention) = self.retention.clone() else {
            return Ok(());
        };
        if !is_due(self.kept_at, retention.every) {
            return Ok(());
        }
        self.kept_at = Some(Instant::now());
        match self.look_after_inbox(connection, &retention).await {
            Ok(()) => self.vitals.is_over(Condition::UpkeepFailing),
            // It can wait, and ingest cannot: a connection that is broken shows there, too.
            Err(error) => {
                tracing::warn!(error = %error.with_causes(), "upkeep of the inbox failed; will try again");
                self.vitals.suffers(Condition::UpkeepFailing, error.in_short());
            }
        }
        Ok(())
    }

    async fn look_after_inbox(
        &self,
        connection: &mut PgConnection,
        retention: &Retention,
    ) -> Result<(), DbError> {
        let mut transaction = connection.begin().await?;
        inbox_partition::prepare(&mut transaction, retention.partition_messages).await?;
        db::commit(transaction, CommitPoint::PartitionAdd).await?;

        let full = inbox_partition::full(&mut *connection).await?;
        for partition in retention.outdated(full) {
            let mut transaction = connection.begin().await?;
            let dropped = inbox_partition::drop_full(&mut transaction, partition.from_id).await?;
            db::commit(transaction, CommitPoint::PartitionDrop).await?;
            if dropped {
                tracing::info!(
                    from_inbox_id = partition.from_id,
                    bytes = partition.bytes,
                    "old messages dropped from the inbox"
                );
                self.vitals.metrics().partition_dropped();
            }
        }
        Ok(())
    }
}

fn is_due(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(from_id: i64, age_days: i64, bytes: u64) -> FullPartition {
        FullPartition {
            from_id,
            newest: Utc::now() - TimeDelta::days(age_days),
            bytes,
        }
    }

    fn outdated(days: u32, bytes: Option<u64>) -> Vec<i64> {
        let retention = Retention {
            days,
            bytes,
            ..Retention::default()
        };
        let full = vec![partition(30, 1, 10), partition(20, 9, 10), partition(10, 40, 10)];
        retention
            .outdated(full)
            .iter()
            .map(|partition| partition.from_id)
            .collect()
    }

    #[test]
    fn what_is_old_or_too_much_goes() {
        assert_eq!(outdated(30, None), [10]);
        assert_eq!(outdated(5, None), [20, 10]);
        assert_eq!(outdated(100, None), Vec::<i64>::new());
        assert_eq!(outdated(100, Some(20)), [10]);
        assert_eq!(outdated(100, Some(0)), [30, 20, 10]);
    }
}
