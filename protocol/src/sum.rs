//! Sums of amounts: more than any one amount can be.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::amount::{BaseUnits, with_point};

/// A sum of amounts in a token's smallest unit. Each amount may be any u128, so a sum of two already exceeds one; this
/// holds 10^38 of the largest. JSON: a decimal string.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sum {
    /// How many times [`LIMB`].
    high: u128,
    /// Below [`LIMB`].
    low: u128,
}

/// A power of ten, so that both parts print as digits, and small enough that two of them add up within a u128.
const LIMB: u128 = 10_u128.pow(LIMB_DIGITS);
const LIMB_DIGITS: u32 = 36;

/// A text that is not a sum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a sum: only digits are, without leading zeros, at most 74 of them")]
pub struct ParseSumError;

impl Sum {
    /// The sum with one more amount.
    #[must_use]
    pub const fn plus(self, amount: BaseUnits) -> Self {
        let low = self.low.saturating_add(amount.0 % LIMB);
        Self {
            high: self
                .high
                .saturating_add(amount.0 / LIMB)
                .saturating_add(low / LIMB),
            low: low % LIMB,
        }
    }

    /// How a person reads it in a token of `decimals` digits, as [`BaseUnits::to_decimal`] does an amount.
    #[must_use]
    pub fn to_decimal(self, decimals: u8) -> String {
        with_point(&self.to_string(), decimals)
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.high == 0 {
            write!(f, "{}", self.low)
        } else {
            write!(f, "{}{:036}", self.high, self.low)
        }
    }
}

impl FromStr for Sum {
    type Err = ParseSumError;

    fn from_str(text: &str) -> Result<Self, ParseSumError> {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_plain || (text.starts_with('0') && text != "0") || text.len() > 74 {
            return Err(ParseSumError);
        }
        let places = usize::try_from(LIMB_DIGITS).map_err(|_| ParseSumError)?;
        let (high, low) = text
            .split_at_checked(text.len().saturating_sub(places))
            .ok_or(ParseSumError)?;
        let part = |digits: &str| match digits {
            "" => Ok(0),
            digits => digits.parse().map_err(|_| ParseSumError),
        };
        Ok(Self {
            high: part(high)?,
            low: part(low)?,
        })
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn goes_beyond_the_largest_amount() {
        let largest = BaseUnits(u128::MAX);
        let sum = Sum::default().plus(largest).plus(largest);
        assert_eq!(sum.to_string(), "680564733841876926926749214863536422910");
        assert_eq!(serde_json::to_string(&sum).unwrap(), format!("\"{sum}\""));
        assert_eq!(sum.to_decimal(6), "680564733841876926926749214863536.42291");
        for wrong in ["", "+1", "-1", "01", "1.0", "x"] {
            assert!(wrong.parse::<Sum>().is_err(), "{wrong}");
        }
        assert!("1".repeat(75).parse::<Sum>().is_err());
    }

    proptest! {
        #[test]
        fn prints_and_reads_back_the_same(amounts in prop::collection::vec(any::<u128>(), 0..20)) {
            let sum = amounts.iter().fold(Sum::default(), |sum, amount| sum.plus(BaseUnits(*amount)));
            prop_assert_eq!(sum.to_string().parse::<Sum>().unwrap(), sum);
            let halves: Vec<u128> = amounts.iter().map(|amount| amount / 32).collect();
            let plain: u128 = halves.iter().sum();
            let sum = halves.iter().fold(Sum::default(), |sum, amount| sum.plus(BaseUnits(*amount)));
            prop_assert_eq!(sum.to_string(), plain.to_string());
        }
    }
}
