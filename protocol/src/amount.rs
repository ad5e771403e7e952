//! Amounts: whole base units inside (micro-STX, sats of sBTC), decimals only where people read and type them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A sum in a token's smallest unit. JSON: a decimal string, because a u128 does not survive a JSON number.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaseUnits(pub u128);

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most one point.
    #[error("not an amount: `{0}` (write it like 12 or 1.5)")]
    NotANumber(String),
    /// More digits after the point than the token has.
    #[error("`{text}` has more than {decimals} digits after the point, and the token has no smaller unit")]
    TooPrecise {
        /// What was typed.
        text: String,
        /// The token's decimals.
        decimals: u8,
    },
    /// Above the largest u128.
    #[error("`{0}` is more than any token can hold")]
    TooLarge(String),
    /// Not a percentage above 0 and up to 100.
    #[error("not a percentage: `{0}` (write it like 25% or 12.5%, above 0 and at most 100)")]
    NotAPercentage(String),
}

impl BaseUnits {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads what a person typed ("1.5") in a token of `decimals` digits. No sign, no exponent, no grouping, no rounding.
    ///
    /// # Errors
    /// [`AmountError`] says which rule the text breaks.
    pub fn parse_decimal(text: &str, decimals: u8) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let dangling_point = text.contains('.') && fraction.is_empty();
        if whole.is_empty() || dangling_point || !is_digits(whole) || !is_digits(fraction) {
            return Err(AmountError::NotANumber(text.to_owned()));
        }
        let places = usize::from(decimals);
        if fraction.len() > places {
            return Err(AmountError::TooPrecise {
                text: text.to_owned(),
                decimals,
            });
        }
        let digits = format!("{whole}{fraction:0<places$}");
        digits
            .parse()
            .map(Self)
            .map_err(|_| AmountError::TooLarge(text.to_owned()))
    }

    /// How a person reads it in a token of `decimals` digits: no trailing zeros, no grouping, exact.
    #[must_use]
    pub fn to_decimal(self, decimals: u8) -> String {
        with_point(&self.0.to_string(), decimals)
    }

    /// `self + other`, or `None` above the largest u128.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// `self - other`, or `None` below zero.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Whether this is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for BaseUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for BaseUnits {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse_decimal(text, 0)
    }
}

impl Serialize for BaseUnits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BaseUnits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A share of an amount, in hundredths of a per cent: above 0 and at most 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentage(u128);

impl Percentage {
    const WHOLE: u128 = 10_000;

    /// The share of `amount`, rounded down to a base unit: a refund never exceeds what was asked for.
    #[must_use]
    pub fn of(self, amount: BaseUnits) -> BaseUnits {
        // Split so that no product leaves u128: amount = quotient * WHOLE + remainder.
        let quotient = amount.0 / Self::WHOLE;
        let remainder = amount.0 % Self::WHOLE;
        BaseUnits(
            quotient
                .saturating_mul(self.0)
                .saturating_add(remainder.saturating_mul(self.0) / Self::WHOLE),
        )
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", BaseUnits(self.0).to_decimal(2))
    }
}

impl FromStr for Percentage {
    type Err = AmountError;

    /// Reads "25%" or "12.5%"; at most two digits after the point.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || AmountError::NotAPercentage(text.to_owned());
        let number = text.strip_suffix('%').ok_or_else(wrong)?;
        let share = BaseUnits::parse_decimal(number.trim_end(), 2).map_err(|_| wrong())?;
        if share.is_zero() || share.0 > Self::WHOLE {
            Err(wrong())
        } else {
            Ok(Self(share.0))
        }
    }
}

/// Digits of base units with the point of a token of `decimals` digits: no trailing zeros, no grouping.
pub(crate) fn with_point(digits: &str, decimals: u8) -> String {
    let places = usize::from(decimals);
    let digits = format!("{digits:0>width$}", width = places.saturating_add(1));
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(places));
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_type_decimals() {
        let read = |text| BaseUnits::parse_decimal(text, 6).map(|amount| amount.0);
        assert_eq!(read("1.5"), Ok(1_500_000));
        assert_eq!(read("0.000001"), Ok(1));
        assert_eq!(read("007"), Ok(7_000_000));
        assert!(matches!(read("0.0000001"), Err(AmountError::TooPrecise { .. })));
        assert_eq!(read("340282366920938463463374607431768.211455"), Ok(u128::MAX));
        let one_more = read("340282366920938463463374607431768.211456");
        assert!(matches!(one_more, Err(AmountError::TooLarge(_))));
        for wrong in [
            "", ".", "1.", ".5", "-1", "+1", "1e6", "1,5", "1_000", "0x10", " 1", "1.5.0", "١",
        ] {
            assert!(matches!(read(wrong), Err(AmountError::NotANumber(_))), "{wrong}");
        }
    }

    #[test]
    fn people_read_decimals() {
        assert_eq!(BaseUnits(1_500_000).to_decimal(6), "1.5");
        assert_eq!(BaseUnits(1).to_decimal(8), "0.00000001");
        assert_eq!(BaseUnits(0).to_decimal(6), "0");
        assert_eq!(BaseUnits(12).to_decimal(0), "12");
        assert_eq!(BaseUnits(u128::MAX).to_decimal(0), u128::MAX.to_string());
    }

    #[test]
    fn percentages_round_down_and_never_overflow() {
        let share = |text: &str| text.parse::<Percentage>();
        assert_eq!(share("25%").unwrap().of(BaseUnits(101)), BaseUnits(25));
        assert_eq!(share("12.5%").unwrap().of(BaseUnits(1000)), BaseUnits(125));
        assert_eq!(share("12.50%").unwrap().to_string(), "12.5%");
        assert_eq!(
            share("100%").unwrap().of(BaseUnits(u128::MAX)),
            BaseUnits(u128::MAX)
        );
        for wrong in ["25", "0%", "100.01%", "-5%", "1.234%", "%", "a%"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn json_holds_strings_only() {
        assert_eq!(
            serde_json::to_string(&BaseUnits(u128::MAX)).unwrap(),
            format!("\"{}\"", u128::MAX)
        );
        assert!(serde_json::from_str::<BaseUnits>("12").is_err());
        assert!(serde_json::from_str::<BaseUnits>("\"1.2\"").is_err());
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(units: u128, decimals in 0_u8..=38) {
            let amount = BaseUnits(units);
            prop_assert_eq!(BaseUnits::parse_decimal(&amount.to_decimal(decimals), decimals), Ok(amount));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC*", decimals: u8) {
            let _ = BaseUnits::parse_decimal(&text, decimals);
            let _ = text.parse::<Percentage>();
        }
    }
}
