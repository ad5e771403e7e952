//! Table `inbox_partition`: the parts in which the inbox is kept and dropped.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, unsigned};

/// Messages of a partition that was made because there was none.
const MESSAGES_IN_NEED: i64 = 10_000;

/// Makes sure that the messages to come have a partition, and those after a whole one too.
///
/// # Errors
/// When the database is out of reach.
pub async fn prepare(connection: &mut PgConnection, messages: u64) -> Result<(), DbError> {
    let messages = bigint(messages, "messages of a partition")?;
    sqlx::query!(
        r#"select add_inbox_partition(last_value + $1, $1) as "done!: ()" from inbox_id_seq"#,
        messages
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Makes sure that the messages to come have a partition; for who finds none.
///
/// # Errors
/// When the database is out of reach.
pub async fn add_in_need(connection: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!(
        r#"select add_inbox_partition(last_value + 1, $1) as "done!: ()" from inbox_id_seq"#,
        MESSAGES_IN_NEED
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// A partition that gets no more messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullPartition {
    /// Its first id, which names it.
    pub from_id: i64,
    /// When its newest message was stored, or the partition made if it has none.
    pub newest: DateTime<Utc>,
    /// Bytes on disk.
    pub bytes: u64,
}

/// The partitions that get no more messages, the newest first.
///
/// # Errors
/// When the database is out of reach.
pub async fn full(connection: &mut PgConnection) -> Result<Vec<FullPartition>, DbError> {
    let rows = sqlx::query!(
        r#"select from_id, pg_total_relation_size(format('inbox_from_%s', from_id)::regclass) as "bytes!",
                  coalesce((select received_at from inbox
                             where inbox_id >= from_id and inbox_id < to_id order by inbox_id desc limit 1),
                           created_at) as "newest!"
             from inbox_partition
            where to_id <= (select last_value from inbox_id_seq) order by from_id desc"#
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(FullPartition {
                from_id: row.from_id,
                newest: row.newest,
                bytes: unsigned(row.bytes, "size of inbox")?,
            })
        })
        .collect()
}

/// Drops a partition; false when a message of it waits.
///
/// # Errors
/// When the database is out of reach, or somebody reads the inbox all the time.
pub async fn drop_full(connection: &mut PgConnection, from_id: i64) -> Result<bool, DbError> {
    // Who wants to store a message meanwhile waits as long as we do.
    sqlx::query!("set local lock_timeout = '2s'")
        .execute(&mut *connection)
        .await?;
    let dropped = sqlx::query_scalar!(r#"select drop_inbox_partition($1) as "dropped!""#, from_id)
        .fetch_one(connection)
        .await?;
    Ok(dropped)
}
