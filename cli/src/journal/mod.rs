//! The durable record of every transaction that was ever signed here: written before anything is sent, so that no
//! interruption can make a refund forgotten or paid twice.
//!
//! One file a network, append-only, one record a line:
//!
//! ```text
//! <32 hexadecimal digits> <JSON>\n
//! ```
//!
//! The first line's JSON is the header `{"journal":"recoup","version":1,"network":".."}`, every other a [`Record`].
//! The digits are the first 16 bytes of a SHA-256 chain: the digest before, then this line's JSON. A changed, missing or
//! moved line breaks the chain, and the journal is refused. A last line without its line feed is what an interrupted
//! append leaves; its record was never acted upon, so it is dropped.
//!
//! Version 1 may get new sorts of intent (`refund-many` is one): what was written before stays as it is, and a program that
//! does not know one refuses the whole journal, by the line's number, rather than sign beside what it cannot judge.
//!
//! States of an entry, in their usual order (`planned` is what an entry is before it is signed: it is not written,
//! because nothing exists yet that could be paid):
//!
//! | state | meaning | nonce |
//! |---|---|---|
//! | `signed` | may have reached a node, or not: the process may have stopped in between | taken |
//! | `broadcast` | a node accepted it | taken |
//! | `included` | its effect was seen in the contract at a block | used |
//! | `final` | so long ago that no fork is expected to undo it | used |
//! | `failed` | at `node`: refused by the node, never sent on. At `chain`: executed without effect | free, or used |
//! | `replaced` | another transaction took its nonce | used |
//! | `orphaned` | a fork undid what was seen; it can be included again | taken |

mod entry;
mod file;
mod line;
mod record;

pub use entry::{Book, BookError, Entry, State};
pub use file::{Journal, JournalError, LockedJournal};
pub use line::LineError;
pub use record::{
    BatchIntent, BatchLine, Change, FailedAt, Inclusion, Intent, InvoiceIntent, PaymentIntent, Record,
    RefundIntent, SignedTransaction,
};

#[cfg(test)]
mod tests;
