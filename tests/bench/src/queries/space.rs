//! Whether the disk has room.

use std::env;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// What a refund takes with all that belongs to it, its indexes and the room to build them, in bytes.
const BYTES_A_REFUND: u64 = 2_600;

/// That the folder for temporary files has room for so many refunds, with a tenth to spare.
pub(super) fn check(refunds: u64) -> Result<()> {
    let folder = env::temp_dir();
    let output = Command::new("df")
        .args(["-P", "-k"])
        .arg(&folder)
        .output()
        .context("df")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let kilobytes: u64 = text
        .lines()
        .nth(1)
        .and_then(|line| line.split_whitespace().nth(3))
        .and_then(|field| field.parse().ok())
        .with_context(|| format!("df says {text:?}"))?;
    let free = kilobytes.saturating_mul(1_024);
    let needed = refunds.saturating_mul(BYTES_A_REFUND) / 10 * 11;
    ensure!(
        free >= needed,
        "{refunds} refunds need {} GB in {}, where {} GB are free: set RECOUP_BENCH_REFUNDS to less, or TMPDIR to a larger disk",
        needed.div_ceil(1_000_000_000),
        folder.display(),
        free / 1_000_000_000
    );
    Ok(())
}
