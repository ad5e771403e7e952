//! Making transactions: say what it does, then fee and nonce, then sign.

use super::auth::{Auth, SpendingCondition};
use super::envelope::{AnchorMode, Transaction};
use super::payload::{ClarityVersion, ContractCall, Memo, Payload, SmartContract, TokenTransfer};
use super::post_condition::{PostCondition, PostConditionMode};
use super::sign::SignError;
use crate::address::{ChainId, ContractId, ContractName, Network, Principal};
use crate::clarity::{ClarityName, Value};
use crate::keys::{KeyError, PublicKey, SecretKey};

/// A transaction of a single-signature account that nobody has signed yet.
///
/// Starts with fee 0, nonce 0, no post-conditions and the deny mode, so that nothing can leave the
/// sender unless a post-condition says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedTransaction {
    network: Network,
    chain_id: ChainId,
    payload: Payload,
    fee: u64,
    nonce: u64,
    post_condition_mode: PostConditionMode,
    post_conditions: Vec<PostCondition>,
    sponsored: bool,
    extra_length: usize,
}

impl UnsignedTransaction {
    /// A transaction with this payload.
    pub const fn new(network: Network, payload: Payload) -> Self {
        Self {
            network,
            chain_id: network.default_chain_id(),
            payload,
            fee: 0,
            nonce: 0,
            post_condition_mode: PostConditionMode::Deny,
            post_conditions: Vec::new(),
            sponsored: false,
            extra_length: 0,
        }
    }

    /// Calls a public function.
    pub const fn contract_call(
        network: Network,
        contract: ContractId,
        function: ClarityName,
        arguments: Vec<Value>,
    ) -> Self {
        Self::new(
            network,
            Payload::ContractCall(ContractCall {
                contract,
                function,
                arguments,
            }),
        )
    }

    /// Sends micro-STX. Nodes hold the amount to the payload, so no post-condition is needed.
    pub fn token_transfer(
        network: Network,
        recipient: impl Into<Principal>,
        amount: u64,
        memo: Memo,
    ) -> Self {
        let recipient = recipient.into();
        Self::new(
            network,
            Payload::TokenTransfer(TokenTransfer {
                recipient,
                amount,
                memo,
            }),
        )
    }

    /// Deploys a contract, to be run by this version of Clarity.
    pub const fn deploy(
        network: Network,
        version: ClarityVersion,
        name: ContractName,
        source: String,
    ) -> Self {
        Self::new(
            network,
            Payload::SmartContract(SmartContract {
                clarity_version: Some(version),
                name,
                source,
            }),
        )
    }

    /// For a chain whose id is not the network's usual one.
    pub const fn with_chain_id(mut self, chain_id: ChainId) -> Self {
        self.chain_id = chain_id;
        self
    }

    /// Fee in micro-STX.
    pub const fn with_fee(mut self, fee: u64) -> Self {
        self.fee = fee;
        self
    }

    /// The sender's nonce.
    pub const fn with_nonce(mut self, nonce: u64) -> Self {
        self.nonce = nonce;
        self
    }

    /// Post-conditions, and what happens to transfers that none of them names.
    pub fn with_post_conditions(mut self, mode: PostConditionMode, conditions: Vec<PostCondition>) -> Self {
        self.post_condition_mode = mode;
        self.post_conditions = conditions;
        self
    }

    /// Lets a sponsor pay the fee: the sender signs first, the sponsor is filled in after.
    pub const fn sponsored(mut self) -> Self {
        self.sponsored = true;
        self
    }

    /// For an account whose signatures are so many bytes longer than that of one key.
    pub const fn with_extra_length(mut self, bytes: usize) -> Self {
        self.extra_length = bytes;
        self
    }

    /// What it does.
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }

    /// Bytes that the signed transaction will have: fees are by the byte.
    pub fn encoded_length(&self) -> usize {
        // Every single signature has the same length, the empty one too.
        self.clone()
            .into_transaction(SpendingCondition::unknown_sponsor())
            .encode()
            .len()
            .saturating_add(self.extra_length)
    }

    /// The transaction of this key's account, to be signed elsewhere.
    pub fn for_signer(self, key: &PublicKey) -> Result<Transaction, KeyError> {
        let origin = SpendingCondition::single_sig(key, self.nonce, self.fee)?;
        Ok(self.into_transaction(origin))
    }

    /// Signs for this key's account.
    pub fn sign(self, key: &SecretKey) -> Result<Transaction, SignError> {
        let mut transaction = self.for_signer(&key.public_key())?;
        transaction.sign_origin(key)?;
        Ok(transaction)
    }

    /// The transaction of this account, with the nonce and fee that the account's part says, to be signed elsewhere.
    pub fn for_account(self, origin: SpendingCondition) -> Transaction {
        self.into_transaction(origin)
    }

    fn into_transaction(self, origin: SpendingCondition) -> Transaction {
        let auth = if self.sponsored {
            Auth::Sponsored {
                origin,
                sponsor: SpendingCondition::unknown_sponsor(),
            }
        } else {
            Auth::Standard(origin)
        };
        Transaction {
            network: self.network,
            chain_id: self.chain_id,
            auth,
            anchor_mode: AnchorMode::Any,
            post_condition_mode: self.post_condition_mode,
            post_conditions: self.post_conditions,
            payload: self.payload,
        }
    }
}
