//! The result file: JSON Lines, one object for each line of the list, in its order, always whole and on disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::text::Reference;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::Txid;
use serde::{Deserialize, Serialize};

use super::list::Line;
use crate::failure::{Failure, Kind};
use crate::home::{Existing, FileError, write_whole};

/// How far a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not in a transaction yet.
    Planned,
    /// In a transaction that is signed and not in a block yet, as far as is known.
    Sent,
    /// Paid by this run.
    Included,
    /// Was paid before.
    AlreadyDone,
    /// Not paid, and why.
    Failed,
}

impl Status {
    /// The word in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sent => "sent",
            Self::Included => "included",
            Self::AlreadyDone => "already-done",
            Self::Failed => "failed",
        }
    }
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineResult {
    /// The line in the list.
    pub line: u64,
    /// Its reference.
    pub reference: Reference,
    /// Its invoice.
    pub invoice_id: InvoiceId,
    /// Its payer.
    pub payer: Principal,
    /// How far it is.
    pub status: Status,
    /// The refund, as the contract numbers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<RefundId>,
    /// The transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub txid: Option<Txid>,
    /// Why it is not paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// All lines' results, and their file.
#[derive(Debug)]
pub struct Results {
    path: PathBuf,
    lines: BTreeMap<u64, LineResult>,
}

impl Results {
    /// The results of a list of which nothing is known yet. Writes nothing.
    ///
    /// # Errors
    /// When there is a file of that name which is no result file: it may be the list itself.
    pub fn of(path: PathBuf, lines: &[Line]) -> Result<Self, Failure> {
        check_existing(&path)?;
        let result = |line: &Line| LineResult {
            line: line.number,
            reference: line.reference.clone(),
            invoice_id: line.invoice_id,
            payer: line.payer.clone(),
            status: Status::Planned,
            refund_id: None,
            txid: None,
            error: None,
        };
        let lines = lines.iter().map(|line| (line.number, result(line))).collect();
        Ok(Self { path, lines })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All lines, in the list's order.
    pub fn lines(&self) -> impl Iterator<Item = &LineResult> {
        self.lines.values()
    }

    /// Changes what is known of a line.
    pub fn set(&mut self, line: u64, status: Status, refund_id: Option<RefundId>, txid: Option<Txid>) {
        if let Some(result) = self.lines.get_mut(&line) {
            (result.status, result.refund_id, result.txid, result.error) = (status, refund_id, txid, None);
        }
    }

    /// Says why a line is not paid.
    pub fn fail(&mut self, line: u64, txid: Option<Txid>, error: &str) {
        self.set(line, Status::Failed, None, txid);
        if let Some(result) = self.lines.get_mut(&line) {
            result.error = Some(error.to_owned());
        }
    }

    /// Writes the file anew, in one step, and waits until it is on disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self) -> Result<(), Failure> {
        let mut text = Vec::new();
        for line in self.lines.values() {
            serde_json::to_writer(&mut text, line)
                .map_err(|error| Failure::from_error(Kind::Internal, &error))?;
            text.push(b'\n');
        }
        write_whole(&self.path, &text, Existing::Replace).map_err(|error| {
            Failure::from(error)
                .hint("what was sent stands in the journal: name another file with --results and run again")
        })
    }
}

fn check_existing(path: &Path) -> Result<(), Failure> {
    let mut first = String::new();
    let read = File::open(path).and_then(|file| BufReader::new(file.take(1 << 16)).read_line(&mut first));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::InvalidData => {
            Err(FileError::new("read", path)(error).into())
        }
        Ok(0) => Ok(()),
        Ok(_) if serde_json::from_str::<LineResult>(&first).is_ok() => Ok(()),
        _ => Err(Failure::new(
            Kind::Usage,
            format!("{} is there and is no result file", path.display()),
        )
        .hint("name another file with --results: this one is not touched")),
    }
}
