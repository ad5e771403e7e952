//! Reads an archive in batches, and continues one that was read before.

use std::io::{self, BufRead, Read as _};

use sha2::{Digest as _, Sha256};

use super::copy_text::{Row, RowError};

/// SHA-256.
pub type Digest = [u8; 32];

/// How far an archive was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Hash of the first row: which archive it is.
    pub first_row: Digest,
    /// Rows imported.
    pub rows: u64,
    /// Their bytes, uncompressed.
    pub bytes: u64,
    /// Hash of these bytes.
    pub prefix: Digest,
}

/// A row that ingest wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchivedRow<M> {
    /// A message of a path that is followed.
    Message(M),
    /// A line that is no row.
    Malformed {
        /// The line.
        line: Vec<u8>,
        /// What is wrong with it.
        reason: RowError,
    },
}

/// Rows of an archive, and how far it is imported with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<M> {
    /// The rows that matter.
    pub rows: Vec<ArchivedRow<M>>,
    /// Where it ends; none for a last row without its line end, which is read again when the archive has gone on: it may
    /// be the first half of one.
    pub checkpoint: Option<Checkpoint>,
}

impl<M> Batch<M> {
    /// The same with other messages.
    pub fn map<N>(self, mut change: impl FnMut(M) -> N) -> Batch<N> {
        let rows = self.rows.into_iter().map(|row| match row {
            ArchivedRow::Message(message) => ArchivedRow::Message(change(message)),
            ArchivedRow::Malformed { line, reason } => ArchivedRow::Malformed { line, reason },
        });
        Batch {
            rows: rows.collect(),
            checkpoint: self.checkpoint,
        }
    }
}

/// When a batch is full.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// Rows that matter.
    pub rows: usize,
    /// Bytes read, whether they matter or not.
    pub bytes: u64,
    /// Longest line; a longer one ends the import.
    pub line_bytes: u64,
}

impl Default for BatchLimits {
    /// Batches are small enough to hold five of them in memory, and large enough to be worth a transaction.
    fn default() -> Self {
        Self {
            rows: 1024,
            bytes: 16 * 1024 * 1024,
            line_bytes: 512 * 1024 * 1024,
        }
    }
}

/// Why an archive cannot be read further.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The input, or what it was compressed with.
    #[error("cannot read the archive")]
    Io(#[from] io::Error),
    /// A line that is longer than any message.
    #[error("row {row} of the archive is longer than {limit} bytes")]
    Line {
        /// Which one, from 1.
        row: u64,
        /// The limit.
        limit: u64,
    },
    /// The last row has no line end and cannot be read.
    #[error(
        "the archive ends in the middle of row {row}: what came before is imported, and an import of the whole archive continues there"
    )]
    Cut {
        /// Which one, from 1.
        row: u64,
    },
    /// The archive has the first row of one that was imported, and goes on otherwise.
    #[error(
        "the archive begins like one of which {rows} rows were imported, but these rows differ (--from-start imports all of it)"
    )]
    OtherPrefix {
        /// Rows that should be the same.
        rows: u64,
    },
}

/// Reads an archive's text row by row. Holds one line and one batch in memory.
pub struct ArchiveReader<R> {
    input: R,
    limits: BatchLimits,
    hasher: Sha256,
    first_row: Option<Digest>,
    rows: u64,
    bytes: u64,
    line: Vec<u8>,
    /// Whether `line` was read and not used yet.
    pending: bool,
    /// Whether `line` is the last one and has no end. Then it is not counted.
    is_cut: bool,
}

impl<R: BufRead> ArchiveReader<R> {
    /// Starts at the beginning.
    pub fn new(input: R, limits: BatchLimits) -> Self {
        Self {
            input,
            limits,
            hasher: Sha256::new(),
            first_row: None,
            rows: 0,
            bytes: 0,
            line: Vec::new(),
            pending: false,
            is_cut: false,
        }
    }

    /// Skips what was imported before, when the archive is one of these; answers how much.
    ///
    /// # Errors
    /// [`ArchiveError::OtherPrefix`] when it begins like one of them and goes on otherwise.
    pub fn skip_imported(&mut self, known: &[Checkpoint]) -> Result<Option<Checkpoint>, ArchiveError> {
        self.pending = self.read_line()?;
        let found = known
            .iter()
            .find(|checkpoint| Some(checkpoint.first_row) == self.first_row)
            .copied();
        let Some(checkpoint) = found else {
            return Ok(None);
        };
        let differs = ArchiveError::OtherPrefix {
            rows: checkpoint.rows,
        };
        let Some(rest) = checkpoint.bytes.checked_sub(self.bytes) else {
            return Err(differs);
        };
        if !self.skip(rest)? || self.digest() != checkpoint.prefix {
            return Err(differs);
        }
        self.rows = checkpoint.rows;
        self.bytes = checkpoint.bytes;
        self.pending = false;
        Ok(Some(checkpoint))
    }

    /// The next rows, each with what `read` makes of it (none: it does not matter); none at the end.
    ///
    /// # Errors
    /// [`ArchiveError`] when the input cannot be read.
    pub fn next_batch<M>(
        &mut self,
        read: impl Fn(&Row<'_>) -> Result<Option<M>, RowError>,
    ) -> Result<Option<Batch<M>>, ArchiveError> {
        let start = self.bytes;
        let mut any = false;
        let mut rows = Vec::new();
        while rows.len() < self.limits.rows && self.bytes.saturating_sub(start) < self.limits.bytes {
            if !std::mem::take(&mut self.pending) && !self.read_line()? {
                break;
            }
            if self.is_cut {
                // A batch of its own, after all that is whole.
                self.pending = any;
                if any {
                    break;
                }
                rows.extend(read_row(&self.line, &read));
                let checkpoint = None;
                return Ok(Some(Batch { rows, checkpoint }));
            }
            any = true;
            rows.extend(read_row(&self.line, &read));
        }
        let checkpoint = self.first_row.filter(|_| any).map(|first_row| Checkpoint {
            first_row,
            rows: self.rows,
            bytes: self.bytes,
            prefix: self.digest(),
        });
        Ok(checkpoint.map(|checkpoint| Batch {
            rows,
            checkpoint: Some(checkpoint),
        }))
    }

    /// Hashes so many bytes and passes them; false when there are fewer.
    fn skip(&mut self, bytes: u64) -> io::Result<bool> {
        let mut rest = bytes;
        while rest > 0 {
            let buffer = self.input.fill_buf()?;
            let length = usize::try_from(rest).map_or(buffer.len(), |rest| rest.min(buffer.len()));
            let Some(part) = buffer.get(..length).filter(|part| !part.is_empty()) else {
                return Ok(false);
            };
            self.hasher.update(part);
            self.input.consume(length);
            rest = rest.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX));
        }
        Ok(true)
    }

    fn digest(&self) -> Digest {
        self.hasher.clone().finalize().into()
    }

    /// Reads the next line into `line`, without its end; false at the end of the archive. One without an end is not counted.
    fn read_line(&mut self) -> Result<bool, ArchiveError> {
        self.line.clear();
        let limit = self.limits.line_bytes;
        let mut limited = self.input.by_ref().take(limit.saturating_add(1));
        limited.read_until(b'\n', &mut self.line)?;
        if self.line.is_empty() {
            return Ok(false);
        }
        let length = u64::try_from(self.line.len()).unwrap_or(u64::MAX);
        let row = self.rows.saturating_add(1);
        if length > limit {
            return Err(ArchiveError::Line { row, limit });
        }
        self.is_cut = self.line.last() != Some(&b'\n');
        if !self.is_cut {
            self.rows = row;
            self.bytes = self.bytes.saturating_add(length);
            self.hasher.update(&self.line);
            self.line.pop();
        }
        if self.first_row.is_none() {
            self.first_row = Some(Sha256::digest(&self.line).into());
        }
        Ok(true)
    }
}

/// What of a line concerns ingest; COPY's end marker and empty lines do not.
fn read_row<M>(
    line: &[u8],
    read: impl Fn(&Row<'_>) -> Result<Option<M>, RowError>,
) -> Option<ArchivedRow<M>> {
    if line.is_empty() || line == b"\\." {
        return None;
    }
    let message = Row::parse(line).and_then(|row| read(&row));
    match message {
        Ok(message) => message.map(ArchivedRow::Message),
        Err(reason) => Some(ArchivedRow::Malformed {
            line: line.to_vec(),
            reason,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn archive(rows: usize) -> Vec<u8> {
        (0..rows)
            .flat_map(|row| format!("{row}\tt\t/new_block\t{{\"n\": {row}}}\n").into_bytes())
            .collect()
    }

    fn reader(text: &[u8], rows: usize) -> ArchiveReader<Cursor<Vec<u8>>> {
        let limits = BatchLimits {
            rows,
            ..BatchLimits::default()
        };
        ArchiveReader::new(Cursor::new(text.to_vec()), limits)
    }

    /// All rows, as they are.
    fn whole(row: &Row<'_>) -> Result<Option<(String, Vec<u8>)>, RowError> {
        Ok(Some((row.path.to_string(), row.payload()?.into_owned())))
    }

    fn read_all(reader: &mut ArchiveReader<Cursor<Vec<u8>>>) -> Vec<Batch<(String, Vec<u8>)>> {
        std::iter::from_fn(|| reader.next_batch(whole).unwrap()).collect()
    }

    #[test]
    fn continues_after_every_batch_as_if_it_had_not_stopped() {
        let text = archive(10);
        let batches = read_all(&mut reader(&text, 3));
        assert_eq!(batches.len(), 4);
        for (number, batch) in batches.iter().enumerate() {
            let mut again = reader(&text, 3);
            let checkpoint = batch.checkpoint.unwrap();
            assert_eq!(again.skip_imported(&[checkpoint]).unwrap(), Some(checkpoint));
            assert_eq!(read_all(&mut again), batches[number + 1..]);
        }
    }

    #[test]
    fn an_archive_that_grew_continues_and_another_starts_anew() {
        let imported = read_all(&mut reader(&archive(4), 100))[0].checkpoint.unwrap();
        let mut grown = reader(&archive(6), 100);
        grown.skip_imported(&[imported]).unwrap();
        assert_eq!(read_all(&mut grown)[0].rows.len(), 2);

        let mut other = reader(b"x\tt\t/new_block\t{}\n", 100);
        assert_eq!(other.skip_imported(&[imported]).unwrap(), None);
        assert_eq!(
            read_all(&mut other)[0].rows.len(),
            1,
            "the row that was looked at is not lost"
        );
    }

    #[test]
    fn one_that_only_begins_alike_is_refused() {
        let imported = read_all(&mut reader(&archive(4), 100))[0].checkpoint.unwrap();
        let mut changed = archive(4);
        let end = changed.len() - 3;
        changed[end] = b'9';
        for text in [changed, archive(2)] {
            let error = reader(&text, 100).skip_imported(&[imported]).unwrap_err();
            assert!(matches!(error, ArchiveError::OtherPrefix { rows: 4 }), "{error}");
        }
    }

    #[test]
    fn half_a_row_is_read_again_when_the_archive_has_gone_on() {
        let text = archive(5);
        let ends: Vec<usize> = (0..text.len()).filter(|place| text[*place] == b'\n').collect();
        let all = read_all(&mut reader(&text, 100)).remove(0).rows;
        for length in 1..text.len() {
            let batches = read_all(&mut reader(&text[..length], 100));
            let whole_rows = ends.iter().filter(|end| **end < length).count();
            let checkpoint = batches[0].checkpoint;
            assert_eq!(
                checkpoint.map(|found| found.rows),
                u64::try_from(whole_rows).ok().filter(|rows| *rows > 0)
            );
            let is_cut = text[length - 1] != b'\n';
            assert_eq!(
                batches.len(),
                usize::from(whole_rows > 0) + usize::from(is_cut),
                "{length}"
            );
            assert_eq!(batches.last().unwrap().checkpoint.is_none(), is_cut);

            let mut again = reader(&text, 100);
            let known: Vec<Checkpoint> = checkpoint.into_iter().collect();
            assert_eq!(again.skip_imported(&known).unwrap(), checkpoint);
            assert_eq!(read_all(&mut again)[0].rows, all[whole_rows..], "{length}");
        }
    }

    #[test]
    fn lines_that_say_nothing_are_passed_and_malformed_ones_kept() {
        let text = b"1\tt\t/new_mempool_tx\t[]\n\nbroken\n\\.\n2\tt\t/new_block\t{}\n";
        let mut reader = reader(text, 100);
        let followed = |row: &Row<'_>| match &*row.path {
            "/new_block" => whole(row),
            _ => Ok(None),
        };
        let batch = reader.next_batch(followed).unwrap().unwrap();
        assert_eq!(batch.checkpoint.unwrap().rows, 5);
        assert_eq!(batch.rows.len(), 2);
        assert!(matches!(
            &batch.rows[0],
            ArchivedRow::Malformed { reason: RowError::Columns(1), line } if line == b"broken"
        ));
    }

    #[test]
    fn a_line_without_end_is_not_read_into_memory() {
        let limits = BatchLimits {
            line_bytes: 10,
            ..BatchLimits::default()
        };
        let mut reader = ArchiveReader::new(Cursor::new(vec![b'x'; 1000]), limits);
        let error = reader.next_batch(whole).unwrap_err();
        assert!(
            matches!(error, ArchiveError::Line { row: 1, limit: 10 }),
            "{error}"
        );
    }
}
