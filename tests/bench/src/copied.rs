//! PostgreSQL's own figure: COPY of the same final rows, table by table, into tables with the same indexes. Those that an
//! import builds at its end are built at the end of the copying too.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use recoup_test_support::Cluster;

use crate::{machine, program};

/// Tables that import fills, each after those that it refers to; others follow in any order.
const ORDER: &str = "array['burn_block', 'block', 'contract_event', 'invoice', 'payment', 'refund']";

/// What something cost PostgreSQL.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Time on the clock.
    pub(crate) time: Duration,
    /// CPU time of all its processes.
    pub(crate) cpu: Duration,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.time += other.time;
        self.cpu += other.cpu;
    }
}

/// Does some work and says what it cost PostgreSQL.
pub(crate) fn cost_of<T>(cluster: &Cluster, work: impl FnOnce() -> Result<T>) -> Result<(T, Cost)> {
    let cpu = || {
        cluster
            .server_id()
            .and_then(machine::cpu_time_of_family)
            .unwrap_or_default()
    };
    let (started, cpu_before) = (Instant::now(), cpu());
    let done = work()?;
    let time = started.elapsed();
    Ok((
        done,
        Cost {
            time,
            cpu: cpu().saturating_sub(cpu_before),
        },
    ))
}

/// Copies all rows of `from` into the empty database `to`, made anew, and says what the copying cost.
pub(crate) fn copy_all(cluster: &Cluster, from: &str, to: &str, folder: &Path) -> Result<Cost> {
    program::migrate(&cluster.create_database(to)?)?;
    // As an import into empty tables does.
    psql(cluster, to, "select defer_indexes()")?;
    let mut total = Cost::default();
    for (table, columns) in tables(cluster, from)? {
        let rows = format!("select {columns} from {table} order by ctid");
        let cost = copy(cluster, from, to, (&table, &columns), &rows, folder)?;
        total.add(cost);
    }
    let build = "do $$ begin while build_deferred_index() is not null loop end loop; end $$";
    let (_, cost) = cost_of(cluster, || psql(cluster, to, build))?;
    total.add(cost);
    Ok(total)
}

/// Moves the rows of some blocks out of `from`'s copy `to` and says how long copying them back takes.
pub(crate) fn copy_some(
    cluster: &Cluster,
    from: &str,
    to: &str,
    blocks: &str,
    folder: &Path,
) -> Result<Duration> {
    let mut total = Duration::ZERO;
    let concerned = [
        "contract_event",
        "invoice",
        "payment",
        "refund",
        "refund_status_change",
    ];
    for table in concerned.iter().rev() {
        let delete = format!("delete from {table} where index_block_hash in ({blocks})");
        psql(cluster, to, &delete)?;
    }
    for (table, columns) in tables(cluster, from)? {
        if concerned.contains(&table.as_str()) {
            let rows = format!("select {columns} from {table} where index_block_hash in ({blocks})");
            total += copy(cluster, from, to, (&table, &columns), &rows, folder)?.time;
        }
    }
    Ok(total)
}

fn copy(
    cluster: &Cluster,
    from: &str,
    to: &str,
    (table, columns): (&str, &str),
    rows: &str,
    folder: &Path,
) -> Result<Cost> {
    let file = folder.join(table);
    let written = command(cluster, from)
        .args(["--command", &format!("copy ({rows}) to stdout")])
        .stdout(File::create(&file)?)
        .status()?;
    ensure!(written.success(), "COPY of {table} ended with {written}");
    let mut copying = command(cluster, to);
    copying
        .args(["--command", &format!("copy {table} ({columns}) from stdin")])
        .stdin(File::open(&file)?);
    let (read, cost) = cost_of(cluster, || Ok(copying.status()?))?;
    ensure!(read.success(), "COPY into {table} ended with {read}");
    Ok(cost)
}

/// Tables that have rows, with their columns.
fn tables(cluster: &Cluster, database: &str) -> Result<Vec<(String, String)>> {
    let query = format!(
        "select table_name || '|' || string_agg(quote_ident(column_name), ', ' order by ordinal_position)
           from information_schema.columns join information_schema.tables using (table_schema, table_name)
          where table_schema = 'public' and table_type = 'BASE TABLE' and is_generated = 'NEVER'
            and table_name !~ '^(inbox|_sqlx|chain_tip|indexed_chain|archive_import|writer_heartbeat|quarantine|deferred)'
            and (xpath('/row/c/text()', query_to_xml(format('select exists (select from %I) as c', table_name),
                 false, true, '')))[1]::text = 'true'
          group by table_name order by array_position({ORDER}, table_name::text) nulls last, table_name"
    );
    let output = psql(cluster, database, &query)?;
    output
        .lines()
        .map(|line| {
            let (table, columns) = line.split_once('|').context("a table and its columns")?;
            Ok((table.to_owned(), columns.to_owned()))
        })
        .collect()
}

fn psql(cluster: &Cluster, database: &str, statement: &str) -> Result<String> {
    let output = command(cluster, database)
        .args(["--command", statement])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "psql ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

fn command(cluster: &Cluster, database: &str) -> Command {
    let mut psql = Command::new(cluster.programs().join("psql"));
    psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
        .args(["--set", "ON_ERROR_STOP=1", "--dbname"])
        .arg(cluster.url(database))
        .stdin(Stdio::null());
    psql
}
