//! Flags and environment: flag > environment > default. All is checked before the first connection.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use recoup_stacks::address::{ContractId, Network};
use recoup_stacks::hash::StacksHeight;
use sqlx::postgres::PgConnectOptions;

use crate::api::ApiSettings;
use crate::ingest::{IngestSettings, RootRule, Window};
use crate::observer::ObserverSettings;
use crate::repair::RepairSettings;

mod sources;

pub use sources::{
    ArchiveArgument, BackfillArguments, BackfillConfig, ImportArguments, NodeArguments, RepairArguments,
};

/// Follows Recoup's contracts into PostgreSQL and answers auditors.
#[derive(Debug, Parser)]
#[command(name = "recoup-indexer", version)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How log lines look.
    #[arg(long, global = true, env = "RECOUP_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Which log lines are written, for example `info` or `recoup_indexer=debug`.
    #[arg(
        long,
        global = true,
        env = "RECOUP_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub log: String,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take the node's events, keep the tables, answer the API.
    Run(Box<RunArguments>),
    /// Follow an archive of a node's events, and end.
    Import(Box<ImportArguments>),
    /// Fetch what is missing of a range of burn blocks from a node, follow it, and end.
    Backfill(Box<BackfillArguments>),
    /// Bring the tables up to date and end; `run` does it too.
    Migrate(DatabaseArguments),
    /// Print where the indexer stands, as JSON, and end.
    Status(DatabaseArguments),
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Which database.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArguments {
    /// PostgreSQL database of the indexer alone.
    #[arg(long, env = "RECOUP_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Secret<PgConnectOptions>,
}

/// Flags of every command that follows the chain into a database.
#[derive(Debug, Clone, Args)]
pub struct FollowArguments {
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Network of the node: mainnet, or testnet (also for devnet and regtest).
    #[arg(long, env = "RECOUP_NETWORK")]
    pub network: Network,
    /// The recoup-core contract to follow, as ADDR.name.
    #[arg(long, env = "RECOUP_CORE_CONTRACT", value_name = "CONTRACT")]
    pub core_contract: ContractId,
    /// Where to begin: `deploy` (the block that deployed core), `first` (the first block received) or a Stacks height.
    /// Decided once for a database.
    #[arg(
        long,
        env = "RECOUP_START_BLOCK",
        value_name = "BLOCK",
        default_value = "deploy"
    )]
    pub start_block: StartBlock,
    /// Burn blocks after which a refund is final.
    #[arg(
        long,
        env = "RECOUP_FINALITY_DEPTH",
        value_name = "BLOCKS",
        default_value_t = 6
    )]
    pub finality_depth: u64,
}

/// Which database, and what is followed into it.
#[derive(Debug, Clone)]
pub struct FollowConfig {
    /// Database.
    pub database: PgConnectOptions,
    /// Network of the node.
    pub network: Network,
    /// What is followed, and how.
    pub ingest: IngestSettings,
}

impl FollowArguments {
    /// Checks what single flags cannot tell.
    ///
    /// # Errors
    /// [`ConfigError::OtherNetwork`]
    pub fn check(self) -> Result<FollowConfig, ConfigError> {
        if self.core_contract.address.network() != Some(self.network) {
            return Err(ConfigError::OtherNetwork {
                core_contract: self.core_contract,
                network: self.network,
            });
        }
        Ok(FollowConfig {
            database: self.database.database_url.0,
            network: self.network,
            ingest: IngestSettings {
                core_contract: self.core_contract,
                root: self.start_block.0,
                finality_depth: self.finality_depth,
                window: Window::default(),
            },
        })
    }
}

/// Flags of `run`.
#[derive(Debug, Clone, Args)]
pub struct RunArguments {
    /// Which database and chain.
    #[command(flatten)]
    pub follow: FollowArguments,
    /// What fills the gaps.
    #[command(flatten)]
    pub repair: RepairArguments,
    /// Where the node's `[[events_observer]]` points to. The node has no encryption: keep it on a private network.
    #[arg(
        long,
        env = "RECOUP_OBSERVER_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:3700"
    )]
    pub observer_listen: SocketAddr,
    /// Secret first part of the observer's path, the only password that a node can send.
    #[arg(
        long,
        env = "RECOUP_OBSERVER_PATH_PREFIX",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub observer_path_prefix: Option<Secret<PathPrefix>>,
    /// Where the API listens.
    #[arg(
        long,
        env = "RECOUP_API_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:3780"
    )]
    pub api_listen: SocketAddr,
    /// Waiting messages at which the node is told to try again later.
    #[arg(
        long, env = "RECOUP_INBOX_LIMIT", value_name = "MESSAGES", default_value_t = 10_000,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub inbox_limit: u64,
    /// Longest message of the node in bytes. The genesis block has about 80 MB.
    #[arg(
        long, env = "RECOUP_BODY_LIMIT", value_name = "BYTES", default_value_t = 512 * 1024 * 1024,
        value_parser = clap::value_parser!(u32).range(1..=1024 * 1024 * 1024)
    )]
    pub body_limit: u32,
}

/// All that `run` needs, checked.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// Database.
    pub database: PgConnectOptions,
    /// Network of the node.
    pub network: Network,
    /// Where the node's messages come in.
    pub observer_listen: SocketAddr,
    /// How they are taken.
    pub observer: ObserverSettings,
    /// How they are followed.
    pub ingest: IngestSettings,
    /// What fetches those that never came; none: gaps are shown only.
    pub repair: Option<RepairSettings>,
    /// Where the API listens.
    pub api_listen: SocketAddr,
    /// How it answers.
    pub api: ApiSettings,
}

/// What is wrong with the configuration as a whole.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The contract's address belongs to another network.
    #[error("{core_contract} is no address of {network}")]
    OtherNetwork {
        /// The contract.
        core_contract: ContractId,
        /// The network.
        network: Network,
    },
    /// `--node-url` is no URL of a node.
    #[error("--node-url must be an http:// or https:// URL without query (not shown: it may hold a secret)")]
    NodeUrl,
    /// A command that asks a node has none.
    #[error("--node-url is needed")]
    NoNode,
    /// A token for nobody.
    #[error("--node-auth-token-file needs --node-url")]
    TokenWithoutNode,
    /// The file of the node's token.
    #[error("cannot read the node's token from {path}")]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The node's token.
    #[error("{path} holds no token that HTTP can carry")]
    Token {
        /// The file.
        path: PathBuf,
    },
}

impl RunArguments {
    /// Checks what single flags cannot tell.
    ///
    /// # Errors
    /// [`ConfigError`] says what contradicts what.
    pub fn check(self) -> Result<RunConfig, ConfigError> {
        let follow = self.follow.check()?;
        Ok(RunConfig {
            database: follow.database,
            network: follow.network,
            observer_listen: self.observer_listen,
            observer: ObserverSettings {
                path_prefix: self.observer_path_prefix.map(|prefix| prefix.0.0),
                body_limit: usize::try_from(self.body_limit).unwrap_or(usize::MAX),
                inbox_limit: self.inbox_limit,
            },
            ingest: follow.ingest,
            repair: self.repair.check()?,
            api_listen: self.api_listen,
            api: ApiSettings::default(),
        })
    }
}

/// A value that neither logs nor debug output show.
#[derive(Clone)]
pub struct Secret<T>(pub T);

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl<T: FromStr> FromStr for Secret<T> {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        text.parse().map(Self).map_err(|_| InvalidSecret)
    }
}

/// A secret that does not parse; the reason could show a part of it.
#[derive(Debug, thiserror::Error)]
#[error("malformed (not shown: it may hold a secret)")]
pub struct InvalidSecret;

/// First part of a path.
#[derive(Clone)]
pub struct PathPrefix(pub String);

impl FromStr for PathPrefix {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        if !text.is_empty() && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err("takes letters, digits and -_.~ only")
        }
    }
}

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartBlock(pub RootRule);

impl FromStr for StartBlock {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "deploy" => Ok(Self(RootRule::DeployOfCore)),
            "first" => Ok(Self(RootRule::FirstReceived)),
            height => match height
                .parse()
                .ok()
                .filter(|height| i64::try_from(*height).is_ok())
            {
                Some(height) => Ok(Self(RootRule::Height(StacksHeight(height)))),
                None => Err("must be `deploy`, `first` or a Stacks height"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    const CORE: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core";

    fn parse(extra: &[&str]) -> Result<RunConfig, String> {
        let base = [
            "recoup-indexer",
            "run",
            "--database-url",
            "postgres://me:pass@db/recoup",
            "--core-contract",
            CORE,
        ];
        let arguments =
            Arguments::try_parse_from(base.iter().chain(extra)).map_err(|error| error.to_string())?;
        match arguments.command {
            Command::Run(run) => run.check().map_err(|error| error.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn defaults_listen_on_loopback_and_start_at_the_deployment() {
        let config = parse(&["--network", "testnet"]).unwrap();
        assert_eq!(config.observer_listen.to_string(), "127.0.0.1:3700");
        assert_eq!(config.api_listen.to_string(), "127.0.0.1:3780");
        assert_eq!(config.ingest.root, RootRule::DeployOfCore);
        assert_eq!(config.ingest.finality_depth, 6);
    }

    #[test]
    fn refuses_what_contradicts_itself() {
        assert!(
            parse(&["--network", "mainnet"])
                .unwrap_err()
                .contains("no address of mainnet")
        );
        assert!(parse(&["--network", "moonnet"]).is_err());
        assert!(parse(&["--network", "testnet", "--start-block", "-1"]).is_err());
        assert!(parse(&["--network", "testnet", "--inbox-limit", "0"]).is_err());
    }

    #[test]
    fn gaps_are_repaired_only_when_a_node_is_named() {
        let network = ["--network", "testnet"];
        assert!(parse(&network).unwrap().repair.is_none());
        let with = |extra: &[&str]| parse(&[network.as_slice(), extra].concat());
        assert!(
            with(&["--node-url", "http://127.0.0.1:20443"])
                .unwrap()
                .repair
                .is_some()
        );
        assert!(
            with(&["--node-auth-token-file", "/dev/null"])
                .unwrap_err()
                .contains("needs --node-url")
        );
        let error = with(&["--node-url", "ftp://me:hush@node"]).unwrap_err();
        assert!(error.contains("http://") && !error.contains("hush"), "{error}");
        let missing = [
            "--node-url",
            "http://n",
            "--node-auth-token-file",
            "/nonexistent/token",
        ];
        assert!(with(&missing).unwrap_err().contains("/nonexistent/token"));
    }

    #[test]
    fn secrets_are_in_no_message() {
        let config = parse(&["--network", "testnet", "--observer-path-prefix", "hush/hush"]).unwrap_err();
        assert!(config.contains("malformed"), "{config}");
        let arguments = Arguments::try_parse_from([
            "recoup-indexer",
            "migrate",
            "--database-url",
            "postgres://me:hush@db/x",
        ]);
        assert!(!format!("{arguments:?}").contains("hush"));
        let help = Arguments::command().render_long_help().to_string();
        assert!(!help.contains("hush"));
    }
}
