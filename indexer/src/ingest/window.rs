//! The part of the block tree that is in memory, loaded from the tables.
//!
//! It is what was elected in the last burn blocks, about 300 bytes a Stacks block. Whatever reaches below it loads a
//! deeper part, down to all of it, so that a fork of any depth is followed.

use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use crate::chain::Tree;
use crate::db::{self, DbError};

/// How much of the tree is kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Burn blocks that are loaded at start.
    pub burn_blocks: u64,
}

impl Default for Window {
    /// A week.
    fn default() -> Self {
        Self { burn_blocks: 1_000 }
    }
}

impl Window {
    /// Loads the part of the tree that is usually enough.
    pub(super) async fn load(self, connection: &mut PgConnection) -> Result<Tree, DbError> {
        let tip = db::chain_tip::find(&mut *connection).await?;
        let horizon = tip
            .burn
            .and_then(|burn| burn.height.checked_sub(self.burn_blocks));
        load_from(connection, horizon).await
    }

    /// Loads a part that reaches to a burn height and a window further.
    pub(super) async fn load_down_to(
        self,
        connection: &mut PgConnection,
        height: BurnHeight,
    ) -> Result<Tree, DbError> {
        load_from(connection, height.checked_sub(self.burn_blocks)).await
    }

    /// Doubles the depth of what is in memory.
    pub(super) async fn load_deeper(
        self,
        connection: &mut PgConnection,
        tree: &Tree,
    ) -> Result<Tree, DbError> {
        // With all of it in memory, nothing is out of reach but a tip that is not stored.
        let horizon = tree.horizon().ok_or(DbError::Corrupt {
            column: "chain_tip.index_block_hash",
        })?;
        let tip = tree.burn.tip().map_or(horizon, |tip| tip.height);
        let depth = tip
            .get()
            .saturating_sub(horizon.get())
            .max(self.burn_blocks)
            .max(1);
        load_from(connection, tip.checked_sub(depth.saturating_mul(2))).await
    }

    /// Cuts the tree back when it has grown to twice the window.
    pub(super) fn trim(self, tree: &mut Tree) {
        let Some(tip) = tree.burn.tip() else { return };
        let depth = tip
            .height
            .get()
            .saturating_sub(tree.horizon().unwrap_or_default().get());
        if depth > self.burn_blocks.saturating_mul(2)
            && let Some(horizon) = tip.height.checked_sub(self.burn_blocks)
        {
            tree.forget_below(horizon);
        }
    }
}

async fn load_from(connection: &mut PgConnection, horizon: Option<BurnHeight>) -> Result<Tree, DbError> {
    let root = db::indexed_chain::find(&mut *connection)
        .await?
        .and_then(|chain| chain.root);
    let tip = db::chain_tip::find(&mut *connection)
        .await?
        .stacks
        .map(|(id, _)| id);
    let tip_election = match &tip {
        Some(tip) => db::block::election_height(&mut *connection, tip).await?,
        None => None,
    };
    // The tip itself is always needed.
    let horizon = horizon.map(|horizon| tip_election.map_or(horizon, |election| election.min(horizon)));
    let lowest = horizon.unwrap_or_default();
    let forgotten = db::block::highest_elected_below(&mut *connection, lowest).await?;
    let mut tree = Tree::partial(root, horizon, forgotten);
    for header in db::burn_block::load_from(&mut *connection, lowest).await? {
        tree.insert_burn(header);
    }
    for block in db::block::load_attached_from(&mut *connection, lowest).await? {
        tree.restore_attached(block);
    }
    for header in db::block::load_detached(connection).await? {
        tree.restore_detached(header);
    }
    tree.restore_tip(tip);
    Ok(tree)
}
