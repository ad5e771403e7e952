//! A row of PostgreSQL's COPY text format. No I/O.

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Path that the node posted to.
    pub path: String,
    /// Body that it posted; none for a path that is not followed.
    pub payload: Option<Vec<u8>>,
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

/// Reads a row, without its line end. The payload is taken only where `is_followed` says so of the path.
///
/// # Errors
/// [`RowError`] when it is none.
pub fn parse_row(line: &[u8], is_followed: impl Fn(&str) -> bool) -> Result<Row, RowError> {
    let mut columns = line.split(|byte| *byte == b'\t');
    let (Some(_), Some(_), Some(path), Some(payload), None) = (
        columns.next(),
        columns.next(),
        columns.next(),
        columns.next(),
        columns.next(),
    ) else {
        return Err(RowError::Columns(line.split(|byte| *byte == b'\t').count()));
    };
    let path = String::from_utf8(unescape(path)?).map_err(|_| RowError::Path)?;
    let payload = is_followed(&path)
        .then(|| {
            if payload == b"\\N" {
                Err(RowError::Null)
            } else {
                unescape(payload)
            }
        })
        .transpose()?;
    Ok(Row { path, payload })
}

/// Undoes COPY's escapes: `\b \f \n \r \t \v`, octal and hexadecimal bytes, and any other character for itself.
fn unescape(field: &[u8]) -> Result<Vec<u8>, RowError> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some(place) = rest.iter().position(|byte| *byte == b'\\') {
        let (before, escape) = rest.split_at(place);
        plain.extend_from_slice(before);
        let (byte, after) = read_escape(escape.get(1..).unwrap_or_default())?;
        plain.push(byte);
        rest = after;
    }
    plain.extend_from_slice(rest);
    Ok(plain)
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
        parse_row(line, |_| true).unwrap().payload.unwrap()
    }

    #[test]
    fn a_row_is_read_and_its_escapes_are_undone() {
        let row = parse_row(
            b"1\t2021-07-28 22:04:25+00\t/new_block\t{\"a\": \"\\\\u0000\\tb\"}",
            |_| true,
        )
        .unwrap();
        assert_eq!(row.path, "/new_block");
        assert_eq!(row.payload.unwrap(), b"{\"a\": \"\\u0000\tb\"}");
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
        assert_eq!(parse_row(b"1\t2\t3", |_| true), Err(RowError::Columns(3)));
        assert_eq!(parse_row(b"1\t2\t3\t4\t5", |_| true), Err(RowError::Columns(5)));
        assert_eq!(parse_row(b"1\t2\t\xff\t4", |_| true), Err(RowError::Path));
        assert_eq!(parse_row(b"1\t2\t/p\t\\N", |_| true), Err(RowError::Null));
        assert_eq!(
            parse_row(b"1\t2\t/p\tx\\", |_| true),
            Err(RowError::LoneBackslash)
        );
    }

    #[test]
    fn a_payload_that_nobody_follows_is_not_looked_at() {
        let row = parse_row(b"1\t2\t/new_mempool_tx\tx\\", |path| path == "/new_block").unwrap();
        assert_eq!(row.payload, None);
    }
}
