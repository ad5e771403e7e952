//! The indexer's side: the audit history, as anybody reads it over HTTP.

use anyhow::{Result, ensure};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::api::{self, BASE_PATH, Page, Tier};
use recoup_protocol::ids::InvoiceId;
use recoup_stacks::address::Principal;
use recoup_test_support::HttpClient;

use super::{Facts, InvoiceFacts, PayerFacts, RefundFacts};

/// Small, so that several pages are turned.
const PAGE: usize = 2;

/// Reads the first `invoices` invoices, and all canonical refunds of `merchants`, page by page.
///
/// # Errors
/// When the indexer does not answer, or contradicts itself: an invoice's payments do not add up to its payers' ledgers,
/// or something is not proven by its token transfer.
pub fn read_history(indexer: &HttpClient, invoices: usize, merchants: &[Principal]) -> Result<Facts> {
    let mut facts = Facts {
        invoices: Vec::new(),
        refunds: Vec::new(),
    };
    for id in (1..).map(InvoiceId).take(invoices) {
        facts.invoices.push(invoice_facts(
            indexer.get(&format!("{BASE_PATH}/invoices/{id}"))?,
        )?);
    }
    for merchant in merchants {
        facts.refunds.extend(
            refunds_of(indexer, merchant)?
                .into_iter()
                .map(refund_facts)
                .collect::<Result<Vec<_>>>()?,
        );
    }
    facts.refunds.sort_by_key(|refund| refund.refund_id);
    Ok(facts)
}

fn refunds_of(indexer: &HttpClient, merchant: &Principal) -> Result<Vec<api::Refund>> {
    let first = format!("{BASE_PATH}/refunds?merchant={merchant}&limit={PAGE}");
    let mut refunds = Vec::new();
    let mut path = first.clone();
    loop {
        let page: Page<api::Refund> = indexer.get(&path)?;
        ensure!(
            page.items.len() <= PAGE,
            "a page of {} where {PAGE} were asked for",
            page.items.len()
        );
        refunds.extend(page.items);
        let Some(cursor) = page.next_cursor else {
            return Ok(refunds);
        };
        path = format!("{first}&cursor={cursor}");
    }
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
        payer: refund.payer,
        token: refund.token,
        amount: refund.amount,
        reason: refund.reason,
        reference: refund.reference,
        burn_height: refund.position.burn_height,
    })
}
