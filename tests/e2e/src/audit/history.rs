//! The indexer's side: the audit history, as anybody reads it over HTTP.

use anyhow::{Result, ensure};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::api::{self, BASE_PATH, Page, Tier};
use recoup_protocol::ids::{InvoiceId, SubscriptionId};
use recoup_stacks::address::Principal;
use recoup_test_support::HttpClient;

use super::{DelegateFacts, Facts, InvoiceFacts, PayerFacts, RefundFacts, ReserveFacts, SubscriptionFacts};

/// Small, so that several pages are turned.
const PAGE: usize = 2;

/// Reads the first `invoices` invoices and `subscriptions` subscriptions, and all canonical refunds and reserves of
/// `merchants`, page by page.
///
/// # Errors
/// When the indexer does not answer, or contradicts itself: an invoice's payments do not add up to its payers' ledgers,
/// or something is not proven.
pub fn read_history(
    indexer: &HttpClient,
    invoices: usize,
    subscriptions: usize,
    merchants: &[Principal],
) -> Result<Facts> {
    let mut facts = Facts::default();
    for id in (1..).map(InvoiceId).take(invoices) {
        facts.invoices.push(invoice_facts(
            indexer.get(&format!("{BASE_PATH}/invoices/{id}"))?,
        )?);
    }
    for id in (1..).map(SubscriptionId).take(subscriptions) {
        facts.subscriptions.push(subscription_facts(indexer, id)?);
    }
    for merchant in merchants {
        let refunds: Vec<api::Refund> = all_pages(
            &format!("{BASE_PATH}/refunds?merchant={merchant}&limit={PAGE}"),
            |path| Ok(indexer.get(path)?),
        )?;
        for refund in refunds {
            facts.refunds.push(refund_facts(refund)?);
        }
        let reserves: api::Reserves = indexer.get(&format!("{BASE_PATH}/reserves/{merchant}"))?;
        facts.reserves.extend(reserve_facts(reserves));
    }
    facts.refunds.sort_by_key(|refund| refund.refund_id);
    Ok(facts)
}

/// Turns the pages from `first` on, a path with a query.
fn all_pages<T>(first: &str, read: impl Fn(&str) -> Result<Page<T>>) -> Result<Vec<T>> {
    let mut items = Vec::new();
    let mut path = first.to_owned();
    loop {
        let page = read(&path)?;
        ensure!(
            page.items.len() <= PAGE,
            "a page of {} where {PAGE} were asked for",
            page.items.len()
        );
        items.extend(page.items);
        let Some(cursor) = page.next_cursor else {
            return Ok(items);
        };
        path = format!("{first}&cursor={cursor}");
    }
}

fn subscription_facts(indexer: &HttpClient, id: SubscriptionId) -> Result<SubscriptionFacts> {
    let first = format!("{BASE_PATH}/subscriptions/{id}?limit={PAGE}");
    let payments = all_pages(&first, |path| {
        Ok(indexer.get::<api::SubscriptionHistory>(path)?.payments)
    })?;
    for payment in &payments {
        ensure!(
            payment.proven,
            "payment {} of subscription {id} is not proven",
            payment.number
        );
    }
    let subscription = indexer.get::<api::SubscriptionHistory>(&first)?.subscription;
    Ok(SubscriptionFacts {
        subscription_id: subscription.subscription_id,
        plan_id: subscription.plan_id,
        merchant: subscription.merchant,
        payer: subscription.payer,
        token: subscription.token,
        amount: subscription.amount,
        interval: subscription.interval,
        refund_window: subscription.refund_window,
        started_at: subscription.started_at,
        next_due: subscription.next_due,
        payment_count: subscription.payment_count,
        status: subscription.status,
        invoices: payments.iter().rev().map(|payment| payment.invoice_id).collect(),
    })
}

fn reserve_facts(reserves: api::Reserves) -> Vec<ReserveFacts> {
    let delegate = |delegate: api::ReserveDelegate| DelegateFacts {
        delegate: delegate.delegate,
        per_refund: delegate.per_refund,
        per_period: delegate.per_period,
        period: delegate.period,
        period_start: delegate.period_start,
        spent: delegate.spent,
        expires_at: delegate.expires_at,
    };
    let merchant = reserves.merchant;
    let mut facts: Vec<_> = reserves
        .reserves
        .into_iter()
        .map(|reserve| ReserveFacts {
            merchant: merchant.clone(),
            token: reserve.token,
            balance: reserve.balance,
            delegates: reserve.delegates.into_iter().map(delegate).collect(),
        })
        .collect();
    facts.retain(|reserve| !reserve.is_empty());
    for reserve in &mut facts {
        reserve
            .delegates
            .sort_by_key(|delegate| delegate.delegate.to_string());
    }
    facts
}

fn invoice_facts(mut invoice: api::Invoice) -> Result<InvoiceFacts> {
    invoice
        .payments
        .retain(|payment| payment.status != Tier::Orphaned);
    for payer in &invoice.payers {
        let payments = invoice
            .payments
            .iter()
            .filter(|payment| payment.payer == payer.payer);
        let sum = payments.map(|payment| payment.amount.0).sum();
        ensure!(
            payer.paid == BaseUnits(sum),
            "payments of {} do not add up to its ledger",
            payer.payer
        );
    }
    let id = invoice.invoice_id;
    ensure!(
        invoice.payments.iter().all(|payment| payment.proven),
        "invoice {id} has a payment that is not proven"
    );
    let ledger = |payer: api::PayerLedger| PayerFacts {
        payer: payer.payer,
        paid: payer.paid,
        refunded: payer.refunded,
        deadline: payer.deadline,
    };
    let canonical = invoice
        .refunds
        .iter()
        .filter(|refund| refund.status != Tier::Orphaned);
    Ok(InvoiceFacts {
        invoice_id: id,
        refunds: canonical.map(|refund| refund.refund_id).collect(),
        merchant: invoice.merchant,
        token: invoice.token,
        amount: invoice.amount,
        amount_paid: invoice.amount_paid,
        amount_refunded: invoice.amount_refunded,
        status: invoice.status,
        min_payment: invoice.min_payment,
        only_payer: invoice.only_payer,
        refund_window: invoice.refund_window,
        created_at: invoice.position.burn_height,
        expires_at: invoice.expires_at,
        first_payment_at: invoice.first_payment_at,
        reference: invoice.reference,
        memo: invoice.memo,
        subscription_id: invoice.subscription_id,
        payers: invoice.payers.into_iter().map(ledger).collect(),
    })
}

fn refund_facts(refund: api::Refund) -> Result<RefundFacts> {
    ensure!(
        refund.proven,
        "refund {} is not proven by its token transfer",
        refund.refund_id
    );
    ensure!(
        refund.status != Tier::Orphaned,
        "refund {} is listed and orphaned",
        refund.refund_id
    );
    Ok(RefundFacts {
        refund_id: refund.refund_id,
        invoice_id: refund.invoice_id,
        merchant: refund.merchant,
        issuer: refund.issuer,
        paid_from: refund.paid_from,
        payer: refund.payer,
        token: refund.token,
        amount: refund.amount,
        reason: refund.reason,
        reference: refund.reference,
        burn_height: refund.position.burn_height,
    })
}
