//! `recoup config`: the profile in use.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::context::{Context, GlobalOptions, home};
use crate::failure::{Failure, Kind};
use crate::help::Help;
use crate::output::{Fields, Output};
use crate::profile::{self, Chain, Config, Settings};
use crate::terminal;

/// Make, show or change a profile
///
/// A profile says which chain, node, indexer, contract and wallet are meant. `local`, `testnet` and `mainnet` are built
/// in; the configuration file changes them or adds others. An option wins over the environment, that over the file.
#[derive(Debug, Clone, Subcommand)]
#[command(after_long_help = Help::new()
    .example("See what is in effect, and where the file is", "recoup config show")
    .example("Make a profile", "recoup config init"))]
pub enum ConfigCommand {
    /// Ask what a new profile needs, and write it into the configuration file with a comment on every setting
    ///
    /// What is given as an option is not asked. A profile that exists is not changed.
    #[command(after_long_help = Help::new()
        .exit(2, "there is a profile of that name, or nobody can be asked")
        .example("Answer its questions", "recoup config init")
        .example("In a script", "recoup config init --profile shop --network testnet --yes \\\n      \
             --node-url http://127.0.0.1:20443"))]
    Init(Init),
    /// Show what is in effect: flags over environment over file over built-in
    ///
    /// And where the configuration file, the wallets and the journal are.
    #[command(after_long_help = Help::new()
        .example("Of the profile that is used when none is named", "recoup config show")
        .example("Of another one", "recoup --profile mainnet config show"))]
    Show,
    /// Change one setting of the profile in the configuration file
    ///
    /// Comments and all else in the file stay as they are.
    #[command(after_long_help = Help::new()
        .exit(2, "there is no such setting, or it cannot have this value")
        .example("Use your own node", "recoup config set node http://127.0.0.1:20443")
        .example("Never pay more than 0.5 STX for a transaction, on mainnet",
            "recoup --profile mainnet config set max-fee 500000"))]
    Set {
        /// Which: network, node, api, indexer, contract, wallet, max-fee, fallback-fee or final-after
        setting: String,
        /// Its new value
        value: String,
    },
}

/// Arguments of `recoup config init`. What the options of every command name (--profile, --node-url, ...) is not asked.
#[derive(Debug, Clone, Args)]
pub struct Init {
    /// Chain of the profile [default: the profile's name, if it is one]
    #[arg(long, value_name = "CHAIN")]
    network: Option<Chain>,
    /// Do not ask: take what is given and what is built in
    #[arg(long, short)]
    yes: bool,
}

/// Runs the command.
///
/// # Errors
/// When the configuration file cannot be read or changed, or an answer makes no sense.
pub fn run(options: &GlobalOptions, command: &ConfigCommand) -> Result<Output, Failure> {
    match command {
        ConfigCommand::Init(arguments) => init(options, arguments),
        ConfigCommand::Show => show(&Context::new(options)?),
        ConfigCommand::Set { setting, value } => set(&Context::new(options)?, setting, value),
    }
}

fn init(options: &GlobalOptions, arguments: &Init) -> Result<Output, Failure> {
    let home = home(options)?;
    let config = Config::load(&home)?;
    let ask = |what: &str, given: Option<String>, default: Option<&str>| match given {
        Some(given) => Ok(given),
        None if arguments.yes => Ok(default.unwrap_or_default().to_owned()),
        None => terminal::ask(what, default),
    };
    let name = ask("Name of the profile", options.profile.clone(), Some("local"))?;
    if config.profiles.contains_key(&name) {
        return Err(profile::ConfigError::ProfileExists(name).into());
    }
    let default_chain = name.parse().unwrap_or(Chain::Testnet);
    let network: Chain = match arguments.network {
        Some(network) => network,
        None => ask(
            "Chain: local, testnet or mainnet",
            None,
            Some(default_chain.as_str()),
        )?
        .parse()
        .map_err(|error| Failure::from_error(Kind::Usage, &error))?,
    };
    let built_in = Settings::built_in(network);
    let node = ask(
        "The node's URL",
        options.node_url.clone(),
        built_in.node.as_deref(),
    )?;
    let indexer = ask(
        "The indexer's URL (empty for none)",
        options.indexer_url.clone(),
        built_in.indexer.as_deref(),
    )?;
    let text = |given: Option<String>| given.filter(|text| !text.is_empty());
    let contract = text(Some(ask(
        "The deployed recoup-core (empty when you deploy it yourself)",
        options.contract.as_ref().map(ToString::to_string),
        None,
    )?));
    let wallet = text(Some(ask(
        "The wallet (empty for the only one)",
        options.wallet.as_ref().map(ToString::to_string),
        None,
    )?));
    let usage = |error: &(dyn std::error::Error + 'static)| Failure::from_error(Kind::Usage, error);
    let settings = Settings {
        network: Some(network),
        node: Some(node),
        indexer: text(Some(indexer)),
        contract: contract
            .map(|id| id.parse())
            .transpose()
            .map_err(|error: recoup_stacks::address::AddressError| usage(&error))?,
        wallet: wallet
            .map(|name| name.parse())
            .transpose()
            .map_err(|error: crate::keystore::KeystoreError| usage(&error))?,
        ..Settings::default()
    };
    profile::add(&home, &name, &settings)?;
    let file = home.config_file().display().to_string();
    terminal::note("next: `recoup wallet new`, or `recoup wallet import`; then `recoup doctor`");
    let document = json!({ "profile": name, "file": file, "settings": settings });
    Output::new(&document, format!("wrote profile {name} into {file}\n"))
}

fn set(context: &Context, setting: &str, value: &str) -> Result<Output, Failure> {
    let name = &context.profile.name;
    profile::set(&context.home, name, setting, value)?;
    let document = json!({ "profile": name, "setting": setting, "value": value });
    Output::new(&document, format!("{name}: {setting} = {value}\n"))
}

fn show(context: &Context) -> Result<Output, Failure> {
    let current = &context.profile;
    let fields = Fields::new()
        .row("profile", &current.name)
        .row("network", current.network)
        .row("node", &current.node)
        .optional("api", current.api.as_ref())
        .optional("indexer", current.indexer.as_ref())
        .optional("contract", current.contract.as_ref())
        .optional("wallet", current.wallet.as_ref())
        .row("max-fee", format!("{} micro-STX", current.max_fee))
        .row("fallback-fee", format!("{} micro-STX", current.fallback_fee))
        .row("final-after", format!("{} burn blocks", current.final_after))
        .row("file", context.home.config_file().display());
    Output::new(current, fields.to_text())
}
