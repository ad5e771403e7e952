//! Runs commands as a user types them, and shows both the command and what it says.

use anyhow::Result;
use recoup_test_support::Finished;

use crate::accounts::Account;
use crate::command_line::CommandLine;

/// Exit code of a command that a check refuses before anything is sent.
const REFUSED: i32 = 3;

/// Tells the story.
#[derive(Debug)]
pub(super) struct Narrator<'scene> {
    command_line: &'scene CommandLine,
}

impl<'scene> Narrator<'scene> {
    pub(super) fn new(command_line: &'scene CommandLine) -> Self {
        Self { command_line }
    }

    /// Begins a chapter.
    pub(super) fn chapter(&self, title: &str) {
        println!("\n== {title}");
    }

    /// Says what happens outside of the command line.
    pub(super) fn say(&self, text: &str) {
        println!("\n# {text}");
    }

    /// Runs a command that must succeed.
    pub(super) fn run(&self, account: Account, arguments: &[&str]) -> Result<Finished> {
        let arguments = typed(account, arguments);
        let finished = self.command_line.recoup().command(&arguments).run()?;
        Ok(show(&arguments, finished))
    }

    /// Runs a command that must be refused with this error of the contract, before anything is sent.
    pub(super) fn refused(&self, account: Account, arguments: &[&str], error: &str) -> Result<()> {
        let arguments = typed(account, arguments);
        let command = self.command_line.recoup().command(&arguments);
        show(
            &arguments,
            command.expect_code(REFUSED).expect_stderr(error).run()?,
        );
        Ok(())
    }
}

fn typed<'text>(account: Account, arguments: &[&'text str]) -> Vec<&'text str> {
    let mut typed = vec!["--wallet", account.wallet];
    typed.extend(arguments);
    typed
}

fn show(arguments: &[&str], finished: Finished) -> Finished {
    let line: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
    print!(
        "\n$ recoup {}\n{}{}",
        line.join(" "),
        finished.stderr,
        finished.stdout
    );
    finished
}

/// As a shell takes it.
fn quoted(argument: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.:/%=".contains(character);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quotes_what_a_shell_would_take_apart() {
        assert_eq!(quoted("--amount"), "--amount");
        assert_eq!(quoted("25%"), "25%");
        assert_eq!(quoted("A bicycle"), "'A bicycle'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
