//! What a transaction may cost.

use thiserror::Error;

/// What is known before a fee is chosen. All in micro-STX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeFacts {
    /// What the user said.
    pub requested: Option<u64>,
    /// The node's estimate.
    pub estimate: Option<u64>,
    /// Without an estimate.
    pub fallback: u64,
    /// Never more than this.
    pub ceiling: u64,
    /// Bytes of the signed transaction: nodes take no less than 1 micro-STX each.
    pub length: u64,
}

/// A chosen fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fee {
    /// In micro-STX.
    pub micro_stx: u64,
    /// The node estimated more; the ceiling cut it.
    pub is_cut: bool,
}

/// Why no fee can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FeeError {
    /// More than the profile allows.
    #[error("a fee of {fee} micro-STX is above the ceiling of {ceiling}")]
    AboveCeiling {
        /// What it would be.
        fee: u64,
        /// What the profile allows.
        ceiling: u64,
    },
    /// No node takes it.
    #[error("a fee of {fee} micro-STX is too low: nodes take no less than 1 a byte, {floor} in all")]
    BelowFloor {
        /// What was asked for.
        fee: u64,
        /// The least.
        floor: u64,
    },
}

/// Chooses the fee: as requested, else as estimated, else the fall-back; never below the nodes' floor or above the ceiling.
///
/// # Errors
/// When floor and ceiling leave no room, or the requested fee lies outside.
pub(super) fn choose(facts: FeeFacts) -> Result<Fee, FeeError> {
    let FeeFacts {
        ceiling,
        length: floor,
        ..
    } = facts;
    if floor > ceiling {
        return Err(FeeError::AboveCeiling { fee: floor, ceiling });
    }
    if let Some(fee) = facts.requested {
        return match fee {
            _ if fee > ceiling => Err(FeeError::AboveCeiling { fee, ceiling }),
            _ if fee < floor => Err(FeeError::BelowFloor { fee, floor }),
            micro_stx => Ok(Fee {
                micro_stx,
                is_cut: false,
            }),
        };
    }
    let wanted = facts.estimate.unwrap_or(facts.fallback).max(floor);
    Ok(Fee {
        micro_stx: wanted.min(ceiling),
        is_cut: wanted > ceiling,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: FeeFacts = FeeFacts {
        requested: None,
        estimate: None,
        fallback: 3_000,
        ceiling: 10_000,
        length: 400,
    };

    #[test]
    fn estimate_then_fallback_within_floor_and_ceiling() {
        let chosen = |estimate, fallback| {
            choose(FeeFacts {
                estimate,
                fallback,
                ..FACTS
            })
            .unwrap()
        };
        let fee = |micro_stx, is_cut| Fee { micro_stx, is_cut };
        assert_eq!(chosen(None, 3_000), fee(3_000, false));
        assert_eq!(chosen(Some(500), 3_000), fee(500, false));
        assert_eq!(chosen(Some(17), 3_000), fee(400, false));
        assert_eq!(chosen(None, 1), fee(400, false));
        assert_eq!(chosen(Some(u64::MAX), 3_000), fee(10_000, true));
    }

    #[test]
    fn a_requested_fee_is_taken_or_refused_as_it_is() {
        let chosen = |requested| {
            choose(FeeFacts {
                requested: Some(requested),
                estimate: Some(5_000),
                ..FACTS
            })
        };
        assert_eq!(
            chosen(400),
            Ok(Fee {
                micro_stx: 400,
                is_cut: false
            })
        );
        assert_eq!(chosen(399), Err(FeeError::BelowFloor { fee: 399, floor: 400 }));
        assert_eq!(
            chosen(10_001),
            Err(FeeError::AboveCeiling {
                fee: 10_001,
                ceiling: 10_000
            })
        );
    }

    #[test]
    fn refuses_a_ceiling_below_what_nodes_take() {
        let refused = choose(FeeFacts {
            ceiling: 399,
            ..FACTS
        });
        assert_eq!(
            refused,
            Err(FeeError::AboveCeiling {
                fee: 400,
                ceiling: 399
            })
        );
    }
}
