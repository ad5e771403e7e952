//! Event archives: what a node once sent to an observer, as PostgreSQL COPY text of `id, receive_timestamp, event_path,
//! payload` (made by `export-events` of the Stacks API), plain or compressed.
//!
//! Rows go straight to ingest, not through the inbox: the archive itself is the copy to go back to. How far it was
//! imported is written in the transaction of the rows, so that an import that was killed anywhere continues there.

mod copy_text;
mod decompress;
mod import;
mod progress;
mod reader;

pub use copy_text::{Row, RowError};
pub use decompress::decompress;
pub use import::{ArchiveInput, ImportError, ImportSummary, import};
pub use reader::{ArchiveError, ArchiveReader, ArchivedRow, Batch, BatchLimits, Checkpoint, Digest};
