//! Where things lie: the repository, the built binaries, a test's own folder.

use std::env;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Error, Result};

/// The repository's root.
#[must_use]
pub fn repository() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// A binary of this workspace, taken from where cargo put the program that asks: beside it, or above `deps`.
///
/// # Errors
/// [`Error::NotBuilt`] when it is not there.
pub fn binary(name: &'static str, package: &'static str) -> Result<PathBuf> {
    let this = env::current_exe().map_err(Error::io("the running program's own path"))?;
    let folder = this.parent().unwrap_or(&this);
    let folder = if folder.ends_with("deps") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    let path = folder.join(name).with_extension(env::consts::EXE_EXTENSION);
    if path.is_file() {
        Ok(path)
    } else {
        Err(Error::NotBuilt { path, package })
    }
}

/// A folder of the caller's own, removed when dropped.
///
/// # Errors
/// [`Error::Io`] when it cannot be made.
pub fn scratch_folder(purpose: &str) -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix(&format!("recoup-{purpose}-"))
        .tempdir()
        .map_err(Error::io("a temporary folder"))
}
