//! The block tree in memory: loaded from the tables, as deep as it is needed.
//!
//! In memory is the part elected in the last [`WINDOW`] burn blocks, about 300 bytes a block. Whatever reaches below
//! it loads a deeper part, down to all of it, so that a fork of any depth is followed.

use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use crate::chain::Tree;
use crate::db::{self, DbError};

/// Burn blocks that are loaded at start: a week.
const WINDOW: u64 = 1_000;
/// Burn blocks in memory at which it is cut back to [`WINDOW`].
const TRIM_AT: u64 = 2_000;

/// Loads the part of the tree that is usually enough.
pub(super) async fn load(connection: &mut PgConnection) -> Result<Tree, DbError> {
    let tip = db::chain_tip::find(&mut *connection).await?;
    let horizon = tip.burn.and_then(|burn| burn.height.checked_sub(WINDOW));
    load_from(connection, horizon).await
}

/// Loads a part that reaches to a burn height and a window further.
pub(super) async fn load_deeper(connection: &mut PgConnection, below: BurnHeight) -> Result<Tree, DbError> {
    load_from(connection, below.checked_sub(WINDOW)).await
}

/// Doubles the depth of what is in memory.
pub(super) async fn load_twice_as_deep(connection: &mut PgConnection, tree: &Tree) -> Result<Tree, DbError> {
    let depth = tree.burn.tip().zip(tree.horizon()).map(|(tip, horizon)| {
        let depth = tip.height.get().saturating_sub(horizon.get()).max(WINDOW);
        (tip.height, depth.saturating_mul(2))
    });
    load_from(connection, depth.and_then(|(tip, depth)| tip.checked_sub(depth))).await
}

/// Cuts the tree back when it has grown.
pub(super) fn trim(tree: &mut Tree) {
    let Some(tip) = tree.burn.tip() else { return };
    let depth = tip
        .height
        .get()
        .saturating_sub(tree.horizon().unwrap_or_default().get());
    if depth > TRIM_AT
        && let Some(horizon) = tip.height.checked_sub(WINDOW)
    {
        tree.forget_below(horizon);
    }
}

async fn load_from(connection: &mut PgConnection, horizon: Option<BurnHeight>) -> Result<Tree, DbError> {
    let chain = db::indexed_chain::find(&mut *connection).await?;
    let lowest = horizon.unwrap_or_default();
    let mut tree = Tree::partial(chain.and_then(|chain| chain.root), horizon);
    for header in db::burn_block::load_from(&mut *connection, lowest).await? {
        tree.insert_burn(header);
    }
    for block in db::block::load_attached_from(&mut *connection, lowest).await? {
        tree.restore_attached(block);
    }
    for header in db::block::load_detached(&mut *connection).await? {
        tree.restore_detached(header);
    }
    let tip = db::chain_tip::find(connection).await?;
    tree.restore_tip(tip.stacks.map(|(id, _)| id));
    Ok(tree)
}
