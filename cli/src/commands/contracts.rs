//! `recoup contracts`: deploying the contracts in this program, and comparing deployed ones with them.

use clap::{Args, Subcommand};
use recoup_stacks::address::{Address, ContractId, ContractName};
use recoup_stacks::transaction::{ClarityVersion, UnsignedTransaction};
use serde::Serialize;

use super::sending::{Finished, Outcome, Proposal, SendOptions, Sender, Sent, TransactionDocument};
use crate::context::{Context, Wallet};
use crate::contracts::{CORE, Contract, MOCK_SBTC, RELEASED, sha256};
use crate::failure::{Failure, Kind};
use crate::help::Help;
use crate::journal::{Book, Intent};
use crate::node::View;
use crate::output::{Fields, Output, Table};
use crate::profile::{self, Chain};
use crate::send::Outgoing;
use crate::terminal;

/// Deploy the contracts, or compare deployed ones with those in this program
///
/// The sources are in this program. Before anything is signed, every command compares the deployed source with them.
#[derive(Debug, Clone, Subcommand)]
#[command(after_long_help = Help::new()
    .example("Compare the profile's contracts", "recoup contracts info")
    .example("Deploy them on testnet", "recoup --profile testnet contracts deploy"))]
pub enum ContractsCommand {
    /// Deploy what is not deployed yet, in order; can be interrupted and run again
    ///
    /// Each contract is a transaction of its own, by the wallet, whose address becomes part of the contracts' ids for ever.
    /// The deployer has no rights afterwards.
    #[command(after_long_help = Help::sending()
        .needs("a wallet with its key and STX for the fees, a node")
        .example("Look at what would be deployed", "recoup --profile testnet contracts deploy --dry-run")
        .example("Deploy", "recoup --profile testnet contracts deploy"))]
    Deploy(Deploy),
    /// Show the contracts in this program and whether the deployed ones are the same
    ///
    /// `released`: the same source, byte by byte. `missing`: not deployed. `other`: another source; do not use it.
    #[command(after_long_help = Help::new()
        .needs("a node, and the contract's id in the profile or --contract; no key")
        .example("Of the profile", "recoup contracts info")
        .example("Of somebody's deploy on testnet", "recoup --profile testnet contracts info \\\n      \
             --contract ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core"))]
    Info,
}

/// Arguments of `recoup contracts deploy`.
#[derive(Debug, Clone, Args)]
pub struct Deploy {
    /// Deploy the mock token too (local chains only)
    #[arg(long)]
    mocks: bool,
    #[command(flatten)]
    send: SendOptions,
}

#[derive(Serialize)]
struct ContractDocument {
    contract: ContractId,
    source_sha256: String,
    /// `missing`, `released`, `other`; for a deploy how it ended.
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionDocument>,
}

/// Runs the command.
///
/// # Errors
/// When a contract of the same name and another source is there, or sending fails.
pub async fn run(context: &Context, command: ContractsCommand) -> Result<Output, Failure> {
    match command {
        ContractsCommand::Deploy(deploy) => run_deploy(context, &deploy).await,
        ContractsCommand::Info => info(context).await,
    }
}

async fn run_deploy(context: &Context, deploy: &Deploy) -> Result<Output, Failure> {
    if deploy.mocks && context.profile.network != Chain::Local {
        return Err(Failure::new(
            Kind::Usage,
            "mock tokens belong on local chains only",
        ));
    }
    let wallet = context.wallet()?;
    let mut contracts = RELEASED.to_vec();
    contracts.extend(deploy.mocks.then_some(MOCK_SBTC));
    let mut documents = Vec::new();
    for contract in contracts {
        documents.push(deploy_one(context, &wallet, contract, &deploy.send).await?);
    }
    let pending = documents.iter().any(|document| document.status == "sent");
    let core = id_of(wallet.address, CORE)?;
    if context.profile.contract.is_none() && !deploy.send.dry_run {
        profile::set(
            &context.home,
            &context.profile.name,
            "contract",
            &core.to_string(),
        )?;
        terminal::note(&format!(
            "profile `{}` uses {core} from now on",
            context.profile.name
        ));
    }
    let output = Output::new(&serde_json::json!({ "contracts": documents }), table(&documents))?;
    Ok(output.with_exit(pending.then_some(Kind::Pending)))
}

async fn deploy_one(
    context: &Context,
    wallet: &Wallet,
    contract: Contract,
    options: &SendOptions,
) -> Result<ContractDocument, Failure> {
    let id = id_of(wallet.address, contract)?;
    let document = |status: Outcome, transaction| {
        let status = serde_json::to_value(status)
            .ok()
            .and_then(|value| value.as_str().map(str::to_owned));
        ContractDocument {
            contract: id.clone(),
            source_sha256: contract.sha256(),
            status: status.unwrap_or_default(),
            transaction,
        }
    };
    let view = context.node.view().await?;
    match view.source(&id).await? {
        Some(source) if source == contract.source => return Ok(document(Outcome::AlreadyDone, None)),
        Some(source) => {
            let message = format!(
                "{id} is deployed with another source (SHA-256 {})",
                sha256(&source)
            );
            return Err(Failure::new(Kind::Refused, message).hint("deploy with another wallet"));
        }
        None => {}
    }
    let intent = Intent::Deploy {
        contract: id.clone(),
        source_sha256: contract.sha256(),
    };
    let sender = Sender {
        context,
        wallet,
        view: &view,
        options,
    };
    let propose = || Ok(proposal(context, contract, &id, &intent));
    let sent = sender.send(|book| Ok(find_open(book, &intent)), propose).await?;
    let Sent::Done(Finished { ending, .. }) = sent else {
        return Ok(document(options.plans_only().unwrap_or(Outcome::DryRun), None));
    };
    Ok(document(
        Outcome::of(&ending),
        Some(TransactionDocument::new(context, ending.entry())),
    ))
}

fn proposal(context: &Context, contract: Contract, id: &ContractId, intent: &Intent) -> Proposal {
    let network = context.profile.network.network();
    let source = contract.source.to_owned();
    let transaction = UnsignedTransaction::deploy(network, ClarityVersion::Clarity4, id.name.clone(), source);
    Proposal {
        outgoing: Outgoing::new(intent.clone(), transaction),
        title: "Deploy",
        plan: Fields::new()
            .row("contract", id)
            .row("source (SHA-256)", contract.sha256()),
        question: format!("Deploy {id}"),
    }
}

fn find_open(book: &Book, intent: &Intent) -> Option<u64> {
    book.entries()
        .find(|entry| entry.state.is_open() && entry.intent == *intent)
        .map(|entry| entry.number)
}

fn id_of(deployer: Address, contract: Contract) -> Result<ContractId, Failure> {
    let name = ContractName::new(contract.name).map_err(|error| {
        Failure::from_error(Kind::Internal, &error).context("a built-in contract has no valid name")
    })?;
    Ok(ContractId::new(deployer, name))
}

/// What stands on chain where a released contract belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deployed {
    /// Nothing.
    Missing,
    /// The released source.
    Released,
    /// Another source.
    Other,
}

impl Deployed {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Released => "released",
            Self::Other => "other",
        }
    }
}

/// Compares what is deployed beside this core with what is released, in the order of [`RELEASED`]. One request each.
///
/// # Errors
/// When the node does not answer.
pub(super) async fn compare(
    view: &View<'_>,
    core: &ContractId,
) -> Result<Vec<(ContractId, Deployed)>, Failure> {
    let mut found = Vec::new();
    for contract in RELEASED {
        let id = if contract == CORE {
            core.clone()
        } else {
            id_of(core.address, contract)?
        };
        let deployed = match view.source(&id).await? {
            None => Deployed::Missing,
            Some(source) if source == contract.source => Deployed::Released,
            Some(_) => Deployed::Other,
        };
        found.push((id, deployed));
    }
    Ok(found)
}

async fn info(context: &Context) -> Result<Output, Failure> {
    let core = context.core()?;
    let view = context.node.view().await?;
    let mut documents = Vec::new();
    for (contract, deployed) in RELEASED.iter().zip(compare(&view, core).await?) {
        let (id, status) = deployed;
        documents.push(ContractDocument {
            contract: id,
            source_sha256: contract.sha256(),
            status: status.as_str().to_owned(),
            transaction: None,
        });
    }
    Output::new(&serde_json::json!({ "contracts": documents }), table(&documents))
}

fn table(documents: &[ContractDocument]) -> String {
    let mut table = Table::new(&["contract", "status", "source (SHA-256)"]);
    for document in documents {
        table.push(&[
            document.contract.to_string(),
            document.status.clone(),
            document.source_sha256.clone(),
        ]);
    }
    table.to_text()
}
