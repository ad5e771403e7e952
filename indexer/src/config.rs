//! Flags and environment: flag > environment > default. All is checked before the first connection.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use recoup_stacks::address::{ContractId, Network};
use recoup_stacks::hash::StacksHeight;
use sqlx::postgres::PgConnectOptions;

use crate::ingest::{IngestSettings, RootRule, Window};
use crate::normalised::Satellites;

mod api;
mod help;
mod run;
mod secret;
mod sources;
mod verify;

pub use api::{ApiArguments, CorsOrigin};
pub use run::{PartArguments, Parts, RetentionArguments, RunArguments, RunConfig};
pub use secret::{InvalidSecret, PathPrefix, Secret};
pub use sources::{
    ArchiveArgument, BackfillArguments, BackfillConfig, ImportArguments, NodeArguments, RepairArguments,
};
pub use verify::{VerifyArguments, VerifyConfig};

/// Follows Recoup's contracts into PostgreSQL and answers auditors.
///
/// A node sends its events here; what concerns Recoup's contracts is kept in tables, through forks and restarts, and
/// answered over HTTP. It holds no key, and the database can be rebuilt from the chain at any time. Most options have an
/// environment variable, and win over it. Log lines go to stderr, results to stdout.
#[derive(Debug, Parser)]
#[command(name = "recoup-indexer", version, max_term_width = 100, after_long_help = help::PROGRAM)]
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
    ///
    /// Runs until it is told to end (SIGTERM, Ctrl-C), and ends in order. Several may run on one database: one follows,
    /// the others stand by. What a node never sent is fetched from --node-url. docs/OPERATIONS.md says how to run it.
    #[command(after_long_help = help::RUN)]
    Run(Box<RunArguments>),
    /// Follow an archive of a node's events, and end.
    ///
    /// For history that the node sent before there was an indexer. Interrupted, the same command goes on where it was.
    #[command(after_long_help = help::IMPORT)]
    Import(Box<ImportArguments>),
    /// Fetch what is missing of a range of burn blocks from a node, follow it, and end.
    ///
    /// The node replays each block (`/v3/blocks/replay`), for which it wants its `auth_token`. What is there already is not
    /// fetched again.
    #[command(after_long_help = help::BACKFILL)]
    Backfill(Box<BackfillArguments>),
    /// Compare the tables with each other and with the contract's state on a node, and end; fails on any difference.
    ///
    /// Changes nothing. Each difference is shown with the block at which both sides were read.
    #[command(after_long_help = help::VERIFY)]
    Verify(Box<VerifyArguments>),
    /// Bring the tables up to date and end; `run` does it too.
    ///
    /// For when the user that `run` has may not change tables.
    #[command(after_long_help = help::MIGRATE)]
    Migrate(DatabaseArguments),
    /// Print where the indexer stands, as JSON, and end.
    ///
    /// The answer of `/api/v1/health`, read from the database: also while no indexer runs.
    #[command(after_long_help = help::STATUS)]
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
    /// The recoup-subscriptions contract to follow [default: the one of core's deployer]
    #[arg(long, env = "RECOUP_SUBSCRIPTIONS_CONTRACT", value_name = "CONTRACT")]
    pub subscriptions_contract: Option<ContractId>,
    /// The recoup-reserve contract to follow [default: the one of core's deployer]
    #[arg(long, env = "RECOUP_RESERVE_CONTRACT", value_name = "CONTRACT")]
    pub reserve_contract: Option<ContractId>,
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
    /// Burn blocks from one checkpoint to the next: one is made at each multiple of it, when that is final. The same for
    /// all indexers whose checkpoints are to be compared.
    #[arg(
        long,
        env = "RECOUP_CHECKPOINT_INTERVAL",
        value_name = "BLOCKS",
        default_value = "144"
    )]
    pub checkpoint_interval: NonZeroU64,
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
        let beside = Satellites::beside(&self.core_contract);
        let satellites = Satellites {
            subscriptions: self.subscriptions_contract.unwrap_or(beside.subscriptions),
            reserve: self.reserve_contract.unwrap_or(beside.reserve),
        };
        let contracts = [
            &self.core_contract,
            &satellites.subscriptions,
            &satellites.reserve,
        ];
        if let Some(foreign) = contracts
            .into_iter()
            .find(|contract| contract.address.network() != Some(self.network))
        {
            return Err(ConfigError::OtherNetwork {
                contract: foreign.clone(),
                network: self.network,
            });
        }
        let [core, subscriptions, reserve] = contracts;
        if core == subscriptions || core == reserve || subscriptions == reserve {
            return Err(ConfigError::SameContract);
        }
        Ok(FollowConfig {
            database: self.database.database_url.0,
            network: self.network,
            ingest: IngestSettings {
                core_contract: self.core_contract,
                satellites,
                root: self.start_block.0,
                finality_depth: self.finality_depth,
                checkpoint_interval: self.checkpoint_interval,
                window: Window::default(),
            },
        })
    }
}

/// What is wrong with the configuration as a whole.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A contract's address belongs to another network.
    #[error("{contract} is no address of {network}")]
    OtherNetwork {
        /// The contract.
        contract: ContractId,
        /// The network.
        network: Network,
    },
    /// One contract cannot be two.
    #[error("core, subscriptions and reserve must be three contracts")]
    SameContract,
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
        assert_eq!(config.ingest.checkpoint_interval.get(), 144);
        let beside = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-reserve";
        assert_eq!(config.ingest.satellites.reserve.to_string(), beside);
    }

    #[test]
    fn each_part_can_be_switched_off() {
        let parts = |extra: &[&str]| parse(&[&["--network", "testnet"], extra].concat()).unwrap().parts;
        assert_eq!(parts(&[]), Parts::default());
        assert!(!parts(&["--no-observer"]).observer && !parts(&["--no-api"]).api);
        assert!(!parts(&["--no-observer"]).only_read() && !parts(&["--no-ingest"]).only_read());
        assert!(parts(&["--no-observer", "--no-ingest"]).only_read());
    }

    #[test]
    fn refuses_what_contradicts_itself() {
        assert!(
            parse(&["--network", "mainnet"])
                .unwrap_err()
                .contains("no address of mainnet")
        );
        let core_again = parse(&["--network", "testnet", "--reserve-contract", CORE]).unwrap_err();
        assert!(core_again.contains("three contracts"), "{core_again}");
        let foreign = "SP000000000000000000002Q6VF78.recoup-reserve";
        let error = parse(&["--network", "testnet", "--reserve-contract", foreign]).unwrap_err();
        assert!(
            error.contains("recoup-reserve is no address of testnet"),
            "{error}"
        );
        assert!(parse(&["--network", "moonnet"]).is_err());
        assert!(parse(&["--network", "testnet", "--start-block", "-1"]).is_err());
        assert!(parse(&["--network", "testnet", "--inbox-limit", "0"]).is_err());
        assert!(parse(&["--network", "testnet", "--checkpoint-interval", "0"]).is_err());
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
