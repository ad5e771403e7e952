//! The node, asked no faster than it was agreed.

use std::time::Duration;

use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::{ClarityName, Value};
use recoup_stacks::hash::{BurnHeight, ConsensusHash, IndexBlockHash, StacksHeight};
use recoup_stacks::rpc::{NodeClient, RpcError, TenureBlocks};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::chain::BurnPoint;

/// Which node, and how fast.
#[derive(Debug, Clone)]
pub struct NodeSettings {
    /// The node, with its token.
    pub client: NodeClient,
    /// Most requests a second: block replay works inside the node.
    pub requests_per_second: u32,
}

/// A node that is asked for what is missing.
#[derive(Debug)]
pub struct NodeSource {
    client: NodeClient,
    pause: Duration,
    next_request: Mutex<Instant>,
}

impl NodeSource {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(settings: NodeSettings) -> Self {
        Self {
            client: settings.client,
            pause: Duration::from_secs(1) / settings.requests_per_second.max(1),
            next_request: Mutex::new(Instant::now()),
        }
    }

    /// Height of the node's Bitcoin tip.
    ///
    /// # Errors
    /// When the node gives no usable answer.
    pub async fn burn_height(&self) -> Result<BurnHeight, RpcError> {
        self.wait().await;
        Ok(self.client.info().await?.burn_block_height)
    }

    /// The canonical Bitcoin block at a height, with the canonical blocks of the tenure that it elected.
    ///
    /// # Errors
    /// When the node gives no usable answer.
    pub async fn tenure(&self, height: BurnHeight) -> Result<Option<TenureBlocks>, RpcError> {
        self.wait().await;
        self.client.tenure_blocks(height).await
    }

    /// A block with its events, as the node writes it; none when it does not know it.
    ///
    /// # Errors
    /// When the node gives no usable answer.
    pub async fn replay(&self, id: &IndexBlockHash) -> Result<Option<Vec<u8>>, RpcError> {
        self.wait().await;
        self.client.replay_block_json(id).await
    }

    /// The Bitcoin block of a sortition, on any fork.
    ///
    /// # Errors
    /// When the node gives no usable answer.
    pub async fn burn_point(&self, sortition: &ConsensusHash) -> Result<Option<BurnPoint>, RpcError> {
        self.wait().await;
        let found = self.client.sortition(sortition).await?;
        Ok(found.map(|sortition| BurnPoint {
            height: sortition.burn_block_height,
            hash: sortition.burn_block_hash,
        }))
    }

    /// Height of the block that deployed a contract; none when it is not deployed.
    ///
    /// # Errors
    /// When the node gives no usable answer.
    pub async fn deployed_at(&self, contract: &ContractId) -> Result<Option<StacksHeight>, RpcError> {
        self.wait().await;
        let source = self.client.contract_source(contract, None).await?;
        Ok(source.map(|source| source.publish_height))
    }

    /// Height of the node's newest Stacks block.
    ///
    /// # Errors
    /// When the node gives no usable answer.
    pub async fn stacks_height(&self) -> Result<StacksHeight, RpcError> {
        self.wait().await;
        Ok(self.client.info().await?.stacks_tip_height)
    }

    /// An entry of a contract's map after a block.
    ///
    /// # Errors
    /// When the node gives no usable answer.
    pub async fn map_entry(
        &self,
        contract: &ContractId,
        map: &ClarityName,
        key: &Value,
        tip: &IndexBlockHash,
    ) -> Result<Option<Value>, RpcError> {
        self.wait().await;
        self.client.map_entry(contract, map, key, Some(tip)).await
    }

    /// A contract's variable after a block.
    ///
    /// # Errors
    /// When the node gives no usable answer.
    pub async fn data_var(
        &self,
        contract: &ContractId,
        variable: &ClarityName,
        tip: &IndexBlockHash,
    ) -> Result<Option<Value>, RpcError> {
        self.wait().await;
        self.client.data_var(contract, variable, Some(tip)).await
    }

    async fn wait(&self) {
        let mut next = self.next_request.lock().await;
        let now = Instant::now();
        let turn = (*next).max(now);
        *next = turn.checked_add(self.pause).unwrap_or(turn);
        drop(next);
        tokio::time::sleep_until(turn).await;
    }
}
