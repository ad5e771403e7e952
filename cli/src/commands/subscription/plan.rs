//! `recoup subscription plan`: what a merchant offers.

use clap::{Args, Subcommand};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{CreatePlan, SubscriptionsCall};
use recoup_protocol::contracts::Contract;
use recoup_protocol::error::ContractError;
use recoup_protocol::ids::PlanId;
use recoup_protocol::limits::{DEFAULT_REFUND_WINDOW, MAX_INTERVAL, MAX_REFUND_WINDOW, MIN_REFUND_WINDOW};
use recoup_protocol::reads::{GetLastSubscriptionIds, GetPlan};
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use serde::Serialize;

use super::{read_plan, terms};
use crate::burn_time;
use crate::commands::SendOptions;
use crate::commands::act::{Scene, Step, already_done};
use crate::commands::invoice::refused;
use crate::context::Context;
use crate::failure::Failure;
use crate::help::Help;
use crate::journal::{Act, ActIntent};
use crate::output::{Fields, Output};

/// Create, close or show a plan
///
/// A plan says what a period costs, how long it is, and for how long each payment can be refunded. It never changes.
#[derive(Debug, Clone, Subcommand)]
#[command(after_long_help = Help::new()
    .example("Offer one", "recoup subscription plan create --amount 10 --interval 4320")
    .example("Look at it", "recoup subscription plan show 1"))]
pub enum PlanCommand {
    /// Offer a plan; the wallet becomes its merchant, and has to let `subscriptions` invoice for it
    ///
    /// 144 burn blocks are about a day, 4320 about a month.
    #[command(after_long_help = Help::sending()
        .example("10 STX a month, each payment refundable for about two weeks",
            "recoup subscription plan create --amount 10 --interval 4320 --refund-window 2016"))]
    Create(NewPlan),
    /// Take no new subscriptions; those that exist go on
    ///
    /// For ever. Only the plan's merchant can.
    #[command(after_long_help = Help::sending()
        .example("Close plan 1", "recoup subscription plan close 1"))]
    Close(ClosePlan),
    /// Show a plan, from the node
    ///
    /// What it costs, how long a period is, and whether it still takes subscribers.
    #[command(after_long_help = Help::reading()
        .example("Plan 1", "recoup subscription plan show 1"))]
    Show(ShowPlan),
}

/// Arguments of `recoup subscription plan create`.
#[derive(Debug, Clone, Args)]
pub struct NewPlan {
    /// What a period costs, as in 1.5
    #[arg(long, value_name = "AMOUNT")]
    amount: String,
    /// STX, or the id of a SIP-010 token contract
    #[arg(long, value_name = "TOKEN", default_value = "STX")]
    token: Token,
    /// Burn blocks that one payment pays for
    #[arg(long, value_name = "BLOCKS", value_parser = clap::value_parser!(u64).range(1..=MAX_INTERVAL))]
    interval: u64,
    /// Burn blocks in which each payment can be refunded
    #[arg(long, value_name = "BLOCKS", default_value_t = DEFAULT_REFUND_WINDOW, value_parser = clap::value_parser!(u64).range(MIN_REFUND_WINDOW..=MAX_REFUND_WINDOW))]
    refund_window: u64,
    #[command(flatten)]
    send: SendOptions,
}

/// Arguments of `recoup subscription plan close`.
#[derive(Debug, Clone, Args)]
pub struct ClosePlan {
    /// Which plan
    plan: PlanId,
    #[command(flatten)]
    send: SendOptions,
}

/// Arguments of `recoup subscription plan show`.
#[derive(Debug, Clone, Args)]
pub struct ShowPlan {
    /// Which plan
    plan: PlanId,
}

#[derive(Serialize)]
struct PlanDocument {
    plan_id: PlanId,
    merchant: Principal,
    token: Token,
    amount: BaseUnits,
    interval: u64,
    refund_window: u64,
    open: bool,
}

pub(super) async fn run(context: &Context, command: PlanCommand) -> Result<Output, Failure> {
    match command {
        PlanCommand::Create(arguments) => create(context, arguments).await,
        PlanCommand::Close(arguments) => close(context, arguments).await,
        PlanCommand::Show(arguments) => show(context, &arguments).await,
    }
}

async fn create(context: &Context, arguments: NewPlan) -> Result<Output, Failure> {
    let scene = Scene::open(context).await?;
    let contract = scene.released(Contract::Subscriptions).await?;
    let token = context.cache().token(&scene.view, &arguments.token).await?;
    let amount = token.read(&arguments.amount)?;
    if amount.is_zero() {
        return Err(refused(ContractError::InvalidPlan));
    }
    scene.ensure_may_invoice(&scene.sender(), &contract).await?;
    let newest = scene.view.read(&contract, &GetLastSubscriptionIds {}).await?;
    let call = SubscriptionsCall::CreatePlan(CreatePlan {
        token: arguments.token.clone(),
        amount,
        interval: arguments.interval,
        refund_window: Some(arguments.refund_window),
    });
    let intent = ActIntent {
        contract,
        sender: scene.sender(),
        act: Act::CreatePlan {
            token: arguments.token,
            amount,
            interval: arguments.interval,
            refund_window: arguments.refund_window,
            newest_plan_before: newest.plan_id,
        },
    };
    let propose = || {
        Ok(Step {
            call,
            fences: Vec::new(),
            title: "Plan",
            plan: Fields::new()
                .row("a period costs", token.show(amount))
                .optional("token", token.contract())
                .row("and lasts", burn_time::span(arguments.interval))
                .row("refundable for", burn_time::span(arguments.refund_window))
                .row("merchant", scene.sender()),
            question: "Offer this plan".to_owned(),
        })
    };
    scene.act(&arguments.send, intent, propose).await
}

async fn close(context: &Context, arguments: ClosePlan) -> Result<Output, Failure> {
    let scene = Scene::open(context).await?;
    let contract = scene.released(Contract::Subscriptions).await?;
    let plan_id = arguments.plan;
    let plan = read_plan(&scene, &contract, plan_id).await?;
    let intent = ActIntent {
        contract,
        sender: scene.sender(),
        act: Act::ClosePlan { plan_id },
    };
    if plan.merchant != scene.sender() {
        return Err(refused(ContractError::SubscriptionNotAuthorised));
    }
    if !plan.open {
        return already_done(&intent);
    }
    let propose = || {
        Ok(Step {
            call: SubscriptionsCall::ClosePlan { plan_id },
            fences: Vec::new(),
            title: "End of a plan",
            plan: Fields::new().row("plan", plan_id).row("merchant", &plan.merchant),
            question: format!("Close plan {plan_id}"),
        })
    };
    scene.act(&arguments.send, intent, propose).await
}

async fn show(context: &Context, arguments: &ShowPlan) -> Result<Output, Failure> {
    let contract = Contract::Subscriptions.beside(context.core()?);
    let view = context.node.view().await?;
    let plan_id = arguments.plan;
    let plan = view.read(&contract, &GetPlan { plan_id }).await?;
    let plan = plan.ok_or_else(|| refused(ContractError::PlanNotFound))?;
    let token = context.cache().token(&view, &plan.token).await?;
    let text = terms(&plan, &token)
        .row("plan", plan_id)
        .row("open", if plan.open { "yes" } else { "no" })
        .to_text();
    let document = PlanDocument {
        plan_id,
        merchant: plan.merchant,
        token: plan.token,
        amount: plan.amount,
        interval: plan.interval,
        refund_window: plan.refund_window,
        open: plan.open,
    };
    Output::new(&document, text)
}
