//! The contracts' side: their own maps, read entry by entry from a node.

use anyhow::{Context as _, Result, ensure};
use recoup_protocol::api::PaidFrom;
use recoup_protocol::contracts::Contract;
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::maps::{InvoiceKey, LedgerKey, NoteKey, PayerKey, RefundKey};
use recoup_protocol::reads;
use recoup_protocol::status::InvoiceStatus;
use recoup_stacks::address::ContractId;
use recoup_stacks::hash::{BurnHeight, IndexBlockHash};
use recoup_test_support::HttpClient;

use super::node_maps::NodeMaps;
use super::{Facts, InvoiceFacts, PayerFacts, RefundFacts, satellites};

/// Recoup's contracts as they were after one block.
#[derive(Debug)]
pub struct ContractState<'node> {
    core: NodeMaps<'node>,
    subscriptions: NodeMaps<'node>,
    reserve: NodeMaps<'node>,
}

impl<'node> ContractState<'node> {
    /// The state of `core` and of the contracts beside it after the block `tip`.
    #[must_use]
    pub fn at(node: &'node HttpClient, core: &ContractId, tip: IndexBlockHash) -> Self {
        let maps = |contract: Contract| NodeMaps {
            node,
            contract: contract.beside(core),
            tip,
        };
        Self {
            core: maps(Contract::Core),
            subscriptions: maps(Contract::Subscriptions),
            reserve: maps(Contract::Reserve),
        }
    }

    /// All that the maps hold; `burn_height` decides which invoices have expired.
    ///
    /// # Errors
    /// When the node does not answer, or an entry is missing or has another shape.
    pub fn read(&self, burn_height: BurnHeight) -> Result<Facts> {
        let mut invoices = Vec::new();
        for id in 1..=self.core.last_id("last-invoice-id")? {
            invoices.push(self.invoice(InvoiceId(id), burn_height)?);
        }
        let mut refunds = Vec::new();
        for id in 1..=self.core.last_id("last-refund-id")? {
            refunds.push(self.refund(RefundId(id), &invoices)?);
        }
        Ok(Facts {
            subscriptions: satellites::subscriptions(&self.subscriptions, &invoices)?,
            reserves: satellites::reserves(&self.reserve, &invoices)?,
            invoices,
            refunds,
        })
    }

    fn invoice(&self, invoice_id: InvoiceId, burn_height: BurnHeight) -> Result<InvoiceFacts> {
        let entry = self.core.existing(&InvoiceKey(invoice_id))?;
        let note = self.core.entry(&NoteKey(invoice_id))?;
        let payers = (0..entry.payer_count).map(|index| self.payer(invoice_id, index, entry.refund_window));
        Ok(InvoiceFacts {
            invoice_id,
            payers: payers.collect::<Result<_>>()?,
            refunds: self.refunds_back_from(entry.last_refund_id)?,
            status: derived_status(&entry, burn_height),
            merchant: entry.merchant,
            token: entry.token,
            amount: entry.amount,
            amount_paid: entry.amount_paid,
            amount_refunded: entry.amount_refunded,
            min_payment: entry.min_payment,
            only_payer: entry.only_payer,
            refund_window: entry.refund_window,
            created_at: entry.created_at,
            expires_at: entry.expires_at,
            first_payment_at: entry.first_payment_at,
            reference: note
                .as_ref()
                .and_then(|note| note.reference.as_ref())
                .map(|text| text.as_str().to_owned()),
            memo: note
                .as_ref()
                .and_then(|note| note.memo.as_ref())
                .map(|text| text.as_str().to_owned()),
            subscription_id: note.and_then(|note| note.subscription_id),
        })
    }

    fn payer(&self, invoice_id: InvoiceId, index: u64, refund_window: u64) -> Result<PayerFacts> {
        let payer = self.core.existing(&PayerKey { invoice_id, index })?;
        let ledger = self.core.existing(&LedgerKey {
            invoice_id,
            payer: payer.clone(),
        })?;
        let deadline = BurnHeight(ledger.first_paid_at.0.saturating_add(refund_window));
        Ok(PayerFacts {
            payer,
            paid: ledger.paid,
            refunded: ledger.refunded,
            deadline,
        })
    }

    /// The chain of an invoice's refunds, oldest first.
    fn refunds_back_from(&self, last: Option<RefundId>) -> Result<Vec<RefundId>> {
        let mut refunds = Vec::new();
        let mut next = last;
        while let Some(id) = next {
            refunds.push(id);
            next = self.core.existing(&RefundKey(id))?.previous;
        }
        refunds.reverse();
        Ok(refunds)
    }

    fn refund(&self, refund_id: RefundId, invoices: &[InvoiceFacts]) -> Result<RefundFacts> {
        let entry = self.core.existing(&RefundKey(refund_id))?;
        let invoice = invoices
            .iter()
            .find(|invoice| invoice.invoice_id == entry.invoice_id);
        let invoice = invoice.with_context(|| format!("refund {refund_id} names no invoice"))?;
        ensure!(
            invoice.refunds.contains(&refund_id),
            "refund {refund_id} is not in its invoice's chain of refunds"
        );
        let paid_from = if entry.issuer == invoice.merchant {
            PaidFrom::Merchant
        } else if entry.issuer.as_contract() == Some(&self.reserve.contract) {
            PaidFrom::Reserve
        } else {
            PaidFrom::Operator
        };
        Ok(RefundFacts {
            refund_id,
            invoice_id: entry.invoice_id,
            merchant: invoice.merchant.clone(),
            issuer: entry.issuer,
            paid_from,
            payer: entry.payer,
            token: invoice.token.clone(),
            amount: entry.amount,
            reason: entry.reason.map(|text| text.as_str().to_owned()),
            reference: entry.reference.map(|text| text.as_str().to_owned()),
            burn_height: entry.burn_height,
        })
    }
}

/// The map keeps the status as the last call left it; an unpaid invoice expires without a call.
fn derived_status(invoice: &reads::Invoice, burn_height: BurnHeight) -> InvoiceStatus {
    match invoice.status {
        InvoiceStatus::Open | InvoiceStatus::PartiallyPaid if burn_height >= invoice.expires_at => {
            InvoiceStatus::Expired
        }
        stored => stored,
    }
}
