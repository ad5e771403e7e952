//! End to end: the real binaries over the local chain and a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod crashes;
mod forks;
mod world;
