//! Blocks against the tree that they form: parents, burn views, which of them are on the chain.

use std::collections::{HashMap, HashSet};

use recoup_stacks::hash::{BurnHeight, IndexBlockHash};
use sqlx::PgConnection;

use super::difference::{Differences, Side};
use crate::chain::{AttachedBlock, BlockHeader, Tree};
use crate::db::{self, DbError};

/// Builds the tree anew from the stored headers and compares what follows from it with what is stored.
pub(super) async fn check(
    connection: &mut PgConnection,
    differences: &mut Differences,
) -> Result<(), DbError> {
    let root = db::indexed_chain::find(&mut *connection)
        .await?
        .and_then(|chain| chain.root);
    let stored = db::block::load_attached_from(&mut *connection, BurnHeight(0)).await?;
    let detached = db::block::load_detached(&mut *connection).await?;
    let mut tree = Tree::new(root);
    for header in db::burn_block::load_from(&mut *connection, BurnHeight(0)).await? {
        tree.insert_burn(header);
    }
    let mut headers: Vec<BlockHeader> = stored.iter().map(|block| block.header).collect();
    headers.extend(&detached);
    headers.sort_by_key(|header| (header.height, header.arrival));
    for header in &headers {
        tree.insert(*header);
    }
    check_attached(&tree, &stored, &detached, differences);
    check_heights(&tree, &stored, differences);

    // It cannot fail: all of the tree is in memory.
    let _ = tree.advance();
    let line = line_to_root(&tree);
    let flagged = db::verification::canonical_blocks(&mut *connection).await?;
    check_canonical(&line, &flagged, differences);
    let tip = db::chain_tip::find(connection).await?;
    let expected = tree.tip().map(|block| block.header.id.to_string());
    let found = tip.stacks.map(|(id, _)| id.to_string());
    differences.compare(
        Side::Blocks,
        || "chain_tip index_block_hash".to_owned(),
        expected,
        found,
    );
    let expected = tree.burn.tip().map(|point| point.hash.to_string());
    let found = tip.burn.map(|point| point.hash.to_string());
    differences.compare(
        Side::Blocks,
        || "chain_tip burn_block_hash".to_owned(),
        expected,
        found,
    );
    Ok(())
}

/// Which blocks are connected with the root, and the burn view of each.
fn check_attached(
    tree: &Tree,
    stored: &[AttachedBlock],
    detached: &[BlockHeader],
    differences: &mut Differences,
) {
    let flag = |attached: bool| Some(attached.to_string());
    for block in stored {
        let id = block.header.id;
        let recomputed = tree.attached(&id);
        differences.compare(
            Side::Blocks,
            || format!("block {id} attached"),
            flag(recomputed.is_some()),
            flag(true),
        );
        let view = |block: &AttachedBlock| {
            let point = tree.burn.resolve(block.view)?;
            Some(format!("{} {}", point.height, point.hash))
        };
        if let Some(recomputed) = recomputed {
            differences.compare(
                Side::Blocks,
                || format!("block {id} burn_view_hash"),
                view(recomputed),
                view(block),
            );
        }
    }
    for header in detached {
        let attached = tree.attached(&header.id).is_some();
        let place = || format!("block {} attached", header.id);
        differences.compare(Side::Blocks, place, flag(attached), flag(false));
    }
}

/// A block is one higher than its parent.
fn check_heights(tree: &Tree, stored: &[AttachedBlock], differences: &mut Differences) {
    for block in stored {
        if let Some(parent) = tree.attached(&block.header.parent) {
            let expected = parent
                .header
                .height
                .checked_add(1)
                .map(|height| height.to_string());
            let place = || format!("block {} stacks_height", block.header.id);
            differences.compare(
                Side::Blocks,
                place,
                expected,
                Some(block.header.height.to_string()),
            );
        }
    }
}

fn line_to_root(tree: &Tree) -> Vec<IndexBlockHash> {
    let mut line = Vec::new();
    let mut next = tree.tip();
    let mut seen = HashSet::new();
    while let Some(block) = next.filter(|block| seen.insert(block.header.id)) {
        line.push(block.header.id);
        next = tree.attached(&block.header.parent);
    }
    line
}

fn check_canonical(line: &[IndexBlockHash], flagged: &[IndexBlockHash], differences: &mut Differences) {
    let mut flags: HashMap<IndexBlockHash, (bool, bool)> = HashMap::new();
    for id in line {
        flags.entry(*id).or_default().0 = true;
    }
    for id in flagged {
        flags.entry(*id).or_default().1 = true;
    }
    for (id, (expected, found)) in flags {
        let (expected, found) = (Some(expected.to_string()), Some(found.to_string()));
        differences.compare(Side::Blocks, || format!("block {id} canonical"), expected, found);
    }
}
