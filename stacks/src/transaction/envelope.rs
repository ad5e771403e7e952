//! The transaction as a whole.

use super::auth::Auth;
use super::byte_enum::byte_enum;
use super::payload::Payload;
use super::post_condition::{PostCondition, PostConditionMode};
use crate::address::{Address, ChainId, Network};

/// A transaction, signed or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Transaction {
    /// Kind of network; its version byte.
    pub network: Network,
    /// The one chain on which it counts.
    pub chain_id: ChainId,
    /// Who sends it, who pays the fee, and their signatures.
    pub auth: Auth,
    /// Where it may be mined. Without meaning since Nakamoto, but part of the bytes.
    pub anchor_mode: AnchorMode,
    /// What happens to transfers that no post-condition names.
    pub post_condition_mode: PostConditionMode,
    /// What must be true of the transfers, or the transaction is rolled back.
    pub post_conditions: Vec<PostCondition>,
    /// What it does.
    pub payload: Payload,
}

byte_enum! {
    /// Where a transaction may be mined. Without meaning since Nakamoto.
    AnchorMode, "anchor mode" {
        /// In an anchored block.
        OnChainOnly = 0x01,
        /// In a microblock.
        OffChainOnly = 0x02,
        /// Wherever the miner likes.
        Any = 0x03,
    }
}

impl Transaction {
    /// Address of the sender, which is `tx-sender` in the called contract.
    pub fn origin_address(&self) -> Address {
        self.auth.origin().address(self.network)
    }

    /// Address that pays the fee.
    pub fn fee_payer_address(&self) -> Address {
        self.auth.fee_payer().address(self.network)
    }

    /// Nonce of the sender.
    pub fn nonce(&self) -> u64 {
        self.auth.origin().nonce()
    }

    /// Fee in micro-STX, paid by the fee payer whatever the outcome.
    pub fn fee(&self) -> u64 {
        self.auth.fee_payer().fee()
    }
}
