//! How PostgreSQL carries a statement out: which indexes it reads, and how many rows each part touches.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;
use sqlx::Row as _;

use super::listener::Looked;
use super::statement::{AS_THE_SERVER, Statement};
use crate::database::Database;

/// What was seen in the plans of a question.
#[derive(Debug, Default)]
struct Seen {
    indexes: BTreeSet<String>,
    read_whole: BTreeSet<String>,
    /// The most rows that one part of a plan touched.
    touched: u64,
}

/// Adds a complaint for each question whose plans read a large table whole, touch too many rows, or do not use the index
/// that the documentation names.
pub(super) fn judge(database: &mut Database, looked: &[Looked], complaints: &mut Vec<String>) -> Result<()> {
    database.run(AS_THE_SERVER.to_owned())?;
    let large = large_tables(database)?;
    let mut known = BTreeMap::new();
    for look in looked {
        let mut seen = Seen::default();
        for request in &look.requests {
            database.run("begin".to_owned())?;
            for statement in request {
                seen.explain(database, &mut known, statement, &large)?;
            }
            database.run("rollback".to_owned())?;
        }
        let used = seen.indexes.iter().cloned().collect::<Vec<_>>().join(", ");
        eprintln!("{}: at most {} rows; {used}", look.name, seen.touched);
        let mut wrong = Vec::new();
        if !seen.read_whole.is_empty() {
            wrong.push(format!("reads whole tables: {:?}", seen.read_whole));
        }
        let limit = look.reads_at_most;
        if seen.touched > limit {
            wrong.push(format!("touches {} rows, and {limit} are allowed", seen.touched));
        }
        if let Some(index) = look.index.filter(|index| !seen.indexes.contains(*index)) {
            wrong.push(format!("does not use {index}"));
        }
        if look.requests.iter().all(Vec::is_empty) {
            wrong.push("no statement was seen".to_owned());
        }
        if !wrong.is_empty() {
            complaints.push(format!("{}: {}; it uses {used}", look.name, wrong.join("; ")));
        }
    }
    Ok(())
}

/// Tables that grow with the chain.
fn large_tables(database: &mut Database) -> Result<BTreeSet<String>> {
    let tables = "select relname::text from pg_class where relkind = 'r' and reltuples > 500
         and relnamespace = 'public'::regnamespace";
    let rows = database.rows(tables.to_owned())?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

impl Seen {
    fn explain(
        &mut self,
        database: &mut Database,
        known: &mut BTreeMap<String, String>,
        statement: &Statement,
        large: &BTreeSet<String>,
    ) -> Result<()> {
        let execute = statement.prepare(database, known)?;
        let rows =
            database.rows_unprepared(format!("explain (analyze, timing off, format json) {execute}"))?;
        let text: String = rows.first().context("a plan")?.try_get_unchecked(0)?;
        let plan: Value = serde_json::from_str(&text)?;
        let top = plan
            .pointer("/0/Plan")
            .with_context(|| format!("no plan in {text}"))?;
        self.look_at(top, large);
        Ok(())
    }

    fn look_at(&mut self, node: &Value, large: &BTreeSet<String>) {
        let number = |name: &str| node.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        let text = |name: &str| node.get(name).and_then(Value::as_str);
        let each = number("Actual Rows")
            + number("Rows Removed by Filter")
            + number("Rows Removed by Index Recheck")
            + number("Rows Removed by Join Filter");
        let touched = whole(each * number("Actual Loops"));
        self.touched = self.touched.max(touched);
        if let Some(index) = text("Index Name") {
            self.indexes.insert(index.to_owned());
        }
        let is_whole = text("Node Type").is_some_and(|kind| kind.ends_with("Seq Scan"));
        if let (true, Some(table)) = (is_whole, text("Relation Name"))
            && large.contains(table)
            && touched > 0
        {
            self.read_whole.insert(table.to_owned());
        }
        for child in node.get("Plans").and_then(Value::as_array).into_iter().flatten() {
            self.look_at(child, large);
        }
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "PostgreSQL counts rows in floats, far below 2^53"
)]
fn whole(rows: f64) -> u64 {
    rows.ceil() as u64
}
