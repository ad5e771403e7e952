//! Finding what a transaction did in its contract's own state: the one proof that every node can give.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::RefundId;
use recoup_protocol::reads::{
    GetInvoice, GetInvoiceByReference, GetLedger, GetRefund, GetRefundByReference, Refund,
};

use super::act;
use super::judge::Effect;
use crate::contracts::sha256;
use crate::failure::Failure;
use crate::journal::{BatchIntent, BatchLine, Entry, Intent, InvoiceIntent, PaymentIntent, RefundIntent};
use crate::node::View;

/// Looks for the effect of a transaction whose nonce is used.
pub(super) async fn find(view: &View<'_>, entry: &Entry) -> Result<Option<Effect>, Failure> {
    match &entry.intent {
        Intent::Deploy {
            contract,
            source_sha256,
        } => {
            let source = view.source(contract).await?;
            let is_ours = source.is_some_and(|source| sha256(&source) == *source_sha256);
            Ok(is_ours.then_some(Effect {
                id: None,
                burn_height: None,
            }))
        }
        Intent::CreateInvoice(invoice) => find_invoice(view, invoice).await,
        Intent::Pay(payment) => find_payment(view, payment).await,
        Intent::Refund(refund) => Ok(find_refund(view, refund).await?.map(|(refund_id, found)| Effect {
            id: Some(refund_id.0),
            burn_height: Some(found.burn_height),
        })),
        Intent::RefundMany(batch) => find_batch(view, batch).await,
        Intent::Act(intent) => act::find(view, intent, entry).await,
    }
}

/// The refunds of a list's transaction: the contract numbers those of one call in a row, so that the first one's id leads
/// to all others, and all have to be there. The effect's id is the first one's.
async fn find_batch(view: &View<'_>, batch: &BatchIntent) -> Result<Option<Effect>, Failure> {
    let Some(BatchLine { refund: first, .. }) = batch.lines.first() else {
        return Ok(None);
    };
    let Some((first_id, found)) = find_refund(view, first).await? else {
        return Ok(None);
    };
    let ids = (first_id.0..).map(RefundId).take(batch.lines.len());
    let questions = ids.skip(1).map(|refund_id| GetRefund { refund_id }).collect();
    let others = view.read_all(&first.core, questions).await?;
    let are_there = batch
        .lines
        .iter()
        .skip(1)
        .zip(&others)
        .all(|(line, other)| other.as_ref().is_some_and(|refund| is_same(&line.refund, refund)));
    Ok(are_there.then_some(Effect {
        id: Some(first_id.0),
        burn_height: Some(found.burn_height),
    }))
}

async fn find_invoice(view: &View<'_>, intent: &InvoiceIntent) -> Result<Option<Effect>, Failure> {
    let InvoiceIntent {
        core,
        merchant,
        reference,
        ..
    } = intent;
    let question = GetInvoiceByReference {
        merchant: merchant.clone(),
        reference: reference.clone(),
    };
    let Some(invoice_id) = view.read(core, &question).await? else {
        return Ok(None);
    };
    let invoice = view.read(core, &GetInvoice { invoice_id }).await?;
    let ours = invoice.filter(|invoice| invoice.amount == intent.amount && invoice.token == intent.token);
    Ok(ours.map(|invoice| Effect {
        id: Some(invoice_id.0),
        burn_height: Some(invoice.created_at),
    }))
}

async fn find_payment(view: &View<'_>, intent: &PaymentIntent) -> Result<Option<Effect>, Failure> {
    let question = GetLedger {
        invoice_id: intent.invoice_id,
        payer: intent.payer.clone(),
    };
    let ledger = view.read(&intent.core, &question).await?;
    let paid = ledger.map_or(BaseUnits::ZERO, |ledger| ledger.paid);
    let is_there = intent
        .paid_before
        .checked_add(intent.amount)
        .is_some_and(|expected| paid >= expected);
    Ok(is_there.then_some(Effect {
        id: None,
        burn_height: None,
    }))
}

/// The refund of an intent, if it stands on chain.
///
/// With a reference, the contract names it. Without one, it is the refund that took the payer's ledger on from
/// `expected-refunded`: the contract lets exactly one do that.
pub(crate) async fn find_refund(
    view: &View<'_>,
    intent: &RefundIntent,
) -> Result<Option<(RefundId, Refund)>, Failure> {
    let found = match &intent.reference {
        Some(reference) => {
            let question = GetRefundByReference {
                merchant: intent.merchant.clone(),
                reference: reference.clone(),
            };
            match view.read(&intent.core, &question).await? {
                Some(refund_id) => read_refund(view, intent, refund_id)
                    .await?
                    .map(|refund| (refund_id, refund)),
                None => None,
            }
        }
        None => find_by_ledger(view, intent).await?,
    };
    Ok(found.filter(|(_, refund)| is_same(intent, refund)))
}

fn is_same(intent: &RefundIntent, refund: &Refund) -> bool {
    refund.invoice_id == intent.invoice_id
        && refund.payer == intent.payer
        && refund.amount == intent.amount
        && refund.issuer == intent.issuer
        && refund.reference == intent.reference
        && refund.reason == intent.reason
}

async fn read_refund(
    view: &View<'_>,
    intent: &RefundIntent,
    refund_id: RefundId,
) -> Result<Option<Refund>, Failure> {
    view.read(&intent.core, &GetRefund { refund_id }).await
}

/// Walks the invoice's refunds from the newest back, with what the payer had been refunded before each.
async fn find_by_ledger(
    view: &View<'_>,
    intent: &RefundIntent,
) -> Result<Option<(RefundId, Refund)>, Failure> {
    let RefundIntent {
        core,
        invoice_id,
        payer,
        expected_refunded,
        ..
    } = intent;
    let question = GetLedger {
        invoice_id: *invoice_id,
        payer: payer.clone(),
    };
    let Some(ledger) = view.read(core, &question).await? else {
        return Ok(None);
    };
    let Some(invoice) = view
        .read(
            core,
            &GetInvoice {
                invoice_id: *invoice_id,
            },
        )
        .await?
    else {
        return Ok(None);
    };
    let mut after = ledger.refunded;
    let mut next = invoice.last_refund_id;
    while let Some(refund_id) = next {
        if after <= *expected_refunded {
            return Ok(None);
        }
        let Some(refund) = read_refund(view, intent, refund_id).await? else {
            return Ok(None);
        };
        // Ids only fall along the chain; a node that says otherwise must not keep us here for ever.
        next = refund.previous.filter(|previous| *previous < refund_id);
        if refund.payer == *payer {
            let before = BaseUnits(after.0.saturating_sub(refund.amount.0));
            if before == *expected_refunded {
                return Ok(Some((refund_id, refund)));
            }
            after = before;
        }
    }
    Ok(None)
}
