//! The merchant's key, encrypted on disk.

mod envelope;
mod hexadecimal;
mod phrase;
mod wallet;

pub use envelope::{EnvelopeError, Stretching};
pub use phrase::PhraseError;
pub use wallet::{Keystore, KeystoreError, Secret, WalletFile, WalletName};
