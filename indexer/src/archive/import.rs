//! Imports an archive: a thread reads, another makes messages of it, ingest follows. Short queues between them bound the
//! memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use serde::Serialize;
use sqlx::PgPool;
use tokio::sync::mpsc;

use super::decompress::decompress;
use super::progress::{Counted, Progress, per_second};
use super::reader::{ArchiveError, ArchiveReader, ArchivedRow, Batch, BatchLimits, Checkpoint};
use crate::db::{self, DbError};
use crate::diagnosis::Vitals;
use crate::ingest::{ArchivedMessage, Decoder, Ingest, IngestSettings, Phase, Phases, UnreadMessage};
use crate::observer::Inbox;

/// Batches that may wait in each queue.
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
    /// The reading or decoding thread ended without a word.
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
    pub milliseconds: BTreeMap<&'static str, u64>,
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
    let (unread_queue, mut unread) = mpsc::channel(QUEUED_BATCHES);
    let (queue, mut batches) = mpsc::channel(QUEUED_BATCHES);
    let decoder = Decoder::new(&settings.core_contract, &settings.satellites);
    let mut ingest = Ingest::new(pool.clone(), settings, None, Inbox::default(), Vitals::default());
    let phases = ingest.phases();
    let (of_reading, of_decoding) = (phases.clone(), phases.clone());
    let reading = tokio::task::spawn_blocking(move || read(text, limits, &known, &of_reading, &unread_queue));
    let decoding = tokio::task::spawn_blocking(move || decode(&decoder, &of_decoding, &mut unread, &queue));

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
    decoding.await.map_err(|_| ImportError::ReaderEnded)??;
    let mut connection = pool.acquire().await.map_err(DbError::from)?;
    let building = db::deferred_index::build_all(&mut connection);
    phases.timed(Phase::Indexes, building).await?;
    drop(connection);
    ingest.catch_up().await?;
    let elapsed = progress.elapsed();
    summary.seconds = elapsed.as_secs();
    summary.rows_per_second = per_second(summary.rows.saturating_sub(summary.rows_skipped), elapsed);
    summary.milliseconds = phases.milliseconds();
    Ok(summary)
}

/// What the reading thread tells.
enum Read<M> {
    Skipped(Checkpoint),
    Batch(Batch<M>),
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

/// Reads batches until the end, or until nobody receives them any more: ingest failed then, which says so itself.
fn read(
    input: Counted<Input>,
    limits: BatchLimits,
    known: &[Checkpoint],
    phases: &Phases,
    queue: &mpsc::Sender<Read<UnreadMessage>>,
) -> Result<(), ArchiveError> {
    let mut reader = ArchiveReader::new(decompress(input)?, limits);
    let mut next = reader.skip_imported(known)?.map(Read::Skipped);
    loop {
        if let Some(event) = next.take()
            && queue.blocking_send(event).is_err()
        {
            return Ok(());
        }
        let started = Instant::now();
        let batch = reader.next_batch(UnreadMessage::of)?;
        phases.add(Phase::Read, started.elapsed());
        match batch {
            Some(batch) => next = Some(Read::Batch(batch)),
            None => return Ok(()),
        }
    }
}

/// Makes messages of what was read.
fn decode(
    decoder: &Decoder,
    phases: &Phases,
    unread: &mut mpsc::Receiver<Read<UnreadMessage>>,
    queue: &mpsc::Sender<Read<ArchivedMessage>>,
) -> Result<(), ArchiveError> {
    let mut rows: u64 = 0;
    while let Some(event) = unread.blocking_recv() {
        let event = match event {
            Read::Skipped(checkpoint) => {
                rows = checkpoint.rows;
                Read::Skipped(checkpoint)
            }
            Read::Batch(batch) => {
                let started = Instant::now();
                let decoded = batch.map(|message| message.read(decoder));
                phases.add(Phase::Decode, started.elapsed());
                match decoded.checkpoint {
                    Some(checkpoint) => rows = checkpoint.rows,
                    // Half a row is no row that is damaged: the other half may come yet.
                    None if !decoded.rows.iter().all(is_readable) => {
                        let row = rows.saturating_add(1);
                        return Err(ArchiveError::Cut { row });
                    }
                    None => {}
                }
                Read::Batch(decoded)
            }
        };
        if queue.blocking_send(event).is_err() {
            break;
        }
    }
    Ok(())
}

const fn is_readable(row: &ArchivedRow<ArchivedMessage>) -> bool {
    match row {
        ArchivedRow::Message(message) => message.is_readable(),
        ArchivedRow::Malformed { .. } => false,
    }
}
