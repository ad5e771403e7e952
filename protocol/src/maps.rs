//! Maps of the contracts: what anybody can read from a node, and a MARF proof can prove.

use recoup_stacks::address::Principal;
use recoup_stacks::clarity::{ClarityName, Tuple, Value};

use crate::amount::BaseUnits;
use crate::ids::{InvoiceId, PlanId, RefundId, SubscriptionId};
use crate::reads::{Delegate, Invoice, Ledger, Note, OperatorRights, Plan, Refund, Subscription};
use crate::record::{Field, Record, RecordError};
use crate::text::Reference;
use crate::token::Token;

/// The key of one entry, and the type of what is kept under it.
pub trait MapKey {
    /// What the map keeps.
    type Entry;
    /// The map's name in the contract.
    const MAP: ClarityName;
    /// The key as the node takes it.
    fn key(&self) -> Value;
    /// Reads the node's `(optional entry)`.
    ///
    /// # Errors
    /// [`RecordError`] when the entry has another shape.
    fn decode(&self, answer: &Value) -> Result<Option<Self::Entry>, RecordError>;
}

macro_rules! map {
    ($name:ident = $map:literal => $entry:ty, $read:expr, |$this:ident| $key:expr) => {
        impl MapKey for $name {
            type Entry = $entry;
            const MAP: ClarityName = ClarityName::from_static($map);

            fn key(&self) -> Value {
                let $this = self;
                $key
            }

            fn decode(&self, answer: &Value) -> Result<Option<Self::Entry>, RecordError> {
                match answer {
                    Value::None => Ok(None),
                    Value::Some(entry) => $read(entry).map(Some),
                    other => Err(RecordError::shape("an optional", other)),
                }
            }
        }
    };
}

fn tuple_of<const N: usize>(fields: [(&'static str, Value); N]) -> Value {
    let named = fields
        .into_iter()
        .map(|(name, value)| (ClarityName::from_static(name), value));
    Value::Tuple(Tuple::new(named))
}

/// Key of `invoices`; the entry's status is the stored one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceKey(pub InvoiceId);
map!(InvoiceKey = "invoices" => Invoice, Invoice::from_value, |this| this.0.write());

/// Key of `notes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKey(pub InvoiceId);
map!(NoteKey = "notes" => Note, Note::from_value, |this| this.0.write());

/// Key of `ledger`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerKey {
    /// On which invoice.
    pub invoice_id: InvoiceId,
    /// Whose.
    pub payer: Principal,
}
map!(LedgerKey = "ledger" => Ledger, Ledger::from_value, |this| {
    tuple_of([("id", this.invoice_id.write()), ("payer", this.payer.write())])
});

/// Key of `payers`: who paid an invoice, in the order of first payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayerKey {
    /// Which invoice.
    pub invoice_id: InvoiceId,
    /// Which of its payers, from 0.
    pub index: u64,
}
map!(PayerKey = "payers" => Principal, Principal::read, |this| {
    tuple_of([("id", this.invoice_id.write()), ("index", this.index.write())])
});

/// Key of `refunds`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundKey(pub RefundId);
map!(RefundKey = "refunds" => Refund, Refund::from_value, |this| this.0.write());

/// Key of `invoice-references`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceReferenceKey {
    /// Whose reference.
    pub merchant: Principal,
    /// The merchant's own name of the invoice.
    pub reference: Reference,
}
map!(InvoiceReferenceKey = "invoice-references" => InvoiceId, InvoiceId::read, |this| {
    tuple_of([("merchant", this.merchant.write()), ("reference", this.reference.write())])
});

/// Key of `refund-references`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundReferenceKey {
    /// Whose reference.
    pub merchant: Principal,
    /// The merchant's own name of the refund.
    pub reference: Reference,
}
map!(RefundReferenceKey = "refund-references" => RefundId, RefundId::read, |this| {
    tuple_of([("merchant", this.merchant.write()), ("reference", this.reference.write())])
});

/// Key of `operators`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorKey {
    /// Who appointed.
    pub merchant: Principal,
    /// Who was appointed.
    pub operator: Principal,
}
map!(OperatorKey = "operators" => OperatorRights, OperatorRights::from_value, |this| {
    tuple_of([("merchant", this.merchant.write()), ("operator", this.operator.write())])
});

/// Key of `plans` of `recoup-subscriptions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanKey(pub PlanId);
map!(PlanKey = "plans" => Plan, Plan::from_value, |this| this.0.write());

/// Key of `subscriptions` of `recoup-subscriptions`; the entry's status is the stored one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionKey(pub SubscriptionId);
map!(SubscriptionKey = "subscriptions" => Subscription, Subscription::from_value, |this| this.0.write());

/// Key of `balances` of `recoup-reserve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceKey {
    /// Whose reserve.
    pub merchant: Principal,
    /// In which token.
    pub token: Token,
}
map!(BalanceKey = "balances" => BaseUnits, BaseUnits::read, |this| {
    tuple_of([("merchant", this.merchant.write()), ("token", this.token.write())])
});

/// Key of `delegates` of `recoup-reserve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegateKey {
    /// Whose reserve.
    pub merchant: Principal,
    /// Who refunds.
    pub delegate: Principal,
    /// In which token.
    pub token: Token,
}
map!(DelegateKey = "delegates" => Delegate, Delegate::from_value, |this| {
    tuple_of([
        ("merchant", this.merchant.write()),
        ("delegate", this.delegate.write()),
        ("token", this.token.write()),
    ])
});
