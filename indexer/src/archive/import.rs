//! Imports an archive: a thread reads, ingest follows, a short queue between them bounds the memory.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use serde::Serialize;
use sqlx::PgPool;
use tokio::sync::mpsc;

use super::decompress::decompress;
use super::progress::{Counted, Progress, per_second};
use super::reader::{ArchiveError, ArchiveReader, ArchivedRow, Batch, BatchLimits, Checkpoint};
use crate::db::{self, DbError};
use crate::diagnosis::Vitals;
use crate::ingest::{ArchivedMessage, Decoder, Ingest, IngestSettings, Phase, Phases};
use crate::observer::Inbox;

/// Batches that may wait for ingest.
const QUEUED_BATCHES: usize = 1;

/// Where an archive comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveInput {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// Why an import ended early. What was imported stays, and the next import continues there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file.
    #[error("cannot open {path}")]
    Open {
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The reading thread ended without a word.
    #[error("reading the archive ended unexpectedly")]
    ReaderEnded,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportSummary {
    /// Rows of the archive.
    pub rows: u64,
    /// Its bytes, uncompressed.
    pub bytes: u64,
    /// Rows that an earlier import had done.
    pub rows_skipped: u64,
    /// Seconds it took.
    pub seconds: u64,
    /// Rows a second, of those that were not skipped.
    pub rows_per_second: u64,
    /// Where the time went. Reading and decoding happen beside the rest.
    pub milliseconds: BTreeMap<Phase, u64>,
}

/// Imports an archive, from where an earlier import of it ended unless `from_start`. May run beside the indexer.
///
/// # Errors
/// [`ImportError`]; what was imported until then is kept.
pub async fn import(
    pool: PgPool,
    settings: IngestSettings,
    input: ArchiveInput,
    limits: BatchLimits,
    from_start: bool,
) -> Result<ImportSummary, ImportError> {
    let mut connection = pool.acquire().await.map_err(DbError::from)?;
    let known = if from_start {
        Vec::new()
    } else {
        db::archive_import::all(&mut connection).await?
    };
    let input_read = Arc::new(AtomicU64::new(0));
    let (text, length) = open(input, Arc::clone(&input_read))?;
    if db::deferred_index::defer(&mut connection).await? {
        tracing::info!("indexes are left out until the end of the import");
    }
    drop(connection);
    let mut progress = Progress::new(input_read, length);
    let (queue, mut batches) = mpsc::channel(QUEUED_BATCHES);
    let decoder = Decoder::new(&settings.core_contract, &settings.satellites);
    let mut ingest = Ingest::new(pool.clone(), settings, None, Inbox::default(), Vitals::default());
    let phases = ingest.phases();
    let of_reading = phases.clone();
    let reading =
        tokio::task::spawn_blocking(move || read(text, limits, &known, &decoder, &of_reading, &queue));

    let mut summary = ImportSummary::default();
    while let Some(event) = phases.timed(Phase::WaitForMessages, batches.recv()).await {
        match event {
            Read::Skipped(checkpoint) => {
                tracing::info!(rows = checkpoint.rows, "an earlier import is continued");
                summary.rows_skipped = checkpoint.rows;
                summary.rows = checkpoint.rows;
                summary.bytes = checkpoint.bytes;
            }
            Read::Batch(batch) => {
                ingest.follow_archived(&batch).await?;
                match batch.checkpoint {
                    Some(checkpoint) => {
                        summary.rows = checkpoint.rows;
                        summary.bytes = checkpoint.bytes;
                    }
                    None => summary.rows = summary.rows.saturating_add(1),
                }
                progress.report(summary.rows, summary.bytes);
            }
        }
    }
    reading.await.map_err(|_| ImportError::ReaderEnded)??;
    let mut connection = pool.acquire().await.map_err(DbError::from)?;
    let building = db::deferred_index::build_all(&mut connection);
    phases.timed(Phase::Indexes, building).await?;
    let elapsed = progress.elapsed();
    summary.seconds = elapsed.as_secs();
    summary.rows_per_second = per_second(summary.rows.saturating_sub(summary.rows_skipped), elapsed);
    summary.milliseconds = phases.milliseconds();
    Ok(summary)
}

/// What the reading thread tells.
enum Read {
    Skipped(Checkpoint),
    Batch(Batch<ArchivedMessage>),
}

type Input = Box<dyn io::Read + Send>;

fn open(input: ArchiveInput, count: Arc<AtomicU64>) -> Result<(Counted<Input>, Option<u64>), ImportError> {
    let (input, length): (Input, _) = match input {
        ArchiveInput::Stdin => (Box::new(io::stdin()), None),
        ArchiveInput::File(path) => {
            let file = File::open(&path).map_err(|source| ImportError::Open { path, source })?;
            let length = file
                .metadata()
                .ok()
                .filter(std::fs::Metadata::is_file)
                .map(|metadata| metadata.len());
            (Box::new(file), length)
        }
    };
    Ok((Counted::new(input, count), length))
}

fn read(
    input: Counted<Input>,
    limits: BatchLimits,
    known: &[Checkpoint],
    decoder: &Decoder,
    phases: &Phases,
    queue: &mpsc::Sender<Read>,
) -> Result<(), ArchiveError> {
    let mut reader = ArchiveReader::new(decompress(input)?, limits);
    let mut next = reader.skip_imported(known)?.map(Read::Skipped);
    loop {
        // Nobody receives any more when ingest failed, which says so itself.
        if let Some(event) = next.take()
            && queue.blocking_send(event).is_err()
        {
            return Ok(());
        }
        let started = Instant::now();
        let decoding = Cell::new(Duration::ZERO);
        let batch = reader.next_batch(|row| {
            let started = Instant::now();
            let message = ArchivedMessage::read(decoder, row);
            decoding.set(decoding.get() + started.elapsed());
            message
        })?;
        phases.add(Phase::Decode, decoding.get());
        phases.add(Phase::Read, started.elapsed().saturating_sub(decoding.get()));
        match batch {
            // Half a row is no row that is damaged: the other half may come yet.
            Some(batch) if batch.checkpoint.is_none() && !batch.rows.iter().all(is_readable) => {
                let row = reader.rows().saturating_add(1);
                return Err(ArchiveError::Cut { row });
            }
            Some(batch) => next = Some(Read::Batch(batch)),
            None => return Ok(()),
        }
    }
}

const fn is_readable(row: &ArchivedRow<ArchivedMessage>) -> bool {
    match row {
        ArchivedRow::Message(message) => message.is_readable(),
        ArchivedRow::Malformed { .. } => false,
    }
}
