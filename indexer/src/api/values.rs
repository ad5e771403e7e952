//! What single parameters take.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use recoup_protocol::ids::{InvoiceId, ParseIdError};
use recoup_protocol::status::InvoiceStatus;
use recoup_stacks::hash::BurnHeight;

use crate::db::refund::{RefundOrder, RefundStatus};

/// Rows of a page when nobody says how many.
pub(super) const DEFAULT_LIMIT: u32 = 50;
/// Most rows of a page.
pub(super) const MAX_LIMIT: u32 = 500;
/// Most characters of a search; a reason has no more.
const MAX_WORDS: usize = 500;

/// An invoice id that fits its column.
pub(super) struct BoundedId(pub(super) InvoiceId);

impl FromStr for BoundedId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let id: InvoiceId = text.parse().map_err(|error: ParseIdError| error.to_string())?;
        i64::try_from(id.0)
            .map(|_| Self(id))
            .map_err(|_| "no invoice can have this id".to_owned())
    }
}

/// A burn height that fits its column.
pub(super) struct Height(pub(super) BurnHeight);

impl FromStr for Height {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let height = text.parse().ok().filter(|_| is_plain);
        height
            .filter(|height: &u64| i64::try_from(*height).is_ok_and(|height| height < i64::MAX))
            .map(|height| Self(BurnHeight(height)))
            .ok_or("must be a burn height, a number from 0")
    }
}

/// A moment.
pub(super) struct Time(pub(super) DateTime<Utc>);

impl FromStr for Time {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text)
            .map(|time| Self(time.to_utc()))
            .map_err(|_| "must be a time like 2026-11-21T10:00:00Z (RFC 3339; a + is written %2B)")
    }
}

/// A day in UTC.
pub(super) struct Day(pub(super) NaiveDate);

impl FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        // One spelling, and years of four digits.
        day.filter(|day| day.to_string() == text && text.len() == 10)
            .map(Self)
            .ok_or("must be a day like 2026-11-21")
    }
}

/// Words of one of these.
macro_rules! word {
    ($name:ident($kind:ty), $expected:literal, $($word:literal => $value:expr),+) => {
        pub(super) struct $name(pub(super) $kind);

        impl FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self($value)),)+
                    _ => Err($expected),
                }
            }
        }
    };
}

word!(
    StatusWord(RefundStatus),
    "must be seen, final or orphaned; without it, seen and final are listed",
    "seen" => RefundStatus::Seen,
    "final" => RefundStatus::Final,
    "orphaned" => RefundStatus::Orphaned
);
word!(
    OrderWord(RefundOrder),
    "must be newest, oldest, largest or smallest",
    "newest" => RefundOrder::Newest,
    "oldest" => RefundOrder::Oldest,
    "largest" => RefundOrder::Largest,
    "smallest" => RefundOrder::Smallest
);
word!(
    BucketWord(Bucket),
    "must be day or burn",
    "day" => Bucket::Day,
    "burn" => Bucket::Burn
);

/// What a bucket of a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bucket {
    /// A day, in UTC.
    Day,
    /// A number of burn blocks.
    Burn,
}

/// The status of an invoice.
pub(super) struct InvoiceStatusWord(pub(super) InvoiceStatus);

impl FromStr for InvoiceStatusWord {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        InvoiceStatus::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .map(Self)
            .ok_or("must be open, partially-paid, paid, expired, cancelled or refunded")
    }
}

/// Words to look for.
pub(super) struct Words(pub(super) String);

impl FromStr for Words {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.chars().count() > MAX_WORDS {
            Err(format!("takes at most {MAX_WORDS} characters"))
        } else if text.chars().any(char::is_alphanumeric) {
            Ok(Self(text.to_owned()))
        } else {
            Err("holds no word to look for".to_owned())
        }
    }
}

/// A number within bounds.
pub(super) struct Number<const LEAST: u32, const GREATEST: u32>(pub(super) u32);

impl<const LEAST: u32, const GREATEST: u32> FromStr for Number<LEAST, GREATEST> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if is_plain && (LEAST..=GREATEST).contains(&number) => Ok(Self(number)),
            _ => Err(format!("must be a number from {LEAST} to {GREATEST}")),
        }
    }
}

/// How many rows a page has.
pub(super) type Limit = Number<1, MAX_LIMIT>;

impl fmt::Display for RefundOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Largest => "largest",
            Self::Smallest => "smallest",
        })
    }
}
