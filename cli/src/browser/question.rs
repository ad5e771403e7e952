//! What the page is told, and what it answers.

use recoup_stacks::hex;
use recoup_stacks::transaction::{Payload, PostConditionMode, Transaction};
use serde::{Deserialize, Serialize};

use crate::offline::summary;
use crate::profile::Chain;

/// What the page asks the wallet for.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[expect(clippy::large_enum_variant, reason = "one a command")]
pub enum Question {
    /// Whose account it is.
    Connect {
        /// For which chain.
        network: &'static str,
    },
    /// A signature.
    Sign {
        /// On which chain.
        network: &'static str,
        /// What the transaction does, as label and value.
        summary: Vec<(String, String)>,
        /// The unsigned transaction in hexadecimal.
        transaction: String,
        /// The same as a contract call, for wallets that sign nothing else.
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<Call>,
    },
}

/// Parameters of `stx_callContract`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    contract: String,
    function_name: String,
    /// Clarity values in hexadecimal.
    function_args: Vec<String>,
    /// In hexadecimal.
    post_conditions: Vec<String>,
    post_condition_mode: &'static str,
    network: &'static str,
    nonce: String,
    fee: String,
}

impl Question {
    /// Asks for the account.
    #[must_use]
    pub const fn connect(chain: Chain) -> Self {
        Self::Connect {
            network: network_name(chain),
        }
    }

    /// Asks for a signature.
    #[must_use]
    pub fn sign(chain: Chain, transaction: &Transaction) -> Self {
        Self::Sign {
            network: network_name(chain),
            summary: summary(transaction).into_rows(),
            transaction: hex::encode(&transaction.encode()),
            call: Call::of(chain, transaction),
        }
    }
}

impl Call {
    fn of(chain: Chain, transaction: &Transaction) -> Option<Self> {
        let Payload::ContractCall(call) = &transaction.payload else {
            return None;
        };
        let post_condition_mode = match transaction.post_condition_mode {
            PostConditionMode::Allow => "allow",
            PostConditionMode::Deny => "deny",
            PostConditionMode::Originator => return None,
        };
        let encode = |bytes: Vec<u8>| hex::encode(&bytes);
        Some(Self {
            contract: call.contract.to_string(),
            function_name: call.function.to_string(),
            function_args: call
                .arguments
                .iter()
                .map(|value| encode(value.encode()))
                .collect(),
            post_conditions: transaction
                .post_conditions
                .iter()
                .map(|condition| encode(condition.encode()))
                .collect(),
            post_condition_mode,
            network: network_name(chain),
            nonce: transaction.nonce().to_string(),
            fee: transaction.fee().to_string(),
        })
    }
}

/// Wallets' word for the chain.
const fn network_name(chain: Chain) -> &'static str {
    match chain {
        Chain::Local => "devnet",
        Chain::Testnet => "testnet",
        Chain::Mainnet => "mainnet",
    }
}

/// What the page sends back. All of it is a stranger's word until it is checked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Reply {
    /// The connected account.
    #[serde(default)]
    pub address: Option<String>,
    /// The signed transaction in hexadecimal.
    #[serde(default)]
    pub transaction: Option<String>,
    /// Its id, when the wallet sent it by itself.
    #[serde(default)]
    pub txid: Option<String>,
    /// Why there is neither, in the wallet's words.
    #[serde(default)]
    pub error: Option<String>,
}

/// What the wallet did with a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Signed it; nothing was sent.
    Signed {
        /// In hexadecimal.
        transaction: String,
    },
    /// Signed and sent it.
    Sent {
        /// Its id.
        txid: String,
        /// In hexadecimal, when the wallet gives it away.
        transaction: Option<String>,
    },
}

impl Reply {
    /// As an answer to "whose account".
    ///
    /// # Errors
    /// With the wallet's reason.
    pub fn into_address(self) -> Result<String, String> {
        match self.address {
            Some(address) => Ok(address),
            None => Err(self.reason()),
        }
    }

    /// As an answer to "sign this".
    ///
    /// # Errors
    /// With the wallet's reason.
    pub fn into_answer(self) -> Result<Answer, String> {
        match (self.txid.clone(), self.transaction.clone()) {
            (Some(txid), transaction) => Ok(Answer::Sent { txid, transaction }),
            (None, Some(transaction)) => Ok(Answer::Signed { transaction }),
            (None, None) => Err(self.reason()),
        }
    }

    fn reason(self) -> String {
        self.error
            .unwrap_or_else(|| "the wallet gave no answer that can be used".to_owned())
    }
}
