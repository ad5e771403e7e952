//! Accounts of several keys: which, how many must sign, and whether in order.

use clap::ValueEnum;
use recoup_stacks::hex;
use recoup_stacks::keys::{KeyError, PublicKey, Signature};
use recoup_stacks::transaction::{AuthField, MultiSig, MultiSigHashMode, SpendingCondition};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why keys make no account.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// The script of an address has room for no more.
    #[error("an account has 1 to {} keys, not {found}", MultiSigPolicy::MOST_KEYS)]
    KeyCount {
        /// How many were given.
        found: usize,
    },
    /// More signatures than keys, or none.
    #[error("{required} of {keys} signatures cannot be required")]
    Required {
        /// Signatures.
        required: u16,
        /// Keys.
        keys: usize,
    },
    /// One person would sign twice.
    #[error("a key stands twice in the list")]
    Repeated,
    /// Not a key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Whether the signatures build on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum SigningOrder {
    /// Each signs the one before it, in the order of the keys (SIP-005).
    Sequential,
    /// Each signs the transaction alone, in any order (SIP-027).
    Any,
}

/// An account of several keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct MultiSigPolicy {
    required: u16,
    order: SigningOrder,
    keys: Vec<PublicKey>,
    hash160: [u8; 20],
}

impl MultiSigPolicy {
    /// A script of more compressed keys does not fit into an address.
    pub const MOST_KEYS: usize = 15;

    /// An account whose address hashes these keys in this order.
    ///
    /// # Errors
    /// When keys or number make no account.
    pub fn new(required: u16, order: SigningOrder, keys: Vec<PublicKey>) -> Result<Self, PolicyError> {
        if !(1..=Self::MOST_KEYS).contains(&keys.len()) {
            return Err(PolicyError::KeyCount { found: keys.len() });
        }
        if required == 0 || usize::from(required) > keys.len() {
            return Err(PolicyError::Required {
                required,
                keys: keys.len(),
            });
        }
        let is_repeated =
            |(index, key): (usize, &PublicKey)| keys.iter().take(index).any(|other| other == key);
        if keys.iter().enumerate().any(is_repeated) {
            return Err(PolicyError::Repeated);
        }
        let hash160 = hash_mode(order).signer_hash(&keys, required)?;
        Ok(Self {
            required,
            order,
            keys,
            hash160,
        })
    }

    /// How many must sign.
    #[must_use]
    pub const fn required(&self) -> u16 {
        self.required
    }

    /// Whether in order.
    #[must_use]
    pub const fn order(&self) -> SigningOrder {
        self.order
    }

    /// The keys, in the address's order.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Hash inside the address.
    #[must_use]
    pub const fn hash160(&self) -> &[u8; 20] {
        &self.hash160
    }

    /// The account's part of a transaction that nobody has signed.
    #[must_use]
    pub fn unsigned(&self, nonce: u64, fee: u64) -> SpendingCondition {
        SpendingCondition::MultiSig(MultiSig {
            hash_mode: hash_mode(self.order),
            signer: self.hash160,
            nonce,
            fee,
            fields: self.keys.iter().copied().map(AuthField::PublicKey).collect(),
            signatures_required: self.required,
        })
    }

    /// Bytes by which a signed transaction is longer than one of a single key.
    #[must_use]
    pub fn extra_length(&self) -> usize {
        const TAG: usize = 1;
        const KEY: usize = 33;
        const LENGTH_AND_REQUIRED: usize = 6;
        let signature = Signature::EMPTY.as_bytes().len();
        let signatures = usize::from(self.required);
        let others = self.keys.len().saturating_sub(signatures);
        let fields = signatures
            .saturating_mul(TAG.saturating_add(signature))
            .saturating_add(others.saturating_mul(TAG.saturating_add(KEY)));
        // In place of one key's encoding and signature.
        LENGTH_AND_REQUIRED
            .saturating_add(fields)
            .saturating_sub(TAG.saturating_add(signature))
    }
}

const fn hash_mode(order: SigningOrder) -> MultiSigHashMode {
    match order {
        SigningOrder::Sequential => MultiSigHashMode::P2sh,
        SigningOrder::Any => MultiSigHashMode::P2shNonSequential,
    }
}

/// As it stands in files.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    required: u16,
    order: SigningOrder,
    /// Compressed, in hexadecimal.
    public_keys: Vec<String>,
}

impl TryFrom<Written> for MultiSigPolicy {
    type Error = PolicyError;

    fn try_from(written: Written) -> Result<Self, PolicyError> {
        let keys: Result<Vec<_>, KeyError> = written
            .public_keys
            .iter()
            .map(|text| PublicKey::from_hex(text))
            .collect();
        Self::new(written.required, written.order, keys?)
    }
}

impl From<MultiSigPolicy> for Written {
    fn from(policy: MultiSigPolicy) -> Self {
        Self {
            required: policy.required,
            order: policy.order,
            public_keys: policy
                .keys
                .iter()
                .map(|key| hex::encode(key.compressed()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use recoup_stacks::keys::SecretKey;

    use super::*;

    fn key(byte: u8) -> PublicKey {
        SecretKey::from_bytes(&[byte; 32]).unwrap().public_key()
    }

    #[test]
    fn refuses_what_makes_no_account() {
        let policy = |required, keys: Vec<PublicKey>| MultiSigPolicy::new(required, SigningOrder::Any, keys);
        assert!(matches!(
            policy(1, vec![]),
            Err(PolicyError::KeyCount { found: 0 })
        ));
        assert!(matches!(
            policy(1, (1..=16).map(key).collect()),
            Err(PolicyError::KeyCount { found: 16 })
        ));
        assert!(matches!(
            policy(0, vec![key(1)]),
            Err(PolicyError::Required { .. })
        ));
        assert!(matches!(
            policy(3, vec![key(1), key(2)]),
            Err(PolicyError::Required { .. })
        ));
        assert!(matches!(
            policy(1, vec![key(1), key(1)]),
            Err(PolicyError::Repeated)
        ));
    }

    #[test]
    fn a_file_says_the_whole_account() {
        let policy = MultiSigPolicy::new(2, SigningOrder::Sequential, vec![key(1), key(2), key(3)]).unwrap();
        let text = serde_json::to_string(&policy).unwrap();
        assert!(
            text.starts_with(r#"{"required":2,"order":"sequential","public-keys":["#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<MultiSigPolicy>(&text).unwrap(), policy);
        assert!(serde_json::from_str::<MultiSigPolicy>(&text.replace(":2,", ":4,")).is_err());
    }
}
