//! Sharing a sum in proportion, to the last base unit.

use std::cmp::Reverse;

use recoup_protocol::amount::BaseUnits;

/// Shares `total` in proportion to `weights`, which together are at least as much. Everybody gets the whole units of their
/// part; what is left goes, one unit each, to those with the largest remainders, and among equals to whoever stands first.
/// The shares sum up to `total`, and none is more than its weight. `None` when the weights are less than `total`, or are more
/// than 128 bits together.
#[must_use]
pub fn pro_rata(total: BaseUnits, weights: &[BaseUnits]) -> Option<Vec<BaseUnits>> {
    let sum = weights
        .iter()
        .try_fold(0u128, |sum, weight| sum.checked_add(weight.0))?;
    if total.0 > sum {
        return None;
    }
    let parts: Vec<(u128, u128)> = weights
        .iter()
        .map(|weight| multiply_divide(total.0, weight.0, sum))
        .collect();
    let given = parts.iter().map(|(whole, _)| whole).sum::<u128>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|index| Reverse(parts.get(*index).map(|(_, remainder)| *remainder)));
    let left = usize::try_from(total.0.saturating_sub(given)).ok()?;
    let mut shares: Vec<BaseUnits> = parts.iter().map(|(whole, _)| BaseUnits(*whole)).collect();
    for index in order.into_iter().take(left) {
        if let Some(share) = shares.get_mut(index) {
            share.0 = share.0.saturating_add(1);
        }
    }
    Some(shares)
}

/// `left * right / divisor` and its remainder, without a product of 256 bits. `right` is at most `divisor`. 0 of 0 is 0.
fn multiply_divide(left: u128, right: u128, divisor: u128) -> (u128, u128) {
    let (mut whole, mut remainder) = (0u128, 0u128);
    // Adds to the remainder what is at most the divisor, and carries.
    let add = |whole: &mut u128, remainder: &mut u128, amount: u128| {
        let room = divisor.saturating_sub(*remainder);
        if amount >= room && divisor > 0 {
            *remainder = amount.saturating_sub(room);
            *whole = whole.saturating_add(1);
        } else {
            *remainder = remainder.saturating_add(amount);
        }
    };
    for bit in (0..u128::BITS).rev() {
        whole = whole.saturating_mul(2);
        let twice = remainder;
        add(&mut whole, &mut remainder, twice);
        if left.checked_shr(bit).unwrap_or_default() & 1 == 1 {
            add(&mut whole, &mut remainder, right);
        }
    }
    (whole, remainder)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shares(total: u128, weights: &[u128]) -> Option<Vec<u128>> {
        let weights: Vec<BaseUnits> = weights.iter().copied().map(BaseUnits).collect();
        pro_rata(BaseUnits(total), &weights).map(|shares| shares.iter().map(|share| share.0).collect())
    }

    #[test]
    fn the_largest_remainders_get_what_is_left() {
        assert_eq!(shares(10, &[1, 1, 1]), None);
        assert_eq!(shares(10, &[10, 10, 10]), Some(vec![4, 3, 3]));
        assert_eq!(shares(100, &[4_000_000, 6_000_000]), Some(vec![40, 60]));
        assert_eq!(
            shares(7, &[5, 0, 9]),
            Some(vec![3, 0, 4]),
            "2.5 and 4.5: the first one gets it"
        );
        assert_eq!(shares(0, &[5]), Some(vec![0]));
        assert_eq!(shares(0, &[]), Some(vec![]));
        assert_eq!(shares(5, &[5]), Some(vec![5]));
    }

    #[test]
    fn the_largest_amounts_are_shared_exactly() {
        let half = u128::MAX / 2;
        assert_eq!(shares(u128::MAX - 1, &[half, half]), Some(vec![half, half]));
        assert_eq!(shares(1, &[half, half]), Some(vec![1, 0]));
        assert_eq!(shares(1, &[u128::MAX, 1]), None);
    }

    proptest! {
        #[test]
        fn the_sum_is_exact_and_nobody_gets_more_than_their_weight(
            weights in proptest::collection::vec(0..u128::MAX / 300, 1..20),
            part in 0..=1_000u128,
        ) {
            let sum: u128 = weights.iter().sum();
            let total = sum / 1_000 * part;
            let shares = shares(total, &weights).unwrap();
            prop_assert_eq!(shares.iter().sum::<u128>(), total);
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!(share <= weight);
            }
        }

        #[test]
        fn multiplying_and_dividing_agrees_with_small_numbers(left in 0..u64::MAX, right in 0..u64::MAX, more in 0..u64::MAX) {
            let (left, right) = (u128::from(left), u128::from(right));
            let divisor = right + u128::from(more) + 1;
            prop_assert_eq!(multiply_divide(left, right, divisor), (left * right / divisor, left * right % divisor));
        }
    }
}
