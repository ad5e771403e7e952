//! What the running stack leaves in its folder for `up` and `down`: a lock that proves it lives, and a record.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// The stack's folder.
#[derive(Debug, Clone)]
pub struct StackFolder(PathBuf);

/// Where the parts of a running stack are.
#[derive(Debug, Serialize, Deserialize)]
pub struct StackRecord {
    /// The process that holds the lock and all others.
    pub pid: u32,
    /// The node's URL.
    pub node: String,
    /// The indexer's URL.
    pub indexer: String,
    /// The database's URL.
    pub database: String,
}

impl StackFolder {
    /// The folder at `path`, which need not exist.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The home of the command line: its configuration and wallets.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.0.join("home")
    }

    /// What the running stack writes.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.0.join("stack.log")
    }

    /// Takes the lock for as long as the returned file is open, or nothing when a running stack holds it. The system
    /// releases it when its holder dies, however that happens: whoever holds it is a stack of ours, and alive.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn try_lock(&self) -> Result<Option<File>> {
        fs::create_dir_all(&self.0).with_context(|| format!("make {}", self.0.display()))?;
        let file = File::create(self.0.join("lock")).context("open the stack's lock")?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).context("take the stack's lock"),
        }
    }

    /// Tells that everything is up, in one step.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_record(&self, record: &StackRecord) -> Result<()> {
        let draft = self.0.join("stack.json.new");
        fs::write(&draft, serde_json::to_vec_pretty(record)?).context("write the stack's record")?;
        fs::rename(&draft, self.record_file()).context("write the stack's record")
    }

    /// The record, once everything is up.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn read_record(&self) -> Result<Option<StackRecord>> {
        match fs::read(self.record_file()) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .context("read the stack's record")
                .map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("read the stack's record"),
        }
    }

    /// Removes everything but the lock, whose holder this must be.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn remove(&self, _held: &File) -> Result<()> {
        fs::remove_dir_all(&self.0).with_context(|| format!("remove {}", self.0.display()))
    }

    fn record_file(&self) -> PathBuf {
        self.0.join("stack.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = StackFolder::at(scratch.path().join("stack"));
        let held = folder.try_lock().unwrap();
        assert!(held.is_some());
        assert!(folder.try_lock().unwrap().is_none());
        drop(held);
        assert!(folder.try_lock().unwrap().is_some());
    }

    #[test]
    fn the_record_appears_whole_or_not_at_all() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = StackFolder::at(scratch.path().to_owned());
        assert!(folder.read_record().unwrap().is_none());
        let address = || "http://127.0.0.1:1".to_owned();
        let record = StackRecord {
            pid: 7,
            node: address(),
            indexer: address(),
            database: address(),
        };
        folder.write_record(&record).unwrap();
        assert_eq!(folder.read_record().unwrap().unwrap().pid, 7);
    }
}
