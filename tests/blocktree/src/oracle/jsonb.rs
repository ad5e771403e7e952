//! Objects as PostgreSQL writes jsonb: shorter keys first, then by bytes.

use std::fmt::{self, Write as _};

/// A value of a column.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// Digits: numbers pass every Rust type.
    Number(String),
    Text(String),
}

impl Value {
    pub(super) fn number(number: impl ToString) -> Self {
        Self::Number(number.to_string())
    }

    pub(super) fn optional<T>(value: Option<T>, as_value: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Null, as_value)
    }

    /// A text as a column holds it: without U+0000.
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().replace('\0', "\\u{0}"))
    }

    /// A hash, with or without `0x`, as a column of bytes.
    pub(super) fn bytes(hex: &str) -> Self {
        Self::Text(format!("\\x{}", hex.trim_start_matches("0x")))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => write_text(f, text),
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{c}' => f.write_str("\\f")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

/// A row of the view: kind, key and content.
pub(super) fn row(kind: &str, key: impl fmt::Display, columns: &[(&str, Value)]) -> String {
    let mut columns: Vec<_> = columns.iter().collect();
    columns.sort_by_key(|(name, _)| (name.len(), *name));
    let members: Vec<String> = columns
        .iter()
        .map(|(name, value)| format!("\"{name}\": {value}"))
        .collect();
    format!("{kind} {key} {{{}}}", members.join(", "))
}
