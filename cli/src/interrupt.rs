//! Ctrl-C, and a polite request to end: whatever the program does then, the user is told what was done and how to go on.
//!
//! The process is ended by a thread of its own, because the main one may be asking something, or waiting for a server. To
//! end it anywhere is safe: the journal is written before anything is sent.

use std::io;
use std::os::fd::AsFd as _;
use std::sync::{Arc, OnceLock};
use std::thread;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Kind;
use crate::journal::{Book, Entry, Journal};
use crate::terminal;

/// Exit code of an interrupted command that left nothing to finish, as shells have it: 128 and the signal's number.
const NOTHING_DONE: i32 = 130;
/// Transactions that are listed; more are counted.
const LISTED: usize = 5;

/// What has to be known when the signal comes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt {
    journal: Arc<OnceLock<Journal>>,
}

impl Interrupt {
    /// Waits for signals from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn install() -> io::Result<Self> {
        let interrupt = Self::default();
        // A hidden prompt switches the echo off: the terminal is given back as it was.
        let terminal = tcgetattr(io::stdin().as_fd()).ok();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let watched = interrupt.clone();
        thread::spawn(move || {
            if signals.forever().next().is_some() {
                watched.end(terminal.as_ref());
            }
        });
        Ok(interrupt)
    }

    /// Names the journal that this process writes to.
    pub(crate) fn watch(&self, journal: &Journal) {
        // There is one context a process; a second one has the same journal.
        let _ = self.journal.set(journal.clone());
    }

    fn end(&self, before: Option<&Termios>) -> ! {
        if let Some(before) = before {
            // It may be gone.
            let _ = tcsetattr(io::stdin().as_fd(), OptionalActions::Now, before);
        }
        terminal::clear_progress();
        eprintln!();
        // Locked, so that nothing is signed between what is said here and the end of the process.
        let journal = self
            .journal
            .get()
            .filter(|journal| journal.path().exists())
            .map(Journal::lock);
        let code = match &journal {
            Some(Ok(journal)) => tell(journal.book()),
            Some(Err(error)) => {
                terminal::warn(&format!("interrupted, and the journal cannot be read: {error}"));
                i32::from(Kind::Internal.exit_code())
            }
            None => tell(&Book::default()),
        };
        std::process::exit(code)
    }
}

/// Ends the process as Ctrl-C does: for prompts that take the key for themselves.
pub(crate) fn end_process() -> ! {
    let _ = signal_hook::low_level::raise(SIGINT);
    loop {
        thread::park(); // the thread that waits for signals ends it
    }
}

/// Says what was done, and gives the exit code.
fn tell(book: &Book) -> i32 {
    let open: Vec<&Entry> = book
        .entries()
        .rev()
        .filter(|entry| entry.state.is_open())
        .collect();
    if open.is_empty() {
        terminal::note("interrupted: nothing is signed that is not settled");
        return NOTHING_DONE;
    }
    terminal::note("interrupted; signed and not settled yet:");
    for entry in open.iter().take(LISTED) {
        terminal::note(&format!(
            "  {} ({}, transaction {})",
            entry.intent.describe(),
            entry.state.as_str(),
            entry.transaction.txid
        ));
    }
    if let Some(more @ 1..) = open.len().checked_sub(LISTED) {
        terminal::note(&format!("  and {more} more"));
    }
    terminal::show("hint: run `recoup refund resume`, or the same command again: it can never pay twice\n");
    i32::from(Kind::Pending.exit_code())
}
