//! Pulls blocks from a node into the inbox.

use recoup_stacks::address::ContractId;
use recoup_stacks::hash::{BurnBlockHash, ConsensusHash, IndexBlockHash, StacksHeight};
use recoup_stacks::rpc::{RpcError, TenureBlock, TenureBlocks};
use serde_json::json;
use sqlx::PgPool;

use super::plan::{Missing, Stored};
use super::source::NodeSource;
use crate::chain::BurnPoint;
use crate::db::inbox::Source;
use crate::db::{self, DbError};
use crate::failpoint::CommitPoint;
use crate::ingest::{IngestSettings, NEW_BURN_BLOCK, REPLAYED_BLOCK, RootRule};
use crate::normalised::{ReplayHead, pulled_body};
use crate::observer::Inbox;

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The node.
    #[error(transparent)]
    Node(#[from] RpcError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The node answered something else than a replayed block.
    #[error("the node's replay of block {id} is malformed")]
    Replay {
        /// The block.
        id: IndexBlockHash,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The node answered with another block than it was asked for, or with one in another place.
    #[error("the node was asked for block {id} and answered with another one")]
    OtherBlock {
        /// The block that was asked for.
        id: IndexBlockHash,
    },
}

impl PullError {
    /// Whether it says nothing about other blocks: those are worth being asked for all the same.
    const fn is_about_one_block(&self) -> bool {
        match self {
            Self::Replay { .. } | Self::OtherBlock { .. } => true,
            Self::Node(error) => matches!(
                error,
                RpcError::Status { .. } | RpcError::Malformed { .. } | RpcError::TooLarge { .. }
            ),
            Self::Db(_) => false,
        }
    }

    /// What is wrong, in words that tell nothing of the machine.
    pub(super) fn in_short(&self) -> &'static str {
        match self {
            Self::Node(_) => "the node gives no usable answer",
            Self::Db(error) => error.in_short(),
            Self::Replay { .. } => "the node's replay of a block is malformed",
            Self::OtherBlock { .. } => "the node answers with another block than it was asked for",
        }
    }
}

impl From<sqlx::Error> for PullError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// What came of asking for many blocks.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Blocks of both kinds that were fetched.
    pub(super) fetched: u64,
    /// Blocks that were not, although the node may have them.
    pub(super) failed: u64,
    /// Why the first of them was not.
    pub(super) failure: Option<PullError>,
}

impl Tally {
    /// Counts what came of one block. What failed there does not keep others from being fetched.
    ///
    /// # Errors
    /// Failures that others would meet too.
    pub(super) fn count(&mut self, outcome: Result<bool, PullError>) -> Result<(), PullError> {
        match outcome {
            Ok(fetched) => self.fetched = self.fetched.saturating_add(u64::from(fetched)),
            Err(error) if error.is_about_one_block() => {
                self.failed = self.failed.saturating_add(1);
                self.failure.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Between a node and the inbox.
#[derive(Debug)]
pub(super) struct Puller {
    pub(super) node: NodeSource,
    pub(super) pool: PgPool,
    inbox: Inbox,
    core_contract: ContractId,
    root: RootRule,
}

impl Puller {
    pub(super) fn new(node: NodeSource, pool: PgPool, inbox: Inbox, settings: &IngestSettings) -> Self {
        Self {
            node,
            pool,
            inbox,
            core_contract: settings.core_contract.clone(),
            root: settings.root,
        }
    }

    /// Lowest block that is followed, as far as it is known; none while nothing is.
    pub(super) async fn floor(&self) -> Result<Option<StacksHeight>, PullError> {
        let chain = db::indexed_chain::find(&mut *self.pool.acquire().await?).await?;
        let root = chain.and_then(|chain| chain.root);
        Ok(match self.root {
            RootRule::Height(height) => Some(root.unwrap_or(height)),
            RootRule::FirstReceived => root,
            // The very block that deployed the contract may be missing, on this fork or at all.
            RootRule::DeployOfCore => {
                let deployed = self.node.deployed_at(&self.core_contract).await?;
                root.into_iter().chain(deployed).min()
            }
        })
    }

    /// What of a tenure is missing.
    pub(super) async fn missing(
        &self,
        tenure: &TenureBlocks,
        floor: StacksHeight,
    ) -> Result<Missing, PullError> {
        let ids: Vec<_> = tenure.stacks_blocks.iter().map(|block| block.block_id).collect();
        let mut connection = self.pool.acquire().await?;
        let stored = Stored {
            has_burn_block: db::burn_block::exists(&mut connection, &tenure.burn_block_hash).await?,
            blocks: db::block::known(&mut connection, &ids).await?,
        };
        Ok(Missing::of(tenure, &stored, floor))
    }

    /// Fetches what of a tenure is missing.
    pub(super) async fn fetch(
        &self,
        tenure: &TenureBlocks,
        parent: Option<BurnBlockHash>,
        missing: &Missing,
        tally: &mut Tally,
    ) -> Result<(), PullError> {
        if missing.burn_block.is_some() {
            tally.count(self.fetch_burn_block(tenure, parent).await)?;
        }
        for block in &missing.blocks {
            tally.count(self.fetch_block(tenure, block).await)?;
        }
        Ok(())
    }

    /// False when the node does not have it.
    async fn fetch_block(&self, tenure: &TenureBlocks, block: &TenureBlock) -> Result<bool, PullError> {
        let election = BurnPoint {
            height: tenure.burn_block_height,
            hash: tenure.burn_block_hash,
        };
        let Some((head, replay)) = self.replay(block.block_id).await? else {
            return Ok(false);
        };
        if head.consensus_hash != tenure.consensus_hash || head.block_height != block.height {
            return Err(PullError::OtherBlock { id: block.block_id });
        }
        self.store_replay(block.block_id, election, &replay).await?;
        Ok(true)
    }

    /// A block as the node answers it, with what it says about its place.
    async fn replay(&self, id: IndexBlockHash) -> Result<Option<(ReplayHead, Vec<u8>)>, PullError> {
        let Some(replay) = self.node.replay(&id).await? else {
            return Ok(None);
        };
        let head = ReplayHead::read(&replay).map_err(|source| PullError::Replay { id, source })?;
        if head.block_id == id {
            Ok(Some((head, replay)))
        } else {
            Err(PullError::OtherBlock { id })
        }
    }

    /// Puts together what the node would have announced. The parent was asked for separately: it is only taken when
    /// the node's chain is still the same. False when it is not.
    pub(super) async fn fetch_burn_block(
        &self,
        tenure: &TenureBlocks,
        parent: Option<BurnBlockHash>,
    ) -> Result<bool, PullError> {
        let now = self.node.tenure(tenure.burn_block_height).await?;
        if now.map(|now| now.burn_block_hash) != Some(tenure.burn_block_hash) {
            return Ok(false);
        }
        let body = json!({
            "burn_block_hash": tenure.burn_block_hash,
            "burn_block_height": tenure.burn_block_height,
            "parent_burn_block_hash": parent,
            "consensus_hash": tenure.consensus_hash,
        });
        self.store(NEW_BURN_BLOCK, body.to_string().as_bytes()).await?;
        Ok(true)
    }

    /// Fetches a block that others name as their parent, and its own ancestors until one is known. Works on abandoned
    /// forks too.
    pub(super) async fn fetch_line(
        &self,
        newest: IndexBlockHash,
        height: StacksHeight,
        floor: StacksHeight,
        tally: &mut Tally,
    ) -> Result<(), PullError> {
        let mut next = Some((newest, height));
        while let Some((id, height)) = next {
            match self.fetch_ancestor(id, height, floor).await {
                Ok((fetched, parent)) => {
                    tally.count(Ok(fetched))?;
                    next = parent;
                }
                Err(error) => return tally.count(Err(error)),
            }
        }
        Ok(())
    }

    /// Whether the node has the block, and its parent with its height, if that is missing too.
    async fn fetch_ancestor(
        &self,
        id: IndexBlockHash,
        height: StacksHeight,
        floor: StacksHeight,
    ) -> Result<(bool, Option<(IndexBlockHash, StacksHeight)>), PullError> {
        let Some((head, replay)) = self.replay(id).await? else {
            return Ok((false, None));
        };
        if head.block_height != height {
            return Err(PullError::OtherBlock { id });
        }
        let Some(election) = self.election(&head.consensus_hash).await? else {
            return Ok((false, None));
        };
        self.store_replay(id, election, &replay).await?;
        let parent = head.parent_block_id;
        let known = db::block::known(&mut *self.pool.acquire().await?, &[parent]).await?;
        let below = height
            .checked_sub(1)
            .filter(|below| *below >= floor && known.is_empty());
        Ok((true, below.map(|below| (parent, below))))
    }

    /// The Bitcoin block that elected a tenure, as announced, else as the node knows it.
    async fn election(&self, sortition: &ConsensusHash) -> Result<Option<BurnPoint>, PullError> {
        let announced = db::burn_block::of_sortition(&mut *self.pool.acquire().await?, sortition).await?;
        match announced {
            Some(point) => Ok(Some(point)),
            None => Ok(self.node.burn_point(sortition).await?),
        }
    }

    async fn store_replay(
        &self,
        id: IndexBlockHash,
        election: BurnPoint,
        replay: &[u8],
    ) -> Result<(), PullError> {
        let body = pulled_body(election, replay).map_err(|source| PullError::Replay { id, source })?;
        tracing::info!(block = %id, "missing block fetched from the node");
        self.store(REPLAYED_BLOCK, &body).await
    }

    async fn store(&self, path: &str, body: &[u8]) -> Result<(), PullError> {
        let mut connection = self.pool.acquire().await?;
        let stored = db::inbox::store_missed(&mut connection, Source::Node, path, body);
        db::autocommit(CommitPoint::PullStore, stored).await?;
        self.inbox.message_stored();
        Ok(())
    }
}
