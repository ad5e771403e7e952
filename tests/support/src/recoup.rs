//! Runs the real `recoup` binary as a user would, in a home of its own.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// Beginnings of stderr lines that a command which succeeds must not write, unless the caller expects them.
const COMPLAINTS: [&str; 3] = ["error:", "warning:", "thread '"];

/// A program and the folder that holds its configuration, wallets and journal; nothing of the caller's own.
#[derive(Debug, Clone)]
pub struct Recoup {
    program: PathBuf,
    home: PathBuf,
    environment: BTreeMap<String, OsString>,
}

impl Recoup {
    /// Runs `program` with its files in `home`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, home: impl Into<PathBuf>) -> Self {
        let home = home.into();
        let environment = BTreeMap::from([("RECOUP_HOME".to_owned(), home.clone().into_os_string())]);
        Self {
            program: program.into(),
            home,
            environment,
        }
    }

    /// The same home with another build of the program.
    #[must_use]
    pub fn with_program(&self, program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            ..self.clone()
        }
    }

    /// The same home with an environment variable set for every command.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// The folder of its files.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// A command with these arguments, not started yet.
    pub fn command<I>(&self, arguments: I) -> RecoupCommand
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = Command::new(&self.program);
        command.args(arguments).env_clear().envs(&self.environment);
        command.env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("NO_PROXY", "127.0.0.1").stdin(Stdio::null());
        RecoupCommand {
            command,
            expected: Expected::Code(0),
            expected_stderr: Vec::new(),
        }
    }
}

/// How a command is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Code(i32),
    Signal,
}

impl Expected {
    fn matches(self, status: ExitStatus) -> bool {
        match self {
            Self::Code(code) => status.code() == Some(code),
            Self::Signal => status.code().is_none(),
        }
    }
}

/// One call of the program and what is expected of it: by default that it succeeds without a complaint.
#[derive(Debug)]
pub struct RecoupCommand {
    command: Command,
    expected: Expected,
    expected_stderr: Vec<String>,
}

impl RecoupCommand {
    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Demands this exit code in place of 0.
    #[must_use]
    pub fn expect_code(mut self, code: i32) -> Self {
        self.expected = Expected::Code(code);
        self
    }

    /// Demands that it is ended by a signal, as by a crash.
    #[must_use]
    pub fn expect_crash(mut self) -> Self {
        self.expected = Expected::Signal;
        self
    }

    /// Demands this text somewhere in stderr; its line may be a warning.
    #[must_use]
    pub fn expect_stderr(mut self, text: impl Into<String>) -> Self {
        self.expected_stderr.push(text.into());
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// [`Error::Failed`], with all it wrote, when it does not end as expected.
    pub fn run(mut self) -> Result<Finished> {
        let output = self.command.output().map_err(Error::io("start recoup"))?;
        let finished = Finished::new(format!("{:?}", self.command), &output);
        match self.objection(output.status, &finished.stderr) {
            None => Ok(finished),
            Some(objection) => Err(finished.failure(&objection)),
        }
    }

    /// The command as it stands, for whoever wants to run it otherwise.
    #[must_use]
    pub fn into_command(self) -> Command {
        self.command
    }

    fn objection(&self, status: ExitStatus, stderr: &str) -> Option<String> {
        if !self.expected.matches(status) {
            return Some(format!("ended with {status}, not {:?}", self.expected));
        }
        if let Some(missing) = self
            .expected_stderr
            .iter()
            .find(|text| !stderr.contains(text.as_str()))
        {
            return Some(format!("stderr lacks {missing:?}"));
        }
        let complaint = stderr.lines().find(|line| self.is_unexpected(line))?;
        Some(format!("unexpected on stderr: {complaint}"))
    }

    fn is_unexpected(&self, line: &str) -> bool {
        self.expected == Expected::Code(0)
            && COMPLAINTS.iter().any(|complaint| line.starts_with(complaint))
            && !self
                .expected_stderr
                .iter()
                .any(|text| line.contains(text.as_str()))
    }
}

/// What a command wrote.
#[derive(Debug, Clone)]
pub struct Finished {
    call: String,
    /// Everything on stdout.
    pub stdout: String,
    /// Everything on stderr.
    pub stderr: String,
}

impl Finished {
    fn new(call: String, output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            call,
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Its stdout as JSON.
    ///
    /// # Errors
    /// [`Error::Json`] when it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.stdout).map_err(|source| Error::Json {
            what: self.call.clone(),
            source,
            text: format!("{}{}", self.stdout, self.stderr),
        })
    }

    fn failure(&self, objection: &str) -> Error {
        let Self { call, stdout, stderr } = self;
        Error::Failed {
            program: call.clone(),
            detail: format!("{objection}\n{stdout}{stderr}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> RecoupCommand {
        Recoup::new("sh", "/nonexistent").command(["-c", script])
    }

    #[test]
    fn gives_what_the_program_wrote() {
        let finished = shell("echo '{\"home\": \"'$RECOUP_HOME'\"}'; echo working >&2")
            .run()
            .unwrap();
        assert_eq!(
            finished.json::<serde_json::Value>().unwrap()["home"],
            "/nonexistent"
        );
        assert_eq!(finished.stderr, "working\n");
    }

    #[test]
    fn hides_the_callers_environment() {
        let finished = shell("echo \"home=$HOME\"").run().unwrap();
        assert_eq!(finished.stdout, "home=\n");
    }

    #[test]
    fn fails_on_another_exit_code_than_expected() {
        let error = shell("echo refused >&2; exit 3").run().unwrap_err().to_string();
        assert!(
            error.contains("exit status: 3") && error.contains("refused"),
            "{error}"
        );
        shell("exit 3").expect_code(3).run().unwrap();
        shell("exit 0").expect_code(3).run().unwrap_err();
    }

    #[test]
    fn fails_on_a_complaint_that_nobody_expects() {
        shell("echo 'warning: deadline is near' >&2").run().unwrap_err();
        shell("echo 'warning: deadline is near' >&2")
            .expect_stderr("deadline is near")
            .run()
            .unwrap();
        shell("true").expect_stderr("deadline is near").run().unwrap_err();
    }

    #[test]
    fn tells_a_crash_from_a_failure() {
        shell("kill -s ABRT $$").expect_crash().run().unwrap();
        shell("exit 1").expect_crash().run().unwrap_err();
        shell("kill -s ABRT $$").expect_code(1).run().unwrap_err();
    }
}
