//! A chain and an indexer that follows it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use recoup_protocol::api::{BASE_PATH, Health};
use recoup_protocol::contracts::CORE_CONTRACT_NAME;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::IndexBlockHash;
use recoup_test_support::{
    HttpClient, IndexerOptions, IndexerProcess, LocalChain, LocalChainOptions, binary, free_port, wait_until,
};
use serde::Deserialize;

use crate::accounts::{ALICE, BOB, DEPLOYER, SHOP};
use crate::audit::{Comparison, ContractState, Facts, compare, read_history};

const FOLLOW_LIMIT: Duration = Duration::from_secs(60);
/// One sBTC; the mock's units are sats.
const TOKEN_FUNDS: u128 = 100_000_000;

/// How a scene is set.
#[derive(Debug, Clone)]
pub struct SceneOptions {
    /// An empty database.
    pub database_url: String,
    /// Port of the node; 0 takes a free one.
    pub node_port: u16,
    /// Port where the indexer takes the node's events.
    pub observer_port: u16,
    /// Port of the indexer's API.
    pub api_port: u16,
    /// How often the chain makes a block of what waits; `None` on request only.
    pub mine_interval: Option<Duration>,
}

impl SceneOptions {
    /// On free ports, with a chain that mines soon after something was sent.
    ///
    /// # Errors
    /// When no port is free.
    pub fn new(database_url: impl Into<String>) -> Result<Self> {
        Ok(Self {
            database_url: database_url.into(),
            node_port: 0,
            observer_port: free_port()?,
            api_port: free_port()?,
            mine_interval: Some(Duration::from_millis(200)),
        })
    }
}

/// The running parts. Dropped in this order: the indexer first, so that it never misses its node.
#[derive(Debug)]
pub struct Scene {
    indexer: Option<IndexerProcess>,
    indexer_options: IndexerOptions,
    chain: LocalChain,
    contract: ContractId,
}

#[derive(Deserialize)]
struct ChainState {
    tip: ChainTip,
}

#[derive(Deserialize)]
struct ChainTip {
    index_block_hash: IndexBlockHash,
}

impl Scene {
    /// Starts the chain and the indexer. Nothing is deployed yet.
    ///
    /// # Errors
    /// When a part does not come up.
    pub fn start(options: &SceneOptions) -> Result<Self> {
        let contract: ContractId = format!("{}.{CORE_CONTRACT_NAME}", DEPLOYER.address).parse()?;
        let chain = LocalChain::start(&LocalChainOptions {
            port: options.node_port,
            observers: vec![format!("http://127.0.0.1:{}", options.observer_port)],
            mine_interval: options.mine_interval,
        })?;
        let indexer_options = IndexerOptions {
            program: binary("recoup-indexer", "recoup-indexer")?,
            database_url: options.database_url.clone(),
            core_contract: contract.to_string(),
            observer_port: options.observer_port,
            api_port: options.api_port,
        };
        let indexer = Some(IndexerProcess::start(&indexer_options)?);
        Ok(Self {
            indexer,
            indexer_options,
            chain,
            contract,
        })
    }

    /// The chain.
    #[must_use]
    pub fn chain(&self) -> &LocalChain {
        &self.chain
    }

    /// A client of the node's own paths.
    #[must_use]
    pub fn node(&self) -> &HttpClient {
        self.chain.client()
    }

    /// A client of the indexer's API.
    ///
    /// # Errors
    /// When the indexer was killed and not started again.
    pub fn indexer(&self) -> Result<&HttpClient> {
        self.indexer
            .as_ref()
            .map(IndexerProcess::client)
            .context("the indexer is not running")
    }

    /// How the indexer is started.
    #[must_use]
    pub fn indexer_options(&self) -> &IndexerOptions {
        &self.indexer_options
    }

    /// The contract that everything is about.
    #[must_use]
    pub fn contract(&self) -> &ContractId {
        &self.contract
    }

    /// The mock token's contract, once it is deployed.
    #[must_use]
    pub fn token(&self) -> String {
        format!("{}.mock-sbtc", DEPLOYER.address)
    }

    /// Gives both customers and the shop some of the mock token.
    ///
    /// # Errors
    /// When the token is not deployed.
    pub fn fund_tokens(&self) -> Result<()> {
        for account in [SHOP, ALICE, BOB] {
            self.chain
                .fund_token(account.address, &self.token(), TOKEN_FUNDS)?;
        }
        Ok(())
    }

    /// Kills the indexer at once, as a crash would.
    pub fn kill_indexer(&mut self) {
        if let Some(indexer) = self.indexer.take() {
            indexer.kill();
        }
    }

    /// Starts the indexer again, on the same database and ports.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_indexer(&mut self) -> Result<()> {
        self.indexer = Some(IndexerProcess::start(&self.indexer_options)?);
        Ok(())
    }

    /// The indexer's own view of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn health(&self) -> Result<Health> {
        Ok(self.indexer()?.get(&format!("{BASE_PATH}/health"))?)
    }

    /// Waits until the indexer stands at the chain's tip with nothing left to do, and returns its health.
    ///
    /// # Errors
    /// When it does not get there in time.
    pub fn wait_until_followed(&self) -> Result<Health> {
        self.chain.wait_for_observers()?;
        let mut last = None;
        let followed = wait_until("the indexer to reach the chain's tip", FOLLOW_LIMIT, || {
            let state: ChainState = self.node().get("/devnet/v1/state")?;
            let health = self.health().ok();
            let tip = health
                .as_ref()
                .and_then(|health| health.tip.as_ref())
                .map(|tip| tip.index_block_hash);
            let done = tip == Some(state.tip.index_block_hash)
                && health.as_ref().is_some_and(|now| now.inbox_depth == 0);
            last.clone_from(&health);
            Ok(health.filter(|_| done))
        });
        followed.with_context(|| format!("last seen: {last:?}"))
    }

    /// What the contracts' own maps hold at the indexer's tip, and what the indexer tells, once it stands at the chain's.
    ///
    /// # Errors
    /// When one of them cannot be read, or contradicts itself.
    pub fn audit(&self) -> Result<Audit> {
        let health = self.wait_until_followed()?;
        let tip = health.tip.context("the indexer has no tip")?;
        let contract =
            ContractState::at(self.node(), &self.contract, tip.index_block_hash).read(tip.burn_height)?;
        let mut merchants: Vec<Principal> = contract
            .invoices
            .iter()
            .map(|invoice| invoice.merchant.clone())
            .collect();
        merchants.sort();
        merchants.dedup();
        let indexer = read_history(
            self.indexer()?,
            contract.invoices.len(),
            contract.subscriptions.len(),
            &merchants,
        )?;
        let comparison = compare(&contract, &indexer)?;
        Ok(Audit { contract, comparison })
    }
}

/// Both sides of the history.
#[derive(Debug, Clone)]
pub struct Audit {
    /// What the contracts hold.
    pub contract: Facts,
    /// How the indexer differs.
    pub comparison: Comparison,
}
