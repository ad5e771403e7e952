//! What this crate says of the contracts, held against the contracts.

mod contract_interface;
mod contract_source;
mod round_trip;
mod simnet_events;
