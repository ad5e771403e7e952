//! A client of the servers that are measured, all on this machine.

use std::time::Duration;

use ureq::Agent;

/// Longer than anything measured takes; a hanging server must still end the benchmark.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Keeps its connection, and gives every answer, failures too.
pub(crate) fn agent() -> Agent {
    let settings = Agent::config_builder()
        .timeout_global(Some(LIMIT))
        .http_status_as_error(false)
        .proxy(None);
    settings.build().into()
}
