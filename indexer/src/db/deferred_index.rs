//! Table `deferred_index`: what an import into empty tables leaves out while it fills them.

use sqlx::{Connection as _, PgConnection};

use super::{DbError, chain_tip, commit, writer};
use crate::failpoint::CommitPoint;

/// Leaves out what is only looked up later, when nothing is stored yet and nobody else writes. Answers whether something
/// is left out now, by this or an earlier import.
///
/// # Errors
/// When the database is out of reach.
pub async fn defer(connection: &mut PgConnection) -> Result<bool, DbError> {
    let mut transaction = connection.begin().await?;
    chain_tip::lock_cursor(&mut transaction).await?;
    let is_new = sqlx::query_scalar!(r#"select not exists (select from block) as "is_new!""#)
        .fetch_one(&mut *transaction)
        .await?;
    if is_new && writer::nobody_writes(&mut transaction).await? {
        sqlx::query_scalar!("select defer_indexes()")
            .fetch_one(&mut *transaction)
            .await?;
    }
    let deferred = any(&mut transaction).await?;
    commit(transaction, CommitPoint::IndexDefer).await?;
    Ok(deferred)
}

/// Builds all that is left out, if anything. Whoever writes waits meanwhile, and may write between two of them.
///
/// # Errors
/// When the database is out of reach. What is built stays, and the rest is still known to be left out.
pub async fn build_all(connection: &mut PgConnection) -> Result<(), DbError> {
    if !any(&mut *connection).await? {
        return Ok(());
    }
    tracing::info!("building the indexes that an import left out");
    while build_next(&mut *connection).await? {}
    // Until the server itself gets round to it, it would plan as if the tables were empty. Of refunds by columns: the words
    // of reasons take longer than all the rest.
    sqlx::raw_sql(
        "analyze block, contract_event, invoice, payer_ledger, payment, refund_status_change, running_total,
                 refund (stacks_height, tx_index, ordinal, refund_id, invoice_id, merchant, payer, token, amount,
                         reference, burn_height, status, canonical)",
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn build_next(connection: &mut PgConnection) -> Result<bool, DbError> {
    let mut transaction = connection.begin().await?;
    // The writer's own limit is for messages; a large table takes longer.
    sqlx::raw_sql("set local statement_timeout = 0")
        .execute(&mut *transaction)
        .await?;
    // Waits for a writer here, where neither holds a part of what the other wants.
    chain_tip::lock_cursor(&mut transaction).await?;
    let built = sqlx::query_scalar!("select build_deferred_index()")
        .fetch_one(&mut *transaction)
        .await?;
    commit(transaction, CommitPoint::IndexBuild).await?;
    if let Some(name) = &built {
        tracing::debug!(name, "built");
    }
    Ok(built.is_some())
}

/// Builds those that a fork needs, in the transaction at hand: without them, it would read all events for each invoice.
///
/// # Errors
/// When the database is out of reach.
pub async fn build_for_forks(connection: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!(
        "select build_deferred_index(name) from deferred_index
          where name in ('contract_event_invoice_idx', 'contract_event_payer_idx')"
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Whether the table is there, which an older version's database lacks, and names something.
///
/// # Errors
/// When the database is out of reach.
pub async fn any_if_known(connection: &mut PgConnection) -> Result<bool, DbError> {
    let known = sqlx::query_scalar!(r#"select to_regclass('deferred_index') is not null as "known!""#)
        .fetch_one(&mut *connection)
        .await?;
    if known { any(connection).await } else { Ok(false) }
}

/// Whether anything is left out.
///
/// # Errors
/// When the database is out of reach.
pub async fn any(connection: &mut PgConnection) -> Result<bool, DbError> {
    let any = sqlx::query_scalar!(r#"select exists (select from deferred_index) as "any!""#)
        .fetch_one(connection)
        .await?;
    Ok(any)
}
