//! What can go wrong while a test sets its scene.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A scene that could not be set, or a process that did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No PostgreSQL of a supported version is installed.
    #[error(
        "no PostgreSQL >= {minimum} found (looked in PATH, `pg_config --bindir` and /usr/lib/postgresql); install it, on Debian with `apt-get install postgresql`"
    )]
    NoPostgres {
        /// The oldest major version that is supported.
        minimum: u32,
    },
    /// PostgreSQL refuses to run as root, and there is no user to run it as.
    #[error(
        "PostgreSQL refuses to run as root and there is no user `postgres` to run it as; create one with `useradd --system postgres`"
    )]
    NoPostgresUser,
    /// A binary of this workspace has not been built.
    #[error("{path} is missing; build it first: `cargo build -p {package}`")]
    NotBuilt {
        /// Where it was expected.
        path: PathBuf,
        /// The package that makes it.
        package: &'static str,
    },
    /// A program could not be started, or a file not be read or written.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted.
        what: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A program ended with a failure, or not as the caller expected.
    #[error("{program}: {detail}")]
    Failed {
        /// What ran.
        program: String,
        /// How it ended and what it said.
        detail: String,
    },
    /// A condition did not come true in time.
    #[error("{what}: not within {limit:?}{detail}")]
    TimedOut {
        /// What was waited for.
        what: String,
        /// How long.
        limit: Duration,
        /// What was seen last, starting with a separator, or nothing.
        detail: String,
    },
    /// A server could not be reached or answered something else than it should.
    #[error("{url}: {source}")]
    Http {
        /// The address asked.
        url: String,
        /// The client's error.
        source: Box<ureq::Error>,
    },
    /// A server answered with a status of failure.
    #[error("{url}: {status}: {body}")]
    Status {
        /// The address asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        body: String,
    },
    /// Output that should be JSON is not, or not of the expected shape.
    #[error("{what} is not the expected JSON ({source}): {text}")]
    Json {
        /// Whose output.
        what: String,
        /// The parser's error.
        source: serde_json::Error,
        /// The text.
        text: String,
    },
}

impl Error {
    /// A closure for `map_err` that says what was attempted.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
