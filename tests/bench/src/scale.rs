//! How much is measured.

use std::env;

use anyhow::{Context as _, Result};

/// Multiplies the sizes: 1 takes a few minutes in a release build.
const VARIABLE: &str = "RECOUP_BENCH_SCALE";

/// Sizes of the benchmarks.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Refunds of the dense archive, a hundred a block.
    pub dense_refunds: u64,
    /// Stacks blocks of the sparse archive, 50 kB each.
    pub sparse_blocks: u64,
    /// Messages of each size that are pushed.
    pub pushed: u64,
    /// Bytes of the longest message.
    pub large_message_bytes: usize,
    /// Blocks of a thousand refunds that are pushed.
    pub large_blocks: u64,
    /// Refunds of such a block.
    pub refunds_of_large_block: u64,
    /// Blocks, and refunds, of the branch that is abandoned.
    pub fork: usize,
}

impl Scale {
    /// For a machine that is idle.
    pub const FULL: Self = Self {
        dense_refunds: 50_000,
        sparse_blocks: 30_000,
        pushed: 200,
        large_message_bytes: 80_000_000,
        large_blocks: 20,
        refunds_of_large_block: 1_000,
        fork: 1_000,
    };

    /// To see that it works.
    pub const SMOKE: Self = Self {
        dense_refunds: 300,
        sparse_blocks: 40,
        pushed: 3,
        large_message_bytes: 100_000,
        large_blocks: 1,
        refunds_of_large_block: 20,
        fork: 4,
    };

    /// The full one, multiplied by the environment's variable.
    ///
    /// # Errors
    /// When the variable is no positive number.
    pub fn from_environment() -> Result<Self> {
        let Ok(text) = env::var(VARIABLE) else {
            return Ok(Self::FULL);
        };
        let percent: u64 =
            percent(&text).with_context(|| format!("{VARIABLE} must be a number such as 0.5"))?;
        let scaled = |number: u64| (number.saturating_mul(percent) / 100).max(1);
        Ok(Self {
            dense_refunds: scaled(Self::FULL.dense_refunds).max(100),
            sparse_blocks: scaled(Self::FULL.sparse_blocks),
            pushed: scaled(Self::FULL.pushed),
            large_blocks: scaled(Self::FULL.large_blocks),
            ..Self::FULL
        })
    }
}

/// A decimal number in hundredths.
fn percent(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = format!("{part:0<2}");
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let percent = whole
        .checked_mul(100)?
        .checked_add(part.get(..2)?.parse().ok()?)?;
    (percent > 0).then_some(percent)
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_scale_is_a_decimal_number() {
        assert_eq!(
            ["1", "0.5", "2.25", ".1"].map(percent),
            [100, 50, 225, 10].map(Some)
        );
        assert_eq!(["", "0", "x", "-1", "1.x"].map(percent), [None; 5]);
    }
}
