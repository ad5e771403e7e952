//! The contract's side: what its maps hold of an invoice after one block.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::maps::{
    InvoiceKey, InvoiceReferenceKey, LedgerKey, MapKey, NoteKey, PayerKey, RefundKey, RefundReferenceKey,
};
use recoup_protocol::reads::{Invoice, Note};
use recoup_protocol::record::{Field as _, RecordError};
use recoup_protocol::text::Reference;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::clarity::{ClarityName, Value};
use recoup_stacks::hash::{BurnHeight, IndexBlockHash};

use super::difference::{Differences, Side, columns};
use super::rows::token_text;
use super::run::VerifyError;
use crate::db::storable;
use crate::db::verification::{Columns, InvoiceRows, Row};
use crate::repair::NodeSource;

/// A contract as it was after one block.
#[derive(Debug, Clone)]
pub(super) struct Contract {
    pub(super) node: Arc<NodeSource>,
    pub(super) id: ContractId,
    pub(super) tip: IndexBlockHash,
}

/// What the maps hold of an invoice, named as the tables name it.
#[derive(Debug, Default)]
pub(super) struct InvoiceFacts {
    invoice: Option<Columns>,
    ledgers: BTreeMap<String, Columns>,
    refunds: BTreeMap<String, Columns>,
    references: Vec<ReferenceFact>,
}

/// A reference that a row names, to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UsedReference {
    merchant: Principal,
    reference: Reference,
    /// What the row says that it is the name of.
    used_by: UsedBy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UsedBy {
    Invoice(InvoiceId),
    Refund(RefundId),
}

/// What the contract says that a reference is the name of.
#[derive(Debug)]
struct ReferenceFact {
    asked: UsedReference,
    id: Option<u64>,
}

impl Contract {
    /// Another contract after the same block.
    pub(super) fn beside(&self, id: ContractId) -> Self {
        Self {
            node: Arc::clone(&self.node),
            id,
            tip: self.tip,
        }
    }

    /// Number of the newest invoice or refund, which is how many there are.
    pub(super) async fn last_id(&self, variable: &'static str) -> Result<u64, VerifyError> {
        let value = self.variable(variable).await?.unwrap_or(Value::None);
        read_id(variable, &value)
    }

    /// The same of a contract that may not be on the chain yet: then nothing was counted.
    pub(super) async fn last_id_if_deployed(&self, variable: &'static str) -> Result<u64, VerifyError> {
        match self.variable(variable).await? {
            Some(value) => read_id(variable, &value),
            None => Ok(0),
        }
    }

    async fn variable(&self, variable: &'static str) -> Result<Option<Value>, VerifyError> {
        let name = ClarityName::from_static(variable);
        Ok(self.node.data_var(&self.id, &name, &self.tip).await?)
    }

    /// Reads all that the maps hold of an invoice, and what they hold under the references that its rows name.
    pub(super) async fn read(
        &self,
        id: InvoiceId,
        references: Vec<UsedReference>,
    ) -> Result<InvoiceFacts, VerifyError> {
        let mut facts = self.read_invoice(id).await?;
        for asked in references {
            let id = self.named_by(&asked).await?;
            facts.references.push(ReferenceFact { asked, id });
        }
        Ok(facts)
    }

    async fn named_by(&self, asked: &UsedReference) -> Result<Option<u64>, VerifyError> {
        let (merchant, reference) = (asked.merchant.clone(), asked.reference.clone());
        Ok(match asked.used_by {
            UsedBy::Invoice(_) => {
                let key = InvoiceReferenceKey { merchant, reference };
                self.entry(&key).await?.map(|id| id.0)
            }
            UsedBy::Refund(_) => {
                let key = RefundReferenceKey { merchant, reference };
                self.entry(&key).await?.map(|id| id.0)
            }
        })
    }

    async fn read_invoice(&self, id: InvoiceId) -> Result<InvoiceFacts, VerifyError> {
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

    /// An entry of a map; none when the map has none, or the contract is not on the chain yet.
    pub(super) async fn entry<K: MapKey>(&self, key: &K) -> Result<Option<K::Entry>, VerifyError> {
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

fn read_id(variable: &'static str, value: &Value) -> Result<u64, VerifyError> {
    u64::read(value).map_err(|source| VerifyError::Shape {
        place: variable.to_owned(),
        source,
    })
}

fn place<K: MapKey>(key: &K) -> String {
    format!("map {} {}", K::MAP.as_str(), key.key())
}

pub(super) fn height(height: BurnHeight) -> Option<String> {
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

/// The references that the rows of an invoice name. One that cannot be on chain is another than the contract's, and named
/// as such.
pub(super) fn used_references(rows: &InvoiceRows) -> Vec<UsedReference> {
    let used = |row: &Row, used_by: UsedBy| {
        let text = |column: &str| row.columns.get(column).cloned().flatten();
        Some(UsedReference {
            merchant: text("merchant")?.parse().ok()?,
            reference: Reference::new(&text("reference")?).ok()?,
            used_by,
        })
    };
    let id = |row: &Row, column: &str| row.columns.get(column)?.as_ref()?.parse().ok();
    let invoices = rows.invoices.iter().filter_map(|row| {
        let id = id(row, "invoice_id")?;
        used(row, UsedBy::Invoice(InvoiceId(id)))
    });
    let refunds = rows.refunds.iter().filter_map(|row| {
        let id = id(row, "refund_id")?;
        used(row, UsedBy::Refund(RefundId(id)))
    });
    invoices.chain(refunds).collect()
}

fn check_reference(fact: &ReferenceFact, differences: &mut Differences) {
    let UsedReference {
        merchant,
        reference,
        used_by,
    } = &fact.asked;
    let (map, found) = match used_by {
        UsedBy::Invoice(id) => ("invoice-references", id.0),
        UsedBy::Refund(id) => ("refund-references", id.0),
    };
    let place = || format!("{map} {merchant} {}", reference.as_str());
    let expected = fact.id.map(|id| id.to_string());
    differences.compare(Side::Contract, place, expected, Some(found.to_string()));
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
    for fact in &facts.references {
        check_reference(fact, differences);
    }
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
