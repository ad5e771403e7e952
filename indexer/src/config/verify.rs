//! Flags of `verify`.

use clap::Args;
use sqlx::postgres::PgConnectOptions;

use super::{ConfigError, DatabaseArguments, NodeArguments};
use crate::verify::{Selection, VerifySettings};

/// Flags of `verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArguments {
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Which node holds the contract's state.
    #[command(flatten)]
    pub node: NodeArguments,
    /// Compare the tables with each other only, and ask no node.
    #[arg(long)]
    pub tables_only: bool,
    /// Compare so many invoices, drawn with --seed, and not the chain as a whole.
    #[arg(
        long, value_name = "INVOICES", conflicts_with_all = ["invoices", "from_invoice", "to_invoice"],
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub sample: Option<u64>,
    /// Which sample.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub seed: u64,
    /// Compare this invoice only; may be given several times.
    #[arg(long = "invoice", value_name = "ID", conflicts_with_all = ["from_invoice", "to_invoice"])]
    pub invoices: Vec<u64>,
    /// Compare invoices from this one on only.
    #[arg(long, value_name = "ID")]
    pub from_invoice: Option<u64>,
    /// Compare invoices up to this one only.
    #[arg(long, value_name = "ID")]
    pub to_invoice: Option<u64>,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// All that `verify` needs, checked.
#[derive(Debug, Clone)]
pub struct VerifyConfig {
    /// Database.
    pub database: PgConnectOptions,
    /// What is compared.
    pub settings: VerifySettings,
    /// Whether the report is JSON.
    pub json: bool,
}

impl VerifyArguments {
    /// Checks what single flags cannot tell.
    ///
    /// # Errors
    /// [`ConfigError`] says what is missing or contradicts what.
    pub fn check(self) -> Result<VerifyConfig, ConfigError> {
        let node = match self.tables_only {
            true => None,
            false => Some(self.node.check()?.ok_or(ConfigError::NoNode)?),
        };
        let selection = match (self.sample, self.from_invoice, self.to_invoice) {
            (Some(count), _, _) => Selection::Sample(count, self.seed),
            (None, None, None) if self.invoices.is_empty() => Selection::All,
            (None, None, None) => Selection::Invoices(self.invoices),
            (None, from, to) => Selection::Range(from.unwrap_or(1), to.unwrap_or(u64::MAX)),
        };
        Ok(VerifyConfig {
            database: self.database.database_url.0,
            settings: VerifySettings { node, selection },
            json: self.json,
        })
    }
}
