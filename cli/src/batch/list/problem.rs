//! What is wrong with a line.

use std::fmt;

use serde::Serialize;

/// The columns of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// Which invoice.
    Invoice,
    /// To whom.
    Payer,
    /// How much: 1.5, 25% or full.
    Amount,
    /// The merchant's own id for the refund.
    Reference,
    /// Why; the only column that may be missing.
    Reason,
}

impl Column {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [
        Self::Invoice,
        Self::Payer,
        Self::Amount,
        Self::Reference,
        Self::Reason,
    ];

    /// Its name in the heading, and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::Payer => "payer",
            Self::Amount => "amount",
            Self::Reference => "reference",
            Self::Reason => "reason",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.as_str() == name)
    }

    pub(super) const fn is_required(self) -> bool {
        !matches!(self, Self::Reason)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// One thing that keeps a list from being paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The line in the file, counted from 1.
    pub line: u64,
    /// Where in the line, when it is one column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<Column>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

impl Problem {
    pub(super) fn of_line(line: u64, what: impl ToString, hint: &str) -> Self {
        Self {
            line,
            column: None,
            what: what.to_string(),
            hint: hint.to_owned(),
        }
    }

    pub(super) fn of_column(line: u64, column: Column, what: impl ToString, hint: &str) -> Self {
        Self {
            column: Some(column),
            ..Self::of_line(line, what, hint)
        }
    }
}

impl Problem {
    /// A problem of one column of a line that could be read.
    pub(crate) fn at(line: &super::Line, column: Column, what: impl ToString, hint: &str) -> Self {
        Self::of_column(line.number, column, what, hint)
    }
}
