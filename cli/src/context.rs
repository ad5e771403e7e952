//! What every command starts from: the options that all share, and what they lead to.

use std::path::PathBuf;

use clap::Args;
use recoup_protocol::calls::ContractCall;
use recoup_stacks::address::{Address, ContractId};
use recoup_stacks::keys::SecretKey;
use recoup_stacks::transaction::{SpendingCondition, UnsignedTransaction};

use crate::cache::Cache;
use crate::failure::{Failure, Kind};
use crate::home::Home;
use crate::journal::{Intent, Journal};
use crate::keystore::{Keystore, KeystoreError, MultiSigPolicy, Secret, WalletFile, WalletName};
use crate::node::Node;
use crate::profile::{Config, ConfigError, Profile, Settings};
use crate::secrets::PassphraseSource;
use crate::send::Outgoing;

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct GlobalOptions {
    /// Folder of configuration, wallets and journals [default: recoup in the user's configuration folder]
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        env = "RECOUP_HOME",
        hide_env_values = true
    )]
    pub home: Option<PathBuf>,
    /// Profile: local, testnet, mainnet, or one of the configuration file
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "RECOUP_PROFILE",
        hide_env_values = true
    )]
    pub profile: Option<String>,
    /// URL of the node [default: the profile's]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "RECOUP_NODE_URL",
        hide_env_values = true
    )]
    pub node_url: Option<String>,
    /// URL of a hosted API, for waiting nonces
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "RECOUP_API_URL",
        hide_env_values = true
    )]
    pub api_url: Option<String>,
    /// URL of the indexer [default: the profile's]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "RECOUP_INDEXER_URL",
        hide_env_values = true
    )]
    pub indexer_url: Option<String>,
    /// Id of the deployed recoup-core [default: the profile's]
    #[arg(
        long,
        global = true,
        value_name = "CONTRACT",
        env = "RECOUP_CONTRACT",
        hide_env_values = true
    )]
    pub contract: Option<ContractId>,
    /// Wallet to use [default: the profile's, or the only one]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "RECOUP_WALLET",
        hide_env_values = true
    )]
    pub wallet: Option<WalletName>,
    /// Print one JSON object on stdout (docs/JSON.md) in place of text
    #[arg(long, global = true)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print the comment as help")]
    pub passphrase: PassphraseSource,
}

/// Everything that a command works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The folder of its files.
    pub home: Home,
    /// What is configured.
    pub profile: Profile,
    /// Its wallets.
    pub keystore: Keystore,
    /// What was signed on the profile's chain.
    pub journal: Journal,
    /// The profile's node.
    pub node: Node,
    /// Where a passphrase comes from.
    pub passphrase: PassphraseSource,
}

impl Context {
    /// Decides everything from options, environment and configuration file.
    ///
    /// # Errors
    /// When they do not fit together.
    pub fn new(options: &GlobalOptions) -> Result<Self, Failure> {
        let home = home(options)?;
        let given = Settings {
            node: options.node_url.clone(),
            api: options.api_url.clone(),
            indexer: options.indexer_url.clone(),
            contract: options.contract.clone(),
            wallet: options.wallet.clone(),
            ..Settings::default()
        };
        let profile = Config::load(&home)?.profile(options.profile.as_deref(), given)?;
        let network = profile.network.as_str();
        Ok(Self {
            keystore: Keystore::of(&home),
            journal: Journal::new(home.journal(network), network),
            node: Node::of(&profile)?,
            passphrase: options.passphrase.clone(),
            home,
            profile,
        })
    }

    /// The same with another wallet, if one is named.
    #[must_use]
    pub fn with_wallet(&self, name: Option<WalletName>) -> Self {
        let mut context = self.clone();
        context.profile.wallet = name.or(context.profile.wallet);
        context
    }

    /// The contract to work with.
    ///
    /// # Errors
    /// When none is configured.
    pub fn core(&self) -> Result<&ContractId, Failure> {
        self.profile.contract.as_ref().ok_or_else(|| {
            Failure::new(
                Kind::Usage,
                format!("profile `{}` names no contract", self.profile.name),
            )
            .hint("name it with --contract, or deploy one with `recoup contracts deploy`")
        })
    }

    /// The transaction that calls a contract for this intent. Nothing at all may leave anybody until
    /// [`Outgoing::fenced`] says what may.
    #[must_use]
    pub fn outgoing(&self, contract: &ContractId, call: &impl ContractCall, intent: Intent) -> Outgoing {
        let network = self.profile.network.network();
        let transaction =
            UnsignedTransaction::contract_call(network, contract.clone(), call.function(), call.arguments());
        Outgoing::new(intent, transaction)
    }

    /// What is remembered of the profile's chain.
    #[must_use]
    pub fn cache(&self) -> Cache {
        Cache::load(&self.home, self.profile.network)
    }

    /// The wallet to work with, still locked.
    ///
    /// # Errors
    /// When none is named and there is not exactly one, or its file cannot be read.
    pub fn wallet(&self) -> Result<Wallet, Failure> {
        let name = match &self.profile.wallet {
            Some(name) => name.clone(),
            None => self.only_wallet()?,
        };
        let file = self.keystore.load(&name)?;
        let address = file.address(self.profile.network.network());
        Ok(Wallet { name, file, address })
    }

    fn only_wallet(&self) -> Result<WalletName, Failure> {
        let mut names = self.keystore.names()?;
        match (names.pop(), names.is_empty()) {
            (Some(only), true) => Ok(only),
            (None, _) => Err(Failure::new(Kind::Usage, "there is no wallet")
                .hint("make one with `recoup wallet new`, or import one with `recoup wallet import`")),
            (Some(_), false) => Err(Failure::new(Kind::Usage, "there are several wallets")
                .hint("name one with --wallet, or set it with `recoup config set wallet NAME`")),
        }
    }
}

/// The folder of the program's files.
///
/// # Errors
/// When neither options nor environment name one.
pub fn home(options: &GlobalOptions) -> Result<Home, Failure> {
    let user = || Home::of_user(|name| std::env::var(name).ok());
    Ok(options
        .home
        .clone()
        .map(Home::at)
        .or_else(user)
        .ok_or(ConfigError::NoHome)?)
}

/// A wallet that is not unlocked yet. Its address is the file's word until then.
#[derive(Debug)]
pub struct Wallet {
    /// Its name.
    pub name: WalletName,
    /// Its address on the profile's chain.
    pub address: Address,
    file: WalletFile,
}

impl Wallet {
    /// The account's part of a transaction that is to be signed elsewhere.
    ///
    /// # Errors
    /// When the account has several keys and the wallet does not know them.
    pub fn unsigned(&self, nonce: u64, fee: u64) -> Result<SpendingCondition, Failure> {
        self.file.unsigned(nonce, fee).ok_or_else(|| {
            let message = format!(
                "wallet `{}` does not know the keys of {}",
                self.name, self.address
            );
            Failure::new(Kind::Usage, message)
                .hint("name them once, with `recoup wallet multisig`, and use that wallet")
        })
    }

    /// The keys, when there are several.
    #[must_use]
    pub const fn policy(&self) -> Option<&MultiSigPolicy> {
        self.file.policy()
    }

    /// Whether it can sign by itself.
    #[must_use]
    pub const fn has_key(&self) -> bool {
        self.file.has_key()
    }

    /// Whether a browser signs for it.
    #[must_use]
    pub const fn is_in_browser(&self) -> bool {
        self.file.is_in_browser()
    }

    /// What sort of wallet it is, in a word.
    #[must_use]
    pub const fn sort(&self) -> &'static str {
        self.file.sort()
    }

    /// Asks for the passphrase and decrypts.
    ///
    /// # Errors
    /// When the passphrase cannot be had or is wrong, or the wallet holds no key.
    pub fn open(&self, passphrase: &PassphraseSource) -> Result<Secret, Failure> {
        if !self.file.has_key() {
            return Err(KeystoreError::WatchOnly(self.name.clone()).into());
        }
        let passphrase = passphrase.read(&self.name.to_string())?;
        Ok(self.file.open(&self.name, &passphrase)?)
    }

    /// The key to sign with.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn unlock(&self, passphrase: &PassphraseSource) -> Result<SecretKey, Failure> {
        Ok(self.open(passphrase)?.key()?)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let kind = if matches!(error, ConfigError::File(_)) {
            Kind::Internal
        } else {
            Kind::Usage
        };
        let failure = Self::from_error(kind, &error);
        match error {
            ConfigError::UnknownProfile(_) => {
                failure.hint("built in are local, testnet and mainnet; others stand in config.toml")
            }
            ConfigError::ProfileExists(_) => {
                failure.hint("change it with `recoup config set`, or give the new one another name")
            }
            ConfigError::UnknownSetting(_) => failure.hint(
                "there are network, node, api, indexer, contract, wallet, max-fee, fallback-fee and final-after",
            ),
            ConfigError::NoHome => failure.hint("say where the files are to lie, with --home"),
            ConfigError::WrongNetwork { .. } => failure.hint("check --contract and --profile"),
            _ => failure,
        }
    }
}

impl From<KeystoreError> for Failure {
    fn from(error: KeystoreError) -> Self {
        let (kind, hint) = match &error {
            KeystoreError::Missing(_) => (Kind::Usage, "`recoup wallet list` shows what there is"),
            KeystoreError::Exists(_) => (Kind::Usage, "choose another name: a key is never overwritten"),
            KeystoreError::BadName(_) | KeystoreError::BadKey | KeystoreError::Phrase(_) => {
                (Kind::Usage, "nothing was stored")
            }
            KeystoreError::Policy(_) => (Kind::Usage, "nothing was stored"),
            KeystoreError::WatchOnly(_) => (
                Kind::Usage,
                "write the transaction to a file with --unsigned, sign it with `recoup tx sign` where the key is",
            ),
            KeystoreError::Envelope(_) => (Kind::Refused, "nothing was signed"),
            KeystoreError::BadFile { .. } | KeystoreError::WrongAddress(_) => (
                Kind::Refused,
                "restore the file from a backup, or import the words again under another name",
            ),
            KeystoreError::File(_) => (Kind::Internal, "check the folder's permissions and the disk"),
        };
        Self::from_error(kind, &error).hint(hint)
    }
}

impl From<crate::secrets::SecretError> for Failure {
    fn from(error: crate::secrets::SecretError) -> Self {
        Self::from_error(Kind::Usage, &error)
            .hint("give the passphrase with --passphrase-file or --passphrase-fd")
    }
}

impl From<crate::journal::JournalError> for Failure {
    fn from(error: crate::journal::JournalError) -> Self {
        use crate::journal::JournalError;
        let hint = match &error {
            JournalError::Write(_) | JournalError::File(_) => {
                "what cannot be written down first is not signed or sent: make room on the disk and check the folder's \
                 permissions, then run the same command again"
            }
            JournalError::Header { .. } => {
                "each network and version has a journal of its own: check --home and --profile"
            }
            JournalError::Line { .. } | JournalError::Content { .. } | JournalError::Order { .. } => {
                "nothing is signed while the journal cannot be trusted: keep a copy of the file and restore the newest \
                 good one; docs/JOURNAL.md says how, and when a new one may be begun"
            }
        };
        Self::from_error(Kind::Internal, &error).hint(hint)
    }
}

impl From<crate::home::FileError> for Failure {
    fn from(error: crate::home::FileError) -> Self {
        Self::from_error(Kind::Internal, &error)
    }
}
