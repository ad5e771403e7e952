//! `recoup subscription`: plans of merchants, and paying for them period by period.

mod plan;

use clap::{Args, Subcommand};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{PeriodPayment, SubscriptionsCall};
use recoup_protocol::contracts::Contract;
use recoup_protocol::error::ContractError;
use recoup_protocol::ids::{PlanId, SubscriptionId};
use recoup_protocol::reads::{GetLastSubscriptionIds, GetPlan, GetSubscription, Plan, Subscription};
use recoup_protocol::status::SubscriptionStatus;
use recoup_protocol::token::Token;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::BurnHeight;
use serde::Serialize;

pub use plan::PlanCommand;

use super::act::{Scene, Step, already_done};
use super::invoice::refused;
use super::sending::SendOptions;
use crate::burn_time;
use crate::context::Context;
use crate::failure::Failure;
use crate::help::Help;
use crate::journal::{Act, ActIntent};
use crate::output::{Fields, Output, Table};
use crate::token::TokenInfo;

/// Offer plans, and pay for them period by period
///
/// A merchant offers a plan; a customer subscribes and pays the first period in the same call, later ones as they come.
/// Nothing is ever taken by itself. Each payment is an invoice of its own, and is refunded like any other. The merchant
/// has to let `subscriptions` invoice for it: `recoup operator set subscriptions --may-invoice`.
#[derive(Debug, Clone, Subcommand)]
#[command(after_long_help = Help::new()
    .example("Offer a plan", "recoup subscription plan create --amount 10 --interval 4320")
    .example("Subscribe to it", "recoup subscription subscribe 1"))]
pub enum SubscriptionCommand {
    #[command(subcommand)]
    #[expect(missing_docs, reason = "clap would print the comment as help")]
    Plan(PlanCommand),
    /// Subscribe to a plan, and pay the first period
    ///
    /// The transaction can move exactly one period's amount and nothing else.
    #[command(after_long_help = Help::sending()
        .example("To plan 1", "recoup subscription subscribe 1")
        .example("Only if it is this merchant's",
            "recoup subscription subscribe 1 --merchant ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5"))]
    Subscribe(Subscribe),
    /// Pay the next period of a subscription of the wallet
    ///
    /// At most one period ahead. A subscription that lapsed goes on from the payment.
    #[command(after_long_help = Help::sending()
        .example("Of subscription 1", "recoup subscription pay 1"))]
    Pay(PayPeriod),
    /// End a subscription, as its payer or its merchant; what was paid stays refundable
    ///
    /// For ever: to go on, the payer subscribes again. Nothing is paid back by it.
    #[command(after_long_help = Help::sending()
        .example("Subscription 1", "recoup subscription cancel 1"))]
    Cancel(Cancel),
    /// List the newest subscriptions that the wallet pays or is paid by, from the node
    ///
    /// The newest subscriptions of all merchants are looked through.
    #[command(after_long_help = Help::reading()
        .example("The wallet's", "recoup subscription list")
        .example("Somebody else's",
            "recoup subscription list --of ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG --newest 1000"))]
    List(List),
}

/// Arguments of `recoup subscription subscribe`.
#[derive(Debug, Clone, Args)]
pub struct Subscribe {
    /// Which plan
    plan: PlanId,
    /// Whom you mean to pay; refused if the plan is somebody else's
    #[arg(long, value_name = "PRINCIPAL")]
    merchant: Option<Principal>,
    #[command(flatten)]
    send: SendOptions,
}

/// Arguments of `recoup subscription pay`.
#[derive(Debug, Clone, Args)]
pub struct PayPeriod {
    /// Which subscription
    subscription: SubscriptionId,
    #[command(flatten)]
    send: SendOptions,
}

/// Arguments of `recoup subscription cancel`.
#[derive(Debug, Clone, Args)]
pub struct Cancel {
    /// Which subscription
    subscription: SubscriptionId,
    #[command(flatten)]
    send: SendOptions,
}

/// Arguments of `recoup subscription list`.
#[derive(Debug, Clone, Args)]
pub struct List {
    /// Who pays or is paid [default: the wallet's address]
    #[arg(long, value_name = "PRINCIPAL")]
    of: Option<Principal>,
    /// How many of the newest subscriptions of the contract to look at
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    newest: u64,
}

#[derive(Serialize)]
struct SubscriptionDocument {
    subscription_id: u64,
    plan_id: PlanId,
    merchant: Principal,
    payer: Principal,
    token: Token,
    amount: BaseUnits,
    interval: u64,
    next_due: BurnHeight,
    payments: u64,
    status: SubscriptionStatus,
}

/// Runs the command.
///
/// # Errors
/// When a check says no, or sending or reading fails.
pub async fn run(context: &Context, command: SubscriptionCommand) -> Result<Output, Failure> {
    match command {
        SubscriptionCommand::Plan(command) => plan::run(context, command).await,
        SubscriptionCommand::Subscribe(arguments) => subscribe(context, arguments).await,
        SubscriptionCommand::Pay(arguments) => pay(context, arguments).await,
        SubscriptionCommand::Cancel(arguments) => cancel(context, arguments).await,
        SubscriptionCommand::List(arguments) => list(context, arguments).await,
    }
}

async fn read_plan(scene: &Scene<'_>, contract: &ContractId, plan_id: PlanId) -> Result<Plan, Failure> {
    let plan = scene.view.read(contract, &GetPlan { plan_id }).await?;
    plan.ok_or_else(|| refused(ContractError::PlanNotFound))
}

async fn read_subscription(
    scene: &Scene<'_>,
    contract: &ContractId,
    subscription_id: SubscriptionId,
) -> Result<Subscription, Failure> {
    let question = GetSubscription { subscription_id };
    let found = scene.view.read(contract, &question).await?;
    found.ok_or_else(|| refused(ContractError::SubscriptionNotFound))
}

/// What core would refuse, and what the payer cannot pay.
async fn ensure_payable(
    scene: &Scene<'_>,
    contract: &ContractId,
    plan: &Plan,
    token: &TokenInfo,
) -> Result<(), Failure> {
    scene.ensure_may_invoice(&plan.merchant, contract).await?;
    if plan.merchant == scene.sender() {
        return Err(refused(ContractError::PayerNotAllowed));
    }
    scene.ensure_funds(token, plan.amount).await
}

fn payment(plan: &Plan, token: &TokenInfo) -> PeriodPayment {
    PeriodPayment {
        merchant: plan.merchant.clone(),
        amount: plan.amount,
        token: token.contract().cloned(),
    }
}

fn terms(plan: &Plan, token: &TokenInfo) -> Fields {
    Fields::new()
        .row("pay", token.show(plan.amount))
        .optional("token", token.contract())
        .row("to merchant", &plan.merchant)
        .row("for", burn_time::span(plan.interval))
        .row("refundable for", burn_time::span(plan.refund_window))
}

async fn subscribe(context: &Context, arguments: Subscribe) -> Result<Output, Failure> {
    let scene = Scene::open(context).await?;
    let contract = scene.released(Contract::Subscriptions).await?;
    let plan_id = arguments.plan;
    let plan = read_plan(&scene, &contract, plan_id).await?;
    if arguments
        .merchant
        .is_some_and(|merchant| merchant != plan.merchant)
    {
        return Err(refused(ContractError::TermsDiffer));
    }
    let token = context.cache().token(&scene.view, &plan.token).await?;
    if !plan.open {
        return Err(refused(ContractError::PlanClosed));
    }
    ensure_payable(&scene, &contract, &plan, &token).await?;
    let newest = scene.view.read(&contract, &GetLastSubscriptionIds {}).await?;
    let intent = ActIntent {
        contract,
        sender: scene.sender(),
        act: Act::Subscribe {
            plan_id,
            newest_subscription_before: newest.subscription_id,
        },
    };
    let propose = || {
        Ok(Step {
            call: SubscriptionsCall::Subscribe {
                plan_id,
                payment: payment(&plan, &token),
            },
            fences: vec![token.fence(scene.wallet.address, plan.amount).post_condition],
            title: "Subscription",
            plan: terms(&plan, &token).row("plan", plan_id),
            question: format!("Subscribe and pay {}", token.show(plan.amount)),
        })
    };
    scene.act(&arguments.send, intent, propose).await
}

async fn pay(context: &Context, arguments: PayPeriod) -> Result<Output, Failure> {
    let scene = Scene::open(context).await?;
    let contract = scene.released(Contract::Subscriptions).await?;
    let subscription_id = arguments.subscription;
    let found = read_subscription(&scene, &contract, subscription_id).await?;
    let plan = read_plan(&scene, &contract, found.plan_id).await?;
    let token = context.cache().token(&scene.view, &plan.token).await?;
    let intent = ActIntent {
        contract: contract.clone(),
        sender: scene.sender(),
        act: Act::PayPeriod {
            subscription_id,
            payments_before: found.payments,
        },
    };
    let now = scene.view.tip.burn_height.get();
    let refusal = match found.status {
        _ if found.payer != scene.sender() => Some(ContractError::SubscriptionNotAuthorised),
        SubscriptionStatus::Cancelled => Some(ContractError::SubscriptionCancelled),
        _ if found.next_due.get() > now.saturating_add(plan.interval) => Some(ContractError::TooEarly),
        _ => None,
    };
    if refusal.is_none() {
        ensure_payable(&scene, &contract, &plan, &token).await?;
    }
    let propose = || {
        if let Some(error) = refusal {
            return Err(refused(error));
        }
        Ok(Step {
            call: SubscriptionsCall::Pay {
                subscription_id,
                payment: payment(&plan, &token),
            },
            fences: vec![token.fence(scene.wallet.address, plan.amount).post_condition],
            title: "Payment of a subscription",
            plan: terms(&plan, &token).row("subscription", subscription_id),
            question: format!("Pay {}", token.show(plan.amount)),
        })
    };
    scene.act(&arguments.send, intent, propose).await
}

async fn cancel(context: &Context, arguments: Cancel) -> Result<Output, Failure> {
    let scene = Scene::open(context).await?;
    let contract = scene.released(Contract::Subscriptions).await?;
    let subscription_id = arguments.subscription;
    let found = read_subscription(&scene, &contract, subscription_id).await?;
    let plan = read_plan(&scene, &contract, found.plan_id).await?;
    let intent = ActIntent {
        contract,
        sender: scene.sender(),
        act: Act::CancelSubscription { subscription_id },
    };
    if ![&found.payer, &plan.merchant].contains(&&scene.sender()) {
        return Err(refused(ContractError::SubscriptionNotAuthorised));
    }
    if found.status == SubscriptionStatus::Cancelled {
        return already_done(&intent);
    }
    let propose = || {
        Ok(Step {
            call: SubscriptionsCall::Cancel { subscription_id },
            fences: Vec::new(),
            title: "End of a subscription",
            plan: Fields::new()
                .row("subscription", subscription_id)
                .row("payer", &found.payer)
                .row("merchant", &plan.merchant),
            question: format!("End subscription {subscription_id}"),
        })
    };
    scene.act(&arguments.send, intent, propose).await
}

async fn list(context: &Context, arguments: List) -> Result<Output, Failure> {
    let contract = Contract::Subscriptions.beside(context.core()?);
    let whose = match arguments.of {
        Some(principal) => principal,
        None => context.wallet()?.address.into(),
    };
    let view = context.node.view().await?;
    let newest = view
        .read(&contract, &GetLastSubscriptionIds {})
        .await?
        .subscription_id;
    let oldest = newest.saturating_sub(arguments.newest).saturating_add(1);
    let ids: Vec<u64> = (oldest..=newest).rev().collect();
    let questions = ids.iter().map(|id| GetSubscription {
        subscription_id: SubscriptionId((*id).into()),
    });
    let found = view.read_all(&contract, questions.collect()).await?;
    let mut documents = Vec::new();
    for (id, subscription) in ids.into_iter().zip(found) {
        let Some(subscription) = subscription else {
            continue;
        };
        let question = GetPlan {
            plan_id: subscription.plan_id,
        };
        let Some(plan) = view.read(&contract, &question).await? else {
            continue;
        };
        if [&subscription.payer, &plan.merchant].contains(&&whose) {
            documents.push(document(id, subscription, plan));
        }
    }
    let mut table = Table::new(&[
        "subscription",
        "plan",
        "status",
        "payments",
        "next due",
        "payer",
        "merchant",
    ]);
    for document in &documents {
        table.push(&[
            document.subscription_id.to_string(),
            document.plan_id.to_string(),
            document.status.to_string(),
            document.payments.to_string(),
            burn_time::moment(document.next_due, view.tip.burn_height),
            document.payer.to_string(),
            document.merchant.to_string(),
        ]);
    }
    Output::new(
        &serde_json::json!({ "subscriptions": documents }),
        table.to_text(),
    )
}

fn document(id: u64, subscription: Subscription, plan: Plan) -> SubscriptionDocument {
    SubscriptionDocument {
        subscription_id: id,
        plan_id: subscription.plan_id,
        merchant: plan.merchant,
        payer: subscription.payer,
        token: plan.token,
        amount: plan.amount,
        interval: plan.interval,
        next_due: subscription.next_due,
        payments: subscription.payments,
        status: subscription.status,
    }
}
