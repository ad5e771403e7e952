//! The terminal: questions, notes and warnings, on stderr. What comes from the chain or a server is somebody else's text and
//! is shown with its control characters spelled out.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use recoup_protocol::text::display_safe;

use crate::failure::{Failure, Kind};

/// Whether somebody can be asked: both the question and the answer need a terminal.
#[must_use]
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a yes-or-no question on stderr; anything but `y` or `yes` is no.
///
/// # Errors
/// When nobody can be asked, or the terminal fails.
pub fn confirm(question: &str) -> Result<bool, Failure> {
    if !can_ask() {
        return Err(Failure::new(
            Kind::Usage,
            "this needs a confirmation, and there is no terminal to ask on",
        )
        .hint("look at the plan with --dry-run, then add --yes"));
    }
    let mut line = String::new();
    eprint!("{question} [y/N] ");
    io::stderr()
        .flush()
        .and_then(|()| io::stdin().lock().read_line(&mut line))
        .map_err(|error| Failure::from_error(Kind::Internal, &error).context("cannot read the answer"))?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// A line about what goes on, on stderr.
pub fn note(text: &str) {
    eprintln!("{}", display_safe(text));
}

/// A warning, on stderr.
pub fn warn(text: &str) {
    eprintln!("warning: {}", display_safe(text));
}
