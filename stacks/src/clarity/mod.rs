//! Clarity values: the chain's data, in memory, in consensus bytes and in Clarity's own syntax.

mod access;
mod codec;
mod display;
mod tuple;
mod value;

pub use crate::name::ClarityName;
pub use access::AccessError;
pub use codec::{DecodeError, MAX_DEPTH, MAX_ENCODED_SIZE, MAX_VALUE_SIZE, ParseError};
pub use tuple::Tuple;
pub use value::{InvalidText, Value};
