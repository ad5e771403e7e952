//! Places where end-to-end tests stop the process dead. Built only with the feature `failpoints`.

/// Aborts if `RECOUP_FAILPOINT` names this place.
#[cfg(feature = "failpoints")]
pub(crate) fn reach(place: &str) {
    if std::env::var_os("RECOUP_FAILPOINT").is_some_and(|wanted| wanted == place) {
        eprintln!("failpoint {place}");
        std::process::abort();
    }
}

/// Does nothing: this build has no failpoints.
#[cfg(not(feature = "failpoints"))]
pub(crate) const fn reach(_place: &str) {}
