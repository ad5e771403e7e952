//! Which invoices are compared with their events and the contract.

use sha2::{Digest as _, Sha256};

/// Which invoices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All of them.
    All,
    /// These.
    Invoices(Vec<u64>),
    /// From one to another.
    Range(u64, u64),
    /// So many, drawn with a seed.
    Sample(u64, u64),
}

impl Selection {
    /// The ids to look at one by one, of those up to `last`; none where a range is walked through.
    pub(super) fn ids(&self, last: u64) -> Option<Vec<u64>> {
        match self {
            Self::Invoices(ids) => Some(ids.clone()),
            Self::Sample(count, seed) if *count < last => Some(draw(*count, *seed, last)),
            _ => None,
        }
    }

    /// The range to walk through, both ends included.
    pub(super) const fn range(&self) -> (u64, u64) {
        match self {
            Self::Range(from, to) => (*from, *to),
            _ => (1, u64::MAX),
        }
    }
}

/// The same for the same seed, everywhere.
fn draw(count: u64, seed: u64, last: u64) -> Vec<u64> {
    let mut drawn = std::collections::BTreeSet::new();
    let mut turn = 0_u64;
    while u64::try_from(drawn.len()).is_ok_and(|length| length < count) {
        let digest = Sha256::digest([seed.to_be_bytes(), turn.to_be_bytes()].concat());
        let number = digest
            .iter()
            .take(8)
            .fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        drawn.insert(number % last.max(1) + 1);
        turn = turn.saturating_add(1);
    }
    drawn.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_its_size_stays_in_range_and_is_that_of_its_seed() {
        let drawn = Selection::Sample(50, 7).ids(60).unwrap();
        assert_eq!(drawn.len(), 50);
        assert!(drawn.iter().all(|id| (1..=60).contains(id)));
        assert_eq!(Selection::Sample(50, 7).ids(60).unwrap(), drawn);
        assert_ne!(Selection::Sample(50, 8).ids(60).unwrap(), drawn);
        assert_eq!(Selection::Sample(60, 7).ids(60), None, "that is all of them");
    }
}
