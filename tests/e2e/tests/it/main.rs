//! End to end: the real binaries over the local chain and a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod audit;
mod crashes;
mod documents;
mod evidence;
#[cfg(target_os = "linux")]
mod footprint;
mod forks;
mod history;
mod interruptions;
#[path = "../../../../cli/tests/it/json_page.rs"]
#[expect(
    dead_code,
    reason = "the command line's own tests see to it that the page is whole"
)]
mod json_page;
#[cfg(target_os = "linux")]
mod leftovers;
mod manual;
mod questions;
mod sources;
mod verify;
mod world;
