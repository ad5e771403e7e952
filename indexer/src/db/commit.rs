//! The only place where something becomes lasting, so that tests can stop the program on either side of it.

use sqlx::{Postgres, Transaction};

use super::DbError;
use crate::failpoint::{self, CommitPoint, Side};

/// Commits.
///
/// # Errors
/// When the database is out of reach. Whether the commit happened is not known then.
pub async fn commit(transaction: Transaction<'_, Postgres>, point: CommitPoint) -> Result<(), DbError> {
    autocommit(point, async { Ok(transaction.commit().await?) }).await
}

/// Runs one statement that is its own transaction.
///
/// # Errors
/// Those of the statement.
pub async fn autocommit<T>(
    point: CommitPoint,
    statement: impl Future<Output = Result<T, DbError>>,
) -> Result<T, DbError> {
    failpoint::reach(Side::Before, point);
    let done = statement.await?;
    failpoint::reach(Side::After, point);
    Ok(done)
}
