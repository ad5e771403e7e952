//! The crate against a real node's recorded traffic, against `@stacks/transactions`, and against nonsense.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail this way"
)]

mod generated;
mod handmade;
mod malformed;
mod recorded_events;
mod recorded_proofs;
mod recorded_rpc;
mod replay_server;
mod stacks_js;
mod stacks_js_input;

use std::path::{Path, PathBuf};

/// The root of the repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}
