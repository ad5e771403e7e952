//! Rows of CSV: commas, quotes doubled inside quotes, a heading.

use csv::{ByteRecord, ReaderBuilder, Trim};

use super::line::Row;
use super::problem::{Column, Problem};

const HEADING_HINT: &str = "the first line names the columns: invoice,payer,amount,reference,reason";

pub(super) fn read(text: &[u8]) -> Vec<Result<Row, Problem>> {
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text);
    let columns = match reader.byte_headers() {
        Ok(heading) => match columns(heading) {
            Ok(columns) => columns,
            Err(problems) => return problems.into_iter().map(Err).collect(),
        },
        Err(error) => return vec![Err(Problem::of_line(1, error, HEADING_HINT))],
    };
    let mut lines = LineCounter { text, at: 0, line: 1 };
    let mut rows = Vec::new();
    for record in reader.byte_records() {
        match record {
            Ok(record) => {
                let start = record.position().map_or(0, csv::Position::byte);
                rows.push(row(&columns, &record, lines.line_at(start)));
            }
            Err(error) => {
                rows.push(Err(Problem::of_line(
                    lines.line,
                    error,
                    "save the file as CSV again",
                )));
                break;
            }
        }
    }
    rows
}

/// Which column stands where.
fn columns(heading: &ByteRecord) -> Result<Vec<Column>, Vec<Problem>> {
    let mut columns = Vec::new();
    let mut problems = Vec::new();
    let mut problem = |what: String| problems.push(Problem::of_line(1, what, HEADING_HINT));
    for name in heading {
        let name = String::from_utf8_lossy(name);
        match Column::named(&name) {
            Some(column) if columns.contains(&column) => problem(format!("column `{column}` is there twice")),
            Some(column) => columns.push(column),
            None => problem(format!("unknown column `{name}`")),
        }
    }
    for missing in Column::ALL
        .into_iter()
        .filter(|column| column.is_required() && !columns.contains(column))
    {
        problem(format!("column `{missing}` is missing"));
    }
    if problems.is_empty() {
        Ok(columns)
    } else {
        Err(problems)
    }
}

fn row(columns: &[Column], record: &ByteRecord, number: u64) -> Result<Row, Problem> {
    if record.len() != columns.len() {
        let what = format!("{} fields, and the heading has {}", record.len(), columns.len());
        return Err(Problem::of_line(
            number,
            what,
            "put a text with a comma or a line feed in \"double quotes\"",
        ));
    }
    let mut row = Row {
        number,
        ..Row::default()
    };
    for (column, field) in columns.iter().zip(record) {
        let Ok(field) = std::str::from_utf8(field) else {
            return Err(Problem::of_column(
                number,
                *column,
                "not UTF-8 text",
                "save the file as UTF-8",
            ));
        };
        let place = match column {
            Column::Invoice => &mut row.invoice,
            Column::Payer => &mut row.payer,
            Column::Amount => &mut row.amount,
            Column::Reference => &mut row.reference,
            Column::Reason => &mut row.reason,
        };
        field.clone_into(place);
    }
    Ok(row)
}

/// Counts lines up to a record. The reader's own count leaves a record's line end, and empty lines, to the next one.
struct LineCounter<'text> {
    text: &'text [u8],
    at: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// The line on which the record stands whose reading began at byte `start`, at or after the last one asked for.
    fn line_at(&mut self, start: u64) -> u64 {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        while let Some(byte) = self.text.get(self.at) {
            if self.at >= start && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.line = self.line.saturating_add(u64::from(*byte == b'\n'));
            self.at = self.at.saturating_add(1);
        }
        self.line
    }
}
