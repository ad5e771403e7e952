//! Wallet files: one encrypted secret each, named by the file.

use std::fs;
use std::io;
use std::path::PathBuf;

use recoup_stacks::address::{Address, Network};
use recoup_stacks::hex;
use recoup_stacks::keys::{KeyEncoding, Signature};
use recoup_stacks::transaction::{SingleSig, SingleSigHashMode, SpendingCondition};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use super::envelope::{Envelope, EnvelopeError, Stretching};
use super::hexadecimal::HexArray;
use super::multi_sig::{MultiSigPolicy, PolicyError};
use super::name::WalletName;
use super::phrase::PhraseError;
use super::secret::Secret;
use crate::home::{Existing, FileError, Home, write_whole};

/// Why a wallet cannot be used.
#[derive(Debug, Error)]
pub enum KeystoreError {
    /// No file of that name.
    #[error("there is no wallet `{0}`")]
    Missing(WalletName),
    /// A file of that name exists; a key is never overwritten.
    #[error("there is a wallet `{0}` already")]
    Exists(WalletName),
    /// The name is no file name of ours.
    #[error("`{0}` is no wallet name: use 1 to 64 letters, digits, `-` and `_`")]
    BadName(String),
    /// The file is not one of ours, or of a later version.
    #[error("the wallet file of `{name}` cannot be read")]
    BadFile {
        /// Whose file.
        name: WalletName,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The secret inside does not make the address outside.
    #[error("the wallet file of `{0}` names another address than its key has")]
    WrongAddress(WalletName),
    /// The given text is no private key.
    #[error("not a private key: 32 bytes as 64 hexadecimal digits are needed, or 66 that end in 01")]
    BadKey,
    /// The file holds no key.
    #[error("wallet `{0}` holds no key: it only watches an account")]
    WatchOnly(WalletName),
    /// Keys that make no account.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Encryption.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Words.
    #[error(transparent)]
    Phrase(#[from] PhraseError),
    /// Files.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Where a wallet's key comes from, as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Source {
    Phrase {
        account: u32,
    },
    Key {},
    /// An address whose keys are elsewhere.
    Watch {
        kind: AddressKind,
    },
    /// An address whose key is in a browser's wallet.
    Browser {},
    /// An account of several keys, which are elsewhere.
    MultiSig(MultiSigPolicy),
}

/// What the hash in an address is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AddressKind {
    Key,
    Script,
}

/// A file's content that can be read without the passphrase. Bound to the ciphertext, so that a change is noticed when
/// the wallet is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: Format,
    version: Version1,
    source: Source,
    /// Hash in the address, the same on every network.
    hash160: HexArray<20>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "recoup-wallet")]
    RecoupWallet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Version1 {
    #[serde(rename = "1")]
    One,
}

/// One wallet file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalletFile {
    header: Header,
    /// None where the keys are elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<Envelope>,
}

impl WalletFile {
    /// Encrypts a secret.
    ///
    /// # Errors
    /// When the secret makes no key, or the system has no randomness.
    pub fn seal(secret: &Secret, passphrase: &str, stretching: Stretching) -> Result<Self, KeystoreError> {
        let hash160 = secret.hash160()?;
        let source = match secret {
            Secret::Phrase { account, .. } => Source::Phrase { account: *account },
            Secret::Key(_) => Source::Key {},
        };
        let header = Header {
            format: Format::RecoupWallet,
            version: Version1::One,
            source,
            hash160: HexArray(hash160),
        };
        let sealed = Envelope::seal(secret.exposed(), &bound(&header), passphrase, stretching)?;
        Ok(Self {
            header,
            sealed: Some(sealed),
        })
    }

    /// A wallet that knows an address and no key.
    #[must_use]
    pub fn watching(address: &Address) -> Self {
        let is_script = address
            .network()
            .is_some_and(|network| network.multi_sig_version() == address.version());
        let kind = if is_script {
            AddressKind::Script
        } else {
            AddressKind::Key
        };
        Self::without_key(Source::Watch { kind }, *address.hash160())
    }

    /// A wallet whose key is in a browser.
    #[must_use]
    pub const fn in_browser(address: &Address) -> Self {
        Self::without_key(Source::Browser {}, *address.hash160())
    }

    /// A wallet that knows the public keys of an account.
    #[must_use]
    pub fn multi_sig(policy: MultiSigPolicy) -> Self {
        let hash160 = *policy.hash160();
        Self::without_key(Source::MultiSig(policy), hash160)
    }

    const fn without_key(source: Source, hash160: [u8; 20]) -> Self {
        let header = Header {
            format: Format::RecoupWallet,
            version: Version1::One,
            source,
            hash160: HexArray(hash160),
        };
        Self { header, sealed: None }
    }

    /// Decrypts, and checks that the key has the address that the file names.
    ///
    /// # Errors
    /// Above all [`EnvelopeError::CannotOpen`].
    pub fn open(&self, name: &WalletName, passphrase: &str) -> Result<Secret, KeystoreError> {
        let watch_only = || KeystoreError::WatchOnly(name.clone());
        let sealed = self.sealed.as_ref().ok_or_else(watch_only)?;
        let bytes = sealed.open(&bound(&self.header), passphrase)?;
        let secret = match &self.header.source {
            Source::Watch { .. } | Source::Browser {} | Source::MultiSig(_) => return Err(watch_only()),
            Source::Phrase { account } => Secret::Phrase {
                entropy: bytes,
                account: *account,
            },
            Source::Key {} => {
                let mut key = Zeroizing::new([0; 32]);
                if bytes.len() != key.len() {
                    return Err(KeystoreError::BadKey);
                }
                key.copy_from_slice(&bytes);
                Secret::Key(key)
            }
        };
        if secret.hash160()? != self.header.hash160.0 {
            return Err(KeystoreError::WrongAddress(name.clone()));
        }
        Ok(secret)
    }

    /// The address on a network, as the file names it.
    #[must_use]
    pub fn address(&self, network: Network) -> Address {
        let hash160 = self.header.hash160.0;
        match &self.header.source {
            Source::MultiSig(_)
            | Source::Watch {
                kind: AddressKind::Script,
            } => Address::multi_sig(network, hash160),
            Source::Phrase { .. } | Source::Key {} | Source::Browser {} | Source::Watch { .. } => {
                Address::single_sig(network, hash160)
            }
        }
    }

    /// The keys of an account of several.
    #[must_use]
    pub const fn policy(&self) -> Option<&MultiSigPolicy> {
        match &self.header.source {
            Source::MultiSig(policy) => Some(policy),
            _ => None,
        }
    }

    /// Whether it can sign by itself.
    #[must_use]
    pub const fn has_key(&self) -> bool {
        self.sealed.is_some()
    }

    /// Whether a browser signs for it.
    #[must_use]
    pub const fn is_in_browser(&self) -> bool {
        matches!(self.header.source, Source::Browser {})
    }

    /// In a word, for lists.
    #[must_use]
    pub const fn sort(&self) -> &'static str {
        match &self.header.source {
            Source::Phrase { .. } => "words",
            Source::Key {} => "key",
            Source::Watch { .. } => "watch-only",
            Source::Browser {} => "browser",
            Source::MultiSig(_) => "multi-signature",
        }
    }

    /// The account's part of a transaction that nobody has signed; none where the account has several keys that this
    /// wallet does not know.
    #[must_use]
    pub fn unsigned(&self, nonce: u64, fee: u64) -> Option<SpendingCondition> {
        match &self.header.source {
            Source::MultiSig(policy) => Some(policy.unsigned(nonce, fee)),
            Source::Watch {
                kind: AddressKind::Script,
            } => None,
            Source::Phrase { .. } | Source::Key {} | Source::Browser {} | Source::Watch { .. } => {
                Some(SpendingCondition::SingleSig(SingleSig {
                    hash_mode: SingleSigHashMode::P2pkh,
                    signer: self.header.hash160.0,
                    nonce,
                    fee,
                    key_encoding: KeyEncoding::Compressed,
                    signature: Signature::EMPTY,
                }))
            }
        }
    }
}

/// The bytes that are authenticated with the ciphertext.
fn bound(header: &Header) -> Vec<u8> {
    let source = match &header.source {
        Source::Phrase { account } => format!("phrase {account}"),
        // Files without a key have nothing that could be bound.
        Source::Key {} | Source::Watch { .. } | Source::Browser {} | Source::MultiSig(_) => "key".to_owned(),
    };
    format!("recoup-wallet 1 {source} {}", hex::encode(&header.hash160.0)).into_bytes()
}

/// The folder of wallet files.
#[derive(Debug, Clone)]
pub struct Keystore {
    folder: PathBuf,
}

impl Keystore {
    /// The keystore of a home folder.
    #[must_use]
    pub fn of(home: &Home) -> Self {
        Self {
            folder: home.wallets(),
        }
    }

    /// Stores a new wallet.
    ///
    /// # Errors
    /// When the name is taken, or the file cannot be written.
    pub fn create(&self, name: &WalletName, file: &WalletFile) -> Result<PathBuf, KeystoreError> {
        let path = self.path(name);
        let mut text = serde_json::to_string_pretty(file).map_err(|source| KeystoreError::BadFile {
            name: name.clone(),
            source,
        })?;
        text.push('\n');
        match write_whole(&path, text.as_bytes(), Existing::Keep) {
            Err(error) if error.source.kind() == io::ErrorKind::AlreadyExists => {
                Err(KeystoreError::Exists(name.clone()))
            }
            result => Ok(result.map(|()| path)?),
        }
    }

    /// Whether a wallet of this name is stored.
    #[must_use]
    pub fn contains(&self, name: &WalletName) -> bool {
        self.path(name).exists()
    }

    /// Reads a wallet's file.
    ///
    /// # Errors
    /// When it is missing or is none of ours.
    pub fn load(&self, name: &WalletName) -> Result<WalletFile, KeystoreError> {
        let path = self.path(name);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeystoreError::Missing(name.clone()));
            }
            result => result.map_err(FileError::new("read", &path))?,
        };
        serde_json::from_str(&text).map_err(|source| KeystoreError::BadFile {
            name: name.clone(),
            source,
        })
    }

    /// The names of all wallets, in order.
    ///
    /// # Errors
    /// When the folder cannot be read; one that does not exist yet has none.
    pub fn names(&self) -> Result<Vec<WalletName>, KeystoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            result => result.map_err(FileError::new("read", &self.folder))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let file_name = entry.map_err(FileError::new("read", &self.folder))?.file_name();
            let name = file_name.to_str().and_then(|text| text.strip_suffix(".json"));
            names.extend(name.and_then(|name| name.parse::<WalletName>().ok()));
        }
        names.sort();
        Ok(names)
    }

    fn path(&self, name: &WalletName) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Stretching = Stretching {
        memory_kib: 8 * 1024,
        passes: 1,
        lanes: 1,
    };
    /// The public test key of Clarinet's `wallet_1`.
    const KEY: &str = "7287ba251d44a4d3fd9276c88ce34c5c52a038955511cccaf77e61068649c17801";
    const PHRASE: &str = "sell invite acquire kitten bamboo drastic jelly vivid peace spawn twice guilt pave pen \
                          trash pretty park cube fragile unaware remain midnight betray rebuild";
    const ADDRESS: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";

    fn name(text: &str) -> WalletName {
        text.parse().unwrap()
    }

    #[test]
    fn words_and_key_of_one_wallet_have_one_address() {
        for text in [KEY, &KEY[..64], PHRASE] {
            let secret = Secret::parse(text, 0).unwrap();
            let file = WalletFile::seal(&secret, "pass", CHEAP).unwrap();
            assert_eq!(file.address(Network::Testnet).to_string(), ADDRESS);
            let opened = file.open(&name("a"), "pass").unwrap();
            assert_eq!(
                opened.key().unwrap().address(Network::Testnet).to_string(),
                ADDRESS
            );
            assert_eq!(opened.words().unwrap().is_some(), text == PHRASE);
        }
    }

    #[test]
    fn refuses_what_is_no_key_without_repeating_it() {
        let zero = "00".repeat(32);
        let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
        for text in ["", "abc", &KEY[..62], &format!("{}02", &KEY[..64]), &zero, order] {
            let message = Secret::parse(text, 0).err().unwrap().to_string();
            assert!(text.is_empty() || !message.contains(text), "{message}");
        }
    }

    #[test]
    fn a_stored_wallet_opens_with_its_passphrase_alone() {
        let folder = tempfile::tempdir().unwrap();
        let keystore = Keystore::of(&Home::at(folder.path()));
        let file = WalletFile::seal(&Secret::parse(PHRASE, 3).unwrap(), "pass", CHEAP).unwrap();
        keystore.create(&name("shop"), &file).unwrap();
        let loaded = keystore.load(&name("shop")).unwrap();
        assert_eq!(loaded, file);
        assert!(loaded.open(&name("shop"), "pass").is_ok());
        let wrong = loaded.open(&name("shop"), "word").err().unwrap();
        assert!(matches!(
            wrong,
            KeystoreError::Envelope(EnvelopeError::CannotOpen)
        ));
        assert_eq!(keystore.names().unwrap(), [name("shop")]);
    }

    #[test]
    fn never_overwrites_a_wallet() {
        let folder = tempfile::tempdir().unwrap();
        let keystore = Keystore::of(&Home::at(folder.path()));
        let one = WalletFile::seal(&Secret::generate(0).unwrap(), "pass", CHEAP).unwrap();
        let two = WalletFile::seal(&Secret::generate(0).unwrap(), "pass", CHEAP).unwrap();
        keystore.create(&name("shop"), &one).unwrap();
        assert!(matches!(
            keystore.create(&name("shop"), &two),
            Err(KeystoreError::Exists(_))
        ));
        assert_eq!(keystore.load(&name("shop")).unwrap(), one);
    }

    #[test]
    fn a_changed_header_is_noticed_when_the_wallet_is_opened() {
        let secret = Secret::parse(PHRASE, 0).unwrap();
        let file = WalletFile::seal(&secret, "pass", CHEAP).unwrap();
        let mut other_account = file.clone();
        other_account.header.source = Source::Phrase { account: 1 };
        let mut other_address = file.clone();
        other_address.header.hash160.0[0] ^= 1;
        let mut other_kind = file;
        other_kind.header.source = Source::Key {};
        for changed in [other_account, other_address, other_kind] {
            let error = changed.open(&name("a"), "pass").err().unwrap();
            assert!(matches!(
                error,
                KeystoreError::Envelope(EnvelopeError::CannotOpen)
            ));
        }
    }

    #[test]
    fn the_file_holds_no_secret_in_the_clear() {
        let file = WalletFile::seal(&Secret::parse(KEY, 0).unwrap(), "pass", CHEAP).unwrap();
        let text = serde_json::to_string(&file).unwrap();
        assert!(!text.contains(&KEY[..64]) && !text.contains("pass\""));
        assert!(text.contains("\"format\":\"recoup-wallet\",\"version\":\"1\""));
    }

    #[test]
    fn names_are_plain_file_names() {
        for wrong in ["", "../x", "a/b", "a.b", "é", "a b", &"x".repeat(65)] {
            assert!(wrong.parse::<WalletName>().is_err(), "{wrong}");
        }
    }
}
