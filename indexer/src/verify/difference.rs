//! What differs, and where.

use std::fmt;

use serde::Serialize;

use crate::db::verification::Columns;

/// Most differences that are kept; the others are counted.
const KEPT: usize = 1_000;

/// What a row was compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The contract's maps at the pinned block.
    Contract,
    /// The events that are stored.
    Events,
    /// The tree that the stored blocks form.
    Blocks,
    /// What rows say of each other.
    Rows,
}

/// A place where the tables are wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it was compared with.
    pub against: Side,
    /// Table or map and row, and the column.
    pub place: String,
    /// What should be there; none: nothing.
    pub expected: Option<String>,
    /// What is there; none: nothing.
    pub found: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.against {
            Side::Contract => "contract",
            Side::Events => "events",
            Side::Blocks => "blocks",
            Side::Rows => "rows",
        };
        let shown = |value: &Option<String>| match value {
            // Texts of strangers must not write to a terminal.
            Some(text) => format!("\"{}\"", text.escape_debug()),
            None => "nothing".to_owned(),
        };
        write!(
            formatter,
            "{}: expected {} ({side}), found {}",
            self.place.escape_debug(),
            shown(&self.expected),
            shown(&self.found)
        )
    }
}

/// What was found, and how much was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// The first ones.
    pub kept: Vec<Difference>,
    /// How many there are.
    pub count: u64,
    /// Values that were compared.
    pub compared: u64,
}

impl Differences {
    /// Notes a difference.
    pub(super) fn note(
        &mut self,
        against: Side,
        place: impl Into<String>,
        expected: Option<String>,
        found: Option<String>,
    ) {
        self.count = self.count.saturating_add(1);
        if self.kept.len() < KEPT {
            self.kept.push(Difference {
                against,
                place: place.into(),
                expected,
                found,
            });
        }
    }

    /// Compares two values, of which either side may have none.
    pub(super) fn compare(
        &mut self,
        against: Side,
        place: impl FnOnce() -> String,
        expected: Option<String>,
        found: Option<String>,
    ) {
        self.compared = self.compared.saturating_add(1);
        if expected != found {
            self.note(against, place(), expected, found);
        }
    }

    /// Compares the columns that are expected of a row with those that it has; a row that one side lacks is one
    /// difference.
    pub(super) fn compare_row(
        &mut self,
        against: Side,
        place: &str,
        expected: Option<&Columns>,
        found: Option<&Columns>,
    ) {
        let row = || Some("a row".to_owned());
        let (Some(expected), Some(found)) = (expected, found) else {
            let (expected, found) = (expected.and_then(|_| row()), found.and_then(|_| row()));
            self.compare(against, || place.to_owned(), expected, found);
            return;
        };
        for (column, value) in expected {
            let stored = found.get(column).cloned().flatten();
            self.compare(against, || format!("{place} {column}"), value.clone(), stored);
        }
    }
}

/// Columns by name.
pub(super) fn columns<const N: usize>(values: [(&str, Option<String>); N]) -> Columns {
    values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
