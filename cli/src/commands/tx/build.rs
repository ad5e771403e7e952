//! `recoup tx build`: any command that would send a transaction, written to a file in place of signed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser as _};

use crate::arguments::Arguments;
use crate::context::GlobalOptions;
use crate::failure::{Failure, Kind};

/// Arguments of `recoup tx build`.
#[derive(Debug, Clone, Args)]
pub struct Build {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    unsigned: PathBuf,
    /// What to do, as it would be typed after `recoup`: refund create --invoice 1 --full
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    command: Vec<OsString>,
}

impl Build {
    /// The command that does it, with the options of every command as they were given.
    ///
    /// # Errors
    /// When the words make no command, or one that sends nothing.
    pub fn into_command(self, global: &GlobalOptions) -> Result<Arguments, Failure> {
        let mut words = vec![OsString::from("recoup")];
        words.extend(self.command);
        words.extend([OsString::from("--unsigned"), self.unsigned.into_os_string()]);
        let mut arguments = Arguments::try_parse_from(words).map_err(|error| {
            let text = error.render().to_string();
            let text = text
                .trim_start_matches("error: ")
                .lines()
                .next()
                .unwrap_or_default();
            Failure::new(Kind::Usage, text.to_owned())
                .context("this makes no command that sends one transaction")
                .hint("for example: recoup tx build --unsigned refund.tx refund create --invoice 1 --full")
        })?;
        arguments.global = global.clone();
        Ok(arguments)
    }
}
