//! The machine's PostgreSQL programs, and the user they may run as.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Error, Result};

const MINIMUM_VERSION: u32 = 15;
const PROGRAMS: [&str; 4] = ["initdb", "pg_isready", "postgres", "psql"];

/// Where Debian and its kin keep the programs of each version, outside of PATH.
const DEBIAN_VERSIONS: &str = "/usr/lib/postgresql";

/// The folder of one installation's programs.
#[derive(Debug)]
pub(super) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// The first installation that is new enough: in PATH, where `pg_config` says, then Debian's folders.
    pub(super) fn find() -> Result<Self> {
        candidates()
            .iter()
            .filter_map(|folder| installation(folder))
            .find(|folder| major_version(folder).is_some_and(|version| version >= MINIMUM_VERSION))
            .map(|folder| Self { folder })
            .ok_or(Error::NoPostgres {
                minimum: MINIMUM_VERSION,
            })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default();
    folders.extend(output_line("pg_config", ["--bindir"]).map(PathBuf::from));
    let versions = fs::read_dir(DEBIAN_VERSIONS).into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    folders
}

/// The folder in which the server really lies (the one in PATH is often a link), when all programs are there.
fn installation(folder: &Path) -> Option<PathBuf> {
    let server = fs::canonicalize(folder.join("postgres")).ok()?;
    let folder = server.parent()?;
    PROGRAMS
        .iter()
        .all(|program| folder.join(program).is_file())
        .then(|| folder.to_owned())
}

fn major_version(folder: &Path) -> Option<u32> {
    // "postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)"
    let line = output_line(folder.join("postgres"), ["--version"])?;
    line.split_whitespace().nth(2)?.split('.').next()?.parse().ok()
}

/// The user and group to run PostgreSQL as.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Identity {
    /// `postgres` when this process is root, else nobody else than the caller.
    pub(super) fn for_postgres() -> Result<Option<Self>> {
        if number_of("id", ["-u"]) != Some(0) {
            return Ok(None);
        }
        let user = number_of("id", ["-u", "postgres"]);
        let group = number_of("id", ["-g", "postgres"]);
        let (user, group) = user.zip(group).ok_or(Error::NoPostgresUser)?;
        Ok(Some(Self { user, group }))
    }
}

fn number_of<const N: usize>(program: &str, arguments: [&str; N]) -> Option<u32> {
    output_line(program, arguments)?.parse().ok()
}

fn output_line<const N: usize>(program: impl AsRef<OsStr>, arguments: [&str; N]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| text.trim().to_owned())
        .filter(|line| !line.is_empty())
}
