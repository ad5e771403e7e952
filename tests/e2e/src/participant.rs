//! Somebody with a key who uses the contracts without the command line: the other side of a test, and many calls at once.

use anyhow::{Result, ensure};
use recoup_protocol::calls::Call;
use recoup_stacks::address::{ContractId, ContractName, Network, Principal};
use recoup_stacks::hash::Txid;
use recoup_stacks::keys::SecretKey;
use recoup_stacks::transaction::{ClarityVersion, PostConditionMode, UnsignedTransaction};
use recoup_test_support::HttpClient;
use serde::Deserialize;

use crate::accounts::Account;

/// More than any call here needs: nodes ask for at least 1 micro-STX a byte, and deploys are long.
const FEE: u64 = 100_000;

/// One account, with the nonce of its next transaction.
#[derive(Debug)]
pub struct Participant {
    account: Account,
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
        let now: NodeAccount = node.get(&format!("/v2/accounts/{}?proof=0", account.address))?;
        Ok(Self {
            account,
            next_nonce: now.nonce,
        })
    }

    /// Its principal.
    ///
    /// # Errors
    /// Never for the accounts of the local chain.
    pub fn principal(&self) -> Result<Principal> {
        Ok(self.account.address.parse()?)
    }

    /// Sends a call; it waits in the mempool when this returns.
    ///
    /// # Errors
    /// When the node does not take it.
    pub fn call(&mut self, node: &HttpClient, contract: &ContractId, call: &Call) -> Result<Txid> {
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

    fn send(&mut self, node: &HttpClient, transaction: UnsignedTransaction) -> Result<Txid> {
        let signed = transaction
            .with_fee(FEE)
            .with_nonce(self.next_nonce)
            .with_post_conditions(PostConditionMode::Allow, Vec::new())
            .sign(&SecretKey::from_hex(self.account.key)?)?;
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
