//! What `--help` says below a command's options: what the command needs, exit codes with a meaning of their own, examples.
//!
//! It stands beside each command's arguments, as `#[command(after_long_help = Help::new()..)]`. Every example is parsed by
//! a test with the program's own grammar.

use std::fmt::Write as _;

use clap::builder::{StyledStr, Styles};

/// The sections below the options, in their order.
#[derive(Debug, Clone, Default)]
pub struct Help {
    needs: &'static str,
    sections: Vec<(&'static str, &'static str)>,
    exits: Vec<(u8, &'static str)>,
    examples: Vec<(&'static str, &'static str)>,
}

impl Help {
    /// No section yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Of a command that sends a transaction.
    #[must_use]
    pub fn sending() -> Self {
        Self::new()
            .needs("a wallet with its key and some STX for the fee, a node, the deployed contracts")
            .exit(3, "a check said no: nothing was signed")
            .exit(4, "node or contract refused it")
            .exit(
                6,
                "sent, not in a block yet: `recoup refund resume` sees it through",
            )
    }

    /// Of a command that reads what the node knows.
    #[must_use]
    pub fn reading() -> Self {
        Self::new().needs("a node and the deployed contracts; no key")
    }

    /// What has to be there.
    #[must_use]
    pub const fn needs(mut self, needs: &'static str) -> Self {
        self.needs = needs;
        self
    }

    /// A text of its own, whose lines stay as they are.
    #[must_use]
    pub fn section(mut self, title: &'static str, text: &'static str) -> Self {
        self.sections.push((title, text));
        self
    }

    /// What an exit code means here. Said again, the later meaning counts.
    #[must_use]
    pub fn exit(mut self, code: u8, meaning: &'static str) -> Self {
        self.exits.retain(|(other, _)| *other != code);
        self.exits.push((code, meaning));
        self.exits.sort_unstable();
        self
    }

    /// A command line that works as it stands, and what it is for.
    #[must_use]
    pub fn example(mut self, purpose: &'static str, command: &'static str) -> Self {
        self.examples.push((purpose, command));
        self
    }
}

impl From<Help> for StyledStr {
    fn from(help: Help) -> Self {
        let styles = Styles::styled();
        let (header, literal) = (styles.get_header(), styles.get_literal());
        let indented = |text: &str, indent: &str| text.replace('\n', &format!("\n{indent}"));
        let mut sections: Vec<String> = Vec::new();
        if !help.needs.is_empty() {
            sections.push(format!("{header}Needs:{header:#} {}", help.needs));
        }
        for (title, text) in help.sections {
            sections.push(format!("{header}{title}:{header:#}\n  {}", indented(text, "  ")));
        }
        if !help.exits.is_empty() {
            let mut text = format!("{header}Exit codes:{header:#}");
            let width = if help.exits.iter().any(|(code, _)| *code > 9) {
                3
            } else {
                1
            };
            for (code, meaning) in help.exits {
                let _ = write!(text, "\n  {literal}{code:>width$}{literal:#}  {meaning}");
            }
            sections.push(text);
        }
        if !help.examples.is_empty() {
            let mut text = format!("{header}Examples:{header:#}");
            for (purpose, command) in help.examples {
                let _ = write!(text, "\n  {purpose}:\n    $ {literal}{command}{literal:#}");
            }
            sections.push(text);
        }
        sections.join("\n\n").into()
    }
}
