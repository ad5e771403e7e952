//! The side of `recoup-subscriptions` and `recoup-reserve`: their own maps. A chain without them has nothing to tell.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::SubscriptionId;
use recoup_protocol::maps::{BalanceKey, DelegateKey, PlanKey, SubscriptionKey};
use recoup_protocol::reads::GetSubscription;
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;

use super::node_maps::NodeMaps;
use super::{DelegateFacts, InvoiceFacts, ReserveFacts, SubscriptionFacts};
use crate::accounts::ACCOUNTS;

/// All subscriptions, with those of `invoices` that note them. Which have lapsed, the contract's own function says.
pub(super) fn subscriptions(
    maps: &NodeMaps<'_>,
    invoices: &[InvoiceFacts],
) -> Result<Vec<SubscriptionFacts>> {
    if !maps.is_deployed()? {
        return Ok(Vec::new());
    }
    (1..=maps.last_id("last-subscription-id")?)
        .map(|id| {
            let subscription_id = SubscriptionId(id.into());
            let entry = maps.existing(&SubscriptionKey(subscription_id))?;
            let shown = maps
                .ask(&GetSubscription { subscription_id })?
                .with_context(|| format!("no subscription {id}"))?;
            let plan = maps.existing(&PlanKey(entry.plan_id))?;
            let paid = invoices
                .iter()
                .filter(|invoice| invoice.subscription_id == Some(subscription_id));
            Ok(SubscriptionFacts {
                subscription_id,
                plan_id: entry.plan_id,
                merchant: plan.merchant,
                payer: entry.payer,
                token: plan.token,
                amount: plan.amount,
                interval: plan.interval,
                refund_window: plan.refund_window,
                started_at: entry.started_at,
                next_due: entry.next_due,
                payment_count: entry.payments,
                status: shown.status,
                invoices: paid.map(|invoice| invoice.invoice_id).collect(),
            })
        })
        .collect()
}

/// What the merchants of `invoices` hold in reserve, in STX and every token of the invoices, and who of the chain's
/// accounts may refund from it. Maps cannot be listed: these keys are asked for one by one.
pub(super) fn reserves(maps: &NodeMaps<'_>, invoices: &[InvoiceFacts]) -> Result<Vec<ReserveFacts>> {
    if !maps.is_deployed()? {
        return Ok(Vec::new());
    }
    let merchants: BTreeSet<_> = invoices.iter().map(|invoice| &invoice.merchant).collect();
    let mut tokens: BTreeSet<_> = invoices.iter().map(|invoice| &invoice.token).collect();
    tokens.insert(&Token::Stx);
    let mut reserves = Vec::new();
    for merchant in merchants {
        for token in &tokens {
            reserves.push(reserve(maps, merchant, token)?);
        }
    }
    reserves.retain(|reserve| !reserve.is_empty());
    Ok(reserves)
}

fn reserve(maps: &NodeMaps<'_>, merchant: &Principal, token: &Token) -> Result<ReserveFacts> {
    let balance = maps.entry(&BalanceKey {
        merchant: merchant.clone(),
        token: token.clone(),
    })?;
    let mut delegates = Vec::new();
    for account in ACCOUNTS {
        let delegate: Principal = account.address.parse()?;
        let entry = maps.entry(&DelegateKey {
            merchant: merchant.clone(),
            delegate: delegate.clone(),
            token: token.clone(),
        })?;
        delegates.extend(entry.map(|entry| DelegateFacts {
            delegate,
            per_refund: entry.per_refund,
            per_period: entry.per_period,
            period: entry.period,
            period_start: entry.period_start,
            spent: entry.spent,
            expires_at: entry.expires_at,
        }));
    }
    delegates.sort_by_key(|delegate| delegate.delegate.to_string());
    Ok(ReserveFacts {
        merchant: merchant.clone(),
        token: token.clone(),
        balance: balance.unwrap_or(BaseUnits::ZERO),
        delegates,
    })
}
