//! What wallets are called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::wallet::KeystoreError;

/// A wallet's name, which is its file's name too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WalletName(String);

impl FromStr for WalletName {
    type Err = KeystoreError;

    fn from_str(text: &str) -> Result<Self, KeystoreError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeystoreError::BadName(text.to_owned()))
        }
    }
}

impl TryFrom<String> for WalletName {
    type Error = KeystoreError;

    fn try_from(text: String) -> Result<Self, KeystoreError> {
        text.parse()
    }
}

impl From<WalletName> for String {
    fn from(name: WalletName) -> Self {
        name.0
    }
}

impl fmt::Display for WalletName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
