//! Flags about where blocks come from, beside the node's pushes.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use recoup_stacks::hash::BurnHeight;
use recoup_stacks::rpc::NodeClient;

use super::{ConfigError, FollowArguments, FollowConfig};
use crate::archive::ArchiveInput;
use crate::repair::{NodeSettings, RepairSettings};

/// Flags that name a node to ask.
#[derive(Debug, Clone, Args)]
pub struct NodeArguments {
    /// RPC address of the node, for example http://127.0.0.1:20443.
    #[arg(long, env = "RECOUP_NODE_URL", value_name = "URL", hide_env_values = true)]
    pub node_url: Option<super::Secret<String>>,
    /// File that holds the node's `connection_options.auth_token`, which the replay of blocks asks for.
    #[arg(long, env = "RECOUP_NODE_AUTH_TOKEN_FILE", value_name = "FILE")]
    pub node_auth_token_file: Option<PathBuf>,
    /// Most requests a second to the node, which has other work.
    #[arg(
        long, env = "RECOUP_NODE_REQUESTS_PER_SECOND", value_name = "REQUESTS", default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub node_requests_per_second: u32,
}

impl NodeArguments {
    /// The node, if one is named.
    pub(super) fn check(self) -> Result<Option<NodeSettings>, ConfigError> {
        let Some(url) = self.node_url else {
            return match self.node_auth_token_file {
                None => Ok(None),
                Some(_) => Err(ConfigError::TokenWithoutNode),
            };
        };
        // Why a URL is wrong is told without it: it may hold a password.
        let mut client = NodeClient::new(&url.0).map_err(|_| ConfigError::NodeUrl)?;
        if let Some(path) = self.node_auth_token_file {
            let text = fs::read_to_string(&path).map_err(|source| ConfigError::TokenFile {
                path: path.clone(),
                source,
            })?;
            client = client
                .with_auth_token(text.trim())
                .map_err(|_| ConfigError::Token { path })?;
        }
        Ok(Some(NodeSettings {
            client,
            requests_per_second: self.node_requests_per_second,
        }))
    }
}

/// Flags of the repair.
#[derive(Debug, Clone, Args)]
pub struct RepairArguments {
    /// Which node fills the gaps; without one, gaps are found and shown only.
    #[command(flatten)]
    pub node: NodeArguments,
    /// Milliseconds between two looks for missing blocks.
    #[arg(
        long, env = "RECOUP_REPAIR_INTERVAL_MS", value_name = "MILLISECONDS", default_value_t = 30_000,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub repair_interval_ms: u64,
    /// Last burn blocks that each look compares with the node's.
    #[arg(long, env = "RECOUP_SWEEP_DEPTH", value_name = "BLOCKS", default_value_t = 12)]
    pub sweep_depth: u64,
}

impl RepairArguments {
    pub(super) fn check(self) -> Result<Option<RepairSettings>, ConfigError> {
        let node = self.node.check()?;
        Ok(node.map(|node| RepairSettings {
            node,
            every: Duration::from_millis(self.repair_interval_ms),
            sweep_depth: self.sweep_depth,
        }))
    }
}

/// Flags of `import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArguments {
    /// Which database and chain.
    #[command(flatten)]
    pub follow: FollowArguments,
    /// The archive: a file, or `-` for standard input. Plain, gzip or zstd is told from its first bytes.
    #[arg(value_name = "FILE")]
    pub archive: ArchiveArgument,
    /// Most messages that are followed in one transaction; an import that is interrupted continues between two.
    #[arg(
        long, value_name = "ROWS", default_value_t = 1024,
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub batch_rows: u16,
    /// Import all of it, also what an earlier import of it did.
    #[arg(long)]
    pub from_start: bool,
}

/// A file, or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveArgument(pub ArchiveInput);

impl FromStr for ArchiveArgument {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(if text == "-" {
            ArchiveInput::Stdin
        } else {
            ArchiveInput::File(PathBuf::from(text))
        }))
    }
}

/// Flags of `backfill`.
#[derive(Debug, Clone, Args)]
pub struct BackfillArguments {
    /// Which database and chain.
    #[command(flatten)]
    pub follow: FollowArguments,
    /// Which node.
    #[command(flatten)]
    pub node: NodeArguments,
    /// First burn height.
    #[arg(long, value_name = "HEIGHT")]
    pub from_burn_height: u64,
    /// Last burn height; the node's tip when left out.
    #[arg(long = "to", value_name = "HEIGHT")]
    pub to_burn_height: Option<u64>,
}

/// All that `backfill` needs, checked.
#[derive(Debug, Clone)]
pub struct BackfillConfig {
    /// Database and chain.
    pub follow: FollowConfig,
    /// The node.
    pub node: NodeSettings,
    /// First burn height.
    pub from: BurnHeight,
    /// Last burn height.
    pub to: Option<BurnHeight>,
}

impl BackfillArguments {
    /// Checks what single flags cannot tell.
    ///
    /// # Errors
    /// [`ConfigError`] says what is missing or contradicts what.
    pub fn check(self) -> Result<BackfillConfig, ConfigError> {
        Ok(BackfillConfig {
            follow: self.follow.check()?,
            node: self.node.check()?.ok_or(ConfigError::NoNode)?,
            from: BurnHeight(self.from_burn_height),
            to: self.to_burn_height.map(BurnHeight),
        })
    }
}
