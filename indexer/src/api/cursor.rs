//! Where a page ended, as a text without meaning to the caller.
//!
//! It names the list that it belongs to, the place of the page's last row and, where the list is by amount, that row's
//! amount and the block up to which the list goes: without that, a fork or a new refund would move rows between pages.

use std::fmt;
use std::str::FromStr;

use recoup_protocol::amount::BaseUnits;
use recoup_stacks::hash::IndexBlockHash;
use sha2::{Digest as _, Sha256};

use crate::db::place::Place;

/// Which list: a digest of filters and order, so that a cursor is not taken for another list's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListTag(u32);

impl ListTag {
    /// The tag of the list that this text describes.
    pub(super) fn of(description: &str) -> Self {
        let digest = Sha256::digest(description.as_bytes());
        let tag = digest.iter().take(4);
        Self(tag.fold(0, |tag, byte| tag << 8 | u32::from(*byte)))
    }
}

/// A place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The list.
    pub(super) list: ListTag,
    /// The page's last row.
    pub(super) place: Place,
    /// What else a list by amount needs.
    pub(super) by_amount: Option<ByAmount>,
}

/// See [`Cursor::by_amount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ByAmount {
    /// The last row's amount.
    pub(super) amount: BaseUnits,
    /// Height of the tip when the list was begun.
    pub(super) ceiling: u64,
    /// That tip.
    pub(super) ceiling_block: IndexBlockHash,
}

/// A text that no page gave.
#[derive(Debug, thiserror::Error)]
#[error("not a cursor that a page gave")]
pub(super) struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        write!(
            f,
            "{:08x}.{}.{}.{}.{}",
            self.list.0,
            place.stacks_height,
            place.tx_index,
            place.ordinal,
            place.block.to_bare_hex()
        )?;
        if let Some(by_amount) = &self.by_amount {
            let block = by_amount.ceiling_block.to_bare_hex();
            write!(f, ".{}.{}.{block}", by_amount.amount, by_amount.ceiling)?;
        }
        Ok(())
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let parts: Vec<&str> = text.split('.').collect();
        let (place, by_amount) = match parts[..] {
            [_, height, tx_index, ordinal, block] => ([height, tx_index, ordinal, block], None),
            [
                _,
                height,
                tx_index,
                ordinal,
                block,
                amount,
                ceiling,
                ceiling_block,
            ] => {
                let by_amount = ByAmount {
                    amount: amount.parse().map_err(|_| InvalidCursor)?,
                    ceiling: bigint(ceiling)?,
                    ceiling_block: ceiling_block.parse().map_err(|_| InvalidCursor)?,
                };
                ([height, tx_index, ordinal, block], Some(by_amount))
            }
            _ => return Err(InvalidCursor),
        };
        let [height, tx_index, ordinal, block] = place;
        let list = parts
            .first()
            .and_then(|tag| u32::from_str_radix(tag, 16).ok())
            .map(ListTag)
            .ok_or(InvalidCursor)?;
        let cursor = Self {
            list,
            place: Place {
                stacks_height: bigint(height)?,
                tx_index: integer(tx_index)?,
                ordinal: integer(ordinal)?,
                block: block.parse().map_err(|_| InvalidCursor)?,
            },
            by_amount,
        };
        // One spelling only: a cursor is compared as text by caches.
        if cursor.to_string() == text {
            Ok(cursor)
        } else {
            Err(InvalidCursor)
        }
    }
}

/// A number that fits a bigint.
fn bigint(text: &str) -> Result<u64, InvalidCursor> {
    let number: i64 = text.parse().map_err(|_| InvalidCursor)?;
    u64::try_from(number).map_err(|_| InvalidCursor)
}

/// A number that fits an integer.
fn integer(text: &str) -> Result<u32, InvalidCursor> {
    let number: i32 = text.parse().map_err(|_| InvalidCursor)?;
    u32::try_from(number).map_err(|_| InvalidCursor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_amount() -> impl Strategy<Value = Option<ByAmount>> {
        prop::option::of((any::<u128>(), 0..i64::MAX, any::<[u8; 32]>()).prop_map(
            |(amount, ceiling, block)| ByAmount {
                amount: BaseUnits(amount),
                ceiling: u64::try_from(ceiling).unwrap(),
                ceiling_block: IndexBlockHash::from_bytes(block),
            },
        ))
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            list: u32, height in 0..i64::MAX, tx_index in 0..i32::MAX, ordinal in 0..i32::MAX, block: [u8; 32],
            by_amount in by_amount(),
        ) {
            let cursor = Cursor {
                list: ListTag(list),
                place: Place {
                    stacks_height: u64::try_from(height).unwrap(),
                    tx_index: u32::try_from(tx_index).unwrap(),
                    ordinal: u32::try_from(ordinal).unwrap(),
                    block: IndexBlockHash::from_bytes(block),
                },
                by_amount,
            };
            prop_assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        }

        #[test]
        fn anything_else_is_refused(text in "[0-9.a-fx+-]{0,90}") {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }
    }
}
