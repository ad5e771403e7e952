//! Messages of an archive: followed like those of the inbox, many in one transaction, without being stored in it.

use super::message::{Decoder, Message, is_followed};
use super::pass::Pass;
use super::phases::Phase;
use super::worker::{Ingest, quarantine};
use crate::archive::{ArchivedRow, Batch, Checkpoint, Row, RowError};
use crate::chain::Arrival;
use crate::db::inbox::{InboxMessage, Source};
use crate::db::{self, DbError};
use crate::failpoint::CommitPoint;

/// Path under which a line is kept that is no row.
const MALFORMED_ROW: &str = "(archive row)";

/// A message of an archive, read. Its body is kept only where it may have to be put aside.
#[derive(Debug, Clone)]
pub struct ArchivedMessage {
    path: String,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    /// What it says, and its body when the tables could refuse that.
    Readable(Message, Option<Vec<u8>>),
    /// Why it cannot be read, and its body.
    Unreadable(String, Vec<u8>),
}

/// A message of an archive, as it stands there.
#[derive(Debug, Clone)]
pub struct UnreadMessage {
    path: String,
    body: Vec<u8>,
}

impl UnreadMessage {
    /// What a row holds; none on a path that is not followed.
    ///
    /// # Errors
    /// [`RowError`] when its payload is none.
    pub fn of(row: &Row<'_>) -> Result<Option<Self>, RowError> {
        if !is_followed(&row.path) {
            return Ok(None);
        }
        Ok(Some(Self {
            path: row.path.to_string(),
            body: row.payload()?.into_owned(),
        }))
    }

    /// Reads it.
    #[must_use]
    pub fn read(self, decoder: &Decoder) -> ArchivedMessage {
        let Self { path, body } = self;
        let content = match decoder.decode(Source::Archive, &path, &body, Arrival(0)) {
            Ok(message) => {
                let kept = message.may_be_refused().then_some(body);
                Content::Readable(message, kept)
            }
            Err(error) => Content::Unreadable(error.to_string(), body),
        };
        ArchivedMessage { path, content }
    }
}

impl ArchivedMessage {
    /// Whether its body is what belongs on its path.
    #[must_use]
    pub const fn is_readable(&self) -> bool {
        matches!(self.content, Content::Readable(..))
    }
}

impl Ingest {
    /// Follows a batch and remembers how far the archive is imported with it, in one transaction. Rows that cannot be
    /// read are kept in quarantine.
    ///
    /// # Errors
    /// When the database fails. Nothing of the batch is followed then, or a part that is followed again harmlessly.
    pub async fn follow_archived(&mut self, batch: &Batch<ArchivedMessage>) -> Result<(), DbError> {
        let rows: Vec<&ArchivedRow<ArchivedMessage>> = batch.rows.iter().collect();
        match self.try_archived(&rows, batch.checkpoint.as_ref()).await {
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
        self.try_archived(&[], batch.checkpoint.as_ref()).await
    }

    /// Does what waits for nothing but the indexes that an import left out: checkpoints.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn catch_up(&mut self) -> Result<(), DbError> {
        self.try_archived(&[], None).await
    }

    async fn try_archived(
        &mut self,
        rows: &[&ArchivedRow<ArchivedMessage>],
        checkpoint: Option<&Checkpoint>,
    ) -> Result<(), DbError> {
        let mut transaction = self.pool.begin().await?;
        let mut memory = self.take_memory(&mut transaction).await?;
        let arrivals = db::inbox::reserve(&mut transaction, rows.len()).await?;
        let mut messages = Vec::with_capacity(rows.len());
        for (row, arrival) in rows.iter().zip(&arrivals) {
            match readable(row) {
                Ok(message) => messages.push(message.clone().arrived_at(*arrival)),
                Err(reason) => {
                    quarantine(&mut transaction, &kept_message(row, *arrival), &reason).await?;
                }
            }
        }
        let mut pass = Pass::begin(
            &mut transaction,
            &self.settings,
            &self.phases,
            &mut memory.tree,
            messages.iter(),
        )
        .await?;
        for message in messages {
            pass.follow(message).await?;
        }
        pass.end().await?;
        memory.cursor = arrivals.last().copied().or(memory.cursor);
        if let Some(cursor) = memory.cursor {
            db::chain_tip::set_cursor(&mut transaction, cursor).await?;
        }
        if let Some(checkpoint) = checkpoint {
            db::archive_import::save(&mut transaction, checkpoint).await?;
        }
        let commit = db::commit(transaction, CommitPoint::ArchiveBatch);
        self.phases.timed(Phase::Commit, commit).await?;
        self.settings.window.trim(&mut memory.tree);
        self.memory = Some(memory);
        Ok(())
    }

    async fn put_row_aside(
        &self,
        row: &ArchivedRow<ArchivedMessage>,
        error: &DbError,
    ) -> Result<(), DbError> {
        let mut transaction = self.pool.begin().await?;
        for arrival in db::inbox::reserve(&mut transaction, 1).await? {
            quarantine(
                &mut transaction,
                &kept_message(row, arrival),
                &error.with_causes(),
            )
            .await?;
        }
        db::commit(transaction, CommitPoint::ArchiveRowAside).await
    }
}

fn readable(row: &ArchivedRow<ArchivedMessage>) -> Result<&Message, String> {
    match row {
        ArchivedRow::Message(message) => match &message.content {
            Content::Readable(message, _) => Ok(message),
            Content::Unreadable(reason, _) => Err(reason.clone()),
        },
        ArchivedRow::Malformed { reason, .. } => Err(reason.to_string()),
    }
}

/// The row as the inbox keeps it.
fn kept_message(row: &ArchivedRow<ArchivedMessage>, arrival: Arrival) -> InboxMessage {
    let (path, body) = match row {
        ArchivedRow::Message(message) => {
            let body = match &message.content {
                Content::Readable(_, body) => body.clone().unwrap_or_default(),
                Content::Unreadable(_, body) => body.clone(),
            };
            (message.path.clone(), body)
        }
        ArchivedRow::Malformed { line, .. } => (MALFORMED_ROW.to_owned(), line.clone()),
    };
    InboxMessage {
        arrival,
        source: Source::Archive,
        path,
        body,
    }
}
