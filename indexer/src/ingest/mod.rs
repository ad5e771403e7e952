//! From the inbox, or an archive, to the tables.

mod archived;
mod books;
mod changes;
mod checkpoints;
mod message;
mod pass;
mod phases;
mod satellites;
mod upkeep;
mod window;
mod worker;

pub use archived::{ArchivedMessage, UnreadMessage};
pub use message::{Decoder, Message, MessageError, NEW_BLOCK, NEW_BURN_BLOCK, REPLAYED_BLOCK, is_followed};
pub use phases::{Phase, Phases};
pub use upkeep::Retention;
pub use window::Window;
pub use worker::{Ingest, IngestSettings, RootRule};
