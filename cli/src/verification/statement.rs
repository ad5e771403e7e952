//! What one source says while it is being asked.

use super::facts::Facts;
use super::report::{Check, Difference, Source, Verdict};

/// A source's statement, and what is wrong with it by itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Statement {
    pub(super) from: Option<&'static str>,
    /// What it says; none when it was not to be had.
    pub(super) facts: Option<Facts>,
    /// Whether it counts as a check: a copy from elsewhere does not.
    pub(super) is_own: bool,
    /// What was looked at, or why not.
    pub(super) remarks: Vec<String>,
    pub(super) differences: Vec<Difference>,
}

impl Statement {
    /// Not to be had.
    pub(super) fn missing(why: impl Into<String>) -> Self {
        Self {
            remarks: vec![why.into()],
            ..Self::default()
        }
    }

    /// Had from the source itself.
    pub(super) fn own(from: &'static str, facts: Facts, remark: impl Into<String>) -> Self {
        Self {
            from: Some(from),
            facts: Some(facts),
            is_own: true,
            remarks: vec![remark.into()],
            differences: Vec::new(),
        }
    }

    /// Had, and wrong by itself.
    pub(super) fn wrong(from: &'static str, difference: Difference) -> Self {
        Self {
            from: Some(from),
            differences: vec![difference],
            ..Self::default()
        }
    }

    /// What is compared with others.
    pub(super) fn counted(&self) -> Option<&Facts> {
        self.facts.as_ref().filter(|_| self.is_own)
    }

    pub(super) fn remark(&mut self, text: impl Into<String>) {
        self.remarks.push(text.into());
    }

    pub(super) fn into_check(self, check: Source, found: impl IntoIterator<Item = Difference>) -> Check {
        let mut differences = self.differences;
        differences.extend(found);
        let result = if !differences.is_empty() {
            Verdict::Differs
        } else if self.is_own {
            Verdict::Agrees
        } else {
            Verdict::NotChecked
        };
        Check {
            check,
            result,
            from: self.from,
            detail: self.remarks.join("; "),
            differences,
        }
    }
}
