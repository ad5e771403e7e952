//! Table `archive_import`: how far each event archive was imported.

use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, unsigned};
use crate::archive::{Checkpoint, Digest};

/// How far every archive was imported.
///
/// # Errors
/// When the database is out of reach.
pub async fn all(connection: &mut PgConnection) -> Result<Vec<Checkpoint>, DbError> {
    let rows =
        sqlx::query!("select first_row_sha256, row_count, byte_count, prefix_sha256 from archive_import")
            .fetch_all(connection)
            .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Checkpoint {
                first_row: digest(&row.first_row_sha256)?,
                rows: unsigned(row.row_count, "archive_import.row_count")?,
                bytes: unsigned(row.byte_count, "archive_import.byte_count")?,
                prefix: digest(&row.prefix_sha256)?,
            })
        })
        .collect()
}

/// Remembers how far an archive is imported.
///
/// # Errors
/// When the database is out of reach.
pub async fn save(connection: &mut PgConnection, checkpoint: &Checkpoint) -> Result<(), DbError> {
    sqlx::query!(
        "insert into archive_import (first_row_sha256, row_count, byte_count, prefix_sha256)
         values ($1, $2, $3, $4)
         on conflict on constraint archive_import_pkey do update
            set row_count = excluded.row_count, byte_count = excluded.byte_count,
                prefix_sha256 = excluded.prefix_sha256, updated_at = now()",
        checkpoint.first_row.as_slice(),
        bigint(checkpoint.rows, "archive rows")?,
        bigint(checkpoint.bytes, "archive bytes")?,
        checkpoint.prefix.as_slice(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn digest(bytes: &[u8]) -> Result<Digest, DbError> {
    bytes.try_into().map_err(|_| DbError::Corrupt {
        column: "archive_import.prefix_sha256",
    })
}
