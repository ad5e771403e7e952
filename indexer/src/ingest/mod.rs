//! From the inbox to the tables.

mod follow;
mod forest;
mod message;
mod store;
mod worker;

pub use message::{Message, MessageError};
pub use worker::{Ingest, IngestSettings, RootRule};
