//! How this process is doing, as far as the tables cannot tell.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Condition;
use crate::metrics::Metrics;

/// Shared by the parts of a process.
#[derive(Debug, Clone, Default)]
pub struct Vitals {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    is_writer: AtomicBool,
    troubles: Mutex<BTreeMap<Condition, String>>,
    metrics: Metrics,
}

impl Vitals {
    /// What is counted and timed.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Whether this process writes.
    #[must_use]
    pub fn is_writer(&self) -> bool {
        self.shared.is_writer.load(Ordering::Relaxed)
    }

    /// Says whether this process writes.
    pub fn set_writer(&self, is_writer: bool) {
        self.shared.is_writer.store(is_writer, Ordering::Relaxed);
    }

    /// Something is wrong from now on.
    pub fn suffers(&self, condition: Condition, detail: &str) {
        self.troubles(|troubles| troubles.insert(condition, detail.to_owned()));
    }

    /// It is over, if it was.
    pub fn is_over(&self, condition: Condition) {
        self.troubles(|troubles| troubles.remove(&condition));
    }

    /// What is wrong now.
    #[must_use]
    pub fn current(&self) -> BTreeMap<Condition, String> {
        self.troubles(|troubles| troubles.clone())
    }

    fn troubles<T>(&self, work: impl FnOnce(&mut BTreeMap<Condition, String>) -> T) -> T {
        let mut troubles = self
            .shared
            .troubles
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        work(&mut troubles)
    }
}
