//! From the inbox to the tables.

mod follow;
mod message;
mod store;
mod window;
mod worker;

pub use message::{Message, MessageError};
pub use window::Window;
pub use worker::{Ingest, IngestSettings, RootRule};
