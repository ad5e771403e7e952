//! Private PostgreSQL clusters made with the machine's own binaries, and a fresh database per test.
//!
//! A cluster listens on a unix socket in a folder that only its owner can enter, and on no port: nobody else on the
//! machine can reach it, so that it needs no password.

mod binaries;
mod disk;

use std::env;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use self::binaries::{Binaries, Identity};
pub use self::disk::SmallDisk;
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
    /// They survive the end of any process, but not of the machine: for tests that kill PostgreSQL.
    Process,
    /// As in production.
    Full,
}

impl Durability {
    /// PostgreSQL's immediate shutdown, or its fast one that saves everything first.
    fn stop_signal(self) -> &'static str {
        match self {
            Self::None => "QUIT",
            Self::Process | Self::Full => "INT",
        }
    }
}

/// A PostgreSQL server with an empty folder of its own, stopped and removed when dropped or when its owner dies.
#[derive(Debug)]
pub struct Cluster {
    /// None only between two lives.
    process: Option<Process>,
    // After the server, which uses it.
    disk: Option<SmallDisk>,
    folder: PathBuf,
    binaries: Binaries,
    identity: Option<Identity>,
    durability: Durability,
}

impl Cluster {
    /// Creates and starts a cluster. As root, it runs as the user `postgres`.
    ///
    /// # Errors
    /// [`Error::NoPostgres`] or [`Error::NoPostgresUser`] when the machine lacks what is needed; else what
    /// PostgreSQL says.
    pub fn start(durability: Durability) -> Result<Self> {
        Self::create(durability, None, |cluster| {
            initialise(cluster.program("initdb"), &cluster.folder)
        })
    }

    /// Creates and starts a cluster whose tables lie on a disk of so many bytes, in memory; what it writes ahead lies
    /// elsewhere. Not every machine lets its users make disks: see [`SmallDisk::is_possible`].
    ///
    /// # Errors
    /// As [`Cluster::start`], and when the disk cannot be made.
    pub fn start_on_small_disk(bytes: u64) -> Result<Self> {
        Self::create(Durability::Process, Some(("data", bytes)), |cluster| {
            let mut initdb = cluster.program("initdb");
            initdb.arg("--waldir").arg(cluster.folder.join("wal"));
            initialise(initdb, &cluster.folder)
        })
    }

    /// The same the other way round: what it writes ahead lies on the small disk, in files of a megabyte, and its tables
    /// elsewhere.
    ///
    /// # Errors
    /// As [`Cluster::start_on_small_disk`].
    pub fn start_with_small_log_disk(bytes: u64) -> Result<Self> {
        Self::create(Durability::Process, Some(("wal", bytes)), |cluster| {
            let mut initdb = cluster.program("initdb");
            initdb.arg("--waldir").arg(cluster.folder.join("wal"));
            initdb.args(["--wal-segsize", "1"]);
            initialise(initdb, &cluster.folder)
        })
    }

    /// Starts a second cluster that follows this one, as a hot standby.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn start_replica(&self) -> Result<Self> {
        Self::create(self.durability, None, |replica| {
            let mut backup = replica.program("pg_basebackup");
            backup
                .args([
                    "--checkpoint=fast",
                    "--wal-method=stream",
                    "--write-recovery-conf",
                    "--no-sync",
                ])
                .args(["--port", PORT, "--username", ROLE, "--host"])
                .arg(&self.folder)
                .arg("--pgdata")
                .arg(replica.folder.join("data"));
            run("pg_basebackup", backup).map(drop)
        })
    }

    fn create(
        durability: Durability,
        disk: Option<(&str, u64)>,
        fill: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<Self> {
        let binaries = Binaries::find()?;
        let identity = Identity::for_postgres()?;
        let folder = scratch_folder("postgres")?;
        if let Some(identity) = &identity {
            chown(folder.path(), Some(identity.user), Some(identity.group))
                .map_err(Error::io("give the cluster's folder to the user postgres"))?;
        }
        let disk = disk
            .map(|(name, bytes)| SmallDisk::mount(&folder.path().join(name), bytes, identity.as_ref()))
            .transpose()?;
        let mut cluster = Self {
            process: None,
            disk,
            folder: folder.path().to_owned(),
            binaries,
            identity,
            durability,
        };
        fill(&cluster)?;
        cluster.restart()?;
        // From here on it is the server that removes it.
        let _ = folder.keep();
        Ok(cluster)
    }

    /// Kills the server and all that belongs to it at once (SIGKILL). Nothing is saved.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            let _ = process.kill_and_keep();
        }
    }

    /// Starts the server again after [`Cluster::kill`], or after it ended by itself, and waits until it answers.
    ///
    /// # Errors
    /// What PostgreSQL says.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        wait_until("PostgreSQL to start", START_LIMIT, || {
            let server = server_command(self.program("postgres"), &self.folder, self.durability);
            let signal = self.durability.stop_signal();
            let mut process = Process::spawn_in("postgres", server, &self.folder, signal)?;
            match wait_until_ready(&self.binaries, &mut process) {
                Ok(()) => {
                    self.process = Some(process);
                    Ok(Some(()))
                }
                // A process of the life before may still be about to end.
                Err(error) if !error.to_string().contains("pre-existing shared memory block") => Err(error),
                Err(_) => {
                    let _ = process.kill_and_keep();
                    Ok(None)
                }
            }
        })
    }

    /// The disk, if it is a small one.
    #[must_use]
    pub fn disk(&self) -> Option<&SmallDisk> {
        self.disk.as_ref()
    }

    /// The process id of the server, whose children are PostgreSQL's other processes; none between two lives.
    #[must_use]
    pub fn server_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// The folder of PostgreSQL's own programs (`psql` and others).
    #[must_use]
    pub fn programs(&self) -> &Path {
        self.binaries.folder()
    }

    /// The file that the server writes its log to.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("stderr")
    }

    /// The URL of one of its databases.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let folder = self.folder.display();
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

    /// Runs statements in one of its databases.
    ///
    /// # Errors
    /// What PostgreSQL says.
    pub fn execute(&self, database: &str, statements: &str) -> Result<()> {
        execute(&self.url(database), statements)
    }

    /// One of PostgreSQL's programs, as the user and on the disk that this cluster has.
    fn program(&self, name: &str) -> Command {
        let path = self.binaries.path(name);
        let mut command = match &self.disk {
            Some(disk) => disk.command(&path, self.identity.as_ref()),
            None => {
                let mut command = Command::new(path);
                if let Some(identity) = &self.identity {
                    command.uid(identity.user).gid(identity.group);
                }
                command
            }
        };
        command
            .current_dir(&self.folder)
            .env_remove("PGDATA")
            .env("LC_ALL", "C");
        command
    }
}

fn wait_until_ready(binaries: &Binaries, process: &mut Process) -> Result<()> {
    let is_ready = binaries.path("pg_isready");
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
    match durability {
        Durability::None => settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]),
        // What is written to a file outlives its writer; what waits in memory to be written does not.
        Durability::Process => settings.push("fsync=off"),
        Durability::Full => {}
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
        let folder = cluster.folder.clone();
        drop(cluster);
        assert!(!folder.exists());
        assert!(query(&url, "select 1").is_err());
    }

    #[test]
    fn what_was_committed_survives_the_servers_death() {
        let mut cluster = Cluster::start(Durability::Process).unwrap();
        cluster
            .execute(
                "postgres",
                "create table refund (id bigint); insert into refund values (7)",
            )
            .unwrap();
        cluster.restart().unwrap();
        assert_eq!(
            query(&cluster.url("postgres"), "select id from refund").unwrap(),
            "7"
        );
        let folder = cluster.folder.clone();
        drop(cluster);
        assert!(!folder.exists());
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
