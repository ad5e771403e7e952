//! Messages of an archive: followed like those of the inbox, without being stored in it.

use super::worker::{Ingest, quarantine};
use crate::archive::{ArchivedRow, Batch, Checkpoint};
use crate::chain::Arrival;
use crate::db::inbox::{InboxMessage, Source};
use crate::db::{self, DbError};
use crate::failpoint::CommitPoint;

/// Path under which a line is kept that is no row.
const MALFORMED_ROW: &str = "(archive row)";

impl Ingest {
    /// Follows a batch and remembers how far the archive is imported with it, in one transaction. Rows that cannot be
    /// read are kept in quarantine.
    ///
    /// # Errors
    /// When the database fails. Nothing of the batch is followed then, or a part that is followed again harmlessly.
    pub async fn follow_archived(&mut self, batch: &Batch) -> Result<(), DbError> {
        let rows: Vec<&ArchivedRow> = batch.rows.iter().collect();
        match self.try_archived(&rows, Some(&batch.checkpoint)).await {
            Err(error) if error.is_about_the_data() => {}
            done => return done,
        }
        // A row decodes and the tables cannot hold it: alone, it stops no other.
        for row in rows {
            match self.try_archived(&[row], None).await {
                Err(error) if error.is_about_the_data() => self.put_row_aside(row, &error).await?,
                done => done?,
            }
        }
        self.try_archived(&[], Some(&batch.checkpoint)).await
    }

    async fn try_archived(
        &mut self,
        rows: &[&ArchivedRow],
        checkpoint: Option<&Checkpoint>,
    ) -> Result<(), DbError> {
        let mut transaction = self.pool.begin().await?;
        let mut memory = self.take_memory(&mut transaction).await?;
        let arrivals = db::inbox::reserve(&mut transaction, rows.len()).await?;
        for (row, arrival) in rows.iter().zip(arrivals) {
            let message = message(row, arrival);
            if let ArchivedRow::Malformed { reason, .. } = row {
                quarantine(&mut transaction, &message, &reason.to_string()).await?;
            } else {
                self.process(&mut transaction, &mut memory.tree, &message).await?;
            }
            memory.cursor = Some(arrival);
        }
        if let Some(cursor) = memory.cursor {
            db::chain_tip::set_cursor(&mut transaction, cursor).await?;
        }
        if let Some(checkpoint) = checkpoint {
            db::archive_import::save(&mut transaction, checkpoint).await?;
        }
        db::commit(transaction, CommitPoint::ArchiveBatch).await?;
        self.settings.window.trim(&mut memory.tree);
        self.memory = Some(memory);
        Ok(())
    }

    async fn put_row_aside(&self, row: &ArchivedRow, error: &DbError) -> Result<(), DbError> {
        let mut transaction = self.pool.begin().await?;
        for arrival in db::inbox::reserve(&mut transaction, 1).await? {
            quarantine(&mut transaction, &message(row, arrival), &error.with_causes()).await?;
        }
        db::commit(transaction, CommitPoint::ArchiveRowAside).await
    }
}

fn message(row: &ArchivedRow, arrival: Arrival) -> InboxMessage {
    let (path, body) = match row {
        ArchivedRow::Message { path, body } => (path.clone(), body.clone()),
        ArchivedRow::Malformed { line, .. } => (MALFORMED_ROW.to_owned(), line.clone()),
    };
    InboxMessage {
        arrival,
        source: Source::Archive,
        path,
        body,
    }
}
