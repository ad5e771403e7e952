//! Event archives: PostgreSQL COPY text of `id, receive_timestamp, event_path, payload`.

mod dense;
mod sparse;

use std::io::{self, Write};

use crate::chain::Posted;

pub use dense::Dense;
pub use sparse::Sparse;

/// What was written, for whoever compares it with what was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// Stacks blocks.
    pub blocks: u64,
    /// Invoices, each paid once.
    pub invoices: u64,
    /// Refunds.
    pub refunds: u64,
}

/// Writes messages as rows, numbered from 0.
///
/// # Errors
/// Those of the writer.
pub fn write_archive<'a>(
    output: &mut impl Write,
    messages: impl IntoIterator<Item = &'a Posted>,
) -> io::Result<()> {
    for (id, message) in (0..).zip(messages) {
        output.write_all(archive_row(id, message.path, &message.body.to_string()).as_bytes())?;
    }
    Ok(())
}

/// A row, with its end of line.
#[must_use]
pub fn archive_row(id: u64, path: &str, body: &str) -> String {
    let mut row = format!("{id}\t2026-01-02 03:04:05.678+00\t{path}\t");
    row.reserve(body.len() + body.len() / 16);
    for character in body.chars() {
        match character {
            '\\' => row.push_str("\\\\"),
            '\t' => row.push_str("\\t"),
            '\n' => row.push_str("\\n"),
            '\r' => row.push_str("\\r"),
            other => row.push(other),
        }
    }
    row.push('\n');
    row
}

/// Writes rows and counts them.
struct Rows<'a, W> {
    output: &'a mut W,
    written: Written,
}

impl<'a, W: Write> Rows<'a, W> {
    fn new(output: &'a mut W) -> Self {
        Self {
            output,
            written: Written::default(),
        }
    }

    fn message(&mut self, message: &Posted) -> io::Result<()> {
        let row = archive_row(self.written.rows, message.path, &message.body.to_string());
        self.bytes(row.as_bytes())?;
        self.written.rows += 1;
        self.written.blocks += u64::from(message.path == "/new_block");
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written.bytes += u64::try_from(bytes.len()).unwrap();
        self.output.write_all(bytes)
    }
}
