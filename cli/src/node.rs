//! The chain as a command sees it: one block at a time.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::reads::ReadOnly;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::clarity::{ClarityName, Value};
use recoup_stacks::hash::{BurnHeight, IndexBlockHash, StacksHeight, Txid};
use recoup_stacks::rpc::{Account, ContractInterface, NodeClient, NodeInfo, RpcError};
use tokio::task::JoinSet;

use crate::failure::{Failure, Kind};
use crate::profile::{Chain, Profile};
use crate::token::Sip010Info;

/// Requests under way at a time where there are many: a node answers them side by side, and hosted ones limit their rate.
const READS_AT_ONCE: usize = 8;

/// A node of the profile's chain.
#[derive(Debug, Clone)]
pub struct Node {
    client: NodeClient,
    chain: Chain,
}

impl Node {
    /// The profile's node. Connects when first used.
    ///
    /// # Errors
    /// When its URL is none.
    pub fn of(profile: &Profile) -> Result<Self, Failure> {
        let client = NodeClient::new(&profile.node).map_err(|error| {
            Failure::from_error(Kind::Usage, &error)
                .hint("give the node's URL with --node-url or in the profile")
        })?;
        Ok(Self {
            client,
            chain: profile.network,
        })
    }

    /// The same node with its token, which it wants for the replay of blocks.
    ///
    /// # Errors
    /// When no header can carry the token.
    pub fn with_auth_token(self, token: &str) -> Result<Self, Failure> {
        let client = self.client.with_auth_token(token);
        let client = client.map_err(|error| Failure::from_error(Kind::Usage, &error))?;
        Ok(Self { client, ..self })
    }

    /// The client itself, for what does not belong to one block.
    #[must_use]
    pub const fn client(&self) -> &NodeClient {
        &self.client
    }

    /// The chain at its newest block. One request.
    ///
    /// # Errors
    /// When the node does not answer, or follows another chain.
    pub async fn view(&self) -> Result<View<'_>, Failure> {
        self.view_at(&self.client.info().await.map_err(failure)?)
    }

    /// The chain at the block that an answer of the node named.
    ///
    /// # Errors
    /// When the node follows another chain.
    pub fn view_at(&self, info: &NodeInfo) -> Result<View<'_>, Failure> {
        if info.network_id != self.chain.chain_id() {
            let message = format!(
                "the node {} is on chain {}, not on {} ({})",
                self.client.base_url(),
                info.network_id,
                self.chain,
                self.chain.chain_id()
            );
            return Err(Failure::new(Kind::Refused, message).hint("choose the profile of the node's network"));
        }
        let tip = Tip {
            id: info.tip(),
            height: info.stacks_tip_height,
            burn_height: info.burn_block_height,
        };
        Ok(View {
            client: &self.client,
            tip,
            is_synced: info.is_fully_synced,
        })
    }
}

/// A block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// Its identity.
    pub id: IndexBlockHash,
    /// Its height.
    pub height: StacksHeight,
    /// The newest burn block that the node knew.
    pub burn_height: BurnHeight,
}

/// The chain at one block: whatever is read through one view belongs together.
#[derive(Debug, Clone, Copy)]
pub struct View<'node> {
    client: &'node NodeClient,
    /// The block.
    pub tip: Tip,
    /// Whether the node says that it has caught up with its peers.
    pub is_synced: bool,
}

impl View<'_> {
    /// Reads a typed answer of `recoup-core`. One request.
    ///
    /// # Errors
    /// When the node does not answer, or something else answers than the contract.
    pub async fn read<Question: ReadOnly>(
        &self,
        core: &ContractId,
        question: &Question,
    ) -> Result<Question::Answer, Failure> {
        let answer = self
            .call(core, &Question::FUNCTION, &question.arguments())
            .await?;
        question.decode(&answer).map_err(|error| {
            Failure::from_error(Kind::Network, &error)
                .context(format!(
                    "{core} answers `{}` in an unknown form",
                    Question::FUNCTION
                ))
                .hint("check the contract's id: this is not the released recoup-core")
        })
    }

    /// Reads many typed answers of `recoup-core`, a few at a time; they stand in the order of the questions. One request
    /// each.
    ///
    /// # Errors
    /// As [`Self::read`], for the first that fails.
    pub async fn read_all<Question>(
        &self,
        core: &ContractId,
        questions: Vec<Question>,
    ) -> Result<Vec<Question::Answer>, Failure>
    where
        Question: ReadOnly + Send + Sync + 'static,
        Question::Answer: Send + 'static,
    {
        let mut answers: Vec<Option<Question::Answer>> = questions.iter().map(|_| None).collect();
        let mut questions = questions.into_iter().enumerate();
        let mut reading = JoinSet::new();
        loop {
            while reading.len() < READS_AT_ONCE
                && let Some((index, question)) = questions.next()
            {
                let (client, core) = (self.client.clone(), core.clone());
                let (tip, is_synced) = (self.tip, self.is_synced);
                reading.spawn(async move {
                    let client = &client;
                    let view = View {
                        client,
                        tip,
                        is_synced,
                    };
                    (index, view.read(&core, &question).await)
                });
            }
            let Some(joined) = reading.join_next().await else {
                break;
            };
            let (index, answer) = joined.map_err(|error| {
                Failure::from_error(Kind::Internal, &error).context("reading was broken off")
            })?;
            if let Some(place) = answers.get_mut(index) {
                *place = Some(answer?);
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }

    /// Calls a read-only function of any contract. One request.
    ///
    /// # Errors
    /// When the node does not answer, or the call fails.
    pub async fn call(
        &self,
        contract: &ContractId,
        function: &ClarityName,
        arguments: &[Value],
    ) -> Result<Value, Failure> {
        let sender = Principal::from(contract.address);
        let tip = Some(&self.tip.id);
        self.client
            .call_read(contract, function, arguments, &sender, tip)
            .await
            .map_err(failure)
    }

    /// An account's balance and next nonce. One request.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn account(&self, principal: &Principal) -> Result<Account, Failure> {
        self.client
            .account(principal, Some(&self.tip.id))
            .await
            .map_err(failure)
    }

    /// What somebody can spend of a token. One request.
    ///
    /// # Errors
    /// When the node does not answer, or the token answers no amount.
    pub async fn token_balance(&self, token: &Sip010Info, owner: &Principal) -> Result<BaseUnits, Failure> {
        let function = if token.has_available_balance {
            "get-balance-available"
        } else {
            "get-balance"
        };
        let arguments = [Value::Principal(owner.clone())];
        let contract = &token.asset.contract;
        let answer = self
            .call(contract, &ClarityName::from_static(function), &arguments)
            .await?;
        let balance = match &answer {
            Value::Ok(balance) => balance.as_uint().ok(),
            _ => None,
        };
        balance.map(BaseUnits).ok_or_else(|| {
            Failure::new(
                Kind::Network,
                format!("{contract} answers {function} with {answer}"),
            )
            .hint("this token does not behave as SIP-010 has it")
        })
    }

    /// Whether a transaction stands in a block of this chain with an `(ok ..)`; none when the node cannot tell: most keep no
    /// index of transactions.
    pub async fn succeeded(&self, txid: &Txid) -> Option<bool> {
        let stored = self.client.transaction(txid).await.ok().flatten()?;
        Some(stored.is_canonical && stored.result.trim().starts_with("(ok"))
    }

    /// A contract's source, if there is such a contract. One request.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn source(&self, contract: &ContractId) -> Result<Option<String>, Failure> {
        let source = self
            .client
            .contract_source(contract, Some(&self.tip.id))
            .await
            .map_err(failure)?;
        Ok(source.map(|found| found.source))
    }

    /// What a contract offers, if there is such a contract. One request.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn interface(&self, contract: &ContractId) -> Result<Option<ContractInterface>, Failure> {
        self.client
            .contract_interface(contract, Some(&self.tip.id))
            .await
            .map_err(failure)
    }
}

/// What a failed request means to the user.
pub(crate) fn failure(error: RpcError) -> Failure {
    let (kind, hint) = match &error {
        RpcError::Url { .. } => (
            Kind::Usage,
            "give the node's URL with --node-url or in the profile",
        ),
        RpcError::CallFailed { .. } => (Kind::Rejected, "check the contract's id and --profile"),
        RpcError::UnknownTip { .. } => (
            Kind::Network,
            "the chain moved on meanwhile: run the command again",
        ),
        _ => (
            Kind::Network,
            "check that the node runs and that --node-url or the profile names it",
        ),
    };
    Failure::from_error(kind, &error).hint(hint)
}
