//! Flags of `run`: its parts, and where they listen.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use recoup_stacks::address::Network;
use sqlx::postgres::PgConnectOptions;

use super::{ApiArguments, ConfigError, FollowArguments, PathPrefix, RepairArguments, Secret};
use crate::api::ApiSettings;
use crate::diagnosis::Followed;
use crate::ingest::{IngestSettings, Retention};
use crate::observer::ObserverSettings;
use crate::repair::RepairSettings;

/// Flags of `run`.
#[derive(Debug, Clone, Args)]
pub struct RunArguments {
    /// Which database and chain.
    #[command(flatten)]
    pub follow: FollowArguments,
    /// What fills the gaps.
    #[command(flatten)]
    pub repair: RepairArguments,
    /// Which parts run.
    #[command(flatten)]
    pub parts: PartArguments,
    /// Database that the API reads from, when it is another one: a replica. Read only.
    #[arg(
        long,
        env = "RECOUP_DATABASE_READ_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_read_url: Option<Secret<PgConnectOptions>>,
    /// How long messages are kept.
    #[command(flatten)]
    pub retention: RetentionArguments,
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
    /// What is answered, and how much.
    #[command(flatten)]
    pub api: ApiArguments,
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

/// Flags that switch parts of `run` off.
#[derive(Debug, Clone, Copy, Args)]
pub struct PartArguments {
    /// Do not take the node's events.
    #[arg(long, env = "RECOUP_NO_OBSERVER")]
    pub no_observer: bool,
    /// Do not follow the events, not even when no other process does. With --no-observer too, the database is only read.
    #[arg(long, env = "RECOUP_NO_INGEST")]
    pub no_ingest: bool,
    /// Answer /health, /ready and /metrics only.
    #[arg(long, env = "RECOUP_NO_API")]
    pub no_api: bool,
}

/// The parts of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Takes the node's events.
    pub observer: bool,
    /// Follows them, whenever no other process does, and fetches what is missing.
    pub ingest: bool,
    /// Answers more than how it is doing.
    pub api: bool,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            observer: true,
            ingest: true,
            api: true,
        }
    }
}

impl Parts {
    /// Whether the database is only read.
    #[must_use]
    pub const fn only_read(self) -> bool {
        !self.observer && !self.ingest
    }
}

/// Flags about old messages. They are dropped in partitions, and only when all of a partition was followed.
#[derive(Debug, Clone, Copy, Args)]
pub struct RetentionArguments {
    /// Days that messages are kept in the inbox.
    #[arg(
        long,
        env = "RECOUP_INBOX_RETENTION_DAYS",
        value_name = "DAYS",
        default_value_t = 30
    )]
    pub inbox_retention_days: u32,
    /// Most bytes on disk that old messages may take; none: as many as the days give.
    #[arg(long, env = "RECOUP_INBOX_RETENTION_BYTES", value_name = "BYTES")]
    pub inbox_retention_bytes: Option<u64>,
    /// Fewest messages of a partition of the inbox; most have up to twice as many.
    #[arg(
        long, env = "RECOUP_INBOX_PARTITION_MESSAGES", value_name = "MESSAGES", default_value_t = 10_000,
        value_parser = clap::value_parser!(u64).range(1..=100_000_000)
    )]
    pub inbox_partition_messages: u64,
    /// Milliseconds between two looks for old messages.
    #[arg(
        long, env = "RECOUP_INBOX_RETENTION_INTERVAL_MS", value_name = "MILLISECONDS", default_value_t = 60_000,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub inbox_retention_interval_ms: u64,
}

impl RetentionArguments {
    const fn settings(self) -> Retention {
        Retention {
            partition_messages: self.inbox_partition_messages,
            days: self.inbox_retention_days,
            bytes: self.inbox_retention_bytes,
            every: Duration::from_millis(self.inbox_retention_interval_ms),
        }
    }
}

/// All that `run` needs, checked.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// Database.
    pub database: PgConnectOptions,
    /// Where the API reads; none: there.
    pub database_read: Option<PgConnectOptions>,
    /// Which parts run.
    pub parts: Parts,
    /// Network of the node.
    pub network: Network,
    /// Where the node's messages come in.
    pub observer_listen: SocketAddr,
    /// How they are taken.
    pub observer: ObserverSettings,
    /// How they are followed.
    pub ingest: IngestSettings,
    /// How long they are kept.
    pub retention: Retention,
    /// What fetches those that never came; none: gaps are shown only.
    pub repair: Option<RepairSettings>,
    /// Where the API listens.
    pub api_listen: SocketAddr,
    /// How it answers.
    pub api: ApiSettings,
}

impl RunConfig {
    /// Which chain.
    #[must_use]
    pub fn followed(&self) -> Followed {
        Followed {
            network: self.network,
            core_contract: self.ingest.core_contract.clone(),
        }
    }
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
            database_read: self.database_read_url.map(|url| url.0),
            parts: Parts {
                observer: !self.parts.no_observer,
                ingest: !self.parts.no_ingest,
                api: !self.parts.no_api,
            },
            network: follow.network,
            observer_listen: self.observer_listen,
            observer: ObserverSettings {
                path_prefix: self.observer_path_prefix.map(|prefix| prefix.0.0),
                body_limit: usize::try_from(self.body_limit).unwrap_or(usize::MAX),
                inbox_limit: self.inbox_limit,
            },
            ingest: follow.ingest,
            retention: self.retention.settings(),
            repair: self.repair.check()?,
            api_listen: self.api.api_listen,
            api: self.api.settings(),
        })
    }
}
