//! Where secrets come from: a prompt, a file or a file descriptor. Never the command line or the environment, which other
//! processes and shell histories can see.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::interrupt;

/// Why there is no secret.
#[derive(Debug, Error)]
pub enum SecretError {
    /// A file, descriptor, or the terminal cannot be read.
    #[error("cannot read the {what} from {place}")]
    Unreadable {
        /// Passphrase, or words or key.
        what: &'static str,
        /// Where it was looked for.
        place: String,
        /// Why not.
        source: io::Error,
    },
    /// Longer than any secret.
    #[error("the {0} is longer than 4096 bytes")]
    TooLong(&'static str),
    /// An empty one protects nothing.
    #[error("the passphrase is empty")]
    Empty,
    /// Two prompts, two answers.
    #[error("the two passphrases differ")]
    Differ,
    /// No source was named, and there is no terminal.
    #[error("the {0} is needed, and there is no terminal to ask on")]
    NoTerminal(&'static str),
}

const LIMIT: usize = 4096;

/// Where the wallet's passphrase comes from; without either, it is asked on the terminal.
#[derive(Debug, Clone, Default, Args)]
pub struct PassphraseSource {
    /// Read the wallet's passphrase from a file (its last line feed is not part of it)
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "RECOUP_PASSPHRASE_FILE",
        hide_env_values = true,
        conflicts_with = "passphrase_fd"
    )]
    pub passphrase_file: Option<PathBuf>,
    /// Read the wallet's passphrase from a file descriptor
    #[arg(long, global = true, value_name = "FD")]
    pub passphrase_fd: Option<u32>,
}

impl PassphraseSource {
    /// The passphrase of an existing wallet.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn read(&self, wallet: &str) -> Result<Zeroizing<String>, SecretError> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None => ask_hidden(&format!("Passphrase of wallet `{wallet}`: "), PASSPHRASE),
        }
    }

    /// The passphrase of a wallet to be made: not empty, and typed twice.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn read_new(&self, wallet: &str) -> Result<Zeroizing<String>, SecretError> {
        let passphrase = match self.given()? {
            Some(passphrase) => passphrase,
            None => {
                let first = ask_hidden(&format!("New passphrase for wallet `{wallet}`: "), PASSPHRASE)?;
                if first != ask_hidden("The same again: ", PASSPHRASE)? {
                    return Err(SecretError::Differ);
                }
                first
            }
        };
        if passphrase.is_empty() {
            Err(SecretError::Empty)
        } else {
            Ok(passphrase)
        }
    }

    fn given(&self) -> Result<Option<Zeroizing<String>>, SecretError> {
        let mut passphrase = match (&self.passphrase_file, self.passphrase_fd) {
            (Some(path), _) => read_file(path, PASSPHRASE)?,
            (None, Some(descriptor)) => read_descriptor(descriptor, PASSPHRASE)?,
            (None, None) => return Ok(None),
        };
        let line = passphrase.strip_suffix('\n').unwrap_or(&passphrase);
        let length = line.strip_suffix('\r').unwrap_or(line).len();
        passphrase.truncate(length);
        Ok(Some(passphrase))
    }
}

/// Where the words or the private key of a wallet to be imported come from; without either, standard input or the
/// terminal.
#[derive(Debug, Clone, Args)]
pub struct ImportSource {
    /// Read the words or the private key from a file
    #[arg(long, value_name = "FILE", conflicts_with = "from_fd")]
    pub from_file: Option<PathBuf>,
    /// Read the words or the private key from a file descriptor
    #[arg(long, value_name = "FD")]
    pub from_fd: Option<u32>,
}

impl ImportSource {
    /// The words or the key.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn read(&self) -> Result<Zeroizing<String>, SecretError> {
        match (&self.from_file, self.from_fd) {
            (Some(path), _) => read_file(path, WORDS),
            (None, Some(descriptor)) => read_descriptor(descriptor, WORDS),
            (None, None) if io::stdin().is_terminal() => {
                ask_hidden("24 words, or private key in hexadecimal (not shown): ", WORDS)
            }
            (None, None) => read_limited(io::stdin().lock(), WORDS, "standard input"),
        }
    }
}

const PASSPHRASE: &str = "passphrase";
const WORDS: &str = "words or private key";

fn ask_hidden(prompt: &str, what: &'static str) -> Result<Zeroizing<String>, SecretError> {
    if !io::stderr().is_terminal() {
        return Err(SecretError::NoTerminal(what));
    }
    let unreadable = |source| SecretError::Unreadable {
        what,
        place: "the terminal".to_owned(),
        source,
    };
    match rpassword::prompt_password(prompt) {
        // Ctrl-C at a hidden prompt comes as an answer, not as a signal.
        Err(error) if error.kind() == io::ErrorKind::Interrupted => interrupt::end_process(),
        result => result.map(Zeroizing::new).map_err(unreadable),
    }
}

fn read_file(path: &Path, what: &'static str) -> Result<Zeroizing<String>, SecretError> {
    let place = path.display().to_string();
    let file = File::open(path).map_err(|source| SecretError::Unreadable {
        what,
        place: place.clone(),
        source,
    })?;
    read_limited(file, what, &place)
}

fn read_descriptor(descriptor: u32, what: &'static str) -> Result<Zeroizing<String>, SecretError> {
    read_file(Path::new(&format!("/dev/fd/{descriptor}")), what)
}

fn read_limited(
    source: impl io::Read,
    what: &'static str,
    place: &str,
) -> Result<Zeroizing<String>, SecretError> {
    let unreadable = |source| SecretError::Unreadable {
        what,
        place: place.to_owned(),
        source,
    };
    // Reserved in full, so that growing leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(LIMIT.saturating_mul(2)));
    let limit = u64::try_from(LIMIT.saturating_add(1)).unwrap_or(u64::MAX);
    source.take(limit).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() > LIMIT {
        Err(SecretError::TooLong(what))
    } else {
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_file(content: &str) -> Result<Zeroizing<String>, SecretError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        PassphraseSource {
            passphrase_file: Some(file.path().to_owned()),
            passphrase_fd: None,
        }
        .read_new("shop")
    }

    #[test]
    fn one_line_feed_at_the_end_is_not_part_of_the_passphrase() {
        assert_eq!(*from_file("two words\n").unwrap(), "two words");
        assert_eq!(*from_file("two words\r\n").unwrap(), "two words");
        assert_eq!(*from_file(" kept \n\n").unwrap(), " kept \n");
    }

    #[test]
    fn refuses_empty_and_endless_passphrases() {
        assert!(matches!(from_file("\n"), Err(SecretError::Empty)));
        assert!(matches!(
            from_file(&"x".repeat(5000)),
            Err(SecretError::TooLong(_))
        ));
    }
}
