//! What this crate says of the contracts, held against the contracts.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what is not as expected is to end the test, in its helpers too"
)]

mod checkpoint;
mod contract_interface;
mod contract_source;
mod orders;
mod round_trip;
mod satellite_events;
mod simnet_events;
