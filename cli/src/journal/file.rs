//! The journal's file: locked across processes, synced before anything is sent.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use chrono::Utc;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::entry::{Book, BookError};
use super::line::{Chain, LineError};
use super::record::{Change, Record};
use crate::home::{FileError, make_folder_of, open_to_append, sync_folder_of};

/// Why the journal cannot be used. Nothing is ever signed then.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Files.
    #[error(transparent)]
    File(#[from] FileError),
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
    #[error("{} is not a journal of version 1 for {network}", path.display())]
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
            version: 1,
            network: network.to_owned(),
        }
    }
}

/// A network's journal.
#[derive(Debug, Clone)]
pub struct Journal {
    path: PathBuf,
    network: String,
}

impl Journal {
    /// The journal in this file; it need not exist yet.
    pub fn new(path: impl Into<PathBuf>, network: &str) -> Self {
        Self {
            path: path.into(),
            network: network.to_owned(),
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
    pub fn read(&self) -> Result<Book, JournalError> {
        let mut file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Book::default()),
            result => result.map_err(FileError::new("open", &self.path))?,
        };
        file.lock_shared().map_err(FileError::new("lock", &self.path))?;
        Ok(self.load(&mut file)?.book)
    }

    /// Waits until no other process writes, and keeps others from writing until the result is dropped. Hold it for
    /// moments only: never while somebody is asked or a server is called.
    ///
    /// # Errors
    /// When it is damaged or cannot be read, made or locked.
    pub fn lock(&self) -> Result<LockedJournal, JournalError> {
        make_folder_of(&self.path)?;
        let mut file = open_to_append(&self.path).map_err(FileError::new("open", &self.path))?;
        file.lock().map_err(FileError::new("lock", &self.path))?;
        let content = self.load(&mut file)?;
        let mut journal = LockedJournal {
            path: self.path.clone(),
            file,
            book: content.book,
            chain: content.chain,
            length: content.length,
        };
        journal.drop_torn_tail()?;
        if journal.length == 0 {
            journal.write_line(&Header::of(&self.network))?;
            sync_folder_of(&self.path).map_err(FileError::new("sync the folder of", &self.path))?;
        }
        Ok(journal)
    }

    fn load(&self, file: &mut File) -> Result<Content, JournalError> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(FileError::new("read", &self.path))?;
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |last| last.saturating_add(1));
        let mut content = Content {
            book: Book::default(),
            chain: Chain::start(),
            length: 0,
        };
        for (index, line) in bytes
            .get(..whole)
            .unwrap_or_default()
            .split_inclusive(|byte| *byte == b'\n')
            .enumerate()
        {
            self.take_line(&mut content, index.saturating_add(1), line)?;
        }
        Ok(content)
    }

    fn take_line(&self, content: &mut Content, line: usize, bytes: &[u8]) -> Result<(), JournalError> {
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
            content.book.apply(record).map_err(|source| JournalError::Order {
                path: path(),
                line,
                source,
            })?;
        }
        content.chain = chain;
        content.length = content
            .length
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }
}

/// What was read: up to the last whole line.
struct Content {
    book: Book,
    chain: Chain,
    length: u64,
}

/// A journal that this process alone may write to.
#[derive(Debug)]
pub struct LockedJournal {
    path: PathBuf,
    file: File,
    book: Book,
    chain: Chain,
    length: u64,
}

impl LockedJournal {
    /// What stands in it.
    #[must_use]
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// Adds a record and waits until it is on disk.
    ///
    /// # Errors
    /// When it does not fit, or cannot be written. What was written in part is dropped by the next reader.
    pub fn append(&mut self, entry: u64, change: Change) -> Result<(), JournalError> {
        // To whole seconds, so that what is read back equals what was written.
        let at = Utc::now();
        let at = chrono::DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at);
        let record = Record { entry, at, change };
        let mut book = self.book.clone();
        book.apply(record.clone()).map_err(|source| JournalError::Order {
            path: self.path.clone(),
            line: 0,
            source,
        })?;
        self.write_line(&record)?;
        self.book = book;
        Ok(())
    }

    fn write_line(&mut self, content: &impl Serialize) -> Result<(), JournalError> {
        let json = serde_json::to_string(content).map_err(|source| JournalError::Content {
            path: self.path.clone(),
            line: 0,
            source,
        })?;
        let (line, chain) = self.chain.write(&json);
        let result = self
            .file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_all());
        if let Err(error) = result {
            // Keep later lines of this process off a broken one.
            let _ = self.drop_torn_tail();
            return Err(FileError::new("write", &self.path)(error).into());
        }
        self.chain = chain;
        self.length = self
            .length
            .saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    fn drop_torn_tail(&mut self) -> Result<(), JournalError> {
        let path = self.path.clone();
        let end = self
            .file
            .seek(io::SeekFrom::End(0))
            .map_err(FileError::new("read", &path))?;
        if end > self.length {
            self.file
                .set_len(self.length)
                .and_then(|()| self.file.sync_all())
                .map_err(FileError::new("repair the end of", &path))?;
        }
        Ok(())
    }
}
