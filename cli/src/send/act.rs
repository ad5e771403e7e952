//! Finding what a call did that is neither invoice, payment nor refund.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::{PlanId, SubscriptionId};
use recoup_protocol::reads::{
    GetCoverage, GetDelegate, GetInvoice, GetLastSubscriptionIds, GetOperator, GetPlan, GetSubscription,
};
use recoup_protocol::status::{InvoiceStatus, SubscriptionStatus};
use recoup_protocol::token::Token;

use super::judge::Effect;
use crate::failure::Failure;
use crate::journal::{Act, ActIntent, Entry};
use crate::node::View;

const THERE: Effect = Effect {
    id: None,
    burn_height: None,
};

/// Looks for the effect in the contract's state. Of a deposit and a withdrawal that state keeps nothing but the balance,
/// which delegates' refunds move too: there the node's transaction index is asked first.
pub(super) async fn find(
    view: &View<'_>,
    intent: &ActIntent,
    entry: &Entry,
) -> Result<Option<Effect>, Failure> {
    let ActIntent {
        contract,
        sender,
        act,
    } = intent;
    let is_there = match act {
        Act::SetOperator {
            operator,
            may_refund,
            may_invoice,
        } => {
            let question = GetOperator {
                merchant: sender.clone(),
                operator: operator.clone(),
            };
            let rights = view.read(contract, &question).await?;
            (rights.may_refund, rights.may_invoice) == (*may_refund, *may_invoice)
        }
        Act::CancelInvoice { invoice_id } => {
            let question = GetInvoice {
                invoice_id: *invoice_id,
            };
            let invoice = view.read(contract, &question).await?;
            invoice.is_some_and(|invoice| invoice.status == InvoiceStatus::Cancelled)
        }
        Act::ExtendWindow {
            invoice_id,
            new_window,
        } => {
            let question = GetInvoice {
                invoice_id: *invoice_id,
            };
            let invoice = view.read(contract, &question).await?;
            invoice.is_some_and(|invoice| invoice.refund_window >= *new_window)
        }
        Act::CreatePlan { .. } => return find_plan(view, intent).await,
        Act::ClosePlan { plan_id } => {
            let plan = view.read(contract, &GetPlan { plan_id: *plan_id }).await?;
            plan.is_some_and(|plan| !plan.open)
        }
        Act::Subscribe { .. } => return find_subscription(view, intent).await,
        Act::PayPeriod {
            subscription_id,
            payments_before,
        } => {
            let found = subscription(view, intent, *subscription_id).await?;
            found.is_some_and(|found| found.payments > *payments_before)
        }
        Act::CancelSubscription { subscription_id } => {
            let found = subscription(view, intent, *subscription_id).await?;
            found.is_some_and(|found| found.status == SubscriptionStatus::Cancelled)
        }
        Act::Deposit {
            token,
            amount,
            balance_before,
        } => has_moved(view, intent, entry, token, balance_before.checked_add(*amount)).await?,
        Act::Withdraw {
            token,
            amount,
            balance_before,
        } => has_moved(view, intent, entry, token, balance_before.checked_sub(*amount)).await?,
        Act::SetDelegate { .. } | Act::RevokeDelegate { .. } => is_delegate_as_wanted(view, intent).await?,
        // Its nonce is used, or nobody would look: that was all, whoever did it.
        Act::FillNonce { .. } => true,
    };
    Ok(is_there.then_some(THERE))
}

async fn subscription(
    view: &View<'_>,
    intent: &ActIntent,
    subscription_id: SubscriptionId,
) -> Result<Option<recoup_protocol::reads::Subscription>, Failure> {
    view.read(&intent.contract, &GetSubscription { subscription_id })
        .await
}

/// The first plan of the sender with these terms that is newer than the newest one before.
async fn find_plan(view: &View<'_>, intent: &ActIntent) -> Result<Option<Effect>, Failure> {
    let Act::CreatePlan {
        token,
        amount,
        interval,
        refund_window,
        newest_plan_before,
    } = &intent.act
    else {
        return Ok(None);
    };
    let newest = view
        .read(&intent.contract, &GetLastSubscriptionIds {})
        .await?
        .plan_id;
    for id in newest_plan_before.saturating_add(1)..=newest {
        let plan = view
            .read(&intent.contract, &GetPlan { plan_id: PlanId(id) })
            .await?;
        let is_ours = plan.is_some_and(|plan| {
            plan.merchant == intent.sender
                && (&plan.token, plan.amount, plan.interval, plan.refund_window)
                    == (token, *amount, *interval, *refund_window)
        });
        if is_ours {
            return Ok(Some(Effect {
                id: Some(id),
                burn_height: None,
            }));
        }
    }
    Ok(None)
}

/// The first subscription of the sender to this plan that is newer than the newest one before.
async fn find_subscription(view: &View<'_>, intent: &ActIntent) -> Result<Option<Effect>, Failure> {
    let Act::Subscribe {
        plan_id,
        newest_subscription_before,
    } = &intent.act
    else {
        return Ok(None);
    };
    let newest = view
        .read(&intent.contract, &GetLastSubscriptionIds {})
        .await?
        .subscription_id;
    for id in newest_subscription_before.saturating_add(1)..=newest {
        let found = subscription(view, intent, SubscriptionId(id.into())).await?;
        if let Some(found) = found.filter(|found| found.payer == intent.sender && found.plan_id == *plan_id) {
            return Ok(Some(Effect {
                id: Some(id),
                burn_height: Some(found.started_at),
            }));
        }
    }
    Ok(None)
}

async fn has_moved(
    view: &View<'_>,
    intent: &ActIntent,
    entry: &Entry,
    token: &Token,
    expected: Option<BaseUnits>,
) -> Result<bool, Failure> {
    for transaction in entry.alternatives() {
        if let Some(succeeded) = view.succeeded(&transaction.txid).await {
            return Ok(succeeded);
        }
    }
    let question = GetCoverage {
        merchant: intent.sender.clone(),
        token: token.clone(),
    };
    Ok(Some(view.read(&intent.contract, &question).await?) == expected)
}

async fn is_delegate_as_wanted(view: &View<'_>, intent: &ActIntent) -> Result<bool, Failure> {
    let (Act::SetDelegate { delegate, token, .. } | Act::RevokeDelegate { delegate, token }) = &intent.act
    else {
        return Ok(false);
    };
    let question = GetDelegate {
        merchant: intent.sender.clone(),
        delegate: delegate.clone(),
        token: token.clone(),
    };
    let found = view.read(&intent.contract, &question).await?;
    Ok(match &intent.act {
        Act::SetDelegate {
            per_refund,
            per_period,
            period,
            expires_in,
            height_before,
            ..
        } => found.is_some_and(|found| {
            (found.per_refund, found.per_period, found.period) == (*per_refund, *per_period, *period)
                && found.expires_at.get() >= height_before.get().saturating_add(*expires_in)
        }),
        _ => found.is_none(),
    })
}
