//! Private PostgreSQL clusters made with the machine's own binaries, and a fresh database per test.
//!
//! A cluster listens on a unix socket in a folder that only its owner can enter, and on no port: nobody else on the
//! machine can reach it, so that it needs no password.

mod binaries;

use std::env;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use self::binaries::{Binaries, Identity};
use crate::{Error, Process, Result, scratch_folder, wait_until};

/// Names a running cluster (a URL of any of its databases, for a role that may create databases) to use in place of
/// starting one for each test binary.
pub const DATABASE_URL_VARIABLE: &str = "RECOUP_TEST_DATABASE_URL";

const ROLE: &str = "recoup";
/// Names the socket file; no TCP port is opened. Said everywhere, so that the caller's PGPORT changes nothing.
const PORT: &str = "5432";
const START_LIMIT: Duration = Duration::from_secs(60);

/// Whether a cluster's data survive a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// No: nothing is forced to the disk. For tests, many times faster.
    None,
    /// As in production.
    Full,
}

impl Durability {
    /// PostgreSQL's immediate shutdown, or its fast one that saves everything first.
    fn stop_signal(self) -> &'static str {
        match self {
            Self::None => "QUIT",
            Self::Full => "INT",
        }
    }
}

/// A PostgreSQL server with an empty folder of its own, stopped and removed when dropped or when its owner dies.
#[derive(Debug)]
pub struct Cluster {
    process: Process,
    binaries: Binaries,
}

impl Cluster {
    /// Creates and starts a cluster. As root, it runs as the user `postgres`.
    ///
    /// # Errors
    /// [`Error::NoPostgres`] or [`Error::NoPostgresUser`] when the machine lacks what is needed; else what
    /// PostgreSQL says.
    pub fn start(durability: Durability) -> Result<Self> {
        let binaries = Binaries::find()?;
        let identity = Identity::for_postgres()?;
        let folder = scratch_folder("postgres")?;
        if let Some(identity) = &identity {
            chown(folder.path(), Some(identity.user), Some(identity.group))
                .map_err(Error::io("give the cluster's folder to the user postgres"))?;
        }
        let program = |name: &str| {
            let mut command = Command::new(binaries.path(name));
            command
                .current_dir(folder.path())
                .env_remove("PGDATA")
                .env("LC_ALL", "C");
            if let Some(identity) = &identity {
                command.uid(identity.user).gid(identity.group);
            }
            command
        };
        initialise(program("initdb"), folder.path())?;
        let server = server_command(program("postgres"), folder.path(), durability);
        let process = Process::spawn("postgres", server, folder, durability.stop_signal())?;
        let mut cluster = Self { process, binaries };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// The folder of PostgreSQL's own programs (`psql` and others).
    #[must_use]
    pub fn programs(&self) -> &Path {
        self.binaries.folder()
    }

    /// The URL of one of its databases.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let folder = self.process.folder().display();
        format!("postgres:///{database}?host={folder}&port={PORT}&user={ROLE}")
    }

    /// Creates an empty database and returns its URL.
    ///
    /// # Errors
    /// What PostgreSQL says.
    pub fn create_database(&self, name: &str) -> Result<String> {
        execute(&self.url("postgres"), &format!("create database {name}"))?;
        Ok(self.url(name))
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let is_ready = self.binaries.path("pg_isready");
        let process = &mut self.process;
        wait_until("PostgreSQL to accept connections", START_LIMIT, || {
            process.ensure_running()?;
            let mut command = Command::new(&is_ready);
            command
                .args(["--quiet", "--port", PORT, "--host"])
                .arg(process.folder());
            let status = command.status().map_err(Error::io("pg_isready"))?;
            Ok(status.success().then_some(()))
        })
    }
}

fn initialise(mut initdb: Command, folder: &Path) -> Result<()> {
    initdb.arg("--pgdata").arg(folder.join("data"));
    initdb.args([
        "--username",
        ROLE,
        "--auth",
        "trust",
        "--encoding",
        "UTF8",
        "--no-locale",
        "--no-sync",
    ]);
    run("initdb", initdb).map(drop)
}

fn server_command(mut postgres: Command, folder: &Path, durability: Durability) -> Command {
    postgres
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-p", PORT]);
    let mut settings = vec!["listen_addresses=", "max_connections=200", "timezone=UTC"];
    if durability == Durability::None {
        settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]);
    }
    for setting in settings {
        postgres.args(["-c", setting]);
    }
    postgres
}

/// An empty database for one test, dropped with it.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    maintenance_url: String,
    name: String,
}

impl TestDatabase {
    /// Creates one in the cluster that [`DATABASE_URL_VARIABLE`] names, else in one that this process starts at the
    /// first call and that ends with it.
    ///
    /// # Errors
    /// As [`Cluster::start`], or what PostgreSQL says.
    pub fn create() -> Result<Self> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "test_{}_{}",
            process::id(),
            COUNTER.fetch_add(1, Ordering::Relaxed)
        );
        let maintenance_url = maintenance_url()?;
        execute(&maintenance_url, &format!("create database {name}"))?;
        let url = with_database(&maintenance_url, &name);
        Ok(Self {
            url,
            maintenance_url,
            name,
        })
    }

    /// The URL to connect with.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Only to save disk space while the cluster lives; a failure changes nothing for anybody.
        let _ = execute(
            &self.maintenance_url,
            &format!("drop database {} with (force)", self.name),
        );
    }
}

fn maintenance_url() -> Result<String> {
    /// Never dropped, as statics are not; its watchdog ends it when this process is gone.
    static OWN: Mutex<Option<Cluster>> = Mutex::new(None);
    if let Ok(url) = env::var(DATABASE_URL_VARIABLE) {
        return Ok(url);
    }
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    let cluster = match own.take() {
        Some(cluster) => cluster,
        None => Cluster::start(Durability::None)?,
    };
    Ok(own.insert(cluster).url("postgres"))
}

/// The same URL with another database in its path.
fn with_database(url: &str, database: &str) -> String {
    let (address, query) = url
        .split_once('?')
        .map_or((url, None), |(address, query)| (address, Some(query)));
    let server = address.rsplit_once('/').map_or(address, |(server, _)| server);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{server}/{database}{query}")
}

fn execute(url: &str, statement: &str) -> Result<()> {
    let mut psql = Command::new(Binaries::find()?.path("psql"));
    psql.args([
        "--no-psqlrc",
        "--quiet",
        "--set",
        "ON_ERROR_STOP=1",
        "--command",
        statement,
        "--dbname",
        url,
    ]);
    run("psql", psql).map(drop)
}

fn run(program: &str, mut command: Command) -> Result<String> {
    let output = command.output().map_err(Error::io(format!("start {program}")))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let detail = format!(
        "{}\n{stdout}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Err(Error::Failed {
        program: program.to_owned(),
        detail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(url: &str, statement: &str) -> Result<String> {
        let mut psql = Command::new(Binaries::find()?.path("psql"));
        psql.args([
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--command",
            statement,
            "--dbname",
            url,
        ]);
        Ok(run("psql", psql)?.trim().to_owned())
    }

    #[test]
    fn each_test_gets_an_empty_database_of_its_own() {
        let first = TestDatabase::create().unwrap();
        let second = TestDatabase::create().unwrap();
        assert_ne!(first.url(), second.url());
        execute(first.url(), "create table refund (id bigint)").unwrap();
        let tables = "select count(*) from pg_tables where schemaname = 'public'";
        assert_eq!(query(first.url(), tables).unwrap(), "1");
        assert_eq!(query(second.url(), tables).unwrap(), "0");
    }

    #[test]
    fn a_dropped_cluster_leaves_neither_server_nor_folder() {
        let cluster = Cluster::start(Durability::Full).unwrap();
        assert_eq!(query(&cluster.url("postgres"), "show fsync").unwrap(), "on");
        assert_eq!(
            query(&cluster.url("postgres"), "show listen_addresses").unwrap(),
            ""
        );
        let url = cluster.create_database("audit").unwrap();
        assert_eq!(query(&url, "select current_database()").unwrap(), "audit");
        let folder = cluster.process.folder().to_owned();
        drop(cluster);
        assert!(!folder.exists());
        assert!(query(&url, "select 1").is_err());
    }

    #[test]
    fn a_failing_statement_is_an_error() {
        let database = TestDatabase::create().unwrap();
        let error = execute(database.url(), "select nonsense")
            .unwrap_err()
            .to_string();
        assert!(error.contains("column \"nonsense\" does not exist"), "{error}");
    }

    #[test]
    fn replaces_the_database_of_a_url() {
        let replaced = with_database("postgres://clerk@127.0.0.1:5433/postgres", "test_1");
        assert_eq!(replaced, "postgres://clerk@127.0.0.1:5433/test_1");
        let replaced = with_database("postgres:///postgres?host=/tmp/recoup&user=recoup", "test_1");
        assert_eq!(replaced, "postgres:///test_1?host=/tmp/recoup&user=recoup");
    }
}
