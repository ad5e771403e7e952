//! The terminal: questions, notes, warnings and progress, on stderr. What comes from the chain or a server is somebody
//! else's text and is shown with its control characters spelled out. Off a terminal there is no colour, no moving line and
//! no wrapping.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use recoup_protocol::text::display_safe;

use crate::failure::{Failure, Kind};

mod fit;
mod progress;

pub use fit::fit;
pub use progress::Progress;
pub(crate) use progress::clear as clear_progress;

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
    show(&format!("{}\n", display_safe(text)));
}

/// A warning, on stderr.
pub fn warn(text: &str) {
    show(&format!("warning: {}\n", display_safe(text)));
}

/// Text that is safe to show, on stderr: a plan, a failure. It must end with a line feed.
pub fn show(text: &str) {
    let text = match width(&io::stderr()) {
        Some(width) => fit(text, width),
        None => text.to_owned(),
    };
    // The stream takes the colours off where they do not belong; a stderr that is gone is no reason to stop.
    progress::suspend(|| {
        let _ = anstream::stderr().write_all(painted(&text).as_bytes());
    });
}

/// Writes to another stream that may be the same terminal, with the moving line out of the way.
pub(crate) fn without_progress<T>(write: impl FnOnce() -> T) -> T {
    progress::suspend(write)
}

/// Columns of a stream that is a terminal.
#[must_use]
pub fn width(stream: &impl std::os::fd::AsFd) -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(stream)?;
    Some(usize::from(width.0)).filter(|columns| *columns > 0)
}

/// The words that open a line, in colour. The text's own control characters are spelled out already.
fn painted(text: &str) -> String {
    const OPENINGS: [(&str, Style); 3] = [
        ("error:", AnsiColor::Red.on_default().bold()),
        ("warning:", AnsiColor::Yellow.on_default().bold()),
        ("hint:", AnsiColor::Cyan.on_default().bold()),
    ];
    let paint = |line: &str| {
        let opening = OPENINGS.iter().find(|(opening, _)| line.starts_with(opening));
        match opening.and_then(|(opening, style)| Some((opening, style, line.strip_prefix(opening)?))) {
            Some((opening, style, rest)) => format!("{style}{opening}{style:#}{rest}"),
            None => line.to_owned(),
        }
    };
    text.split_inclusive('\n').map(paint).collect()
}

#[cfg(test)]
mod tests {
    use super::painted;

    #[test]
    fn colours_the_first_word_and_nothing_else() {
        let text = "error: no\n  caused by: error: x\nhint: do\n";
        let painted = painted(text);
        assert_eq!(painted.matches("\u{1b}[0m").count(), 2, "{painted:?}");
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), text);
    }
}
