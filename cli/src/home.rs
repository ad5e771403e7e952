//! The folder where the command line keeps its files: configuration, wallets, journals.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Files are for their owner alone, whatever the umask says.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// A file could not be read or written.
#[derive(Debug, Error)]
#[error("cannot {action} {}", path.display())]
pub struct FileError {
    /// What was tried.
    pub action: &'static str,
    /// On which file or folder.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

impl FileError {
    pub(crate) fn new(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { action, path, source }
    }
}

/// The folder itself: `--home`, `RECOUP_HOME`, or `recoup` in the user's configuration folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// A folder named by the user.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// `$XDG_CONFIG_HOME/recoup`, or `~/.config/recoup`. `None` when the environment names neither.
    pub fn of_user(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let set = |name| {
            variable(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let folder = set("XDG_CONFIG_HOME")
            .filter(|path| path.is_absolute()) // as the XDG base directory specification has it
            .or_else(|| set("HOME").map(|home| home.join(".config")))?;
        Some(Self(folder.join("recoup")))
    }

    /// The configuration file.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    /// The folder of keystore files.
    #[must_use]
    pub fn wallets(&self) -> PathBuf {
        self.0.join("wallets")
    }

    /// The journal of one network. Nonces are counted per chain, so profiles of one network share it.
    #[must_use]
    pub fn journal(&self, network: &str) -> PathBuf {
        self.0.join("journal").join(format!("{network}.journal"))
    }

    /// What became of each payer of an invoice that was refunded to all of them.
    #[must_use]
    pub fn results(&self, name: &str) -> PathBuf {
        self.0.join("results").join(format!("{name}.jsonl"))
    }

    /// What is remembered of one network's contracts; may be deleted at any time.
    #[must_use]
    pub fn cache(&self, network: &str) -> PathBuf {
        self.0.join("cache").join(format!("{network}.json"))
    }
}

/// Makes a file's folder, for its owner alone.
///
/// # Errors
/// When the folder cannot be made.
pub fn make_folder_of(path: &Path) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)
        .map_err(FileError::new("make the folder", folder))
}

/// How an existing file of the same name is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Replaced in one step.
    Replace,
    /// Left alone; the write fails with `AlreadyExists`.
    Keep,
}

/// Writes a whole file with mode 0600 so that a crash leaves either the old content or the new, never a part.
///
/// # Errors
/// When a step fails; with [`Existing::Keep`] also when the file exists.
pub fn write_whole(path: &Path, content: &[u8], existing: Existing) -> Result<(), FileError> {
    make_folder_of(path)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let result = write_new(&temporary, content)
        .and_then(|()| match existing {
            Existing::Replace => fs::rename(&temporary, path),
            // A hard link refuses to replace, which a rename cannot.
            Existing::Keep => fs::hard_link(&temporary, path).and_then(|()| fs::remove_file(&temporary)),
        })
        .and_then(|()| sync_folder_of(path));
    if result.is_err() {
        let _ = fs::remove_file(&temporary); // the first error is the one to report
    }
    result.map_err(FileError::new("write", path))
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Opens a file for reading and appending, made with mode 0600 when it is missing.
pub(crate) fn open_to_append(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(FILE_MODE)
        .open(path)
}

/// Makes a file's name durable: without it, a crash can forget a file whose content was synced.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn writes_for_the_owner_alone_and_replaces_or_keeps() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/file");
        write_whole(&path, b"one", Existing::Keep).unwrap();
        let error = write_whole(&path, b"two", Existing::Keep).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write_whole(&path, b"three", Existing::Replace).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777,
            0o700
        );
        let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "no temporary file is left: {left:?}");
    }

    #[test]
    fn follows_the_base_directory_specification() {
        let home = |xdg: &'static str, home: &'static str| {
            Home::of_user(move |name| Some(if name == "HOME" { home } else { xdg }.to_owned()))
        };
        assert_eq!(home("/xdg", "/me"), Some(Home::at("/xdg/recoup")));
        assert_eq!(home("", "/me"), Some(Home::at("/me/.config/recoup")));
        assert_eq!(home("relative", "/me"), Some(Home::at("/me/.config/recoup")));
        assert_eq!(home("", ""), None);
    }
}
