//! `recoup tx sign` and `recoup tx combine`: signatures on a transaction in a file. Neither asks a node anything.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::home::Existing;
use crate::offline::{
    FileFormatError, SignatureError, TransactionFile, add_signature, combine, progress, summary,
};
use crate::output::Output;
use crate::terminal;

/// Arguments of `recoup tx sign`.
#[derive(Debug, Clone, Args)]
pub struct Sign {
    /// The file that `--unsigned` or another signer wrote
    file: PathBuf,
    /// Write to another file [default: the same one]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Do not ask: sign
    #[arg(long, short)]
    yes: bool,
}

/// Arguments of `recoup tx combine`.
#[derive(Debug, Clone, Args)]
pub struct Combine {
    /// Files of one transaction, each signed by another key
    #[arg(required = true, num_args = 2..)]
    files: Vec<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Serialize)]
struct SignedDocument {
    file: String,
    signatures: u16,
    required: u16,
    complete: bool,
}

pub(super) fn sign(context: &Context, arguments: &Sign) -> Result<Output, Failure> {
    let mut file = TransactionFile::read(&arguments.file, context.profile.network)?;
    let wallet = context.wallet()?;
    terminal::show(&format!(
        "Transaction to sign on {}\n{}",
        file.network,
        summary(&file.transaction).to_text()
    ));
    let question = format!("Sign it with wallet {}?", wallet.name);
    if !arguments.yes && !terminal::confirm(&question)? {
        return Err(Failure::new(Kind::Refused, "not confirmed").hint("nothing was signed"));
    }
    let key = wallet.unlock(&context.passphrase)?;
    add_signature(&mut file.transaction, file.multi_sig.as_ref(), &key)?;
    drop(key);
    write(&file, arguments.out.as_deref().unwrap_or(&arguments.file))
}

pub(super) fn run_combine(context: &Context, arguments: &Combine) -> Result<Output, Failure> {
    let mut joined: Option<TransactionFile> = None;
    for path in &arguments.files {
        let file = TransactionFile::read(path, context.profile.network)?;
        joined = Some(match joined {
            None => file,
            Some(so_far) => TransactionFile {
                transaction: combine(&so_far.transaction, &file.transaction)?,
                ..so_far
            },
        });
    }
    match joined {
        Some(file) => write(&file, &arguments.out),
        None => Err(Failure::new(Kind::Usage, "name at least two files")),
    }
}

fn write(file: &TransactionFile, path: &Path) -> Result<Output, Failure> {
    file.write(path, Existing::Replace)?;
    let so_far = progress(&file.transaction);
    let document = SignedDocument {
        file: path.display().to_string(),
        signatures: so_far.found,
        required: so_far.required,
        complete: so_far.is_complete(),
    };
    let text = format!(
        "{}: {} of {} signatures\n",
        document.file, so_far.found, so_far.required
    );
    terminal::note(if so_far.is_complete() {
        "complete: send it with `recoup tx broadcast`"
    } else {
        "hand it to the next signer, for `recoup tx sign`"
    });
    Output::new(&document, text)
}

impl From<FileFormatError> for Failure {
    fn from(error: FileFormatError) -> Self {
        let hint = match &error {
            FileFormatError::File(file) if file.source.kind() == std::io::ErrorKind::AlreadyExists => {
                "name another file: one that may hold signatures is never overwritten"
            }
            FileFormatError::File(_) => "check the file's name and folder",
            FileFormatError::OtherChain { .. } => "choose the file's chain with --profile",
            _ => "ask for the file again: nothing was signed or sent",
        };
        Self::from_error(Kind::Usage, &error).hint(hint)
    }
}

impl From<SignatureError> for Failure {
    fn from(error: SignatureError) -> Self {
        let hint = match &error {
            SignatureError::Complete { .. } => "send it with `recoup tx broadcast`",
            SignatureError::Stranger | SignatureError::SignedAlready => {
                "choose the signer's wallet with --wallet"
            }
            SignatureError::OutOfOrder => {
                "begin anew with the unsigned file, and sign in the order of the keys"
            }
            SignatureError::NotCombinable => "sign the one file, one after the other",
            _ => "nothing was signed; ask for the file again",
        };
        Self::from_error(Kind::Refused, &error).hint(hint)
    }
}
