//! A second indexer, row by row.

use recoup_protocol::api::Refund;
use recoup_protocol::ids::RefundId;
use serde_json::Value;

use super::Range;
use super::difference::{Differences, Side};
use super::rows::Rows;
use crate::failure::{Failure, Kind};
use crate::indexer::Indexer;

/// The other's rows, read side by side with the first one's.
pub(super) struct Against {
    rows: Rows,
    /// The first that was not compared yet.
    pending: Option<Refund>,
}

impl Against {
    pub(super) async fn open(other: &Indexer, range: Range) -> Result<Self, Failure> {
        let mut rows = Rows::open(other, range).await?;
        let pending = rows.next().await?;
        Ok(Self { rows, pending })
    }

    /// Compares a row with the other's of the same id; what the other has before it is missing here.
    pub(super) async fn compare(
        &mut self,
        here: &Refund,
        differences: &mut Differences,
    ) -> Result<(), Failure> {
        let id = here.refund_id;
        while let Some(there) = self.take(|there| there < id).await? {
            differences.note_row(there.refund_id, Side::Indexer, false);
        }
        match self.take(|there| there == id).await? {
            Some(there) => compare_fields(here, &there, differences),
            None => {
                differences.note_row(id, Side::Indexer, true);
                Ok(())
            }
        }
    }

    /// What the other has beyond the last row is missing here.
    pub(super) async fn end(mut self, differences: &mut Differences) -> Result<(), Failure> {
        while let Some(there) = self.take(|_| true).await? {
            differences.note_row(there.refund_id, Side::Indexer, false);
        }
        Ok(())
    }

    /// Takes the pending row if its id is wanted.
    async fn take(&mut self, is_wanted: impl Fn(RefundId) -> bool) -> Result<Option<Refund>, Failure> {
        let taken = self.pending.take_if(|there| is_wanted(there.refund_id));
        if taken.is_some() {
            self.pending = self.rows.next().await?;
        }
        Ok(taken)
    }
}

/// All fields but the status: one indexer may have seen a block that the other has not.
fn compare_fields(here: &Refund, there: &Refund, differences: &mut Differences) -> Result<(), Failure> {
    if here == there {
        return Ok(());
    }
    let id = Some(here.refund_id);
    let mut fields = vec![(String::new(), document(here)?, document(there)?)];
    while let Some((name, here, there)) = fields.pop() {
        match (here, there) {
            (Value::Object(here), Value::Object(mut there)) => {
                for (field, here) in here {
                    let there = there.remove(&field).unwrap_or_default();
                    fields.push((field, here, there));
                }
            }
            _ if name == "status" => {}
            (here, there) => differences.compare(id, Side::Indexer, &name, shown(here), shown(there)),
        }
    }
    Ok(())
}

fn document(refund: &Refund) -> Result<Value, Failure> {
    serde_json::to_value(refund)
        .map_err(|error| Failure::from_error(Kind::Internal, &error).context("cannot write a refund as JSON"))
}

fn shown(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}
