//! From the inbox, or an archive, to the tables.

mod archived;
mod follow;
mod message;
mod store;
mod upkeep;
mod window;
mod worker;

pub use message::{NEW_BLOCK, NEW_BURN_BLOCK, REPLAYED_BLOCK, is_followed};
pub use upkeep::Retention;
pub use window::Window;
pub use worker::{Ingest, IngestSettings, RootRule};
