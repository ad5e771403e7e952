//! `recoup reserve`: a merchant's funds for refunds, and who may refund from them.

use clap::{Args, Subcommand};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{Delegation, PaidIn, ReserveCall};
use recoup_protocol::contracts::Contract;
use recoup_protocol::error::ContractError;
use recoup_protocol::limits::{MAX_DELEGATION, MAX_PERIOD};
use recoup_protocol::reads::{GetCoverage, GetDelegate, GetOperator};
use recoup_protocol::token::Token;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::BurnHeight;
use recoup_stacks::transaction::PostConditionPrincipal;
use serde::Serialize;

use super::act::{Scene, Step};
use super::invoice::refused;
use super::sending::SendOptions;
use crate::burn_time;
use crate::context::Context;
use crate::failure::Failure;
use crate::help::Help;
use crate::journal::{Act, ActIntent};
use crate::output::{Fields, Output};
use crate::token::TokenInfo;

/// Keep funds for refunds, and let others refund from them
///
/// A reserve holds the merchant's own funds in the contract recoup-reserve. Its delegates refund from it, each within a
/// budget, and need no funds but for fees (`recoup refund create --from-reserve`). The merchant takes back what is left at
/// any time. The reserve needs the right to refund: `recoup operator set reserve --may-refund`.
#[derive(Debug, Clone, Subcommand)]
#[command(after_long_help = Help::new()
    .example("Let the reserve refund for the wallet", "recoup operator set reserve --may-refund")
    .example("Put 500 STX into it", "recoup reserve deposit 500")
    .example("See what is there", "recoup reserve show"))]
pub enum ReserveCommand {
    /// Add to the wallet's reserve
    ///
    /// The funds stay the merchant's: only the merchant can withdraw them, and delegates refund with them.
    #[command(after_long_help = Help::sending()
        .example("500 STX", "recoup reserve deposit 500")
        .example("0.01 sBTC",
            "recoup reserve deposit 0.01 --token SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token"))]
    Deposit(Move),
    /// Take from the wallet's reserve
    ///
    /// To the merchant's own account, at any time, at most what is there.
    #[command(after_long_help = Help::sending()
        .example("100 STX", "recoup reserve withdraw 100"))]
    Withdraw(Move),
    /// Let somebody refund from the wallet's reserve, within a budget
    ///
    /// A budget bounds one refund, all refunds of a period, and ends by itself. Set again, it replaces the one before.
    /// A period of 144 burn blocks is about a day.
    #[command(after_long_help = Help::sending()
        .example("50 STX at once, 200 a day, for about a month",
            "recoup reserve delegate ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC \\\n      \
             --per-refund 50 --per-period 200 --period 144 --expires-in 4320"))]
    Delegate(SetDelegate),
    /// End a delegation at once
    ///
    /// In one token; from the block on that includes it.
    #[command(after_long_help = Help::sending()
        .example("In STX", "recoup reserve revoke ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC"))]
    Revoke(RevokeDelegate),
    /// Show what a reserve holds, and what a delegate may still refund
    ///
    /// In one token, read at one block.
    #[command(after_long_help = Help::reading()
        .example("The wallet's own, in STX", "recoup reserve show")
        .example("With a delegate's budget",
            "recoup reserve show --delegate ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC"))]
    Show(ShowReserve),
}

/// Arguments of `recoup reserve deposit` and `withdraw`.
#[derive(Debug, Clone, Args)]
pub struct Move {
    /// How much, as in 1.5
    amount: String,
    /// STX, or the id of a SIP-010 token contract
    #[arg(long, value_name = "TOKEN", default_value = "STX")]
    token: Token,
    #[command(flatten)]
    send: SendOptions,
}

/// Arguments of `recoup reserve delegate`.
#[derive(Debug, Clone, Args)]
pub struct SetDelegate {
    /// Whom
    delegate: Principal,
    /// STX, or the id of a SIP-010 token contract
    #[arg(long, value_name = "TOKEN", default_value = "STX")]
    token: Token,
    /// At most so much at once
    #[arg(long, value_name = "AMOUNT")]
    per_refund: String,
    /// At most so much in a period
    #[arg(long, value_name = "AMOUNT")]
    per_period: String,
    /// Length of a period
    #[arg(long, value_name = "BLOCKS", default_value_t = 144, value_parser = clap::value_parser!(u64).range(1..=MAX_PERIOD))]
    period: u64,
    /// Burn blocks until the delegation ends
    #[arg(long, value_name = "BLOCKS", default_value_t = 4320, value_parser = clap::value_parser!(u64).range(1..=MAX_DELEGATION))]
    expires_in: u64,
    #[command(flatten)]
    send: SendOptions,
}

/// Arguments of `recoup reserve revoke`.
#[derive(Debug, Clone, Args)]
pub struct RevokeDelegate {
    /// Whom
    delegate: Principal,
    /// STX, or the id of a SIP-010 token contract
    #[arg(long, value_name = "TOKEN", default_value = "STX")]
    token: Token,
    #[command(flatten)]
    send: SendOptions,
}

/// Arguments of `recoup reserve show`.
#[derive(Debug, Clone, Args)]
pub struct ShowReserve {
    /// Whose reserve [default: the wallet's address]
    #[arg(long, value_name = "PRINCIPAL")]
    merchant: Option<Principal>,
    /// STX, or the id of a SIP-010 token contract
    #[arg(long, value_name = "TOKEN", default_value = "STX")]
    token: Token,
    /// Show this delegate's budget too
    #[arg(long, value_name = "PRINCIPAL")]
    delegate: Option<Principal>,
}

#[derive(Serialize)]
struct DelegateDocument {
    delegate: Principal,
    per_refund: BaseUnits,
    per_period: BaseUnits,
    period: u64,
    spent: BaseUnits,
    /// What may still be refunded now.
    left: BaseUnits,
    expires_at: BurnHeight,
}

#[derive(Serialize)]
struct ReserveDocument {
    merchant: Principal,
    token: Token,
    symbol: String,
    decimals: u8,
    balance: BaseUnits,
    /// Whether the merchant lets the reserve refund for it: without that, no delegate can.
    may_refund: bool,
    burn_height: BurnHeight,
    delegate: Option<DelegateDocument>,
}

/// Runs the command.
///
/// # Errors
/// When a check says no, or sending or reading fails.
pub async fn run(context: &Context, command: ReserveCommand) -> Result<Output, Failure> {
    match command {
        ReserveCommand::Deposit(arguments) => deposit(context, arguments).await,
        ReserveCommand::Withdraw(arguments) => withdraw(context, arguments).await,
        ReserveCommand::Delegate(arguments) => set_delegate(context, arguments).await,
        ReserveCommand::Revoke(arguments) => revoke(context, arguments).await,
        ReserveCommand::Show(arguments) => show(context, arguments).await,
    }
}

/// What a wallet's reserve is about to move.
struct Movement {
    reserve: ContractId,
    token: TokenInfo,
    amount: BaseUnits,
    balance: BaseUnits,
}

async fn movement(scene: &Scene<'_>, arguments: &Move) -> Result<Movement, Failure> {
    let reserve = scene.released(Contract::Reserve).await?;
    let token = scene.context.cache().token(&scene.view, &arguments.token).await?;
    let amount = token.read(&arguments.amount)?;
    if amount.is_zero() {
        return Err(refused(ContractError::InvalidReserveAmount));
    }
    let question = GetCoverage {
        merchant: scene.sender(),
        token: arguments.token.clone(),
    };
    let balance = scene.view.read(&reserve, &question).await?;
    Ok(Movement {
        reserve,
        token,
        amount,
        balance,
    })
}

async fn deposit(context: &Context, arguments: Move) -> Result<Output, Failure> {
    let scene = Scene::open(context).await?;
    let Movement {
        reserve,
        token,
        amount,
        balance,
    } = movement(&scene, &arguments).await?;
    scene.ensure_funds(&token, amount).await?;
    let intent = ActIntent {
        contract: reserve.clone(),
        sender: scene.sender(),
        act: Act::Deposit {
            token: arguments.token.clone(),
            amount,
            balance_before: balance,
        },
    };
    let propose = || {
        Ok(Step {
            call: ReserveCall::Deposit(PaidIn {
                order: amount,
                token: token.contract().cloned(),
            }),
            fences: vec![token.fence(scene.wallet.address, amount).post_condition],
            title: "Deposit",
            plan: Fields::new()
                .row("deposit", token.show(amount))
                .optional("token", token.contract())
                .row("into the reserve of", scene.sender())
                .row("which holds", token.show(balance)),
            question: format!("Deposit {}", token.show(amount)),
        })
    };
    scene.act(&arguments.send, intent, propose).await
}

async fn withdraw(context: &Context, arguments: Move) -> Result<Output, Failure> {
    let scene = Scene::open(context).await?;
    let Movement {
        reserve,
        token,
        amount,
        balance,
    } = movement(&scene, &arguments).await?;
    let intent = ActIntent {
        contract: reserve.clone(),
        sender: scene.sender(),
        act: Act::Withdraw {
            token: arguments.token.clone(),
            amount,
            balance_before: balance,
        },
    };
    let propose = || {
        if amount > balance {
            let mut failure = refused(ContractError::ReserveTooLow);
            let held = token.show(balance);
            failure
                .causes
                .push(format!("{} asked for, {held} there", token.show(amount)));
            return Err(failure);
        }
        let holder = PostConditionPrincipal::Contract(reserve.clone());
        Ok(Step {
            call: ReserveCall::Withdraw(PaidIn {
                order: amount,
                token: token.contract().cloned(),
            }),
            fences: vec![token.fence_of(holder, amount).post_condition],
            title: "Withdrawal",
            plan: Fields::new()
                .row("withdraw", token.show(amount))
                .optional("token", token.contract())
                .row("from the reserve of", scene.sender())
                .row("which holds", token.show(balance)),
            question: format!("Withdraw {}", token.show(amount)),
        })
    };
    scene.act(&arguments.send, intent, propose).await
}

async fn set_delegate(context: &Context, arguments: SetDelegate) -> Result<Output, Failure> {
    let scene = Scene::open(context).await?;
    let reserve = scene.released(Contract::Reserve).await?;
    let token = context.cache().token(&scene.view, &arguments.token).await?;
    let (per_refund, per_period) = (
        token.read(&arguments.per_refund)?,
        token.read(&arguments.per_period)?,
    );
    if per_refund.is_zero() || per_refund > per_period {
        return Err(refused(ContractError::InvalidReserveAmount));
    }
    let delegation = Delegation {
        delegate: arguments.delegate.clone(),
        token: arguments.token.clone(),
        per_refund,
        per_period,
        period: arguments.period,
        expires_in: arguments.expires_in,
    };
    let intent = ActIntent {
        contract: reserve,
        sender: scene.sender(),
        act: Act::SetDelegate {
            delegate: arguments.delegate.clone(),
            token: arguments.token,
            per_refund,
            per_period,
            period: arguments.period,
            expires_in: arguments.expires_in,
            height_before: scene.view.tip.burn_height,
        },
    };
    let propose = || {
        let plan = Fields::new()
            .row("delegate", &arguments.delegate)
            .optional("token", token.contract())
            .row("at once", format!("at most {}", token.show(per_refund)))
            .row(
                "in a period",
                format!(
                    "at most {} in {}",
                    token.show(per_period),
                    burn_time::span(arguments.period)
                ),
            )
            .row("ends in", burn_time::span(arguments.expires_in))
            .row("reserve of", scene.sender());
        Ok(Step {
            call: ReserveCall::SetDelegate(delegation),
            fences: Vec::new(),
            title: "Delegate",
            plan,
            question: format!("Let {} refund from the reserve", arguments.delegate),
        })
    };
    scene.act(&arguments.send, intent, propose).await
}

async fn revoke(context: &Context, arguments: RevokeDelegate) -> Result<Output, Failure> {
    let scene = Scene::open(context).await?;
    let reserve = scene.released(Contract::Reserve).await?;
    let RevokeDelegate {
        delegate,
        token,
        send,
    } = arguments;
    let question = GetDelegate {
        merchant: scene.sender(),
        delegate: delegate.clone(),
        token: token.clone(),
    };
    let found = scene.view.read(&reserve, &question).await?;
    let intent = ActIntent {
        contract: reserve,
        sender: scene.sender(),
        act: Act::RevokeDelegate {
            delegate: delegate.clone(),
            token: token.clone(),
        },
    };
    let propose = || {
        if found.is_none() {
            return Err(refused(ContractError::NotDelegate));
        }
        Ok(Step {
            call: ReserveCall::RevokeDelegate {
                delegate: delegate.clone(),
                token: token.clone(),
            },
            fences: Vec::new(),
            title: "End of a delegation",
            plan: Fields::new()
                .row("delegate", &delegate)
                .row("token", &token)
                .row("reserve of", scene.sender()),
            question: format!("End the delegation of {delegate}"),
        })
    };
    scene.act(&send, intent, propose).await
}

async fn show(context: &Context, arguments: ShowReserve) -> Result<Output, Failure> {
    let core = context.core()?;
    let reserve = Contract::Reserve.beside(core);
    let merchant = match arguments.merchant {
        Some(merchant) => merchant,
        None => context.wallet()?.address.into(),
    };
    let view = context.node.view().await?;
    let token = context.cache().token(&view, &arguments.token).await?;
    let question = GetCoverage {
        merchant: merchant.clone(),
        token: arguments.token.clone(),
    };
    let balance = view.read(&reserve, &question).await?;
    let question = GetOperator {
        merchant: merchant.clone(),
        operator: reserve.clone().into(),
    };
    let may_refund = view.read(core, &question).await?.may_refund;
    let burn_height = view.tip.burn_height;
    let delegate = match arguments.delegate {
        None => None,
        Some(delegate) => {
            let question = GetDelegate {
                merchant: merchant.clone(),
                delegate: delegate.clone(),
                token: arguments.token.clone(),
            };
            let found = view.read(&reserve, &question).await?;
            let found = found.ok_or_else(|| refused(ContractError::NotDelegate))?;
            Some(DelegateDocument {
                left: found.left(burn_height),
                delegate,
                per_refund: found.per_refund,
                per_period: found.per_period,
                period: found.period,
                spent: found.spent,
                expires_at: found.expires_at,
            })
        }
    };
    let document = ReserveDocument {
        merchant,
        token: arguments.token,
        symbol: token.symbol().to_owned(),
        decimals: token.decimals(),
        balance,
        may_refund,
        burn_height,
        delegate,
    };
    Output::new(&document, text(&document, &token))
}

fn text(document: &ReserveDocument, token: &TokenInfo) -> String {
    let mut fields = Fields::new()
        .row("reserve of", &document.merchant)
        .optional("token", token.contract())
        .row("holds", token.show(document.balance))
        .row(
            "may refund",
            if document.may_refund {
                "yes"
            } else {
                "no: `recoup operator set reserve --may-refund`"
            },
        );
    if let Some(delegate) = &document.delegate {
        fields = fields
            .row("delegate", &delegate.delegate)
            .row("at once", format!("at most {}", token.show(delegate.per_refund)))
            .row(
                "in a period",
                format!(
                    "at most {} in {}",
                    token.show(delegate.per_period),
                    burn_time::span(delegate.period)
                ),
            )
            .row("left now", token.show(delegate.left))
            .row(
                "ends at",
                burn_time::until(delegate.expires_at, document.burn_height),
            );
    }
    fields.to_text()
}
