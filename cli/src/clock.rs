//! The machine's clock. Nothing is decided by it: it only dates the journal's lines, and tells people about when.

use chrono::{DateTime, FixedOffset, Local, Utc};

/// Now. Tests set the clock wrong by `RECOUP_CLOCK_OFFSET_S` seconds, in the build with failpoints alone.
#[cfg(feature = "failpoints")]
pub(crate) fn now() -> DateTime<Utc> {
    let offset = std::env::var("RECOUP_CLOCK_OFFSET_S")
        .ok()
        .and_then(|seconds| chrono::TimeDelta::try_seconds(seconds.parse().ok()?));
    let now = Utc::now();
    offset
        .and_then(|offset| now.checked_add_signed(offset))
        .unwrap_or(now)
}

/// Now.
#[cfg(not(feature = "failpoints"))]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A time as people read it, with its zone.
pub(crate) fn shown(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Now, in this machine's zone (`TZ`).
pub(crate) fn local() -> DateTime<FixedOffset> {
    now().with_timezone(&Local).fixed_offset()
}

/// A time in its zone: `UTC`, or how far off that it is.
pub(crate) fn with_zone(time: DateTime<FixedOffset>, format: &str) -> String {
    let zone = if time.offset().local_minus_utc() == 0 {
        " UTC".to_owned()
    } else {
        time.format(" %:z").to_string()
    };
    time.format(format).to_string() + &zone
}
