//! Read-only functions of `recoup-reserve`.

use recoup_stacks::address::Principal;
use recoup_stacks::clarity::{ClarityName, Value};
use recoup_stacks::hash::BurnHeight;

use super::{ReadOnly, optional_record, read_only};
use crate::amount::BaseUnits;
use crate::record::{Field, RecordError, record};
use crate::token::Token;

read_only! {
    /// What a merchant has in reserve.
    GetCoverage(
        /// Whose.
        merchant: Principal,
        /// In which token.
        token: Token
    ) = "get-coverage" => BaseUnits, BaseUnits::read;
    /// What a delegate may do; none if it is none.
    GetDelegate(
        /// Whose reserve.
        merchant: Principal,
        /// Who refunds.
        delegate: Principal,
        /// In which token.
        token: Token
    ) = "get-delegate" => Option<Delegate>, optional_record;
}

record! {
    /// What a delegate may refund, and what of it was used.
    pub struct Delegate {
        /// At most so much at once.
        per_refund: BaseUnits = "per-refund",
        /// At most so much in a period.
        per_period: BaseUnits = "per-period",
        /// Burn blocks.
        period: u64 = "period",
        /// Burn height; the next period starts with the first refund after this one ended.
        period_start: BurnHeight = "period-start",
        /// Refunded since `period_start`.
        spent: BaseUnits = "spent",
        /// First burn height at which the delegate cannot refund.
        expires_at: BurnHeight = "expires-at",
    }
}

impl Delegate {
    /// What the delegate may still refund at `burn_height`: nothing when it is over; a new period when the last one ended.
    #[must_use]
    pub fn left(&self, burn_height: BurnHeight) -> BaseUnits {
        if burn_height >= self.expires_at {
            return BaseUnits::ZERO;
        }
        let period_ended = burn_height.get() >= self.period_start.get().saturating_add(self.period);
        let spent = if period_ended { BaseUnits::ZERO } else { self.spent };
        BaseUnits(self.per_period.0.saturating_sub(spent.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_returns_with_the_period_and_ends_with_the_delegation() {
        let delegate = Delegate {
            per_refund: BaseUnits(50),
            per_period: BaseUnits(80),
            period: 100,
            period_start: BurnHeight(1000),
            spent: BaseUnits(70),
            expires_at: BurnHeight(1200),
        };
        let left = |height| delegate.left(BurnHeight(height)).0;
        assert_eq!(left(1000), 10);
        assert_eq!(left(1099), 10);
        assert_eq!(left(1100), 80);
        assert_eq!(left(1199), 80);
        assert_eq!(left(1200), 0);
    }
}
