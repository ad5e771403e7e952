//! What a command says on stdout: a table for people, or one JSON object for programs.

use std::io::{self, Write as _};

use recoup_protocol::text::display_safe;
use serde::Serialize;
use serde_json::Value;

use crate::failure::{Failure, Kind};
use crate::terminal;

/// A command's result in both forms.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    json: Value,
    text: String,
    exit: Option<Kind>,
    is_written: bool,
}

impl Output {
    /// A result as a document and as text, which ends with a line feed.
    ///
    /// # Errors
    /// When the document cannot be written as JSON.
    pub fn new(document: &impl Serialize, text: impl Into<String>) -> Result<Self, Failure> {
        let json = serde_json::to_value(document).map_err(|error| {
            Failure::from_error(Kind::Internal, &error).context("cannot write the result as JSON")
        })?;
        Ok(Self {
            json,
            text: text.into(),
            exit: None,
            is_written: false,
        })
    }

    /// A result that [`write_piece`] wrote already: too long to be held whole.
    #[must_use]
    pub const fn written() -> Self {
        Self {
            json: Value::Null,
            text: String::new(),
            exit: None,
            is_written: true,
        }
    }

    /// Ends the process with this kind's exit code in place of 0, though there is a result.
    #[must_use]
    pub const fn with_exit(mut self, exit: Option<Kind>) -> Self {
        self.exit = exit;
        self
    }

    /// The process's exit code.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.exit.map_or(0, Kind::exit_code)
    }

    /// Writes one of the forms to stdout. A reader that went away is no failure.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn print(&self, as_json: bool) -> io::Result<()> {
        if self.is_written {
            return Ok(());
        }
        let text = if as_json {
            format!("{:#}\n", self.json)
        } else {
            fitted(&self.text)
        };
        write(&text).map(|_| ())
    }
}

fn fitted(text: &str) -> String {
    match terminal::width(&io::stdout()) {
        Some(width) => terminal::fit(text, width),
        None => text.to_owned(),
    }
}

/// False when nobody reads any more.
fn write(text: &str) -> io::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes a piece of a result to stdout at once; one for people is broken to the terminal's width. False when nobody reads
/// any more: then there is no reason to go on.
///
/// # Errors
/// When stdout cannot be written.
pub fn write_piece(text: &str, is_for_people: bool) -> Result<bool, Failure> {
    let written = if is_for_people {
        terminal::without_progress(|| write(&fitted(text)))
    } else {
        terminal::without_progress(|| write(text))
    };
    written.map_err(|error| Failure::from_error(Kind::Internal, &error).context("cannot write to stdout"))
}

/// Labelled values, one a line. Values are shown with their control characters spelled out.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    rows: Vec<(String, String)>,
}

impl Fields {
    /// No rows yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row.
    #[must_use]
    pub fn row(mut self, label: &str, value: impl ToString) -> Self {
        self.rows
            .push((label.to_owned(), display_safe(&value.to_string()).into_owned()));
        self
    }

    /// Adds a row when there is something to show.
    #[must_use]
    pub fn optional(self, label: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.row(label, value),
            None => self,
        }
    }

    /// The rows as label and value.
    #[must_use]
    pub fn into_rows(self) -> Vec<(String, String)> {
        self.rows
    }

    /// The rows with their values under each other.
    #[must_use]
    pub fn to_text(&self) -> String {
        let width = self
            .rows
            .iter()
            .map(|(label, _)| label.chars().count())
            .max()
            .unwrap_or(0);
        self.rows
            .iter()
            .map(|(label, value)| format!("  {label:<width$}  {value}\n"))
            .collect()
    }
}

/// Rows of several columns under a heading. Cells are shown with their control characters spelled out. Where a terminal is too
/// narrow for the columns, each row becomes labelled values, one a line.
#[derive(Debug, Clone)]
pub struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Of the columns of rows that were taken out before.
    widths: Vec<usize>,
    /// How rows that were taken out before were shown.
    layout: Option<Layout>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Columns,
    Labels,
}

impl Table {
    /// A table with this heading.
    #[must_use]
    pub fn new(heading: &[&str]) -> Self {
        Self {
            heading: heading.iter().map(|cell| (*cell).to_owned()).collect(),
            rows: Vec::new(),
            widths: Vec::new(),
            layout: None,
        }
    }

    /// Adds a row.
    pub fn push(&mut self, cells: &[String]) {
        self.rows
            .push(cells.iter().map(|cell| display_safe(cell).into_owned()).collect());
    }

    /// The rows with their cells under each other, as they fit into stdout's terminal.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.text_in(self.layout_in(terminal::width(&io::stdout())))
    }

    /// The rows so far, which leave the table. Columns of later ones stand below them, or further to the right.
    pub fn take_text(&mut self) -> String {
        let layout = self.layout_in(terminal::width(&io::stdout()));
        let text = self.text_in(layout);
        self.widths = self.widths();
        self.layout = Some(layout);
        self.rows.clear();
        text
    }

    /// The last column is wrapped where it is text; the others, and words, are not.
    fn layout_in(&self, columns: Option<usize>) -> Layout {
        let has_names = !self.heading.is_empty() && self.heading.iter().all(|name| !name.is_empty());
        let chosen = self.layout.or_else(|| (!has_names).then_some(Layout::Columns));
        let needed = || {
            let widths = self.widths();
            let fixed: usize = widths
                .iter()
                .rev()
                .skip(1)
                .map(|width| width.saturating_add(2))
                .sum();
            let last = self.rows.iter().filter(|row| row.len() == widths.len());
            let words = last.filter_map(|row| row.last()).flat_map(|cell| cell.split(' '));
            fixed.saturating_add(words.map(|word| word.chars().count()).max().unwrap_or(0))
        };
        match (chosen, columns) {
            (Some(layout), _) => layout,
            (None, Some(columns)) if needed() > columns => Layout::Labels,
            (None, _) => Layout::Columns,
        }
    }

    fn text_in(&self, layout: Layout) -> String {
        match layout {
            Layout::Columns => self.columns(),
            Layout::Labels => self.labels(),
        }
    }

    fn columns(&self) -> String {
        let widths = self.widths();
        let line = |row: &Vec<String>| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            format!("{}\n", cells.join("  ").trim_end())
        };
        let is_first = self.layout.is_none();
        let heading = is_first.then_some(&self.heading);
        heading.into_iter().chain(&self.rows).map(line).collect()
    }

    fn labels(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            if self.layout.is_some() || !text.is_empty() {
                text.push('\n');
            }
            let cells = self.heading.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
            let fields = cells.fold(Fields::new(), |fields, (name, cell)| fields.row(name, cell));
            text.push_str(&fields.to_text());
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = self.widths.clone();
        for row in std::iter::once(&self.heading).chain(&self.rows) {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_under_each_other_and_cannot_forge_lines() {
        let text = Fields::new()
            .row("payer", "ST1")
            .row("reason", "x\nfee  0")
            .optional("none", None::<&str>)
            .to_text();
        assert_eq!(text, "  payer   ST1\n  reason  x\\u{a}fee  0\n");
    }

    #[test]
    fn tables_stand_under_each_other() {
        let mut table = Table::new(&["id", "amount"]);
        table.push(&["1".to_owned(), "1.5 STX".to_owned()]);
        table.push(&["100".to_owned(), String::new()]);
        assert_eq!(table.take_text(), "id   amount\n1    1.5 STX\n100\n");
        table.push(&["2".to_owned(), "1 STX".to_owned()]);
        assert_eq!(table.to_text(), "2    1 STX\n");
    }
    #[test]
    fn rows_that_are_too_wide_become_labelled_values() {
        let mut table = Table::new(&["id", "payer", "reason"]);
        table.push(&[
            "1".to_owned(),
            "ST2CY5V39NHDP".to_owned(),
            "came too late".to_owned(),
        ]);
        let layout = |table: &Table, columns| table.layout_in(Some(columns));
        assert_eq!(
            layout(&table, 23),
            Layout::Columns,
            "the last column can be wrapped"
        );
        assert_eq!(layout(&table, 22), Layout::Labels);
        table.push(&["2".to_owned(), "ST2JH".to_owned(), String::new()]);
        assert_eq!(
            table.text_in(Layout::Labels),
            "  id      1\n  payer   ST2CY5V39NHDP\n  reason  came too late\n\n  id     2\n  payer  ST2JH\n"
        );
        assert_eq!(
            table.layout_in(None),
            Layout::Columns,
            "where nobody looks, rows stay lines"
        );
        let nameless = Table::new(&["check", ""]);
        assert_eq!(layout(&nameless, 1), Layout::Columns);
    }
}
