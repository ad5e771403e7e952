//! Where a page ended: the place of its last row on the chain, as a text without meaning to the caller.

use std::fmt;
use std::str::FromStr;

use crate::db::refund::RefundKey;

/// A place in a list of refunds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor(pub(super) RefundKey);

/// A text that no page gave.
#[derive(Debug, thiserror::Error)]
#[error("not a cursor that a page gave")]
pub(super) struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(key) = self;
        write!(
            f,
            "{}.{}.{}.{}",
            key.stacks_height,
            key.tx_index,
            key.ordinal,
            key.block.to_bare_hex()
        )
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.split('.');
        let mut number = || parts.next()?.parse::<u64>().ok();
        let (stacks_height, tx_index, ordinal) = (
            number().ok_or(InvalidCursor)?,
            number().ok_or(InvalidCursor)?,
            number().ok_or(InvalidCursor)?,
        );
        let key = RefundKey {
            stacks_height: i64::try_from(stacks_height)
                .ok()
                .map(|_| stacks_height)
                .ok_or(InvalidCursor)?,
            tx_index: column(tx_index)?,
            ordinal: column(ordinal)?,
            block: parts
                .next()
                .and_then(|hash| hash.parse().ok())
                .ok_or(InvalidCursor)?,
        };
        // One spelling only: a cursor is compared as text by caches.
        let cursor = Self(key);
        if cursor.to_string() == text {
            Ok(cursor)
        } else {
            Err(InvalidCursor)
        }
    }
}

/// A number that fits its column.
fn column(number: u64) -> Result<u32, InvalidCursor> {
    i32::try_from(number)
        .ok()
        .and_then(|number| u32::try_from(number).ok())
        .ok_or(InvalidCursor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use recoup_stacks::hash::IndexBlockHash;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(height in 0..i64::MAX, tx_index in 0..i32::MAX, ordinal in 0..i32::MAX, block: [u8; 32]) {
            let cursor = Cursor(RefundKey {
                stacks_height: u64::try_from(height).unwrap(),
                tx_index: u32::try_from(tx_index).unwrap(),
                ordinal: u32::try_from(ordinal).unwrap(),
                block: IndexBlockHash::from_bytes(block),
            });
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
