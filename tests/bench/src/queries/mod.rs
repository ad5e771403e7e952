//! How fast the API answers what it documents, over ten million refunds that are made up, while another process asks, too.
//! Beside it PostgreSQL's own figure for the same statements, and how it carries them out.

mod history;
mod listener;
mod load;
mod measure;
mod pages;
mod plan;
mod question;
mod samples;
mod space;
mod statement;

use std::env;
use std::fmt::Display;
use std::str::FromStr;

use anyhow::{Context as _, Result};
use recoup_test_support::{Cluster, Durability};

pub use self::load::ask_for_ever;
use crate::database::Database;
use crate::program::{Running, migrate};
use crate::table::Table;

/// How many refunds are made up.
const REFUNDS: &str = "RECOUP_BENCH_REFUNDS";
/// How often each question is asked.
const REQUESTS: &str = "RECOUP_BENCH_REQUESTS";
/// The database of the run.
const DATABASE: &str = "history";

/// How much is made up and asked.
#[derive(Debug, Clone, Copy)]
pub struct QueryScale {
    /// Refunds.
    pub refunds: u64,
    /// Times that each question is asked, each time about something else.
    pub requests: usize,
    /// How many of them are looked at statement by statement.
    pub looked_at: usize,
    /// The page that is compared with the first; fewer where the list ends before.
    pub far_page: u64,
}

impl QueryScale {
    /// For a machine that is idle.
    pub const FULL: Self = Self {
        refunds: 10_000_000,
        requests: 300,
        looked_at: 6,
        far_page: 10_000,
    };

    /// To see that every plan is what it should be.
    pub const SMOKE: Self = Self {
        refunds: 40_000,
        requests: 1,
        looked_at: 2,
        far_page: 21,
    };

    /// The full one, or with as many refunds and requests as the environment says.
    ///
    /// # Errors
    /// When a variable is no number, or too small a one.
    pub fn from_environment() -> Result<Self> {
        let full = Self::FULL;
        Ok(Self {
            refunds: variable(REFUNDS, 10_000, full.refunds)?,
            requests: variable(REQUESTS, full.looked_at, full.requests)?,
            ..full
        })
    }
}

/// A number of the environment, where it has one.
fn variable<N: FromStr + PartialOrd + Display>(name: &str, least: N, default: N) -> Result<N> {
    let Ok(text) = env::var(name) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| *number >= least);
    number.with_context(|| format!("{name} must be a number from {least} on"))
}

/// What came out.
#[derive(Debug, Default)]
pub struct QueryReport {
    /// Times beside their goals.
    pub table: Table,
    /// Questions that are not answered by bounded reads of indexes, and why.
    pub bad_plans: Vec<String>,
}

/// Makes the history up and asks every documented question of it. Progress goes to stderr.
///
/// # Errors
/// When the disk is too small, a program fails, or a question is not answered.
pub fn run_queries(scale: &QueryScale) -> Result<QueryReport> {
    let mut run = Run::prepare(scale)?;
    let looked = run.look(scale)?;
    let mut report = QueryReport::default();
    plan::judge(&mut run.database, &looked, &mut report.bad_plans)?;
    for bad in &report.bad_plans {
        eprintln!("PLAN {bad}");
    }
    let bare = statement::time(&mut run.database, &looked, scale.requests)?;
    let server = Running::start_api(&run.url)?;
    let _load = load::start(&server.api, &run.questions, &run.samples)?;
    measure::all(
        &server,
        &run.questions,
        &run.samples,
        &looked,
        &bare,
        &mut report.table,
    )?;
    pages::compare(&server, &run.samples, scale.far_page, &mut report.table)?;
    Ok(report)
}

/// A history, and what is asked of it.
struct Run {
    cluster: Cluster,
    url: String,
    database: Database,
    samples: Vec<samples::Sample>,
    questions: Vec<question::Question>,
}

impl Run {
    fn prepare(scale: &QueryScale) -> Result<Self> {
        space::check(scale.refunds)?;
        let mut cluster = Cluster::start(Durability::None)?;
        settings(&mut cluster)?;
        let url = cluster.create_database(DATABASE)?;
        migrate(&url)?;
        let mut database = Database::connect(&url)?;
        history::make_up(&mut database, scale.refunds)?;
        let samples = samples::draw(&mut database, scale.requests.max(scale.looked_at))?;
        Ok(Self {
            cluster,
            url,
            database,
            samples,
            questions: question::all(),
        })
    }

    fn look(&mut self, scale: &QueryScale) -> Result<Vec<listener::Looked>> {
        listener::listen(
            &self.cluster,
            &self.url,
            &self.questions,
            &self.samples,
            scale.looked_at,
        )
    }
}

/// A server with some memory of its own, on an otherwise ordinary machine; nothing is written ahead for replicas.
fn settings(cluster: &mut Cluster) -> Result<()> {
    for setting in [
        "shared_buffers = '512MB'",
        "maintenance_work_mem = '256MB'",
        "max_wal_size = '1GB'",
        "wal_level = 'minimal'",
        "max_wal_senders = 0",
        "random_page_cost = 1.1",
        "log_line_prefix = '<%p>'",
    ] {
        cluster.execute("postgres", &format!("alter system set {setting}"))?;
    }
    Ok(cluster.restart()?)
}
