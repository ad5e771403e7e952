//! Blocks whose line of parents is not whole yet.

use std::collections::{HashMap, HashSet};

use recoup_stacks::hash::{IndexBlockHash, StacksHeight};

use super::header::BlockHeader;

/// Detached blocks, by the parent that each waits for.
#[derive(Debug, Clone, Default)]
pub(super) struct Detached {
    ids: HashSet<IndexBlockHash>,
    by_parent: HashMap<IndexBlockHash, Vec<BlockHeader>>,
}

impl Detached {
    pub(super) fn insert(&mut self, header: BlockHeader) {
        if self.ids.insert(header.id) {
            self.by_parent.entry(header.parent).or_default().push(header);
        }
    }

    pub(super) fn contains(&self, id: &IndexBlockHash) -> bool {
        self.ids.contains(id)
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = &BlockHeader> {
        self.by_parent.values().flatten()
    }

    /// Takes out the blocks that wait for this parent.
    pub(super) fn take_children(&mut self, parent: &IndexBlockHash) -> Vec<BlockHeader> {
        let children = self.by_parent.remove(parent).unwrap_or_default();
        for child in &children {
            self.ids.remove(&child.id);
        }
        children
    }

    /// Takes out the blocks at the root's height, and forgets those below it.
    pub(super) fn take_from_root(&mut self, root: StacksHeight) -> Vec<BlockHeader> {
        let mut starts = Vec::new();
        for headers in self.by_parent.values_mut() {
            headers.retain(|header| {
                if header.height == root {
                    starts.push(*header);
                }
                header.height > root
            });
        }
        self.by_parent.retain(|_, headers| !headers.is_empty());
        self.ids = self.headers().map(|header| header.id).collect();
        starts
    }
}
