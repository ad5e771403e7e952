//! Where an event stands on the chain: the order of every list.

use recoup_stacks::hash::IndexBlockHash;

use super::DbError;
use super::convert::{bigint, integer};

/// The place of an event on the chain: a total order over all forks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Stacks height of its block.
    pub stacks_height: u64,
    /// Place of its transaction in the block.
    pub tx_index: u32,
    /// Place of its event in the transaction.
    pub ordinal: u32,
    /// Its block, where forks have two events at the same place.
    pub block: IndexBlockHash,
}

/// A place that rows must be beyond, as columns; all null: no such.
#[derive(Debug, Default)]
pub(super) struct AfterColumns {
    pub(super) stacks_height: Option<i64>,
    pub(super) tx_index: Option<i32>,
    pub(super) ordinal: Option<i32>,
    pub(super) block: Option<Vec<u8>>,
}

impl AfterColumns {
    pub(super) fn of(place: Option<Place>) -> Result<Self, DbError> {
        let Some(place) = place else {
            return Ok(Self::default());
        };
        Ok(Self {
            stacks_height: Some(bigint(place.stacks_height, "stacks height")?),
            tx_index: Some(integer(place.tx_index, "transaction index")?),
            ordinal: Some(integer(place.ordinal, "ordinal")?),
            block: Some(place.block.as_bytes().to_vec()),
        })
    }
}
