//! A row of PostgreSQL's COPY text format. No I/O.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// Path that the node posted to.
    pub path: Cow<'a, str>,
    payload: &'a [u8],
}

impl<'a> Row<'a> {
    /// Reads a row, without its line end.
    ///
    /// # Errors
    /// [`RowError`] when it is none.
    pub fn parse(line: &'a [u8]) -> Result<Self, RowError> {
        let mut tabs = memchr_iter(b'\t', line);
        let (Some(_), Some(second), Some(third), None) = (tabs.next(), tabs.next(), tabs.next(), tabs.next())
        else {
            let columns = memchr_iter(b'\t', line).count().saturating_add(1);
            return Err(RowError::Columns(columns));
        };
        let path = line.get(second.saturating_add(1)..third).unwrap_or_default();
        let path = match unescape(path)? {
            Cow::Borrowed(path) => std::str::from_utf8(path).ok().map(Cow::Borrowed),
            Cow::Owned(path) => String::from_utf8(path).ok().map(Cow::Owned),
        };
        Ok(Self {
            path: path.ok_or(RowError::Path)?,
            payload: line.get(third.saturating_add(1)..).unwrap_or_default(),
        })
    }

    /// Body that the node posted.
    ///
    /// # Errors
    /// [`RowError`] when it is null or ends within an escape.
    pub fn payload(&self) -> Result<Cow<'a, [u8]>, RowError> {
        if self.payload == b"\\N" {
            Err(RowError::Null)
        } else {
            unescape(self.payload)
        }
    }
}

/// Why a line is no row of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// Tabs separate `id, receive_timestamp, event_path, payload`.
    #[error("a row has 4 columns, this one has {0}")]
    Columns(usize),
    /// The path is no text.
    #[error("the event path is not UTF-8")]
    Path,
    /// The payload is null.
    #[error("the payload is null")]
    Null,
    /// The line ends within an escape.
    #[error("the row ends with a lone backslash")]
    LoneBackslash,
}

/// Undoes COPY's escapes: `\b \f \n \r \t \v`, octal and hexadecimal bytes, and any other character for itself.
fn unescape(field: &[u8]) -> Result<Cow<'_, [u8]>, RowError> {
    let mut rest = field;
    let mut plain = Vec::new();
    while let Some(place) = memchr(b'\\', rest) {
        if plain.is_empty() {
            plain.reserve_exact(field.len());
        }
        let (before, escape) = rest.split_at(place);
        plain.extend_from_slice(before);
        let (byte, after) = read_escape(escape.get(1..).unwrap_or_default())?;
        plain.push(byte);
        rest = after;
    }
    if plain.is_empty() {
        return Ok(Cow::Borrowed(rest));
    }
    plain.extend_from_slice(rest);
    Ok(Cow::Owned(plain))
}

/// The byte that an escape stands for, and what follows it. Starts after the backslash.
fn read_escape(escape: &[u8]) -> Result<(u8, &[u8]), RowError> {
    let (first, after) = escape.split_first().ok_or(RowError::LoneBackslash)?;
    let simple = match first {
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'0'..=b'7' => return Ok(read_number(escape, 3, 8).unwrap_or((*first, after))),
        b'x' => return Ok(read_number(after, 2, 16).unwrap_or((*first, after))),
        other => *other,
    };
    Ok((simple, after))
}

/// Up to `digits` digits as a byte, of which PostgreSQL keeps the low 8 bits; none without a digit.
fn read_number(text: &[u8], digits: usize, radix: u32) -> Option<(u8, &[u8])> {
    let is_digit = |byte: &&u8| char::from(**byte).is_digit(radix);
    let length = text.iter().take(digits).take_while(is_digit).count();
    let (number, after) = text.split_at(length);
    let value = number
        .iter()
        .filter_map(|byte| char::from(*byte).to_digit(radix))
        .fold(0, |value: u32, digit| value * radix + digit);
    let byte = u8::try_from(value & 0xff).ok()?;
    (length > 0).then_some((byte, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(line: &[u8]) -> Vec<u8> {
        Row::parse(line).unwrap().payload().unwrap().into_owned()
    }

    #[test]
    fn a_row_is_read_and_its_escapes_are_undone() {
        let line = b"1\t2021-07-28 22:04:25+00\t/new_block\t{\"a\": \"\\\\u0000\\tb\"}";
        assert_eq!(Row::parse(line).unwrap().path, "/new_block");
        assert_eq!(payload(line), b"{\"a\": \"\\u0000\tb\"}");
    }

    #[test]
    fn every_escape_of_copy_is_known() {
        assert_eq!(payload(b"\t\t\t\\b\\f\\n\\r\\t\\v\\\\"), b"\x08\x0c\n\r\t\x0b\\");
        assert_eq!(payload(b"\t\t\t\\101\\x42\\x4\\7z\\q"), b"AB\x04\x07zq");
        assert_eq!(payload(b"\t\t\t\\xg"), b"xg");
        assert_eq!(payload(b"\t\t\t\\777"), b"\xff");
    }

    #[test]
    fn what_is_no_row_is_told_from_what_is() {
        let error = |line| Row::parse(line).and_then(|row| row.payload()).unwrap_err();
        assert_eq!(error(b"1\t2\t3"), RowError::Columns(3));
        assert_eq!(error(b"1\t2\t3\t4\t5"), RowError::Columns(5));
        assert_eq!(error(b"1\t2\t\xff\t4"), RowError::Path);
        assert_eq!(error(b"1\t2\t/p\t\\N"), RowError::Null);
        assert_eq!(error(b"1\t2\t/p\tx\\"), RowError::LoneBackslash);
    }

    #[test]
    fn a_payload_that_nobody_asks_for_is_not_looked_at() {
        assert_eq!(
            Row::parse(b"1\t2\t/new_mempool_tx\tx\\").unwrap().path,
            "/new_mempool_tx"
        );
    }
}
