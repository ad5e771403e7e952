//! Names that the contract gives: dense from 1, valid on one fork only until final.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id: `{0}` (a whole number from 1 is needed)")]
pub struct ParseIdError(String);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                match text.parse() {
                    Ok(id) if digits && id > 0 => Ok(Self(id)),
                    _ => Err(ParseIdError(text.to_owned())),
                }
            }
        }
    };
}

id!(
    /// An invoice, as `recoup-core` numbers it.
    InvoiceId
);
id!(
    /// A refund, as `recoup-core` numbers it.
    RefundId
);
id!(
    /// A plan, as `recoup-subscriptions` numbers it.
    PlanId
);

/// A subscription, as whoever created the invoice for it numbers it: an operator's own number, so any u128 is possible.
/// JSON: a decimal string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(pub u128);

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SubscriptionId {
    type Err = ParseIdError;

    /// Reads the number of a subscription of `recoup-subscriptions`, which counts from 1.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(id) if digits && id > 0 => Ok(Self(id)),
            _ => Err(ParseIdError(text.to_owned())),
        }
    }
}

impl Serialize for SubscriptionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SubscriptionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_whole_numbers_from_one() {
        assert_eq!("12".parse(), Ok(InvoiceId(12)));
        for wrong in [
            "",
            "0",
            "-1",
            "+1",
            "1.0",
            " 1",
            "1e3",
            "18446744073709551616",
            "x",
        ] {
            assert!(wrong.parse::<InvoiceId>().is_err(), "{wrong}");
        }
    }
}
