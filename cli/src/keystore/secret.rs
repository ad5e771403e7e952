//! What a wallet keeps secret, while it is open.

use recoup_stacks::address::Network;
use recoup_stacks::hex;
use recoup_stacks::keys::SecretKey;
use zeroize::Zeroizing;

use super::phrase;
use super::wallet::KeystoreError;

/// What a wallet keeps secret. Neither shown nor copied; wiped when dropped.
pub enum Secret {
    /// The entropy of BIP-39 words, and which of their accounts is used.
    Phrase {
        /// 16 to 32 bytes.
        entropy: Zeroizing<Vec<u8>>,
        /// Last step of the derivation path.
        account: u32,
    },
    /// A private key by itself.
    Key(Zeroizing<[u8; 32]>),
}

impl Secret {
    /// A new random phrase of 24 words.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate(account: u32) -> Result<Self, KeystoreError> {
        Ok(Self::Phrase {
            entropy: phrase::new_entropy()?,
            account,
        })
    }

    /// Reads BIP-39 words, or a private key in hexadecimal (with the `01` of compressed keys or without).
    ///
    /// # Errors
    /// When the text is neither. The error never repeats the text.
    pub fn parse(text: &str, account: u32) -> Result<Self, KeystoreError> {
        let text = text.trim();
        if text.contains(char::is_whitespace) {
            return Ok(Self::Phrase {
                entropy: phrase::entropy_of(text)?,
                account,
            });
        }
        let bytes = Zeroizing::new(hex::decode(text).map_err(|_| KeystoreError::BadKey)?);
        let key = match bytes.as_slice() {
            key if key.len() == 32 => key,
            [key @ .., 1] if key.len() == 32 => key,
            _ => return Err(KeystoreError::BadKey),
        };
        let mut own = Zeroizing::new([0; 32]);
        own.copy_from_slice(key);
        let secret = Self::Key(own);
        secret.key()?; // zero and values above the curve's order are no keys
        Ok(secret)
    }

    /// The words, when there are any.
    ///
    /// # Errors
    /// When the entropy has no valid length.
    pub fn words(&self) -> Result<Option<Zeroizing<String>>, KeystoreError> {
        match self {
            Self::Phrase { entropy, .. } => Ok(Some(phrase::words_of(entropy)?)),
            Self::Key(_) => Ok(None),
        }
    }

    /// The key to sign with.
    ///
    /// # Errors
    /// When the secret makes no valid key.
    pub fn key(&self) -> Result<SecretKey, KeystoreError> {
        let bytes = match self {
            Self::Phrase { entropy, account } => phrase::derive(entropy, *account)?,
            Self::Key(key) => key.clone(),
        };
        SecretKey::from_bytes(&bytes).map_err(|_| KeystoreError::BadKey)
    }

    pub(super) fn hash160(&self) -> Result<[u8; 20], KeystoreError> {
        let address = self.key()?.address(Network::Mainnet);
        Ok(*address.hash160())
    }

    pub(super) fn exposed(&self) -> &[u8] {
        match self {
            Self::Phrase { entropy, .. } => entropy,
            Self::Key(key) => key.as_slice(),
        }
    }
}
