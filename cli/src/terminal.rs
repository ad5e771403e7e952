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
    let answer = prompt(&format!("{question} [y/N] "))?;
    Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Asks for a line of text on stderr; an empty answer means the default.
///
/// # Errors
/// When nobody can be asked, or the terminal fails.
pub fn ask(question: &str, default: Option<&str>) -> Result<String, Failure> {
    if !can_ask() {
        return Err(Failure::new(
            Kind::Usage,
            format!("there is no terminal to ask on: {question}?"),
        )
        .hint("give it as an option, or add --yes to take what is built in"));
    }
    let default = default.unwrap_or_default();
    let shown = if default.is_empty() {
        String::new()
    } else {
        format!(" [{default}]")
    };
    let answer = prompt(&format!("{question}{shown}: "))?;
    Ok(if answer.is_empty() {
        default.to_owned()
    } else {
        answer
    })
}

fn prompt(text: &str) -> Result<String, Failure> {
    let mut line = String::new();
    eprint!("{text}");
    io::stderr()
        .flush()
        .and_then(|()| io::stdin().lock().read_line(&mut line))
        .map_err(|error| Failure::from_error(Kind::Internal, &error).context("cannot read the answer"))?;
    Ok(line.trim().to_owned())
}

/// A line about what goes on, on stderr.
pub fn note(text: &str) {
    eprintln!("{}", display_safe(text));
}

/// A warning, on stderr.
pub fn warn(text: &str) {
    eprintln!("warning: {}", display_safe(text));
}
