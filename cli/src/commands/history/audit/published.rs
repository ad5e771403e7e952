//! The indexer's own checkpoint at the end of the range.

use recoup_protocol::api::Checkpoint;
use recoup_protocol::checkpoint::{MerkleTree, Root, Summary};

use super::Range;
use super::difference::{Differences, Side};
use crate::failure::{Failure, Kind};
use crate::indexer::Indexer;

/// A checkpoint, and the tree that should come to have its root.
pub(super) struct Published {
    end: Checkpoint,
    tree: MerkleTree,
    /// What is wrong with the checkpoint below the range: its root and that of its own frontier.
    broken_start: Option<(Root, Root)>,
    is_from_start: bool,
}

impl Published {
    /// The checkpoint at the range's end, when the range is one that it can be computed from: one from the first refund
    /// on, or one that begins where another checkpoint ended.
    pub(super) async fn find(indexer: &Indexer, range: Range) -> Result<Option<Self>, Failure> {
        let at = |height| async move {
            let path = format!("/checkpoints/{height}");
            indexer.find::<Checkpoint>(&path).await
        };
        let Some(end) = at(range.to.get()).await? else {
            return Ok(None);
        };
        let (tree, broken_start) = match range.from.checked_sub(1) {
            None => (MerkleTree::default(), None),
            Some(below) => match at(below.get()).await? {
                None => return Ok(None),
                Some(start) => {
                    let tree = MerkleTree::resume(start.refunds, start.frontier).map_err(|error| {
                        Failure::from_error(Kind::Network, &error)
                            .context(format!("the indexer's checkpoint {below} makes no sense"))
                    })?;
                    let root = tree.root();
                    (tree, (root != start.root).then_some((root, start.root)))
                }
            },
        };
        Ok(Some(Self {
            end,
            tree,
            broken_start,
            is_from_start: range.is_from_start(),
        }))
    }

    pub(super) fn push(&mut self, leaf: Root) {
        self.tree.push(leaf);
    }

    /// Compares root and count; totals are of all refunds, so only a range from the first on has the same.
    pub(super) fn compare(&self, summary: &Summary, differences: &mut Differences) {
        let side = Side::Checkpoint;
        if let Some((frontier, root)) = self.broken_start {
            differences.compare_whole(side, "root of the checkpoint below the range", &frontier, &root);
        }
        differences.compare_root(side, self.tree.root(), self.end.root);
        differences.compare_whole(side, "refunds", &self.tree.leaves(), &self.end.refunds);
        if !self.is_from_start {
            return;
        }
        for total in &self.end.totals {
            let token = total.token.to_string();
            let here = summary.totals().get(&token).copied().unwrap_or_default();
            let what = format!("sum in {token}");
            differences.compare_whole(side, &what, &here.refunded, &total.refunded);
            let what = format!("refunds in {token}");
            differences.compare_whole(side, &what, &here.refunds, &total.refunds);
        }
        if !self.end.has_more_tokens {
            let tokens = summary.totals().len();
            differences.compare_whole(side, "tokens", &tokens, &self.end.totals.len());
        }
    }
}
