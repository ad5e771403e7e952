//! The rows of a range, one after the other, and what they must be among each other.

use recoup_protocol::api::Refund;
use recoup_protocol::ids::RefundId;

use super::Range;
use super::difference::{Difference, Differences, Side};
use crate::failure::{Failure, Kind};
use crate::indexer::{Indexer, Lines};

/// An indexer's refunds of a range in the chain's order, of one moment, at constant memory.
pub(super) struct Rows {
    lines: Lines,
}

impl Rows {
    pub(super) async fn open(indexer: &Indexer, range: Range) -> Result<Self, Failure> {
        let question = vec![
            ("from_burn_height", range.from.to_string()),
            ("to_burn_height", range.to.to_string()),
            ("order", "oldest".to_owned()),
        ];
        Ok(Self {
            lines: indexer.export("jsonl", &question).await?,
        })
    }

    pub(super) async fn next(&mut self) -> Result<Option<Refund>, Failure> {
        let Some(line) = self.lines.next().await? else {
            return Ok(None);
        };
        serde_json::from_str(&line).map(Some).map_err(|error| {
            Failure::from_error(Kind::Network, &error).context("a row of the indexer is not understood")
        })
    }
}

/// The contract counts refunds from 1, along the chain, without holes.
pub(super) struct Continuity {
    range: Range,
    /// None before the first row of a range that begins anywhere.
    next: Option<RefundId>,
}

impl Continuity {
    pub(super) fn of(range: Range) -> Self {
        Self {
            range,
            next: range.is_from_start().then_some(RefundId(1)),
        }
    }

    pub(super) fn look(&mut self, refund: &Refund, differences: &mut Differences) {
        let found = refund.refund_id;
        if let Some(expected) = self.next
            && found != expected
        {
            differences.note(Difference {
                refund_id: Some(expected),
                against: Side::Rows,
                what: "the next refund_id".to_owned(),
                here: Some(found.to_string()),
                there: Some(expected.to_string()),
            });
        }
        let height = refund.position.burn_height;
        if height < self.range.from || height > self.range.to {
            differences.note(Difference {
                refund_id: Some(found),
                against: Side::Rows,
                what: "burn_height".to_owned(),
                here: Some(height.to_string()),
                there: Some(format!("{} to {}", self.range.from, self.range.to)),
            });
        }
        // Whatever was found, the count goes on from there: one hole is one difference.
        self.next = Some(RefundId(found.0.saturating_add(1)));
    }
}
