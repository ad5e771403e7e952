//! Places where end-to-end tests stop the process dead. Built only with the feature `failpoints`.

#[cfg(feature = "failpoints")]
pub(crate) use active::{reach, reach_after};
#[cfg(not(feature = "failpoints"))]
pub(crate) use inactive::{reach, reach_after};

#[cfg(feature = "failpoints")]
mod active {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static PASSED: AtomicUsize = AtomicUsize::new(0);

    /// Aborts if `RECOUP_FAILPOINT` names this place: `after-broadcast`, or `after-broadcast:3` to die there the third time.
    pub(crate) fn reach(place: &str) {
        reach_after(place, || {});
    }

    /// The same, after one last act.
    pub(crate) fn reach_after(place: &str, last_act: impl FnOnce()) {
        let wanted = std::env::var("RECOUP_FAILPOINT").unwrap_or_default();
        let (name, turn) = wanted.split_once(':').unwrap_or((&wanted, "1"));
        if name != place {
            return;
        }
        let passed = PASSED.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if turn.parse() == Ok(passed) {
            last_act();
            eprintln!("failpoint {place}");
            std::process::abort();
        }
    }
}

#[cfg(not(feature = "failpoints"))]
mod inactive {
    /// Does nothing: this build has no failpoints.
    pub(crate) const fn reach(_place: &str) {}

    /// Does nothing, not even the last act.
    pub(crate) fn reach_after(_place: &str, _last_act: impl FnOnce()) {}
}
