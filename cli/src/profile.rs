//! Profiles: which network, node, indexer, contract and wallet a command works with. Flags win over environment variables,
//! those over the configuration file, that over what is built in.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;

use recoup_stacks::address::{ChainId, ContractId, Network};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::approval::ApprovalSettings;
use crate::home::{Existing, FileError, Home, write_whole};
use crate::keystore::WalletName;

mod new_profile;

pub use new_profile::add;

/// Why the configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Files.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file's content.
    #[error("the configuration file cannot be understood")]
    Content(#[source] Box<toml_edit::de::Error>),
    /// No such profile is built in or configured.
    #[error("there is no profile `{0}`")]
    UnknownProfile(String),
    /// No such chain.
    #[error("there is no chain `{0}`: it is local, testnet or mainnet")]
    UnknownChain(String),
    /// The file has a profile of this name.
    #[error("the configuration file has a profile `{0}` already")]
    ProfileExists(String),
    /// A profile of one's own must say where it belongs.
    #[error("profile `{profile}` names no {setting}")]
    Missing {
        /// Which profile.
        profile: String,
        /// What it must name.
        setting: &'static str,
    },
    /// No such setting.
    #[error("there is no setting `{0}`")]
    UnknownSetting(String),
    /// The environment names no folder for configuration.
    #[error("neither --home, RECOUP_HOME, XDG_CONFIG_HOME nor HOME is set")]
    NoHome,
    /// The contract belongs to another network.
    #[error("contract {contract} is not an address of {network}")]
    WrongNetwork {
        /// The contract.
        contract: ContractId,
        /// The profile's network.
        network: Chain,
    },
}

/// A chain that transactions can go to. Testnet and local chains look alike on the wire, and are different chains: each
/// has its own journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Chain {
    /// A developer's chain.
    Local,
    /// The public test network.
    Testnet,
    /// Real money.
    Mainnet,
}

impl Chain {
    /// The name in configuration, file names and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Testnet => "testnet",
            Self::Mainnet => "mainnet",
        }
    }

    /// Which addresses and transaction version it has.
    #[must_use]
    pub const fn network(self) -> Network {
        match self {
            Self::Local | Self::Testnet => Network::Testnet,
            Self::Mainnet => Network::Mainnet,
        }
    }

    /// The number that transactions and the node must carry.
    #[must_use]
    pub const fn chain_id(self) -> ChainId {
        self.network().default_chain_id()
    }
}

impl FromStr for Chain {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        [Self::Local, Self::Testnet, Self::Mainnet]
            .into_iter()
            .find(|chain| chain.as_str() == text)
            .ok_or_else(|| ConfigError::UnknownChain(text.to_owned()))
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What the configuration file, the environment and the flags can say of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Which chain.
    pub network: Option<Chain>,
    /// The node's URL.
    pub node: Option<String>,
    /// The indexer's URL.
    pub indexer: Option<String>,
    /// Id of the deployed `recoup-core`.
    pub contract: Option<ContractId>,
    /// The wallet to use when none is named.
    pub wallet: Option<WalletName>,
    /// Most that one transaction may cost, in micro-STX.
    pub max_fee: Option<u64>,
    /// What a transaction costs when the node has no estimate, in micro-STX.
    pub fallback_fee: Option<u64>,
    /// Burn blocks until what was included counts as final.
    pub final_after: Option<u64>,
    /// URL of a hosted Stacks API, which knows what waits in the mempool.
    pub api: Option<String>,
    /// From which amounts on a second person has to agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalSettings>,
}

impl Settings {
    /// `self`, and `below` wherever `self` says nothing.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            network: self.network.or(below.network),
            node: self.node.or(below.node),
            indexer: self.indexer.or(below.indexer),
            contract: self.contract.or(below.contract),
            wallet: self.wallet.or(below.wallet),
            max_fee: self.max_fee.or(below.max_fee),
            fallback_fee: self.fallback_fee.or(below.fallback_fee),
            final_after: self.final_after.or(below.final_after),
            api: self.api.or(below.api),
            approval: self.approval.or(below.approval),
        }
    }

    /// What is known of a chain without configuration.
    #[must_use]
    pub fn built_in(chain: Chain) -> Self {
        let at = |network, node: &str, indexer: Option<&str>| Self {
            network: Some(network),
            node: Some(node.to_owned()),
            indexer: indexer.map(str::to_owned),
            ..Self::default()
        };
        match chain {
            Chain::Local => at(chain, "http://127.0.0.1:20443", Some("http://127.0.0.1:3780")),
            Chain::Testnet => at(chain, "https://api.testnet.hiro.so", None),
            Chain::Mainnet => at(chain, "https://api.hiro.so", None),
        }
    }
}

/// A profile with everything decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Which chain.
    pub network: Chain,
    /// The node's URL, without a slash at its end.
    pub node: String,
    /// The indexer's URL, without a slash at its end.
    pub indexer: Option<String>,
    /// Id of the deployed `recoup-core`.
    pub contract: Option<ContractId>,
    /// The wallet to use when none is named.
    pub wallet: Option<WalletName>,
    /// Most that one transaction may cost, in micro-STX.
    pub max_fee: u64,
    /// What a transaction costs when the node has no estimate, in micro-STX.
    pub fallback_fee: u64,
    /// Burn blocks until what was included counts as final.
    pub final_after: u64,
    /// URL of a hosted Stacks API, without a slash at its end: asked for the nonces that wait in the mempool.
    pub api: Option<String>,
    /// From which amounts on a second person has to agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalSettings>,
}

const DEFAULT_PROFILE: &str = "local";
const DEFAULT_MAX_FEE: u64 = 500_000;
const DEFAULT_FALLBACK_FEE: u64 = 3_000;
const DEFAULT_FINAL_AFTER: u64 = 6;

/// The configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The profile to use when none is named.
    pub default_profile: Option<String>,
    /// Settings by profile.
    #[serde(default)]
    pub profiles: BTreeMap<String, Settings>,
}

impl Config {
    /// Reads the file; without one, nothing is configured.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn load(home: &Home) -> Result<Self, ConfigError> {
        let text = read_or_empty(&home.config_file())?;
        toml_edit::de::from_str(&text).map_err(|error| ConfigError::Content(Box::new(error)))
    }

    /// Decides a profile: `given` (flags and environment) over this file over what is built in.
    ///
    /// # Errors
    /// When there is no such profile, or it lacks something.
    pub fn profile(&self, name: Option<&str>, given: Settings) -> Result<Profile, ConfigError> {
        let name = name
            .or(self.default_profile.as_deref())
            .unwrap_or(DEFAULT_PROFILE)
            .to_owned();
        let built_in = name.parse().ok().map(Settings::built_in);
        let configured = self.profiles.get(&name).cloned();
        if built_in.is_none() && configured.is_none() {
            return Err(ConfigError::UnknownProfile(name));
        }
        let settings = given
            .over(configured.unwrap_or_default())
            .over(built_in.unwrap_or_default());
        let missing = |setting| ConfigError::Missing {
            profile: name.clone(),
            setting,
        };
        let network = settings.network.ok_or_else(|| missing("network"))?;
        let node = settings.node.ok_or_else(|| missing("node"))?;
        if let Some(contract) = &settings.contract
            && contract.address.network() != Some(network.network())
        {
            return Err(ConfigError::WrongNetwork {
                contract: contract.clone(),
                network,
            });
        }
        Ok(Profile {
            network,
            node: node.trim_end_matches('/').to_owned(),
            indexer: settings.indexer.map(|url| url.trim_end_matches('/').to_owned()),
            contract: settings.contract,
            wallet: settings.wallet,
            max_fee: settings.max_fee.unwrap_or(DEFAULT_MAX_FEE),
            fallback_fee: settings.fallback_fee.unwrap_or(DEFAULT_FALLBACK_FEE),
            final_after: settings.final_after.unwrap_or(DEFAULT_FINAL_AFTER),
            api: settings.api.map(|url| url.trim_end_matches('/').to_owned()),
            approval: settings.approval,
            name,
        })
    }
}

/// Changes one setting of one profile in the configuration file; comments and order in the file stay. Nothing is written
/// when the result could not be read back.
///
/// # Errors
/// When there is no such setting, or its value does not fit.
pub fn set(home: &Home, profile: &str, setting: &str, text: &str) -> Result<(), ConfigError> {
    let path = home.config_file();
    let mut document: DocumentMut = read_or_empty(&path)?
        .parse()
        .map_err(|error| ConfigError::Content(Box::new(toml_edit::de::Error::from(error))))?;
    let item = match setting {
        "max-fee" | "fallback-fee" | "final-after" => value(
            text.parse::<i64>()
                .map_err(|_| ConfigError::UnknownSetting(format!("{setting} = {text}")))?,
        ),
        "network" | "node" | "api" | "indexer" | "contract" | "wallet" => value(text),
        _ => return Err(ConfigError::UnknownSetting(setting.to_owned())),
    };
    let profiles = document
        .entry("profiles")
        .or_insert_with(|| Item::Table(implicit_table()));
    let no_table = || ConfigError::UnknownProfile(profile.to_owned());
    let profiles = profiles.as_table_like_mut().ok_or_else(no_table)?;
    let table = profiles
        .entry(profile)
        .or_insert_with(|| Item::Table(Table::new()));
    table
        .as_table_like_mut()
        .ok_or_else(no_table)?
        .insert(setting, item);
    let content = document.to_string();
    toml_edit::de::from_str::<Config>(&content).map_err(|error| ConfigError::Content(Box::new(error)))?;
    Ok(write_whole(&path, content.as_bytes(), Existing::Replace)?)
}

fn implicit_table() -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    table
}

fn read_or_empty(path: &Path) -> Result<String, ConfigError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        result => Ok(result.map_err(FileError::new("read", path))?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core";

    #[test]
    fn flags_win_over_the_file_and_the_file_over_what_is_built_in() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        set(&home, "local", "node", "http://127.0.0.1:1/").unwrap();
        set(&home, "local", "max-fee", "7").unwrap();
        set(&home, "local", "contract", CONTRACT).unwrap();
        let config = Config::load(&home).unwrap();
        let given = Settings {
            max_fee: Some(9),
            ..Settings::default()
        };
        let profile = config.profile(None, given).unwrap();
        assert_eq!((profile.name.as_str(), profile.network), ("local", Chain::Local));
        assert_eq!(profile.node, "http://127.0.0.1:1");
        assert_eq!((profile.max_fee, profile.fallback_fee), (9, DEFAULT_FALLBACK_FEE));
        assert_eq!(profile.contract.unwrap().to_string(), CONTRACT);
    }

    #[test]
    fn setting_keeps_comments_and_refuses_what_cannot_be_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        fs::write(
            home.config_file(),
            "# mine\ndefault-profile = \"shop\"\n\n[profiles.shop] # ours\n",
        )
        .unwrap();
        set(&home, "shop", "network", "testnet").unwrap();
        let before = fs::read_to_string(home.config_file()).unwrap();
        assert!(before.contains("# mine") && before.contains("# ours"), "{before}");
        for (setting, text) in [
            ("network", "moonnet"),
            ("max-fee", "-1"),
            ("max-fee", "x"),
            ("colour", "red"),
            ("wallet", "a/b"),
        ] {
            assert!(set(&home, "shop", setting, text).is_err(), "{setting} = {text}");
        }
        assert_eq!(fs::read_to_string(home.config_file()).unwrap(), before);
        let error = Config::load(&home)
            .unwrap()
            .profile(None, Settings::default())
            .unwrap_err();
        assert!(matches!(error, ConfigError::Missing { setting: "node", .. }));
    }

    #[test]
    fn refuses_unknown_profiles_and_contracts_of_other_networks() {
        let config = Config::default();
        assert!(matches!(
            config.profile(Some("moon"), Settings::default()),
            Err(ConfigError::UnknownProfile(_))
        ));
        let given = Settings {
            contract: Some(CONTRACT.parse().unwrap()),
            ..Settings::default()
        };
        assert!(matches!(
            config.profile(Some("mainnet"), given),
            Err(ConfigError::WrongNetwork { .. })
        ));
    }
}
