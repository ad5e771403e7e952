//! One block type for every source: the same chain gives the same rows, however it came. No I/O.

mod block;
mod from_observer;
mod from_replay;
mod satellites;
mod transfer;

pub use block::{CoreEvent, EventId, NormalisedBlock, SatellitePrint};
pub use from_observer::{block_from_observer, burn_header_from_observer};
pub use from_replay::{PulledBlock, ReplayHead, pulled_body};
pub use satellites::{SatelliteEvent, Satellites};
