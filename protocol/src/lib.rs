//! Recoup's contracts as Rust: calls, events, errors, ids, amounts, the API's JSON types. No I/O.

pub mod amount;
pub mod api;
pub mod calls;
pub mod checkpoint;
pub mod contracts;
pub mod error;
pub mod events;
pub mod ids;
pub mod limits;
pub mod maps;
pub mod reads;
pub mod record;
#[cfg(feature = "schema")]
mod schema;
pub mod status;
pub mod sum;
pub mod text;
pub mod token;
pub mod transfer;
