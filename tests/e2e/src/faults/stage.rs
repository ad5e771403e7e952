//! A local chain with the contracts on it and no indexer: what the command line alone needs.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use recoup_protocol::contracts::CORE_CONTRACT_NAME;
use recoup_stacks::address::ContractId;
use recoup_test_support::{HttpClient, LocalChain, LocalChainOptions, repository};
use serde_json::{Value, json};

use crate::accounts::DEPLOYER;
use crate::participant::Participant;

/// What is deployed, in this order. The last one is a plain token without sBTC's extras.
const CONTRACTS: [(&str, &str); 4] = [
    ("sip-010-trait", "contracts/traits/sip-010-trait.clar"),
    (CORE_CONTRACT_NAME, "contracts/recoup-core.clar"),
    ("mock-sbtc", "contracts/mocks/mock-sbtc.clar"),
    ("plain-token", "tests/fixtures/regtest/contracts/rig-token.clar"),
];

/// Blocks come so soon after something was sent.
const MINE_INTERVAL: Duration = Duration::from_millis(40);
/// No fee is that high: nothing is mined.
const NO_FEE_SUFFICES: u64 = 1 << 50;

/// What an invoice is paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoinKind {
    /// The chain's own.
    Stx,
    /// The mock of sBTC.
    Sbtc,
    /// Another SIP-010 token.
    Plain,
}

/// The chain and what is deployed on it.
#[derive(Debug)]
pub struct Stage {
    chain: LocalChain,
    core: ContractId,
    keys: AtomicU64,
}

impl Stage {
    /// Starts a chain and deploys. Takes seconds: many stories are told on one stage, each with wallets of its own.
    ///
    /// # Errors
    /// When the chain does not come up or refuses.
    pub fn start() -> Result<Self> {
        let chain = LocalChain::start(&LocalChainOptions {
            mine_interval: Some(MINE_INTERVAL),
            ..LocalChainOptions::default()
        })?;
        let mut deployer = Participant::new(chain.client(), DEPLOYER)?;
        for (name, path) in CONTRACTS {
            let source = fs::read_to_string(repository().join(path))?;
            deployer.deploy(chain.client(), name.parse()?, source)?;
        }
        chain.burn(1)?;
        let core: ContractId = format!("{}.{CORE_CONTRACT_NAME}", DEPLOYER.address).parse()?;
        let deployed = chain.state()?.get("contracts").cloned();
        let count = deployed.as_ref().and_then(Value::as_array).map_or(0, Vec::len);
        ensure!(count == CONTRACTS.len(), "deployed {deployed:?}");
        Ok(Self {
            chain,
            core,
            keys: AtomicU64::new(1),
        })
    }

    /// The chain.
    #[must_use]
    pub const fn chain(&self) -> &LocalChain {
        &self.chain
    }

    /// A client of the node's own paths.
    #[must_use]
    pub fn node(&self) -> &HttpClient {
        self.chain.client()
    }

    /// The contract that everything is about.
    #[must_use]
    pub const fn core(&self) -> &ContractId {
        &self.core
    }

    /// The token's contract; none for STX.
    #[must_use]
    pub fn token(&self, coin: CoinKind) -> Option<String> {
        let name = match coin {
            CoinKind::Stx => return None,
            CoinKind::Sbtc => "mock-sbtc",
            CoinKind::Plain => "plain-token",
        };
        Some(format!("{}.{name}", DEPLOYER.address))
    }

    /// Ends all faults.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub fn heal(&self) -> Result<()> {
        self.chain.faults(&json!({ "clear": true }))?;
        Ok(())
    }

    /// Lets nothing into blocks until the faults are cleared.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub fn hold_blocks(&self) -> Result<()> {
        self.chain.faults(&json!({ "minimum_fee": NO_FEE_SUFFICES }))?;
        Ok(())
    }

    /// A private key that nobody has used here, in hexadecimal.
    #[must_use]
    pub fn new_key(&self) -> String {
        let number = self.keys.fetch_add(1, Ordering::Relaxed);
        // The last byte says that the public key is compressed.
        format!("{number:064x}01")
    }
}
