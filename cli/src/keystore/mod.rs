//! The merchant's key, encrypted on disk.

mod envelope;
mod hexadecimal;
mod multi_sig;
mod name;
mod phrase;
mod secret;
mod wallet;

pub use envelope::{EnvelopeError, Stretching};
pub use multi_sig::{MultiSigPolicy, PolicyError, SigningOrder};
pub use name::WalletName;
pub use phrase::PhraseError;
pub use secret::Secret;
pub use wallet::{Keystore, KeystoreError, WalletFile};
