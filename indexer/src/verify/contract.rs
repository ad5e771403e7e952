//! The contract's side: what its maps hold of an invoice after one block.

use std::collections::{BTreeMap, BTreeSet};

use recoup_protocol::ids::InvoiceId;
use recoup_protocol::maps::{InvoiceKey, LedgerKey, MapKey, NoteKey, PayerKey, RefundKey};
use recoup_protocol::reads::{Invoice, Note};
use recoup_protocol::record::{Field as _, RecordError};
use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::{ClarityName, Value};
use recoup_stacks::hash::{BurnHeight, IndexBlockHash};

use super::difference::{Differences, Side, columns};
use super::rows::token_text;
use super::run::VerifyError;
use crate::db::storable;
use crate::db::verification::{Columns, InvoiceRows, Row};
use crate::repair::NodeSource;

/// The contract as it was after one block.
#[derive(Debug)]
pub(super) struct Contract {
    pub(super) node: NodeSource,
    pub(super) id: ContractId,
    pub(super) tip: IndexBlockHash,
}

/// What the maps hold of an invoice, named as the tables name it.
#[derive(Debug, Default)]
pub(super) struct InvoiceFacts {
    invoice: Option<Columns>,
    ledgers: BTreeMap<String, Columns>,
    refunds: BTreeMap<String, Columns>,
}

impl Contract {
    /// Number of the newest invoice or refund, which is how many there are.
    pub(super) async fn last_id(&self, variable: &'static str) -> Result<u64, VerifyError> {
        let name = ClarityName::from_static(variable);
        let value = self.node.data_var(&self.id, &name, &self.tip).await?;
        let shape = |source| VerifyError::Shape {
            place: variable.to_owned(),
            source,
        };
        u64::read(&value.unwrap_or(Value::None)).map_err(shape)
    }

    /// Reads all that the maps hold of an invoice.
    pub(super) async fn read(&self, id: InvoiceId) -> Result<InvoiceFacts, VerifyError> {
        let Some(entry) = self.entry(&InvoiceKey(id)).await? else {
            return Ok(InvoiceFacts::default());
        };
        let note = self.entry(&NoteKey(id)).await?;
        let mut facts = InvoiceFacts {
            invoice: Some(invoice_columns(&entry, note.as_ref())),
            ..InvoiceFacts::default()
        };
        for index in 0..entry.payer_count {
            let payer = self
                .existing(&PayerKey {
                    invoice_id: id,
                    index,
                })
                .await?;
            let ledger = self
                .existing(&LedgerKey {
                    invoice_id: id,
                    payer: payer.clone(),
                })
                .await?;
            let ledger = columns([
                ("paid", Some(ledger.paid.to_string())),
                ("refunded", Some(ledger.refunded.to_string())),
                ("first_paid_at", height(ledger.first_paid_at)),
            ]);
            facts.ledgers.insert(payer.to_string(), ledger);
        }
        // Each refund names the one before.
        let mut next = entry.last_refund_id;
        while let Some(refund_id) = next.filter(|id| !facts.refunds.contains_key(&id.0.to_string())) {
            let refund = self.existing(&RefundKey(refund_id)).await?;
            next = refund.previous;
            let row = columns([
                ("invoice_id", Some(refund.invoice_id.0.to_string())),
                ("payer", Some(refund.payer.to_string())),
                ("issuer", Some(refund.issuer.to_string())),
                ("amount", Some(refund.amount.to_string())),
                (
                    "reason",
                    refund.reason.as_ref().map(|text| storable(text.as_str())),
                ),
                (
                    "reference",
                    refund.reference.as_ref().map(|text| text.as_str().to_owned()),
                ),
                ("burn_height", height(refund.burn_height)),
            ]);
            facts.refunds.insert(refund_id.0.to_string(), row);
        }
        Ok(facts)
    }

    async fn existing<K: MapKey>(&self, key: &K) -> Result<K::Entry, VerifyError> {
        let missing = || VerifyError::Shape {
            place: place(key),
            source: RecordError::Missing("entry"),
        };
        self.entry(key).await?.ok_or_else(missing)
    }

    async fn entry<K: MapKey>(&self, key: &K) -> Result<Option<K::Entry>, VerifyError> {
        let found = self
            .node
            .map_entry(&self.id, &K::MAP, &key.key(), &self.tip)
            .await?;
        let answer = found.map_or(Value::None, |entry| Value::Some(Box::new(entry)));
        key.decode(&answer).map_err(|source| VerifyError::Shape {
            place: place(key),
            source,
        })
    }
}

fn place<K: MapKey>(key: &K) -> String {
    format!("map {} {}", K::MAP.as_str(), key.key())
}

fn height(height: BurnHeight) -> Option<String> {
    Some(height.get().to_string())
}

fn invoice_columns(entry: &Invoice, note: Option<&Note>) -> Columns {
    columns([
        ("merchant", Some(entry.merchant.to_string())),
        ("token", token_text(&entry.token)),
        ("amount", Some(entry.amount.to_string())),
        ("amount_paid", Some(entry.amount_paid.to_string())),
        ("amount_refunded", Some(entry.amount_refunded.to_string())),
        ("status", Some(entry.status.code().to_string())),
        ("min_payment", entry.min_payment.map(|amount| amount.to_string())),
        ("only_payer", entry.only_payer.as_ref().map(ToString::to_string)),
        ("refund_window", Some(entry.refund_window.to_string())),
        ("created_burn_height", height(entry.created_at)),
        ("expires_at", height(entry.expires_at)),
        ("first_payment_at", entry.first_payment_at.and_then(height)),
        (
            "reference",
            note.and_then(|note| note.reference.as_ref())
                .map(|text| text.as_str().to_owned()),
        ),
        (
            "memo",
            note.and_then(|note| note.memo.as_ref())
                .map(|text| storable(text.as_str())),
        ),
        (
            "subscription_id",
            note.and_then(|note| note.subscription_id)
                .map(|id| id.to_string()),
        ),
    ])
}

/// Compares the rows of one invoice with the contract.
pub(super) fn check_invoice(
    id: u64,
    facts: &InvoiceFacts,
    rows: &InvoiceRows,
    differences: &mut Differences,
) {
    let found = rows.invoices.first().map(|row| &row.columns);
    differences.compare_row(
        Side::Contract,
        &format!("invoice {id}"),
        facts.invoice.as_ref(),
        found,
    );
    let ledgers = rows.ledgers.iter().map(|row| (row.key.clone(), row)).collect();
    compare_all(
        &format!("payer_ledger {id}"),
        &facts.ledgers,
        &ledgers,
        differences,
    );
    let refund_id = |row: &Row| {
        row.columns
            .get("refund_id")
            .cloned()
            .flatten()
            .unwrap_or_default()
    };
    let refunds = rows.refunds.iter().map(|row| (refund_id(row), row)).collect();
    compare_all("refund", &facts.refunds, &refunds, differences);
}

fn compare_all(
    table: &str,
    expected: &BTreeMap<String, Columns>,
    found: &BTreeMap<String, &Row>,
    differences: &mut Differences,
) {
    let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    for key in keys {
        let row = found.get(key).map(|row| &row.columns);
        differences.compare_row(Side::Contract, &format!("{table} {key}"), expected.get(key), row);
    }
}
