//! What `recoup doctor` finds: one finding a check, each with what is true and, where something is wrong, what to do.

use serde::Serialize;

use crate::failure::Failure;
use crate::output::Table;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, and wants a look.
    Warning,
    /// Does not work.
    Wrong,
    /// Could not be looked at, because something before it is wrong, or is not used.
    Skipped,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Wrong => "WRONG",
            Self::Skipped => "skipped",
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What is true.
    pub detail: String,
    /// Why, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    fn new(check: &'static str, verdict: Verdict, detail: impl Into<String>) -> Self {
        Self {
            check,
            verdict,
            detail: detail.into(),
            causes: Vec::new(),
            hint: None,
        }
    }

    /// All is well.
    pub fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, detail)
    }

    /// It works, and should be looked at.
    pub fn warning(check: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warning, detail).with_hint(hint)
    }

    /// It does not work.
    pub fn wrong(check: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(check, Verdict::Wrong, detail).with_hint(hint)
    }

    /// It was not looked at.
    pub fn skipped(check: &'static str, why: impl Into<String>) -> Self {
        Self::new(check, Verdict::Skipped, why)
    }

    /// It failed as a command would fail.
    #[must_use]
    pub fn failed(check: &'static str, failure: Failure) -> Self {
        Self {
            causes: failure.causes,
            hint: failure.hint,
            ..Self::new(check, Verdict::Wrong, failure.message)
        }
    }

    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// All findings, in the order in which they depend on each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// One a check.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Adds a finding; tells whether what depends on it can be looked at.
    pub fn add(&mut self, finding: Finding) -> bool {
        let works = matches!(finding.verdict, Verdict::Ok | Verdict::Warning);
        self.findings.push(finding);
        works
    }

    /// Whether something does not work.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.verdict == Verdict::Wrong)
    }

    /// A line a check, with causes and what to do under each.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut table = Table::new(&["check", "", ""]);
        for finding in &self.findings {
            let row = |check: &str, verdict: &str, text: String| [check.to_owned(), verdict.to_owned(), text];
            table.push(&row(
                finding.check,
                finding.verdict.as_str(),
                finding.detail.clone(),
            ));
            for cause in &finding.causes {
                table.push(&row("", "", format!("caused by: {cause}")));
            }
            if let Some(hint) = &finding.hint {
                table.push(&row("", "", format!("hint: {hint}")));
            }
        }
        table.to_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Kind;

    #[test]
    fn says_what_is_wrong_and_what_to_do_and_lets_no_server_forge_lines() {
        let mut report = Report::default();
        assert!(report.add(Finding::ok("configuration", "profile local")));
        assert!(report.add(Finding::warning("clock", "90 seconds off", "set it")));
        let failure = Failure::new(Kind::Network, "no answer\nwallet  ok").hint("start the node");
        assert!(!report.add(Finding::failed("node", failure)));
        assert!(!report.add(Finding::skipped("contracts", "no node")));
        assert!(report.is_wrong());
        insta::assert_snapshot!(report.to_text());
    }
}
