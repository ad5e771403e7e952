//! What the server asks of PostgreSQL: from PostgreSQL's own log, so that nothing is written twice.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::listener::Looked;
use crate::database::Database;

/// A statement with its arguments, as it was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// With `$1` and so on.
    pub(super) text: String,
    /// For `execute`: literals with commas between them.
    pub(super) arguments: String,
}

impl Statement {
    /// All queries of a log whose every entry begins with the process in angle brackets; other lines are continuations.
    pub(super) fn all(log: &str) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        let mut is_open = false;
        for line in log.lines() {
            if let Some(more) = line.strip_prefix('\t') {
                if is_open && let Some(last) = found.last_mut() {
                    last.text.push('\n');
                    last.text.push_str(more);
                }
                continue;
            }
            is_open = false;
            let entry = line.split_once('>').map_or(line, |(_, entry)| entry);
            if let Some(executed) = entry.strip_prefix("LOG:  execute ") {
                let text = executed.split_once(": ").map_or("", |(_, text)| text);
                if text.starts_with("select") || text.starts_with("with") {
                    found.push(Self {
                        text: text.to_owned(),
                        arguments: String::new(),
                    });
                    is_open = true;
                }
            } else if let (Some(parameters), Some(last)) =
                (entry.strip_prefix("DETAIL:  parameters: "), found.last_mut())
                && last.arguments.is_empty()
            {
                last.arguments = arguments(parameters);
            }
        }
        found
    }

    /// Makes it known to a session and says how to carry it out there.
    pub(super) fn prepare(
        &self,
        database: &mut Database,
        known: &mut BTreeMap<String, String>,
    ) -> Result<String> {
        let name = match known.get(&self.text) {
            Some(name) => name.clone(),
            None => {
                let name = format!("looked_{}", known.len());
                database.run(format!("prepare {name} as {}", self.text))?;
                known.insert(self.text.clone(), name.clone());
                name
            }
        };
        Ok(if self.arguments.is_empty() {
            format!("execute {name}")
        } else {
            format!("execute {name} ({})", self.arguments)
        })
    }
}

/// `$1 = 'a', $2 = NULL` without the names.
fn arguments(parameters: &str) -> String {
    let mut found = String::new();
    let mut is_quoted = false;
    let mut is_name = true;
    for letter in parameters.chars() {
        if is_name {
            is_name = letter != '=';
            continue;
        }
        if letter == '\'' {
            is_quoted = !is_quoted;
        }
        found.push(letter);
        is_name = letter == ',' && !is_quoted;
    }
    found
}

/// The server's own settings for whoever only reads, and no statement that is known already.
pub(super) const AS_THE_SERVER: &str = "deallocate all; set plan_cache_mode = force_custom_plan;
     set enable_bitmapscan = off; set enable_sort = off; set jit = off";

/// How long each question's statements take by themselves, over one connection, in the transaction that the server makes
/// for them: sorted times.
pub(super) fn time(database: &mut Database, looked: &[Looked], times: usize) -> Result<Vec<Vec<Duration>>> {
    database.run(AS_THE_SERVER.to_owned())?;
    let mut known = BTreeMap::new();
    let mut all = Vec::new();
    for look in looked {
        let mut requests = Vec::new();
        for statements in &look.requests {
            let prepared: Result<Vec<String>> = statements
                .iter()
                .map(|statement| statement.prepare(database, &mut known))
                .collect();
            requests.push(prepared?);
        }
        let mut taken = Vec::new();
        for nth in 0..times {
            let count = requests.len().max(1);
            let request = requests
                .get(nth % count)
                .context("a request that was looked at")?;
            let started = Instant::now();
            database.run("begin isolation level repeatable read read only".to_owned())?;
            for statement in request {
                database.rows_unprepared(statement.clone())?;
            }
            database.run("rollback".to_owned())?;
            taken.push(started.elapsed());
        }
        taken.sort_unstable();
        all.push(taken);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_statements_of_several_lines_with_their_arguments() {
        let log = "<7>LOG:  statement: begin isolation level repeatable read\n\
            <7>LOG:  execute sqlx_s_1: select a\n\t  from t where b = $1 and c = $2\n\
            <7>DETAIL:  parameters: $1 = 'it''s, = $3', $2 = NULL\n\
            <8>LOG:  execute sqlx_s_2: select 1\n\
            <7>LOG:  execute sqlx_s_3: update t set a = 1\n";
        let statement = |text: &str, arguments: &str| Statement {
            text: text.to_owned(),
            arguments: arguments.to_owned(),
        };
        assert_eq!(
            Statement::all(log),
            [
                statement(
                    "select a\n  from t where b = $1 and c = $2",
                    " 'it''s, = $3', NULL"
                ),
                statement("select 1", ""),
            ]
        );
    }
}
