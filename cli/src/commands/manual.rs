//! `recoup completions` and `recoup man`: what a shell and a reader need, made from the program's own grammar.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use serde_json::json;

use crate::arguments::Arguments;
use crate::failure::{Failure, Kind};
use crate::home::FileError;
use crate::output::Output;

const NAME: &str = "recoup";

/// Arguments of `recoup completions`.
#[derive(Debug, Clone, Args)]
pub struct Completions {
    /// For which shell
    shell: Shell,
}

/// Arguments of `recoup man`.
#[derive(Debug, Clone, Args)]
pub struct Manual {
    /// Write a page for every command into this folder, in place of one page on stdout
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Prints the completions.
///
/// # Errors
/// When they are no text.
pub fn completions(arguments: &Completions) -> Result<Output, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), NAME, &mut script);
    let script = text(script)?;
    let document = json!({ "shell": arguments.shell.to_string(), "script": script });
    Output::new(&document, script)
}

/// Prints the manual page, or writes all of them.
///
/// # Errors
/// When a page cannot be made or written.
pub fn manual(arguments: &Manual) -> Result<Output, Failure> {
    let Some(folder) = &arguments.folder else {
        let page = page(Arguments::command())?;
        return Output::new(&json!({ "page": page }), page);
    };
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build(); // names each page after the whole command
    fs::create_dir_all(folder).map_err(FileError::new("write the pages into", folder))?;
    write_pages(command, folder)?;
    let folder = folder.display().to_string();
    Output::new(
        &json!({ "folder": folder }),
        format!("wrote the pages into {folder}\n"),
    )
}

/// One page a command.
fn write_pages(command: clap::Command, folder: &Path) -> Result<(), Failure> {
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        write_pages(inner.clone(), folder)?;
    }
    let file = folder.join(Man::new(command.clone()).get_filename());
    fs::write(&file, page(command)?).map_err(FileError::new("write", &file))?;
    Ok(())
}

/// What clap's generator makes of a command, with the help below the options as sections whose lines stay as they are.
fn page(command: clap::Command) -> Result<String, Failure> {
    let below = command.get_after_long_help().map(ToString::to_string);
    let has_inner = command.has_subcommands();
    let manual = Man::new(command);
    let mut page = Vec::new();
    let render = || {
        manual.render_title(&mut page)?;
        manual.render_name_section(&mut page)?;
        manual.render_synopsis_section(&mut page)?;
        manual.render_description_section(&mut page)?;
        manual.render_options_section(&mut page)?;
        if has_inner {
            manual.render_subcommands_section(&mut page)?;
        }
        sections(&below.unwrap_or_default()).to_writer(&mut page)
    };
    render().map_err(|error| Failure::from_error(Kind::Internal, &error))?;
    text(page)
}

/// A line that is not indented is a heading, up to its colon.
fn sections(help: &str) -> Roff {
    let mut roff = Roff::new();
    let mut is_open = false;
    for line in help.lines() {
        let heading = line.split_once(':').filter(|_| !line.starts_with(' '));
        let text = match heading {
            None => line,
            Some((title, rest)) => {
                if is_open {
                    roff.control("fi", []);
                }
                roff.control("SH", [title.to_uppercase().as_str()]);
                if rest.is_empty() {
                    roff.control("nf", []);
                }
                is_open = rest.is_empty();
                rest.trim_start()
            }
        };
        if !text.trim().is_empty() {
            roff.text([roman(text)]);
        }
    }
    if is_open {
        roff.control("fi", []);
    }
    roff
}

fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| Failure::from_error(Kind::Internal, &error))
}
