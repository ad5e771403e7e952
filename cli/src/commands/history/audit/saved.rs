//! What an audit found, in a file for the next one.

use std::collections::BTreeMap;
use std::path::Path;

use recoup_protocol::checkpoint::{Root, Summary};
use recoup_protocol::sum::Sum;
use recoup_stacks::address::ContractId;
use recoup_stacks::hash::BurnHeight;
use serde::{Deserialize, Serialize};

use super::Range;
use super::difference::{Differences, Side};
use crate::failure::{Failure, Kind};
use crate::home::{Existing, write_whole};

/// The form of the file.
const VERSION: u32 = 1;

/// Content of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    version: u32,
    core_contract: ContractId,
    /// First burn height.
    pub(super) from: BurnHeight,
    /// Last burn height.
    pub(super) to: BurnHeight,
    refunds: u64,
    root: Root,
    totals: BTreeMap<String, SavedTotal>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedTotal {
    refunds: u64,
    refunded: Sum,
}

impl Saved {
    pub(super) fn of(range: Range, core: &ContractId, summary: &Summary) -> Self {
        let totals = summary.totals().iter();
        Self {
            version: VERSION,
            core_contract: core.clone(),
            from: range.from,
            to: range.to,
            refunds: summary.tree().leaves(),
            root: summary.root(),
            totals: totals
                .map(|(token, sum)| {
                    let total = SavedTotal {
                        refunds: sum.refunds,
                        refunded: sum.refunded,
                    };
                    (token.clone(), total)
                })
                .collect(),
        }
    }

    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::from_error(Kind::Usage, &error).context(format!("cannot read {shown}"))
        })?;
        let not_one = format!("{shown} is no file of `recoup history audit --save`");
        let saved: Self = serde_json::from_str(&text)
            .map_err(|error| Failure::from_error(Kind::Usage, &error).context(not_one.clone()))?;
        if saved.version == VERSION {
            Ok(saved)
        } else {
            let message = format!("it has form {}, this program reads {VERSION}", saved.version);
            Err(Failure::new(Kind::Usage, message).context(not_one))
        }
    }

    /// Writes a new file: an earlier one is what later audits are compared with.
    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).map_err(|error| {
            Failure::from_error(Kind::Internal, &error).context("cannot write the result as JSON")
        })?;
        let cannot = |error: &(dyn std::error::Error + 'static)| {
            Failure::from_error(Kind::Usage, error)
                .context(format!("cannot write {}", path.display()))
                .hint("what was saved is never overwritten: name a new file")
        };
        let path = std::path::absolute(path).map_err(|error| cannot(&error))?;
        write_whole(&path, format!("{text}\n").as_bytes(), Existing::Keep).map_err(|error| cannot(&error))
    }

    /// That the same was found now.
    pub(super) fn compare(&self, core: &ContractId, summary: &Summary, differences: &mut Differences) {
        let side = Side::Saved;
        differences.compare_whole(side, "core_contract", core, &self.core_contract);
        differences.compare_root(side, summary.root(), self.root);
        differences.compare_whole(side, "refunds", &summary.tree().leaves(), &self.refunds);
        let now = summary.totals();
        let tokens: std::collections::BTreeSet<&String> = now.keys().chain(self.totals.keys()).collect();
        for token in tokens {
            let here = now
                .get(token)
                .map(|sum| format!("{} in {} refunds", sum.refunded, sum.refunds));
            let there = self.totals.get(token);
            let there = there.map(|sum| format!("{} in {} refunds", sum.refunded, sum.refunds));
            differences.compare(None, side, &format!("sum in {token}"), here, there);
        }
    }
}
