//! The durable record of every transaction that was ever signed here: written before anything is sent, so that no
//! interruption can make a refund forgotten or paid twice.
//!
//! One file a network, append-only, one record a line:
//!
//! ```text
//! <32 hexadecimal digits> <JSON>\n
//! ```
//!
//! The first line's JSON is the header `{"journal":"recoup","version":2,"network":".."}`, every other a [`Record`].
//! The digits are the first 16 bytes of a SHA-256 chain: the digest before, then this line's JSON. A changed, missing or
//! moved line breaks the chain, and the journal is refused. A last line without its line feed is what an interrupted
//! append leaves; its record was never acted upon, so it is dropped.
//!
//! Version 2 may get new sorts of intent: what was written before stays as it is, and a program that does not know one
//! refuses the whole journal, by the line's number, rather than sign beside what it cannot judge.
//!
//! The states of an entry and the transitions between them stand in [`Stage`] and [`TRANSITIONS`], and for people in
//! docs/JOURNAL.md. A journal with an impossible transition is damaged, too.

mod act;
mod entry;
mod file;
mod line;
mod record;
mod stage;

pub use act::{Act, ActIntent};
pub use entry::{Book, BookError, Draft, Entry, State};
pub use file::{Journal, JournalError, LockedJournal};
pub use line::LineError;
pub use record::{
    Approval, ApprovalTerms, BatchIntent, BatchLine, Change, FailedAt, Inclusion, Intent, InvoiceIntent,
    PaymentIntent, Record, RefundIntent, SignedTransaction,
};
pub use stage::{Stage, Step, TRANSITIONS};

#[cfg(test)]
mod tests;
