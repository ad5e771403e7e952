//! Sums of u128, which pass the greatest u128.

use std::fmt;

/// 10^19: two of its digits make every u128.
const BASE: u128 = 10_000_000_000_000_000_000;

/// A sum of amounts. Good for 10^19 of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    high: u128,
    low: u128,
}

impl Sum {
    pub(super) const fn add(&mut self, amount: u128) {
        let low = self.low + amount % BASE;
        self.high += amount / BASE + low / BASE;
        self.low = low % BASE;
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.high == 0 {
            self.low.fmt(f)
        } else {
            write!(f, "{}{:019}", self.high, self.low)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn is_exact_beyond_the_greatest_u128() {
        let mut sum = Sum::default();
        assert_eq!(sum.to_string(), "0");
        sum.add(u128::MAX);
        assert_eq!(sum.to_string(), u128::MAX.to_string());
        sum.add(u128::MAX);
        sum.add(3);
        assert_eq!(sum.to_string(), "680564733841876926926749214863536422913");
    }
}
