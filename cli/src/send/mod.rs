//! Signing and sending transactions, and following them to a block.

mod fee;

pub use fee::{Fee, FeeError, FeeFacts};
