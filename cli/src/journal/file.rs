//! The journal's file: locked across processes, synced before anything is sent.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::entry::{Book, BookError};
use super::line::{Chain, LineError};
use super::record::{Change, Record};
use crate::clock;
use crate::failpoint;
use crate::home::{FileError, make_folder_of, open_to_append, sync_folder_of};

/// Why the journal cannot be used. Nothing is ever signed then.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Files.
    #[error(transparent)]
    File(#[from] FileError),
    /// A record could not be written: what it was to say did not happen.
    #[error(transparent)]
    Write(FileError),
    /// A line is damaged.
    #[error("line {line} of the journal {} is damaged", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        source: LineError,
    },
    /// A line has a right checksum and a content that this version does not know.
    #[error("line {line} of the journal {} cannot be understood", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The lines contradict each other.
    #[error("line {line} of the journal {} does not fit those before", path.display())]
    Order {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        source: BookError,
    },
    /// The header is not ours, or of another version or network.
    #[error("{} is not a journal of version 2 for {network}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// The network that was expected.
        network: String,
    },
}

/// Content of the first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    journal: String,
    version: u32,
    network: String,
}

impl Header {
    fn of(network: &str) -> Self {
        Self {
            journal: "recoup".to_owned(),
            version: 2,
            network: network.to_owned(),
        }
    }
}

/// A network's journal. What was read once is remembered: as long as the file still begins with the same bytes, only what
/// came after them is read.
#[derive(Debug, Clone)]
pub struct Journal {
    path: PathBuf,
    network: String,
    known: Arc<Mutex<Content>>,
}

impl Journal {
    /// The journal in this file; it need not exist yet.
    pub fn new(path: impl Into<PathBuf>, network: &str) -> Self {
        Self {
            path: path.into(),
            network: network.to_owned(),
            known: Arc::default(),
        }
    }

    /// Where the journal lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads all of it. A journal that does not exist yet is empty.
    ///
    /// # Errors
    /// When it is damaged or cannot be read.
    pub fn read(&self) -> Result<Arc<Book>, JournalError> {
        let mut file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Arc::default()),
            result => result.map_err(FileError::new("open", &self.path))?,
        };
        file.lock_shared().map_err(FileError::new("lock", &self.path))?;
        let content = self.load(&mut file)?;
        let book = Arc::clone(&content.book);
        self.remember(content);
        Ok(book)
    }

    /// Waits until no other process writes, and keeps others from writing until the result is dropped. Hold it for
    /// moments only: never while somebody is asked or a server is called.
    ///
    /// # Errors
    /// When it is damaged or cannot be read, made or locked.
    pub fn lock(&self) -> Result<LockedJournal<'_>, JournalError> {
        make_folder_of(&self.path)?;
        let mut file = open_to_append(&self.path).map_err(FileError::new("open", &self.path))?;
        file.lock().map_err(FileError::new("lock", &self.path))?;
        let content = self.load(&mut file)?;
        let mut journal = LockedJournal {
            journal: self,
            file,
            content,
        };
        journal.drop_torn_tail()?;
        if journal.content.bytes.is_empty() {
            journal.write_line(&Header::of(&self.network))?;
            sync_folder_of(&self.path).map_err(FileError::new("sync the folder of", &self.path))?;
        }
        Ok(journal)
    }

    /// Takes what is known: another thread that asks meanwhile reads everything anew.
    fn known(&self) -> Content {
        std::mem::take(&mut *self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn remember(&self, content: Content) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = content;
    }

    fn load(&self, file: &mut File) -> Result<Content, JournalError> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(FileError::new("read", &self.path))?;
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |last| last.saturating_add(1));
        bytes.truncate(whole);
        let mut content = self.known();
        if !bytes.starts_with(&content.bytes) {
            content = Content::default();
        }
        let known = content.bytes.len();
        for line in bytes
            .get(known..)
            .unwrap_or_default()
            .split_inclusive(|byte| *byte == b'\n')
        {
            self.take_line(&mut content, line)?;
        }
        content.bytes = bytes;
        Ok(content)
    }

    fn take_line(&self, content: &mut Content, bytes: &[u8]) -> Result<(), JournalError> {
        let line = content.lines.saturating_add(1);
        let path = || self.path.clone();
        let damaged = |source| JournalError::Line {
            path: path(),
            line,
            source,
        };
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let text = std::str::from_utf8(text).map_err(|_| damaged(LineError::Shape))?;
        let (json, chain) = content.chain.read(text).map_err(damaged)?;
        let unknown = |source| JournalError::Content {
            path: path(),
            line,
            source,
        };
        if line == 1 {
            if serde_json::from_str::<Header>(json).ok() != Some(Header::of(&self.network)) {
                return Err(JournalError::Header {
                    path: path(),
                    network: self.network.clone(),
                });
            }
        } else {
            let record: Record = serde_json::from_str(json).map_err(unknown)?;
            let book = Arc::make_mut(&mut content.book);
            book.apply(record).map_err(|source| JournalError::Order {
                path: path(),
                line,
                source,
            })?;
        }
        (content.chain, content.lines) = (chain, line);
        Ok(())
    }
}

/// What was read: up to the last whole line.
#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    lines: usize,
    book: Arc<Book>,
    chain: Chain,
}

/// A journal that this process alone may write to.
#[derive(Debug)]
pub struct LockedJournal<'journal> {
    journal: &'journal Journal,
    file: File,
    content: Content,
}

impl LockedJournal<'_> {
    /// What stands in it.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.content.book
    }

    /// Adds a record and waits until it is on disk.
    ///
    /// # Errors
    /// When it does not fit, or cannot be written. What was written in part is dropped by the next reader.
    pub fn append(&mut self, entry: u64, change: Change) -> Result<(), JournalError> {
        // To whole seconds, so that what is read back equals what was written.
        let at = clock::now();
        let at = chrono::DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at);
        let record = Record { entry, at, change };
        let path = &self.journal.path;
        let out_of_order = |source| JournalError::Order {
            path: path.clone(),
            line: 0,
            source,
        };
        self.content.book.check(&record).map_err(out_of_order)?;
        self.write_line(&record)?;
        Arc::make_mut(&mut self.content.book)
            .apply(record)
            .map_err(out_of_order)
    }

    fn write_line(&mut self, content: &impl Serialize) -> Result<(), JournalError> {
        let path = self.journal.path();
        let json = serde_json::to_string(content).map_err(|source| JournalError::Content {
            path: path.to_owned(),
            line: 0,
            source,
        })?;
        let (line, chain) = self.content.chain.write(&json);
        failpoint::reach_after("during-journal", || {
            let half = line.len().saturating_div(2);
            let _ = self
                .file
                .write_all(line.as_bytes().get(..half).unwrap_or_default());
            let _ = self.file.sync_all();
        });
        let result = self
            .file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_all());
        if let Err(error) = result {
            // Keep later lines of this process off a broken one.
            let _ = self.drop_torn_tail();
            return Err(JournalError::Write(FileError::new("write", path)(error)));
        }
        self.content.chain = chain;
        self.content.lines = self.content.lines.saturating_add(1);
        self.content.bytes.extend_from_slice(line.as_bytes());
        Ok(())
    }

    fn drop_torn_tail(&mut self) -> Result<(), JournalError> {
        let path = self.journal.path();
        let end = self
            .file
            .seek(io::SeekFrom::End(0))
            .map_err(FileError::new("read", path))?;
        let whole = u64::try_from(self.content.bytes.len()).unwrap_or(u64::MAX);
        if end > whole {
            self.file
                .set_len(whole)
                .and_then(|()| self.file.sync_all())
                .map_err(FileError::new("repair the end of", path))?;
        }
        Ok(())
    }
}

impl Drop for LockedJournal<'_> {
    fn drop(&mut self) {
        self.journal.remember(std::mem::take(&mut self.content));
    }
}
