//! `recoup config`: the profile in use.

use clap::Subcommand;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Fields, Output};
use crate::profile;

/// Show or change the profile
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Show what is in effect: flags over environment over file over built-in
    Show,
    /// Change one setting of the profile in the configuration file
    Set {
        /// network, node, indexer, contract, wallet, max-fee, fallback-fee or final-after
        setting: String,
        /// Its new value
        value: String,
    },
}

/// Runs the command.
///
/// # Errors
/// When the configuration file cannot be changed.
pub fn run(context: &Context, command: &ConfigCommand) -> Result<Output, Failure> {
    let current = &context.profile;
    if let ConfigCommand::Set { setting, value } = command {
        profile::set(&context.home, &current.name, setting, value)?;
        let document = serde_json::json!({ "profile": current.name, "setting": setting, "value": value });
        return Output::new(&document, format!("{}: {setting} = {value}\n", current.name));
    }
    let fields = Fields::new()
        .row("profile", &current.name)
        .row("network", current.network)
        .row("node", &current.node)
        .optional("indexer", current.indexer.as_ref())
        .optional("contract", current.contract.as_ref())
        .optional("wallet", current.wallet.as_ref())
        .row("max-fee", format!("{} micro-STX", current.max_fee))
        .row("fallback-fee", format!("{} micro-STX", current.fallback_fee))
        .row("final-after", format!("{} burn blocks", current.final_after))
        .row("file", context.home.config_file().display());
    Output::new(current, fields.to_text())
}
