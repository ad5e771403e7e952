//! The node itself, and accounts.

use serde::{Deserialize, Deserializer};

use super::client::{NodeClient, ORDINARY_LIMIT, at_tip, check_tip};
use super::error::RpcError;
use crate::address::{ChainId, Principal};
use crate::hash::{BlockHash, BurnHeight, ConsensusHash, IndexBlockHash, StacksHeight};

/// Answer of `GET /v2/info`: where the node stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NodeInfo {
    /// Software and version.
    pub server_version: String,
    /// The chain's id.
    pub network_id: ChainId,
    /// Newest burn block.
    pub burn_block_height: BurnHeight,
    /// Newest burn block that is deep enough for the node to build on.
    pub stable_burn_block_height: BurnHeight,
    /// Height of the newest Stacks block.
    pub stacks_tip_height: StacksHeight,
    /// Its header's hash.
    pub stacks_tip: BlockHash,
    /// Its tenure's sortition.
    pub stacks_tip_consensus_hash: ConsensusHash,
    /// Tenures so far.
    pub tenure_height: u64,
    /// Whether the node has caught up with its peers.
    pub is_fully_synced: bool,
}

impl NodeInfo {
    /// Identity of the newest Stacks block: the tip at which several reads agree.
    pub fn tip(&self) -> IndexBlockHash {
        IndexBlockHash::new(&self.stacks_tip, &self.stacks_tip_consensus_hash)
    }
}

/// Answer of `GET /v2/accounts/..`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// Micro-STX that can be spent.
    #[serde(deserialize_with = "prefixed_u128")]
    pub balance: u128,
    /// Micro-STX that are locked.
    #[serde(deserialize_with = "prefixed_u128")]
    pub locked: u128,
    /// When they are unlocked.
    pub unlock_height: BurnHeight,
    /// Nonce of the account's next transaction, as far as blocks tell.
    pub nonce: u64,
}

/// Answer of `GET /extended/v3/principals/../nonces`, as far as it is read: hosted APIs alone know what waits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Nonces {
    /// The first nonce that neither a block nor a waiting transaction uses.
    pub next_nonce: u64,
    /// What waits.
    #[serde(default)]
    pub mempool: MempoolNonces,
}

/// The nonces of an account's waiting transactions, within [`Nonces`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct MempoolNonces {
    /// Of each one.
    #[serde(default)]
    pub pending_nonces: Vec<u64>,
}

/// A number that the node writes as `0x` and hexadecimal digits.
pub(super) fn prefixed_u128<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.strip_prefix("0x")
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .and_then(|digits| u128::from_str_radix(digits, 16).ok())
        .ok_or_else(|| serde::de::Error::custom("expected 0x and up to 32 hexadecimal digits"))
}

impl NodeClient {
    /// Where the node stands: `GET /v2/info`.
    pub async fn info(&self) -> Result<NodeInfo, RpcError> {
        Ok(self.info_and_date().await?.0)
    }

    /// The same, and the node's clock as its answer's `date` says it (RFC 2822): `GET /v2/info`.
    pub async fn info_and_date(&self) -> Result<(NodeInfo, Option<String>), RpcError> {
        let answer = self.get("/v2/info".to_owned(), ORDINARY_LIMIT).await?.ok()?;
        Ok((answer.json()?, answer.date))
    }

    /// The nonces of an account with what waits in the mempool: `GET /extended/v3/principals/../nonces`. Only a hosted API
    /// answers it.
    pub async fn nonces(&self, principal: &Principal) -> Result<Nonces, RpcError> {
        let path = format!("/extended/v3/principals/{principal}/nonces");
        self.get(path, ORDINARY_LIMIT).await?.ok()?.json()
    }

    /// Balance and nonce of an account, at a block or now: `GET /v2/accounts/..`.
    pub async fn account(
        &self,
        principal: &Principal,
        tip: Option<&IndexBlockHash>,
    ) -> Result<Account, RpcError> {
        let path = at_tip(format!("/v2/accounts/{principal}?proof=0"), tip);
        check_tip(self.get(path, ORDINARY_LIMIT).await?, tip)?
            .ok()?
            .json()
    }
}
