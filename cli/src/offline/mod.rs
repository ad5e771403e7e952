//! Transactions that are signed elsewhere: written to a file unsigned, carried to the signers, and brought back.
//!
//! What a signer is shown is read from the bytes to be signed, never from what the file says beside them.

mod file;
mod signatures;
mod summary;

pub use file::{FileFormatError, TransactionFile};
pub use signatures::{Progress, SignatureError, add_signature, combine, progress};
pub use summary::summary;
