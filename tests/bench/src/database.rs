//! Databases of the run, and small questions to them.

use std::time::Duration;

use anyhow::Result;
use recoup_test_support::wait_until;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tokio::runtime::Runtime;

const SETTLE_LIMIT: Duration = Duration::from_secs(600);

/// A connection whose answers are waited for.
pub(crate) struct Database {
    runtime: Runtime,
    connection: PgConnection,
}

impl Database {
    pub(crate) fn connect(url: &str) -> Result<Self> {
        let runtime = Runtime::new()?;
        let connection = runtime.block_on(PgConnection::connect(url))?;
        Ok(Self { runtime, connection })
    }

    /// A count.
    pub(crate) fn count(&mut self, query: &'static str) -> Result<i64> {
        let row = self
            .runtime
            .block_on(sqlx::query(query).fetch_one(&mut self.connection))?;
        Ok(row.try_get(0)?)
    }

    /// Runs statements.
    pub(crate) fn execute(&mut self, statements: &'static str) -> Result<()> {
        self.runtime
            .block_on(sqlx::raw_sql(statements).execute(&mut self.connection))?;
        Ok(())
    }

    /// Runs statements of the benchmark's own.
    pub(crate) fn run(&mut self, statements: String) -> Result<()> {
        let statements = sqlx::raw_sql(AssertSqlSafe(statements));
        self.runtime.block_on(statements.execute(&mut self.connection))?;
        Ok(())
    }

    /// The rows of a query of the benchmark's own.
    pub(crate) fn rows(&mut self, query: String) -> Result<Vec<PgRow>> {
        let query = sqlx::query(AssertSqlSafe(query));
        Ok(self.runtime.block_on(query.fetch_all(&mut self.connection))?)
    }

    /// The same without preparing it: for what itself executes a prepared statement. Values come as text.
    pub(crate) fn rows_unprepared(&mut self, query: String) -> Result<Vec<PgRow>> {
        let query = sqlx::raw_sql(AssertSqlSafe(query));
        Ok(self.runtime.block_on(query.fetch_all(&mut self.connection))?)
    }

    /// Hands rows, in PostgreSQL's text format, to a `copy .. from stdin`.
    pub(crate) fn copy_in(&mut self, statement: &str, rows: &str) -> Result<()> {
        self.runtime.block_on(async {
            let mut copy = self.connection.copy_in_raw(statement).await?;
            copy.send(rows.as_bytes()).await?;
            copy.finish().await
        })?;
        Ok(())
    }

    /// Stores a body in a table that has nothing else.
    pub(crate) fn store_plain(&mut self, body: &[u8]) -> Result<()> {
        let insert = sqlx::query("insert into plain (body) values ($1)").bind(body);
        self.runtime.block_on(insert.execute(&mut self.connection))?;
        Ok(())
    }

    /// Waits until every message is followed.
    pub(crate) fn settle(&mut self) -> Result<()> {
        wait_until("the inbox to be empty", SETTLE_LIMIT, || {
            let waiting = self.count("select count(*) from inbox where processed_at is null");
            Ok((matches!(waiting, Ok(0))).then_some(()))
        })?;
        Ok(())
    }
}
