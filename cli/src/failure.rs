//! What a command reports when it does not succeed: a kind (the exit code), what happened, why, and what to do.

use std::error::Error;
use std::fmt::Write as _;

use recoup_protocol::text::display_safe;
use serde::Serialize;

/// The sorts of failure, one exit code each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Something is broken on this machine or in this program.
    Internal,
    /// The command line or the configuration cannot be used as given.
    Usage,
    /// A check made before anything was sent says no. Nothing was sent.
    Refused,
    /// The node or the contract said no.
    Rejected,
    /// A server could not be reached or gave an answer that makes no sense.
    Network,
    /// Sent, but not known to be included yet. Running the same command again is safe.
    Pending,
}

impl Kind {
    /// The process's exit code; 0 is success.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Rejected => 4,
            Self::Network => 5,
            Self::Pending => 6,
        }
    }
}

/// The contract's own error, when a failure is one of those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContractCode {
    /// The number in `(err uN)`.
    pub code: u128,
    /// Its name in the contract.
    pub name: String,
}

/// A failed command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What sort of failure it is.
    pub kind: Kind,
    /// What happened, in one line.
    pub message: String,
    /// Why, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// The contract's error code, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract_error: Option<Box<ContractCode>>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with a message alone.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            contract_error: None,
            hint: None,
        }
    }

    /// A failure caused by an error, whose whole chain of sources is kept.
    pub fn from_error(kind: Kind, error: &(dyn Error + 'static)) -> Self {
        let mut failure = Self::new(kind, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            failure.causes.push(cause.to_string());
            source = cause.source();
        }
        failure
    }

    /// Puts a message above what happened, which becomes the first cause.
    #[must_use]
    pub fn context(mut self, message: impl Into<String>) -> Self {
        self.causes
            .insert(0, std::mem::replace(&mut self.message, message.into()));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the contract's error.
    #[must_use]
    pub fn contract_error(mut self, code: u128, name: impl Into<String>) -> Self {
        self.contract_error = Some(Box::new(ContractCode {
            code,
            name: name.into(),
        }));
        self
    }

    /// The text for a terminal: `error:`, the causes, `hint:`. Ends with a line feed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("error: {}\n", display_safe(&self.message));
        if let Some(contract) = &self.contract_error {
            let _ = writeln!(text, "  contract error: u{} {}", contract.code, contract.name);
        }
        for cause in &self.causes {
            let _ = writeln!(text, "  caused by: {}", display_safe(cause));
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "hint: {}", display_safe(hint));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_message_code_causes_and_hint() {
        let failure = Failure::new(Kind::Refused, "more than is refundable")
            .contract_error(1024, "ERR_EXCEEDS_REFUNDABLE")
            .context("cannot refund invoice 7")
            .hint("refund at most 1.5 STX");
        assert_eq!(
            failure.to_text(),
            "error: cannot refund invoice 7\n  contract error: u1024 ERR_EXCEEDS_REFUNDABLE\n  \
             caused by: more than is refundable\nhint: refund at most 1.5 STX\n"
        );
    }

    #[test]
    fn shows_control_characters_of_a_server_instead_of_obeying_them() {
        let failure = Failure::new(Kind::Network, "node said \u{1b}[2Jgone\u{202e}");
        assert_eq!(failure.to_text(), "error: node said \\u{1b}[2Jgone\\u{202e}\n");
    }
}
