//! What burn heights come to in days, for people. Bitcoin makes a block about every ten minutes: nothing is decided by it.

use chrono::{DateTime, FixedOffset, TimeDelta};
use recoup_stacks::hash::BurnHeight;

use crate::clock;

const MINUTES_A_BLOCK: u64 = 10;
const MINUTES_AN_HOUR: u64 = 60;
const MINUTES_A_DAY: u64 = 24 * MINUTES_AN_HOUR;

/// A number of burn blocks, as in `4320 burn blocks (about 30 days)`.
pub(crate) fn span(blocks: u64) -> String {
    format!("{blocks} burn blocks ({})", about(blocks))
}

/// A height of which the chain is at `now`, as in `burn height 4421 (about 30 days, until about 2026-12-21 15:10 +01:00)`.
/// The time is of this machine's zone (`TZ`).
pub(crate) fn until(height: BurnHeight, now: BurnHeight) -> String {
    until_at(height, now, clock::local())
}

/// The same in a table: `burn height 4421, about 2026-12-21 15:10 +01:00`.
pub(crate) fn moment(height: BurnHeight, now: BurnHeight) -> String {
    match blocks_left(height, now).and_then(|blocks| time_after(clock::local(), blocks)) {
        Some(time) => format!("burn height {height}, about {time}"),
        None => format!("burn height {height}, passed"),
    }
}

fn until_at(height: BurnHeight, now: BurnHeight, clock: DateTime<FixedOffset>) -> String {
    let Some(blocks) = blocks_left(height, now) else {
        return format!("burn height {height} (passed)");
    };
    match time_after(clock, blocks) {
        Some(time) => format!("burn height {height} ({}, until about {time})", about(blocks)),
        None => format!("burn height {height} ({})", about(blocks)),
    }
}

fn blocks_left(height: BurnHeight, now: BurnHeight) -> Option<u64> {
    height.get().checked_sub(now.get()).filter(|blocks| *blocks > 0)
}

fn time_after(clock: DateTime<FixedOffset>, blocks: u64) -> Option<String> {
    let minutes = i64::try_from(blocks.checked_mul(MINUTES_A_BLOCK)?).ok()?;
    let time = clock.checked_add_signed(TimeDelta::try_minutes(minutes)?)?;
    Some(clock::with_zone(time, "%Y-%m-%d %H:%M"))
}

fn about(blocks: u64) -> String {
    let minutes = blocks.saturating_mul(MINUTES_A_BLOCK);
    let (count, unit) = match minutes {
        0..=119 => (minutes, "minute"),
        120..=2879 => (rounded(minutes, MINUTES_AN_HOUR), "hour"),
        _ => (rounded(minutes, MINUTES_A_DAY), "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("about {count} {unit}{plural}")
}

fn rounded(minutes: u64, unit: u64) -> u64 {
    minutes.saturating_add(unit / 2) / unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, height: u64, now: u64) -> String {
        let clock = DateTime::parse_from_rfc3339(text).unwrap();
        until_at(BurnHeight(height), BurnHeight(now), clock)
    }

    #[test]
    fn a_span_is_told_in_the_unit_that_fits() {
        for (blocks, text) in [
            (1, "about 10 minutes"),
            (11, "about 110 minutes"),
            (12, "about 2 hours"),
            (144, "about 24 hours"),
            (287, "about 48 hours"),
            (288, "about 2 days"),
            (4320, "about 30 days"),
            (u64::MAX, "about 12810238940076077 days"),
        ] {
            assert_eq!(about(blocks), text, "{blocks}");
        }
    }

    #[test]
    fn a_time_has_its_zone_and_a_height_that_is_over_has_none() {
        assert_eq!(
            at("2026-11-21T10:00:00Z", 4421, 101),
            "burn height 4421 (about 30 days, until about 2026-12-21 10:00 UTC)"
        );
        assert_eq!(
            at("2026-11-21T23:55:00+05:30", 102, 101),
            "burn height 102 (about 10 minutes, until about 2026-11-22 00:05 +05:30)"
        );
        assert_eq!(at("2026-11-21T10:00:00Z", 101, 101), "burn height 101 (passed)");
        let far = at("2026-11-21T10:00:00Z", u64::MAX, 0);
        assert!(far.ends_with("days)"), "{far}");
    }
}
