//! From a file's bytes to lines and problems: a function of data.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use recoup_protocol::text::Reference;
use recoup_stacks::hex;
use sha2::{Digest as _, Sha256};

use super::csv_rows;
use super::json_rows;
use super::line::{Line, Row};
use super::problem::{Column, Problem};

/// A list that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// The lines that make sense, in their order.
    pub lines: Vec<Line>,
    /// What is wrong with the others, in the order of the lines.
    pub problems: Vec<Problem>,
}

impl List {
    /// Reads CSV with a heading, or JSON Lines: those begin with a brace.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let is_json = text.trim_ascii_start().first() == Some(&b'{');
        let rows = if is_json {
            json_rows::read(text)
        } else {
            csv_rows::read(text)
        };
        let mut list = Self {
            sha256: hex::encode(&Sha256::digest(bytes)),
            lines: Vec::new(),
            problems: Vec::new(),
        };
        let mut references = HashMap::new();
        for row in rows {
            list.take(row, &mut references);
        }
        if list.lines.is_empty() && list.problems.is_empty() {
            list.problems
                .push(Problem::of_line(1, "the list is empty", "give one refund a line"));
        }
        list
    }

    fn take(&mut self, row: Result<Row, Problem>, references: &mut HashMap<Reference, u64>) {
        let line = match row.map(|row| Line::parse(&row)) {
            Ok(Ok(line)) => line,
            Ok(Err(problems)) => return self.problems.extend(problems),
            Err(problem) => return self.problems.push(problem),
        };
        match references.entry(line.reference.clone()) {
            Entry::Vacant(free) => {
                free.insert(line.number);
                self.lines.push(line);
            }
            Entry::Occupied(first) => self.problems.push(Problem::of_column(
                line.number,
                Column::Reference,
                format!(
                    "`{}` is the reference of line {}, too",
                    line.reference,
                    first.get()
                ),
                "give each refund a reference of its own; remove the line if it is the same refund",
            )),
        }
    }
}
