//! `recoup completions` and `recoup man`: what a shell and a reader need, made from the program's own grammar.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
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
    fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Arguments::command(), folder))
        .map_err(FileError::new("write the pages into", folder))?;
    let folder = folder.display().to_string();
    Output::new(
        &json!({ "folder": folder }),
        format!("wrote the pages into {folder}\n"),
    )
}

fn page(command: clap::Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::from_error(Kind::Internal, &error))?;
    text(page)
}

fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| Failure::from_error(Kind::Internal, &error))
}
