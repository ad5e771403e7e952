//! The contract's side: its own maps, read entry by entry from a node.

use anyhow::{Context as _, Result, ensure};
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::maps::{InvoiceKey, LedgerKey, MapKey, NoteKey, PayerKey, RefundKey};
use recoup_protocol::reads;
use recoup_protocol::status::InvoiceStatus;
use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::Value;
use recoup_stacks::hash::{BurnHeight, IndexBlockHash};
use recoup_test_support::HttpClient;
use serde::Deserialize;
use serde_json::json;

use super::{Facts, InvoiceFacts, PayerFacts, RefundFacts};

/// `recoup-core` as it was after one block.
#[derive(Debug)]
pub struct ContractState<'node> {
    node: &'node HttpClient,
    contract: &'node ContractId,
    tip: IndexBlockHash,
}

#[derive(Deserialize)]
struct Data {
    data: String,
}

impl Data {
    fn value(&self) -> Result<Value> {
        Ok(Value::from_hex(&self.data)?)
    }
}

impl<'node> ContractState<'node> {
    /// The state of `contract` after the block `tip`.
    #[must_use]
    pub fn at(node: &'node HttpClient, contract: &'node ContractId, tip: IndexBlockHash) -> Self {
        Self { node, contract, tip }
    }

    /// All that the maps hold; `burn_height` decides which invoices have expired.
    ///
    /// # Errors
    /// When the node does not answer, or an entry is missing or has another shape.
    pub fn read(&self, burn_height: BurnHeight) -> Result<Facts> {
        let mut invoices = Vec::new();
        for id in 1..=self.last_id("last-invoice-id")? {
            invoices.push(self.invoice(InvoiceId(id), burn_height)?);
        }
        let mut refunds = Vec::new();
        for id in 1..=self.last_id("last-refund-id")? {
            refunds.push(self.refund(RefundId(id), &invoices)?);
        }
        Ok(Facts { invoices, refunds })
    }

    fn invoice(&self, invoice_id: InvoiceId, burn_height: BurnHeight) -> Result<InvoiceFacts> {
        let entry = self.existing(&InvoiceKey(invoice_id))?;
        let note = self.entry(&NoteKey(invoice_id))?;
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
        let payer = self.existing(&PayerKey { invoice_id, index })?;
        let ledger = self.existing(&LedgerKey {
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
            next = self.existing(&RefundKey(id))?.previous;
        }
        refunds.reverse();
        Ok(refunds)
    }

    fn refund(&self, refund_id: RefundId, invoices: &[InvoiceFacts]) -> Result<RefundFacts> {
        let entry = self.existing(&RefundKey(refund_id))?;
        let invoice = invoices
            .iter()
            .find(|invoice| invoice.invoice_id == entry.invoice_id);
        let invoice = invoice.with_context(|| format!("refund {refund_id} names no invoice"))?;
        ensure!(
            invoice.refunds.contains(&refund_id),
            "refund {refund_id} is not in its invoice's chain of refunds"
        );
        Ok(RefundFacts {
            refund_id,
            invoice_id: entry.invoice_id,
            merchant: invoice.merchant.clone(),
            issuer: entry.issuer,
            payer: entry.payer,
            token: invoice.token.clone(),
            amount: entry.amount,
            reason: entry.reason.map(|text| text.as_str().to_owned()),
            reference: entry.reference.map(|text| text.as_str().to_owned()),
            burn_height: entry.burn_height,
        })
    }

    fn existing<K: MapKey>(&self, key: &K) -> Result<K::Entry> {
        self.entry(key)?
            .with_context(|| format!("map {} has no entry {}", K::MAP.as_str(), key.key()))
    }

    fn entry<K: MapKey>(&self, key: &K) -> Result<Option<K::Entry>> {
        let path = self.path("map_entry", K::MAP.as_str());
        let answer: Data = self.node.post(&path, &json!(key.key().to_hex()))?;
        Ok(key.decode(&answer.value()?)?)
    }

    fn last_id(&self, variable: &str) -> Result<u64> {
        let answer: Data = self.node.get(&self.path("data_var", variable))?;
        Ok(u64::try_from(answer.value()?.as_uint()?)?)
    }

    fn path(&self, endpoint: &str, name: &str) -> String {
        let ContractId {
            address,
            name: contract,
        } = self.contract;
        let tip = self.tip.to_string();
        let tip = tip.trim_start_matches("0x");
        format!(
            "/v2/{endpoint}/{address}/{}/{name}?proof=0&tip={tip}",
            contract.as_str()
        )
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
