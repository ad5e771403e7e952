//! Whether a page far down a list costs what the first one does.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::measure::Client;
use super::samples::Sample;
use crate::program::Running;
use crate::table::{Line, Table, above, milliseconds, percentile};

/// Rows of a page, as when nobody says how many.
const ROWS: u64 = 50;
/// Rows at a time on the way down.
const STRIDE: u64 = 500;
const TIMES: usize = 100;
/// More than so much of the first page's time is another cost.
const TOLERANCE: f64 = 1.25;

/// Walks down three lists, as a client does, and takes the times of the first and the last page; and of the second, which
/// has a cursor to check as the last one has.
pub(super) fn compare(server: &Running, samples: &[Sample], far_page: u64, table: &mut Table) -> Result<()> {
    let client = Client::of(&server.api);
    let busiest = busiest(samples)?;
    for (what, list) in [
        ("all refunds", "/refunds?order=newest".to_owned()),
        (
            "a large merchant's refunds",
            format!("/refunds?order=oldest&merchant={busiest}"),
        ),
        (
            "refunds in a token by amount",
            "/refunds?order=largest&token=STX".to_owned(),
        ),
    ] {
        let (_, second) = walk(&client, &list, 2)?;
        let (page, far) = walk(&client, &list, far_page)?;
        let half = |path: &str| -> Result<_> {
            let paths: Vec<String> = vec![path.to_owned(); TIMES];
            Ok(percentile(&client.times(&paths, false)?, 50))
        };
        let (first, second, far) = (half(&list)?, half(&second)?, half(&far)?);
        let goal = milliseconds(first) * TOLERANCE;
        table.lines.push(Line {
            what: format!("{what}, page {page}"),
            goal: format!("{goal:.1} ms p50"),
            measured: format!("{:.1} ms p50", milliseconds(far)),
            postgres: String::new(),
            ratio: None,
            missed_by: above(milliseconds(far), goal),
            note: format!(
                "page 1 takes {:.1} ms p50, page 2 {:.1} ms",
                milliseconds(first),
                milliseconds(second)
            ),
        });
    }
    Ok(())
}

/// The merchant that comes most often.
fn busiest(samples: &[Sample]) -> Result<&str> {
    let count = |name: &str| samples.iter().filter(|sample| sample.merchant == name).count();
    let busiest = samples.iter().max_by_key(|sample| count(&sample.merchant));
    busiest.map(|sample| sample.merchant.as_str()).context("a sample")
}

/// The number and path of the page wanted, or of the last one before the list ends.
fn walk(client: &Client, list: &str, far_page: u64) -> Result<(u64, String)> {
    let mut rows = 0;
    let mut far = list.to_owned();
    while rows < far_page.saturating_sub(1).saturating_mul(ROWS) {
        let left = far_page.saturating_sub(1).saturating_mul(ROWS) - rows;
        let stride = left.min(STRIDE);
        let page: Value = serde_json::from_str(&client.get(&format!("{far}&limit={stride}"), false)?)?;
        let Some(cursor) = page.get("next_cursor").and_then(Value::as_str) else {
            break;
        };
        far = format!("{list}&cursor={cursor}");
        rows += stride;
    }
    Ok((rows / ROWS + 1, far))
}
