//! Documents whose commands are run: what stands in a fenced `console` block is typed and compared with what comes.
//!
//! ````text
//! <!-- situation: waits -->
//! ```console
//! $ recoup refund status            # exit code 6
//! entry 1  <txid>
//! ...
//! ```
//! <!-- then: a-block-comes -->
//! ````
//!
//! A comment `situation` starts a story, `then` lets something happen in it; what both words mean, the test that reads the
//! document says. `<txid>`, or any other word in angle brackets, stands for some text; a line of three dots for any lines.
//! A command that ends with a backslash goes on in the next line. How wide the gaps between columns are does not matter, as it follows from what stands in them.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use recoup_test_support::{Recoup, binary};
use thiserror::Error;

/// What one situation shows, from its comment to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// Its name.
    pub name: String,
    /// What happens in it, in order.
    pub steps: Vec<Step>,
}

/// One thing in a situation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Something happens by itself.
    Event(String),
    /// A command is typed.
    Command(Shown),
}

/// A command with what the document says it prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Line of the document, counted from 1.
    pub line: usize,
    /// For a shell.
    pub command: String,
    /// How it ends.
    pub exit: i32,
    /// What it prints, stdout and stderr as on a terminal.
    pub output: Vec<String>,
}

/// Why a document cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DocumentError {
    /// A block stands before the first situation.
    #[error("line {0}: no situation is named before this block")]
    NoSituation(usize),
    /// A block starts with something else than a command.
    #[error("line {0}: output without a command")]
    NoCommand(usize),
    /// Not a number.
    #[error("line {0}: what is this exit code?")]
    ExitCode(usize),
}

const FENCE: &str = "```console";
const EXIT_CODE: &str = "# exit code ";

/// All situations of a document.
///
/// # Errors
/// When a block cannot be understood.
pub fn situations(document: &str) -> Result<Vec<Situation>, DocumentError> {
    let mut situations: Vec<Situation> = Vec::new();
    let mut is_inside = false;
    for (index, text) in document.lines().enumerate() {
        let line = index.saturating_add(1);
        if is_inside && text == "```" {
            is_inside = false;
        } else if is_inside {
            let situation = situations.last_mut().ok_or(DocumentError::NoSituation(line))?;
            take_line(situation, line, text)?;
        } else if text == FENCE {
            is_inside = true;
        } else if let Some(name) = comment(text, "situation") {
            situations.push(Situation {
                name,
                steps: Vec::new(),
            });
        } else if let Some(event) = comment(text, "then") {
            let situation = situations.last_mut().ok_or(DocumentError::NoSituation(line))?;
            situation.steps.push(Step::Event(event));
        }
    }
    Ok(situations)
}

fn comment(text: &str, word: &str) -> Option<String> {
    let inner = text.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    let value = inner.trim().strip_prefix(word)?.strip_prefix(':')?;
    Some(value.trim().to_owned())
}

fn take_line(situation: &mut Situation, line: usize, text: &str) -> Result<(), DocumentError> {
    if let Some(typed) = text.strip_prefix("$ ") {
        let (command, exit) = match typed.split_once(EXIT_CODE) {
            None => (typed, 0),
            Some((command, code)) => (
                command,
                code.trim().parse().map_err(|_| DocumentError::ExitCode(line))?,
            ),
        };
        situation.steps.push(Step::Command(Shown {
            line,
            command: command.trim().to_owned(),
            exit,
            output: Vec::new(),
        }));
        return Ok(());
    }
    match situation.steps.last_mut() {
        Some(Step::Command(shown)) if shown.output.is_empty() && shown.command.ends_with('\\') => {
            shown.command.push('\n');
            shown.command.push_str(text);
        }
        Some(Step::Command(shown)) => shown.output.push(text.to_owned()),
        _ => return Err(DocumentError::NoCommand(line)),
    }
    Ok(())
}

/// Types a command into a shell that stands in `folder`, with `recoup` in its path: how it ends, and what a terminal would
/// show.
///
/// # Errors
/// When the shell cannot be run, or the program is not built.
pub fn type_in(recoup: &Recoup, folder: &Path, command: &str) -> anyhow::Result<(Option<i32>, String)> {
    let settings = recoup.command(Vec::<&str>::new()).into_command();
    let program = binary("recoup", "recoup-cli")?;
    let programs = program.parent().context("a program lies in a folder")?;
    let mut path = vec![programs.to_owned()];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let variables = settings.get_envs();
    let variables =
        variables.map(|(name, value)| (name.to_owned(), value.map_or_else(OsString::new, Into::into)));
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(folder)
        .env_clear()
        .envs(variables)
        .env("PATH", env::join_paths(path)?)
        .output()?;
    Ok((
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    ))
}

impl Shown {
    /// What is not as the document says; nothing when all is.
    #[must_use]
    pub fn objection(&self, exit: Option<i32>, printed: &str) -> Option<String> {
        let Self { line, command, .. } = self;
        let lines: Vec<String> = printed.trim_end().lines().map(without_gaps).collect();
        let expected: Vec<String> = self.output.iter().map(|line| without_gaps(line)).collect();
        let wrong = if exit != Some(self.exit) {
            format!("ends with {exit:?}, not {}", self.exit)
        } else if matches_lines(&expected, &lines) {
            return None;
        } else {
            format!("prints something else than\n{}", self.output.join("\n"))
        };
        Some(format!("line {line}: `{command}` {wrong}\nit prints:\n{printed}"))
    }
}

fn without_gaps(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn matches_lines(expected: &[String], lines: &[String]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((dots, rest)) if dots == "..." => (0..=lines.len())
            .any(|skipped| lines.get(skipped..).is_some_and(|left| matches_lines(rest, left))),
        Some((pattern, rest)) => lines
            .split_first()
            .is_some_and(|(line, left)| matches_line(pattern, line) && matches_lines(rest, left)),
    }
}

/// Whether a line is as the pattern says; a word in angle brackets stands for one character or more.
fn matches_line(pattern: &str, line: &str) -> bool {
    let Some((before, after)) = placeholder(pattern) else {
        return pattern == line;
    };
    let Some(rest) = line.strip_prefix(before) else {
        return false;
    };
    rest.char_indices()
        .skip(1)
        .map(|(index, _)| index)
        .chain([rest.len()])
        .any(|index| index > 0 && rest.get(index..).is_some_and(|left| matches_line(after, left)))
}

/// What stands before and after the first placeholder.
fn placeholder(pattern: &str) -> Option<(&str, &str)> {
    let is_word = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '-')
    };
    pattern.match_indices('<').find_map(|(start, _)| {
        let (before, rest) = pattern.split_at(start);
        let (word, after) = rest.strip_prefix('<')?.split_once('>')?;
        is_word(word).then_some((before, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# Title\n\
        <!-- situation: one -->\n\
        text\n\
        ```console\n\
        $ recoup a  # exit code 6\n\
        x <txid> y\n\
        ...\n\
        $ recoup b\n\
        ```\n\
        <!-- then: rain -->\n\
        ```console\n\
        $ recoup c \\\n\
        d\n\
        e\n\
        ```\n\
        ```sh\n\
        not run\n\
        ```\n";

    #[test]
    fn reads_situations_events_and_commands() {
        let [one] = situations(DOCUMENT).unwrap().try_into().unwrap();
        let command = |line, command: &str, exit, output: &[&str]| {
            Step::Command(Shown {
                line,
                command: command.to_owned(),
                exit,
                output: output.iter().map(|line| (*line).to_owned()).collect(),
            })
        };
        assert_eq!(one.name, "one");
        assert_eq!(
            one.steps,
            [
                command(5, "recoup a", 6, &["x <txid> y", "..."]),
                command(8, "recoup b", 0, &[]),
                Step::Event("rain".to_owned()),
                command(12, "recoup c \\\nd", 0, &["e"])
            ]
        );
    }

    #[test]
    fn refuses_blocks_that_make_no_sense() {
        let block = |text: &str| situations(&format!("<!-- situation: x -->\n```console\n{text}\n```\n"));
        assert_eq!(block("output"), Err(DocumentError::NoCommand(3)));
        assert_eq!(block("$ a # exit code x"), Err(DocumentError::ExitCode(3)));
        assert_eq!(
            situations("```console\n$ a\n```"),
            Err(DocumentError::NoSituation(2))
        );
    }

    #[test]
    fn compares_with_placeholders_and_dots() {
        for (pattern, line, fits) in [
            ("a <txid> b", "a 0xff b", true),
            ("a <txid> b", "a  b", false),
            ("a <txid>", "a 0xff, long", true),
            ("<x>-<y>", "1-2-3", true),
            ("a < b > c", "a < b > c", true),
            ("a", "a ", false),
        ] {
            assert_eq!(matches_line(pattern, line), fits, "{pattern} {line}");
        }
        let fits = |pattern: &str, text: &str| {
            let lines = |text: &str| text.lines().map(without_gaps).collect::<Vec<_>>();
            matches_lines(&lines(pattern), &lines(text))
        };
        assert!(fits("a\n...\nz", "a\nb\nc\nz"));
        assert!(fits("a\n...", "a"));
        assert!(fits("a  b <c>", "a b    d"));
        assert!(!fits("a\n...\nz", "a\nb"));
    }

    #[test]
    fn objects_to_another_exit_code_and_another_text() {
        let shown = Shown {
            line: 1,
            command: "recoup".to_owned(),
            exit: 6,
            output: vec!["sent <txid>".to_owned()],
        };
        assert_eq!(shown.objection(Some(6), "sent 0xff\n"), None);
        assert!(shown.objection(Some(0), "sent 0xff\n").is_some());
        assert!(shown.objection(Some(6), "lost 0xff\n").is_some());
        assert!(shown.objection(None, "sent 0xff\n").is_some());
    }
}
