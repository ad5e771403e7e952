//! `recoup operator`: who may refund or invoice for a merchant.

use std::collections::BTreeSet;
use std::str::FromStr;

use clap::{Args, Subcommand};
use recoup_protocol::calls::Call;
use recoup_protocol::contracts::Contract;
use recoup_protocol::reads::GetOperator;
use recoup_stacks::address::{AddressError, ContractId, Principal};
use serde::Serialize;

use super::act::{Scene, Step, already_done};
use super::sending::SendOptions;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::help::Help;
use crate::indexer::Indexer;
use crate::journal::{Act, ActIntent};
use crate::output::{Fields, Output, Table};
use crate::terminal;

/// Say who may refund or invoice for a merchant
///
/// An operator is another account or a contract. With --may-refund it refunds the merchant's invoices from its own
/// balance; with --may-invoice it makes invoices that are paid in the same call, to the merchant. It can do nothing else.
#[derive(Debug, Clone, Subcommand)]
#[command(after_long_help = Help::new()
    .example("Let Recoup's reserve refund", "recoup operator set reserve --may-refund")
    .example("See who may do what", "recoup operator list"))]
pub enum OperatorCommand {
    /// Let somebody refund or invoice for the wallet
    ///
    /// What is said replaces what was said before: a right that is not named is taken back.
    #[command(after_long_help = Help::sending()
        .example("Take payments by subscriptions", "recoup operator set subscriptions --may-invoice")
        .example("Refund from a reserve", "recoup operator set reserve --may-refund")
        .example("Let the till refund, from its own balance",
            "recoup operator set ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC --may-refund"))]
    Set(SetOperator),
    /// Take all rights back
    ///
    /// From the block on that includes it; refunds that were made before stand.
    #[command(after_long_help = Help::sending()
        .example("Of a person", "recoup operator revoke ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC")
        .example("Of Recoup's subscriptions", "recoup operator revoke subscriptions"))]
    Revoke(RevokeOperator),
    /// List the operators of a merchant: their names from the indexer, their rights from the node
    ///
    /// The indexer knows whom the merchant ever named; what each may do now is asked of the contract.
    #[command(after_long_help = Help::new()
        .needs("a node and an indexer; no key")
        .example("The wallet's own", "recoup operator list")
        .example("Another merchant's",
            "recoup operator list --merchant ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5"))]
    List(ListOperators),
}

/// An operator, by name or as a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
enum OperatorName {
    Released(Contract),
    Other(Principal),
}

impl FromStr for OperatorName {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "subscriptions" => Ok(Self::Released(Contract::Subscriptions)),
            "reserve" => Ok(Self::Released(Contract::Reserve)),
            other => other.parse().map(Self::Other),
        }
    }
}

impl OperatorName {
    fn principal(&self, core: &ContractId) -> Principal {
        match self {
            Self::Released(contract) => contract.beside(core).into(),
            Self::Other(principal) => principal.clone(),
        }
    }
}

/// Arguments of `recoup operator set`.
#[derive(Debug, Clone, Args)]
pub struct SetOperator {
    /// Whom: a principal, or `subscriptions` or `reserve` for Recoup's own contracts
    operator: OperatorName,
    /// To refund, from its own balance
    #[arg(long, required_unless_present = "may_invoice")]
    may_refund: bool,
    /// To make invoices that are paid in the same call
    #[arg(long)]
    may_invoice: bool,
    #[command(flatten)]
    send: SendOptions,
}

/// Arguments of `recoup operator revoke`.
#[derive(Debug, Clone, Args)]
pub struct RevokeOperator {
    /// Whom: a principal, or `subscriptions` or `reserve` for Recoup's own contracts
    operator: OperatorName,
    #[command(flatten)]
    send: SendOptions,
}

/// Arguments of `recoup operator list`.
#[derive(Debug, Clone, Args)]
pub struct ListOperators {
    /// Whose [default: the wallet's address]
    #[arg(long, value_name = "PRINCIPAL")]
    merchant: Option<Principal>,
}

#[derive(Serialize)]
struct OperatorDocument {
    operator: Principal,
    may_refund: bool,
    may_invoice: bool,
}

/// Runs the command.
///
/// # Errors
/// When sending or reading fails.
pub async fn run(context: &Context, command: OperatorCommand) -> Result<Output, Failure> {
    match command {
        OperatorCommand::Set(set) => {
            appoint(
                context,
                &set.operator,
                (set.may_refund, set.may_invoice),
                &set.send,
            )
            .await
        }
        OperatorCommand::Revoke(revoke) => {
            appoint(context, &revoke.operator, (false, false), &revoke.send).await
        }
        OperatorCommand::List(list) => run_list(context, list).await,
    }
}

async fn appoint(
    context: &Context,
    operator: &OperatorName,
    (may_refund, may_invoice): (bool, bool),
    options: &SendOptions,
) -> Result<Output, Failure> {
    let scene = Scene::open(context).await?;
    let core = scene.released(Contract::Core).await?;
    let operator = operator.principal(&core);
    let network = context.profile.network.network();
    if operator.network() != Some(network) {
        let message = format!("{operator} is not an address of {}", context.profile.network);
        return Err(Failure::new(Kind::Refused, message).hint("check the address and --profile"));
    }
    let intent = ActIntent {
        contract: core.clone(),
        sender: scene.sender(),
        act: Act::SetOperator {
            operator: operator.clone(),
            may_refund,
            may_invoice,
        },
    };
    let question = GetOperator {
        merchant: scene.sender(),
        operator: operator.clone(),
    };
    let before = scene.view.read(&core, &question).await?;
    if (before.may_refund, before.may_invoice) == (may_refund, may_invoice) {
        return already_done(&intent);
    }
    let sender = scene.sender();
    let propose = || {
        Ok(Step {
            call: Call::SetOperator {
                operator: operator.clone(),
                may_refund,
                may_invoice,
            },
            fences: Vec::new(),
            title: "Operator",
            plan: Fields::new()
                .row("merchant", &sender)
                .row("operator", &operator)
                .row("may refund", word(may_refund))
                .row("may invoice", word(may_invoice)),
            question: format!("Give {operator} these rights"),
        })
    };
    scene.act(options, intent, propose).await
}

const fn word(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}

async fn run_list(context: &Context, list: ListOperators) -> Result<Output, Failure> {
    let core = context.core()?;
    let merchant = match list.merchant {
        Some(merchant) => merchant,
        None => context.wallet()?.address.into(),
    };
    let view = context.node.view().await?;
    let mut names: BTreeSet<Principal> = [Contract::Subscriptions, Contract::Reserve]
        .map(|contract| contract.beside(core).into())
        .into();
    match known_operators(context, &merchant).await {
        Ok(known) => names.extend(known),
        Err(failure) => terminal::note(&format!(
            "only Recoup's own contracts are looked at: {}",
            failure.message
        )),
    }
    let mut operators = Vec::new();
    for operator in names {
        let question = GetOperator {
            merchant: merchant.clone(),
            operator: operator.clone(),
        };
        let rights = view.read(core, &question).await?;
        if rights.may_refund || rights.may_invoice {
            operators.push(OperatorDocument {
                operator,
                may_refund: rights.may_refund,
                may_invoice: rights.may_invoice,
            });
        }
    }
    let mut table = Table::new(&["operator", "may refund", "may invoice"]);
    for operator in &operators {
        table.push(&[
            operator.operator.to_string(),
            word(operator.may_refund).to_owned(),
            word(operator.may_invoice).to_owned(),
        ]);
    }
    let document = serde_json::json!({ "merchant": merchant, "operators": operators });
    Output::new(&document, table.to_text())
}

async fn known_operators(context: &Context, merchant: &Principal) -> Result<Vec<Principal>, Failure> {
    let known = Indexer::of(&context.profile)?.operators_of(merchant).await?;
    Ok(known
        .operators
        .into_iter()
        .map(|operator| operator.operator)
        .collect())
}
