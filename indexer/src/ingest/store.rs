//! Puts blocks into the tree and the tables, before anybody asks which of them are canonical.

use recoup_stacks::hash::{IndexBlockHash, StacksHeight};
use sqlx::PgConnection;

use super::worker::{IngestSettings, RootRule};
use crate::chain::{Arrival, AttachedBlock, BurnHeader, Insertion, Tree};
use crate::db::gap::GapKind;
use crate::db::{self, DbError};
use crate::normalised::NormalisedBlock;

/// Stores a Bitcoin block.
pub(super) async fn burn_block(
    connection: &mut PgConnection,
    tree: &mut Tree,
    header: &BurnHeader,
    arrival: Arrival,
) -> Result<(), DbError> {
    if tree.burn.contains(&header.point.hash)
        || db::burn_block::exists(&mut *connection, &header.point.hash).await?
    {
        // A look at the node's list may have missed it in the moment of its arrival.
        return db::gap::close(connection, GapKind::BurnBlock, header.point.hash.as_bytes()).await;
    }
    db::burn_block::insert(&mut *connection, header, arrival).await?;
    tree.insert_burn(*header);
    if let Some(consensus_hash) = header.consensus_hash {
        db::block::resolve_views(&mut *connection, &consensus_hash, header.point).await?;
    }
    db::gap::close(&mut *connection, GapKind::BurnBlock, header.point.hash.as_bytes()).await?;
    note_missing_burn_parent(connection, tree, header).await
}

/// A Bitcoin parent is missed when the burn chain was known below it.
async fn note_missing_burn_parent(
    connection: &mut PgConnection,
    tree: &Tree,
    header: &BurnHeader,
) -> Result<(), DbError> {
    let Some((parent, height)) = header.parent.zip(header.point.height.checked_sub(1)) else {
        return Ok(());
    };
    let is_first = tree
        .burn
        .lowest_announced()
        .is_none_or(|lowest| header.point.height <= lowest);
    if is_first || tree.burn.contains(&parent) || db::burn_block::exists(&mut *connection, &parent).await? {
        return Ok(());
    }
    db::gap::open(connection, GapKind::BurnBlock, parent.as_bytes(), height.get()).await
}

/// Stores a Stacks block with core's events, and connects those that waited for it.
pub(super) async fn block(
    connection: &mut PgConnection,
    tree: &mut Tree,
    settings: &IngestSettings,
    block: &NormalisedBlock,
) -> Result<(), DbError> {
    let header = block.header;
    if tree.contains(&header.id)
        || db::block::election_height(&mut *connection, &header.id)
            .await?
            .is_some()
    {
        return db::gap::close(connection, GapKind::Block, header.id.as_bytes()).await;
    }
    if let Some(root) = new_root(tree, settings.root, block) {
        set_root(&mut *connection, tree, root).await?;
    }
    if tree.root().is_some_and(|root| header.height < root) {
        return Ok(());
    }
    load_down_to(&mut *connection, tree, settings, &header.parent).await?;
    db::block::insert(&mut *connection, block).await?;
    for event in &block.events {
        db::contract_event::insert(&mut *connection, event, header.height).await?;
    }
    let insertion = tree.insert(header);
    learn_election(&mut *connection, block).await?;
    match insertion {
        Insertion::Attached(attached) => store_attached(&mut *connection, &attached).await?,
        Insertion::Detached | Insertion::Known | Insertion::BelowRoot => {}
    }
    db::gap::close(&mut *connection, GapKind::Block, header.id.as_bytes()).await?;
    note_missing_parent(connection, tree, &header.parent, header.height).await
}

/// The sortition that a Stacks block names may be one that others' views waited for.
async fn learn_election(connection: &mut PgConnection, block: &NormalisedBlock) -> Result<(), DbError> {
    match block.header.consensus_hash {
        Some(consensus_hash) => {
            db::block::resolve_views(connection, &consensus_hash, block.header.election).await
        }
        None => Ok(()),
    }
}

/// The root that this block gives, if it changes it.
fn new_root(tree: &Tree, rule: RootRule, block: &NormalisedBlock) -> Option<StacksHeight> {
    let height = block.header.height;
    match (rule, tree.root()) {
        // A fork can put the deployment lower than it was first seen.
        (RootRule::DeployOfCore, Some(root)) => (block.deploys_core && height < root).then_some(height),
        (RootRule::DeployOfCore, None) => block.deploys_core.then_some(height),
        // Every start of a node announces block 0; that says nothing about where the stream begins.
        (RootRule::FirstReceived, None) => (height.get() > 0).then_some(height),
        (RootRule::Height(root), None) => Some(root),
        (RootRule::FirstReceived | RootRule::Height(_), Some(_)) => None,
    }
}

async fn set_root(connection: &mut PgConnection, tree: &mut Tree, root: StacksHeight) -> Result<(), DbError> {
    tracing::info!(
        root_stacks_height = root.get(),
        "the chain is followed from this height on"
    );
    db::indexed_chain::set_root(&mut *connection, root).await?;
    let attached = tree.set_root(root);
    store_attached(&mut *connection, &attached).await?;
    db::block::delete_below_root(&mut *connection, root).await?;
    db::gap::close_below_root(&mut *connection, root.get()).await?;
    for (parent, height) in tree.missing_parents() {
        db::gap::open(&mut *connection, GapKind::Block, parent.as_bytes(), height.get()).await?;
    }
    Ok(())
}

/// Where the parent is stored but not in memory, loads it.
async fn load_down_to(
    connection: &mut PgConnection,
    tree: &mut Tree,
    settings: &IngestSettings,
    parent: &IndexBlockHash,
) -> Result<(), DbError> {
    if tree.contains(parent) {
        return Ok(());
    }
    if let Some(election) = db::block::election_height(&mut *connection, parent).await? {
        *tree = settings.window.load_down_to(connection, election).await?;
    }
    Ok(())
}

async fn store_attached(connection: &mut PgConnection, blocks: &[AttachedBlock]) -> Result<(), DbError> {
    for block in blocks {
        db::block::attach(&mut *connection, block).await?;
    }
    Ok(())
}

/// Without a root, nobody knows yet whether the parent is wanted.
async fn note_missing_parent(
    connection: &mut PgConnection,
    tree: &Tree,
    parent: &IndexBlockHash,
    height: StacksHeight,
) -> Result<(), DbError> {
    let is_above_root = tree.root().is_some_and(|root| height > root);
    match height.checked_sub(1) {
        Some(parent_height) if is_above_root && !tree.contains(parent) => {
            db::gap::open(connection, GapKind::Block, parent.as_bytes(), parent_height.get()).await
        }
        _ => Ok(()),
    }
}
