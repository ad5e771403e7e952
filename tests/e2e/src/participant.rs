//! Somebody with a key who uses the contracts without the command line: the other side of a test, and many calls at once.

use anyhow::{Result, ensure};
use recoup_protocol::calls::ContractCall;
use recoup_stacks::address::{Address, ContractId, ContractName, Network, Principal};
use recoup_stacks::hash::Txid;
use recoup_stacks::keys::SecretKey;
use recoup_stacks::transaction::{ClarityVersion, Memo, PostConditionMode, UnsignedTransaction};
use recoup_test_support::HttpClient;
use serde::Deserialize;

use crate::accounts::Account;

/// More than any call here needs: nodes ask for at least 1 micro-STX a byte, and deploys are long.
const FEE: u64 = 100_000;

/// One account, with the nonce of its next transaction.
#[derive(Debug)]
pub struct Participant {
    address: Address,
    /// In hexadecimal.
    key: String,
    next_nonce: u64,
}

#[derive(Deserialize)]
struct NodeAccount {
    nonce: u64,
}

impl Participant {
    /// The account as the node has it now. Nobody else may send for it meanwhile.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn new(node: &HttpClient, account: Account) -> Result<Self> {
        Self::with_key(node, account.key)
    }

    /// The same for any private key, in hexadecimal.
    ///
    /// # Errors
    /// When it is no key, or the node does not answer.
    pub fn with_key(node: &HttpClient, key: &str) -> Result<Self> {
        let address = SecretKey::from_hex(key)?.address(Network::Testnet);
        let mut participant = Self {
            address,
            key: key.to_owned(),
            next_nonce: 0,
        };
        participant.catch_up(node)?;
        Ok(participant)
    }

    /// Takes up the nonce that the node has now, after others sent for the account.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn catch_up(&mut self, node: &HttpClient) -> Result<()> {
        let now: NodeAccount = node.get(&format!("/v2/accounts/{}?proof=0", self.address))?;
        self.next_nonce = now.nonce;
        Ok(())
    }

    /// Its address.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Its principal.
    #[must_use]
    pub fn principal(&self) -> Principal {
        self.address.into()
    }

    /// Sends a call; it waits in the mempool when this returns.
    ///
    /// # Errors
    /// When the node does not take it.
    pub fn call(
        &mut self,
        node: &HttpClient,
        contract: &ContractId,
        call: &impl ContractCall,
    ) -> Result<Txid> {
        let (function, arguments) = (call.function(), call.arguments());
        self.send(
            node,
            UnsignedTransaction::contract_call(Network::Testnet, contract.clone(), function, arguments),
        )
    }

    /// Sends a contract; it waits in the mempool when this returns.
    ///
    /// # Errors
    /// When the node does not take it.
    pub fn deploy(&mut self, node: &HttpClient, name: ContractName, source: String) -> Result<Txid> {
        self.send(
            node,
            UnsignedTransaction::deploy(Network::Testnet, ClarityVersion::Clarity4, name, source),
        )
    }

    /// Sends micro-STX; it waits in the mempool when this returns.
    ///
    /// # Errors
    /// When the node does not take it.
    pub fn transfer(&mut self, node: &HttpClient, recipient: &str, micro_stx: u64) -> Result<Txid> {
        self.catch_up(node)?;
        let recipient: Principal = recipient.parse()?;
        let transfer =
            UnsignedTransaction::token_transfer(Network::Testnet, recipient, micro_stx, Memo::EMPTY);
        self.send(node, transfer)
    }

    fn send(&mut self, node: &HttpClient, transaction: UnsignedTransaction) -> Result<Txid> {
        let signed = transaction
            .with_fee(FEE)
            .with_nonce(self.next_nonce)
            .with_post_conditions(PostConditionMode::Allow, Vec::new())
            .sign(&SecretKey::from_hex(&self.key)?)?;
        let answer: String = node.post_bytes("/v2/transactions", &signed.encode())?;
        let txid = signed.txid();
        ensure!(
            answer == txid.to_bare_hex(),
            "the node answers {answer} to {txid}"
        );
        self.next_nonce = self.next_nonce.saturating_add(1);
        Ok(txid)
    }
}
