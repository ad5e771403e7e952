//! What must be true of a program's `--help`, which is its manual.

use std::fmt::Write as _;

use clap::{Arg, Command};

const EXAMPLES: &str = "Examples:";
const PROMPT: &str = "    $ ";
/// As wide as help is shown at most.
const WIDTH: usize = 100;
/// Values that are names of other programs.
const SHELL: &str = "shell";

/// A program's whole tree of commands.
#[derive(Debug)]
pub struct Manual {
    program: String,
    commands: Vec<(String, Command)>,
}

impl Manual {
    /// The commands of a program and all below it, but clap's own `help`.
    #[must_use]
    pub fn of(command: Command) -> Self {
        let mut command = command.disable_help_subcommand(true).term_width(WIDTH);
        command.build();
        let program = command.get_name().to_owned();
        let mut commands = Vec::new();
        walk(&program, command, &mut commands);
        Self { program, commands }
    }

    /// One line a command, with what it is for.
    #[must_use]
    pub fn tree(&self) -> String {
        let mut tree = String::new();
        for (path, command) in &self.commands {
            let _ = writeln!(tree, "{path}: {}", about(command));
        }
        tree
    }

    /// All that is wrong: no long text, no example, an example that does not parse or is another command's, an option
    /// without help. `parse` is the program's own reading of its arguments, its name first.
    pub fn complaints(&self, parse: impl Fn(&[String]) -> Result<(), String>) -> Vec<String> {
        let mut complaints = Vec::new();
        for (path, command) in &self.commands {
            let mut complain = |what: String| complaints.push(format!("{path}: {what}"));
            check_texts(command, &mut complain);
            for argument in command.get_arguments() {
                check_argument(argument, &mut complain);
            }
            let examples = examples(command);
            if !examples.iter().any(|example| is_of(path, example)) {
                complain("no example of it".to_owned());
            }
            for example in examples {
                if let Err(error) = self.check_example(&example, &parse) {
                    complain(format!("`{example}`: {error}"));
                }
            }
        }
        complaints
    }

    fn check_example(
        &self,
        example: &str,
        parse: &impl Fn(&[String]) -> Result<(), String>,
    ) -> Result<(), String> {
        // Of a pipe, this program's part; a file that its output goes to is no argument.
        let start = format!("{} ", self.program);
        let own = example
            .split(" | ")
            .map(|part| part.split(['<', '>']).next().unwrap_or_default().trim())
            .find(|part| part.starts_with(&start))
            .ok_or("runs another program")?;
        let words = shlex::split(own).ok_or("no shell understands it")?;
        parse(&words)
    }
}

fn walk(path: &str, command: Command, commands: &mut Vec<(String, Command)>) {
    let inner: Vec<Command> = command.get_subcommands().cloned().collect();
    commands.push((path.to_owned(), command));
    for command in inner {
        let path = format!("{path} {}", command.get_name());
        walk(&path, command, commands);
    }
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn check_texts(command: &Command, complain: &mut impl FnMut(String)) {
    let short = about(command);
    if short.is_empty() || short.ends_with('.') || short.contains('\n') {
        complain(format!("short text: {short:?}"));
    }
    let long = command.get_long_about().map(ToString::to_string);
    if long.unwrap_or_default().lines().count() < 3 {
        complain("no long text".to_owned());
    }
    let mut command = command.clone();
    if command.render_help().to_string().contains(EXAMPLES) {
        complain("examples in the short help".to_owned());
    }
    let long = command.render_long_help().to_string();
    // The usage is clap's own line, which it never breaks.
    for line in long.lines().filter(|line| !line.starts_with("Usage:")) {
        if line.chars().count() > WIDTH {
            complain(format!("too wide: {line}"));
        }
    }
}

fn check_argument(argument: &Arg, complain: &mut impl FnMut(String)) {
    let id = argument.get_id();
    for help in [argument.get_help(), argument.get_long_help()]
        .into_iter()
        .flatten()
    {
        let help = help.to_string();
        if help.ends_with('.') || help.starts_with(char::is_lowercase) && argument.is_positional() {
            complain(format!("help of {id}: {help:?}"));
        }
    }
    if argument.get_help().is_none() {
        complain(format!("{id} has no help"));
    }
    if argument.get_action().takes_values() && id != SHELL {
        let values = argument.get_possible_values();
        for value in values.iter().filter(|value| value.get_help().is_none()) {
            complain(format!("value {:?} of {id} has no help", value.get_name()));
        }
    }
}

/// The command lines below "Examples", those over several lines joined.
fn examples(command: &Command) -> Vec<String> {
    let help = command.get_after_long_help().map(ToString::to_string);
    let help = help.unwrap_or_default();
    let Some((_, text)) = help.split_once(EXAMPLES) else {
        return Vec::new();
    };
    text.replace("\\\n", " ")
        .lines()
        .filter_map(|line| line.strip_prefix(PROMPT))
        .map(str::to_owned)
        .collect()
}

/// Whether an example is of this command or of one below it.
fn is_of(path: &str, example: &str) -> bool {
    let mut words = example.split_whitespace();
    path.split(' ').all(|step| words.any(|word| word == step))
}
