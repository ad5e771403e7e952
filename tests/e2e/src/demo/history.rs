//! The audit history as the indexer tells it: in base units, with where anybody can look it up.

use anyhow::Result;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::api::{BASE_PATH, Invoice, Position, Refund, Reserves, SubscriptionHistory};
use recoup_stacks::address::Principal;
use recoup_test_support::HttpClient;

use crate::audit::Facts;

/// Prints what happened to everything that `facts` name.
pub(super) fn print(indexer: &HttpClient, facts: &Facts) -> Result<()> {
    for invoice in &facts.invoices {
        print_invoice(&indexer.get(&format!("{BASE_PATH}/invoices/{}", invoice.invoice_id))?);
    }
    for subscription in &facts.subscriptions {
        let id = subscription.subscription_id;
        print_subscription(&indexer.get(&format!("{BASE_PATH}/subscriptions/{id}"))?);
    }
    let mut merchants: Vec<_> = facts.reserves.iter().map(|reserve| &reserve.merchant).collect();
    merchants.dedup();
    for merchant in merchants {
        print_reserves(&indexer.get(&format!("{BASE_PATH}/reserves/{merchant}"))?);
    }
    Ok(())
}

fn print_invoice(invoice: &Invoice) {
    let Invoice {
        invoice_id,
        status,
        amount,
        token,
        position,
        ..
    } = invoice;
    println!("\ninvoice {invoice_id}, {status}, {amount} base units of {token}");
    print_event("created", invoice.amount, &invoice.merchant, position);
    for payment in &invoice.payments {
        print_event("payment", payment.amount, &payment.payer, &payment.position);
    }
    for refund in &invoice.refunds {
        print_event("refund", refund.amount, &refund.payer, &refund.position);
        print_delegate(refund);
    }
}

fn print_delegate(refund: &Refund) {
    if let Some(delegate) = &refund.delegate {
        println!("           from the merchant's reserve, by its delegate {delegate}");
    }
}

fn print_event(what: &str, amount: BaseUnits, who: &Principal, position: &Position) {
    let Position {
        txid,
        stacks_height,
        burn_height,
        ..
    } = position;
    println!("  {what:<8} {amount:>10}  {who}  burn {burn_height}  block {stacks_height:>3}  {txid}");
}

fn print_subscription(history: &SubscriptionHistory) {
    let subscription = &history.subscription;
    println!(
        "\nsubscription {} of plan {}, {}, {} base units of {} every {} Bitcoin blocks, paid until burn {}",
        subscription.subscription_id,
        subscription.plan_id,
        subscription.status,
        subscription.amount,
        subscription.token,
        subscription.interval,
        subscription.next_due
    );
    for payment in &history.payments.items {
        println!(
            "  payment {} is invoice {}: {} paid, {} refunded",
            payment.number, payment.invoice_id, payment.amount_paid, payment.amount_refunded
        );
    }
}

fn print_reserves(reserves: &Reserves) {
    println!("\nreserve of {}", reserves.merchant);
    for reserve in &reserves.reserves {
        println!(
            "  {} base units of {}; its payers can still get back {}",
            reserve.balance, reserve.token, reserve.refundable
        );
        for delegate in &reserve.delegates {
            println!(
                "  delegate {}: spent {} of {}, at most {} at once, until burn {}",
                delegate.delegate,
                delegate.spent,
                delegate.per_period,
                delegate.per_refund,
                delegate.expires_at
            );
        }
    }
}
