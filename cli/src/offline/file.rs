//! The file that travels between the one who plans, the signers, and the one who sends.

use std::fs;
use std::path::Path;

use recoup_stacks::transaction::Transaction;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::home::{Existing, FileError, write_whole};
use crate::journal::Intent;
use crate::keystore::MultiSigPolicy;
use crate::profile::Chain;

/// Why a file is not a transaction that can be signed or sent.
#[derive(Debug, Error)]
pub enum FileFormatError {
    /// Files.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not ours.
    #[error("this is no transaction file of recoup")]
    Content(#[source] serde_json::Error),
    /// Its bytes.
    #[error("the transaction in the file cannot be read")]
    Transaction(#[source] recoup_stacks::transaction::ParseError),
    /// For another chain.
    #[error("the file is for {found}, the profile for {expected}")]
    OtherChain {
        /// The file's.
        found: Chain,
        /// The profile's.
        expected: Chain,
    },
    /// The bytes belong to another chain than the file says.
    #[error("the transaction's bytes are for another network than the file says")]
    OtherNetwork,
    /// The file's keys are not those of the account in the bytes.
    #[error("the keys in the file are not those of the transaction's account")]
    OtherAccount,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "recoup-transaction")]
    RecoupTransaction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Version1 {
    #[serde(rename = "1")]
    One,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    format: Format,
    version: Version1,
    network: Chain,
    /// For the journal of whoever sends it.
    intent: Intent,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_sig: Option<MultiSigPolicy>,
    /// Its bytes in hexadecimal, with the signatures so far.
    transaction: String,
}

/// A transaction on its way to or from its signers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionFile {
    /// Which chain it is for.
    pub network: Chain,
    /// What it is for: the planner's word, which no signer is shown as the truth.
    pub intent: Intent,
    /// The keys, when there are several.
    pub multi_sig: Option<MultiSigPolicy>,
    /// The transaction, with the signatures so far.
    pub transaction: Transaction,
}

impl TransactionFile {
    /// Reads a file that is meant for this chain.
    ///
    /// # Errors
    /// When it is something else, or contradicts itself.
    pub fn read(path: &Path, expected: Chain) -> Result<Self, FileFormatError> {
        let text = fs::read_to_string(path).map_err(FileError::new("read", path))?;
        Self::parse(&text, expected)
    }

    fn parse(text: &str, expected: Chain) -> Result<Self, FileFormatError> {
        let written: Written = serde_json::from_str(text).map_err(FileFormatError::Content)?;
        let found = written.network;
        if found != expected {
            return Err(FileFormatError::OtherChain { found, expected });
        }
        let transaction =
            Transaction::from_hex(&written.transaction).map_err(FileFormatError::Transaction)?;
        if transaction.network != found.network() || transaction.chain_id != found.chain_id() {
            return Err(FileFormatError::OtherNetwork);
        }
        let account = transaction.auth.origin();
        let is_the_accounts = |policy: &MultiSigPolicy| {
            policy.unsigned(0, 0).address(transaction.network) == account.address(transaction.network)
        };
        if !written.multi_sig.as_ref().is_none_or(is_the_accounts) {
            return Err(FileFormatError::OtherAccount);
        }
        Ok(Self {
            network: found,
            intent: written.intent,
            multi_sig: written.multi_sig,
            transaction,
        })
    }

    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be written; with [`Existing::Keep`] also when there is a file already.
    pub fn write(&self, path: &Path, existing: Existing) -> Result<(), FileFormatError> {
        Ok(write_whole(path, self.to_text()?.as_bytes(), existing)?)
    }

    fn to_text(&self) -> Result<String, FileFormatError> {
        let written = Written {
            format: Format::RecoupTransaction,
            version: Version1::One,
            network: self.network,
            intent: self.intent.clone(),
            multi_sig: self.multi_sig.clone(),
            transaction: self.transaction.to_hex(),
        };
        let mut text = serde_json::to_string_pretty(&written).map_err(FileFormatError::Content)?;
        text.push('\n');
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use recoup_stacks::address::Network;
    use recoup_stacks::keys::SecretKey;
    use recoup_stacks::transaction::{ClarityVersion, UnsignedTransaction};

    use super::*;
    use crate::keystore::SigningOrder;

    fn file() -> TransactionFile {
        let keys = [1, 2].map(|byte| SecretKey::from_bytes(&[byte; 32]).unwrap().public_key());
        let policy = MultiSigPolicy::new(2, SigningOrder::Any, keys.to_vec()).unwrap();
        let name = "shop".parse().unwrap();
        let transaction =
            UnsignedTransaction::deploy(Network::Testnet, ClarityVersion::Clarity4, name, "1".to_owned())
                .for_account(policy.unsigned(7, 400));
        TransactionFile {
            network: Chain::Testnet,
            intent: Intent::Deploy {
                contract: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.shop".parse().unwrap(),
                source_sha256: String::new(),
            },
            multi_sig: Some(policy),
            transaction,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let file = file();
        let text = file.to_text().unwrap();
        assert_eq!(TransactionFile::parse(&text, Chain::Testnet).unwrap(), file);
    }

    #[test]
    fn refuses_other_chains_keys_and_texts() {
        let text = file().to_text().unwrap();
        let parse = |text: &str, chain| TransactionFile::parse(text, chain).unwrap_err();
        assert!(matches!(
            parse(&text, Chain::Local),
            FileFormatError::OtherChain { .. }
        ));
        let moved = text.replace("\"testnet\"", "\"mainnet\"");
        assert!(matches!(
            parse(&moved, Chain::Mainnet),
            FileFormatError::OtherNetwork
        ));
        let weaker = text.replace("\"required\": 2", "\"required\": 1");
        assert!(matches!(
            parse(&weaker, Chain::Testnet),
            FileFormatError::OtherAccount
        ));
        let cut = text.replace("\"transaction\": \"", "\"transaction\": \"ff");
        assert!(matches!(
            parse(&cut, Chain::Testnet),
            FileFormatError::Transaction(_)
        ));
        assert!(matches!(parse("{}", Chain::Testnet), FileFormatError::Content(_)));
    }
}
