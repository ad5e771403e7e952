//! Read-only functions of the contracts: arguments, and what their answers mean. Those of `recoup-core` stand here.

use recoup_stacks::address::Principal;
use recoup_stacks::clarity::{ClarityName, Value};
use recoup_stacks::hash::BurnHeight;

use crate::amount::BaseUnits;
use crate::ids::{InvoiceId, RefundId, SubscriptionId};
use crate::record::{Field, Record, RecordError, record};
use crate::status::InvoiceStatus;
use crate::text::{Reference, Text};
use crate::token::Token;

mod reserve;
mod subscriptions;

pub use reserve::{Delegate, GetCoverage, GetDelegate};
pub use subscriptions::{
    GetLastSubscriptionIds, GetPlan, GetSubscription, LastSubscriptionIds, Plan, Subscription,
};

/// A read-only function with its arguments, and the type of its answer.
pub trait ReadOnly {
    /// What the function answers.
    type Answer;
    /// The function's name in the contract.
    const FUNCTION: ClarityName;
    /// The arguments in the function's order.
    fn arguments(&self) -> Vec<Value>;
    /// Reads the answer.
    ///
    /// # Errors
    /// [`RecordError`] when the answer has another shape: another contract, or another version of it.
    fn decode(&self, answer: &Value) -> Result<Self::Answer, RecordError>;
}

macro_rules! read_only {
    ($(
        $(#[$doc:meta])*
        $name:ident($($(#[$field_doc:meta])* $field:ident: $kind:ty),*) = $function:literal => $answer:ty,
        $decode:expr;
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $kind,)*
        }

        impl ReadOnly for $name {
            type Answer = $answer;
            const FUNCTION: ClarityName = ClarityName::from_static($function);

            fn arguments(&self) -> Vec<Value> {
                vec![$(self.$field.write()),*]
            }

            fn decode(&self, answer: &Value) -> Result<Self::Answer, RecordError> {
                $decode(answer)
            }
        }
    )*};
}
use read_only;

fn optional_record<T: Record>(answer: &Value) -> Result<Option<T>, RecordError> {
    match answer {
        Value::None => Ok(None),
        Value::Some(inner) => T::from_value(inner).map(Some),
        other => Err(RecordError::shape("an optional", other)),
    }
}

read_only! {
    /// The invoice, with derived status; none if there is no such invoice.
    GetInvoice(
        /// Which invoice.
        invoice_id: InvoiceId
    ) = "get-invoice" => Option<Invoice>, optional_record;
    /// What refunds never read; none when there is nothing to note.
    GetNote(
        /// Of which invoice.
        invoice_id: InvoiceId
    ) = "get-note" => Option<Note>, optional_record;
    /// What one payer paid and was refunded on one invoice; none if it paid nothing.
    GetLedger(
        /// On which invoice.
        invoice_id: InvoiceId,
        /// Whose.
        payer: Principal
    ) = "get-ledger" => Option<Ledger>, optional_record;
    /// The refund; none if there is no such refund.
    GetRefund(
        /// Which refund.
        refund_id: RefundId
    ) = "get-refund" => Option<Refund>, optional_record;
    /// The invoice that this reference of the merchant names.
    GetInvoiceByReference(
        /// Whose reference.
        merchant: Principal,
        /// The merchant's own name of the invoice.
        reference: Reference
    ) = "get-invoice-by-reference" => Option<InvoiceId>, Option::read;
    /// The refund that this reference of the merchant names.
    GetRefundByReference(
        /// Whose reference.
        merchant: Principal,
        /// The merchant's own name of the refund.
        reference: Reference
    ) = "get-refund-by-reference" => Option<RefundId>, Option::read;
    /// All that a wallet needs for one refund; none if there is no such invoice.
    GetRefundQuote(
        /// What was paid.
        invoice_id: InvoiceId,
        /// Who would get something back.
        payer: Principal,
        /// The reference to be used.
        reference: Option<Reference>
    ) = "get-refund-quote" => Option<RefundQuote>, optional_record;
    /// A payer by the order of first payments, from 0.
    GetPayerAt(
        /// Of which invoice.
        invoice_id: InvoiceId,
        /// From 0 to `payer-count` - 1.
        index: u64
    ) = "get-payer-at" => Option<Principal>, Option::read;
    /// What the merchant lets the operator do.
    GetOperator(
        /// Who appoints.
        merchant: Principal,
        /// Who may be appointed.
        operator: Principal
    ) = "get-operator" => OperatorRights, OperatorRights::from_value;
    /// First burn height at which a refund of this payer is refused; none before its first payment.
    GetDeadline(
        /// Of which invoice.
        invoice_id: InvoiceId,
        /// Whose.
        payer: Principal
    ) = "get-deadline" => Option<BurnHeight>, Option::read;
    /// What this payer can get back now, and why nothing.
    GetRefundable(
        /// On which invoice.
        invoice_id: InvoiceId,
        /// Whose.
        payer: Principal
    ) = "get-refundable" => Refundable, Refundable::from_value;
    /// The newest ids.
    GetLastIds() = "get-last-ids" => LastIds, LastIds::from_value;
}

record! {
    /// An invoice as the contract keeps it (`invoices`) and shows it (`get-invoice`, with derived status).
    pub struct Invoice {
        /// Whose wallet is paid, and pays refunds.
        merchant: Principal = "merchant",
        /// What it is paid in.
        token: Token = "token",
        /// What is to be paid.
        amount: BaseUnits = "amount",
        /// Sum of all payments.
        amount_paid: BaseUnits = "amount-paid",
        /// Sum of all refunds.
        amount_refunded: BaseUnits = "amount-refunded",
        /// Stored in the map, derived in the function's answer.
        status: InvoiceStatus = "status",
        /// Smallest instalment; none = one exact payment.
        min_payment: Option<BaseUnits> = "min-payment",
        /// Who alone may pay.
        only_payer: Option<Principal> = "only-payer",
        /// Burn blocks from a payer's first payment to its deadline.
        refund_window: u64 = "refund-window",
        /// Burn height.
        created_at: BurnHeight = "created-at",
        /// First burn height at which payments are refused.
        expires_at: BurnHeight = "expires-at",
        /// Burn height of the first payment.
        first_payment_at: Option<BurnHeight> = "first-payment-at",
        /// How many payers there are.
        payer_count: u64 = "payer-count",
        /// The newest refund; each refund names the one before.
        last_refund_id: Option<RefundId> = "last-refund-id",
    }
}

record! {
    /// What refunds never read of an invoice.
    pub struct Note {
        /// The merchant's own name for it.
        reference: Option<Reference> = "reference",
        /// The merchant's text.
        memo: Option<Text> = "memo",
        /// The subscription that it is a payment of.
        subscription_id: Option<SubscriptionId> = "subscription-id",
    }
}

record! {
    /// What one payer paid and was refunded on one invoice.
    pub struct Ledger {
        /// Sum of its payments.
        paid: BaseUnits = "paid",
        /// Sum of its refunds.
        refunded: BaseUnits = "refunded",
        /// Burn height of its first payment.
        first_paid_at: BurnHeight = "first-paid-at",
    }
}

record! {
    /// One refund, as the contract keeps it.
    pub struct Refund {
        /// What was paid.
        invoice_id: InvoiceId = "invoice-id",
        /// Who got it back.
        payer: Principal = "payer",
        /// How much.
        amount: BaseUnits = "amount",
        /// Who sent it, and whose balance paid it.
        issuer: Principal = "issuer",
        /// Public text.
        reason: Option<Text> = "reason",
        /// The merchant's own name for it.
        reference: Option<Reference> = "reference",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
        /// The invoice's refund before this one.
        previous: Option<RefundId> = "previous",
    }
}

record! {
    /// All that a wallet needs for one refund, read at one block.
    pub struct RefundQuote {
        /// Whose wallet pays.
        merchant: Principal = "merchant",
        /// What it was paid in.
        token: Token = "token",
        /// What was to be paid.
        amount: BaseUnits = "amount",
        /// Sum of all payments.
        amount_paid: BaseUnits = "amount-paid",
        /// Sum of all refunds.
        amount_refunded: BaseUnits = "amount-refunded",
        /// Derived.
        status: InvoiceStatus = "status",
        /// Burn blocks.
        refund_window: u64 = "refund-window",
        /// Burn height of the invoice's first payment.
        first_payment_at: Option<BurnHeight> = "first-payment-at",
        /// How many payers there are.
        payer_count: u64 = "payer-count",
        /// What this payer paid.
        paid: BaseUnits = "paid",
        /// What this payer was refunded.
        refunded: BaseUnits = "refunded",
        /// First burn height at which a refund to this payer is refused.
        deadline: Option<BurnHeight> = "deadline",
        /// What this payer can get back now.
        refundable: BaseUnits = "refundable",
        /// Number of the contract error that a refund would end in now.
        refusal: Option<u128> = "refusal",
        /// The refund that the reference names already.
        reference_refund_id: Option<RefundId> = "reference-refund-id",
        /// Burn height as the contract sees it.
        burn_height: BurnHeight = "burn-height",
    }
}

record! {
    /// What a merchant lets an operator do.
    pub struct OperatorRights {
        /// Refund, from its own balance.
        may_refund: bool = "may-refund",
        /// Create invoices that are paid in the same call.
        may_invoice: bool = "may-invoice",
    }
}

record! {
    /// What a payer can get back now.
    pub struct Refundable {
        /// Zero when there is a reason.
        amount: BaseUnits = "amount",
        /// Number of the contract error that says why nothing.
        reason: Option<u128> = "reason",
    }
}

record! {
    /// The newest ids; 0 before the first.
    pub struct LastIds {
        /// Newest invoice.
        invoice_id: u64 = "invoice-id",
        /// Newest refund.
        refund_id: u64 = "refund-id",
    }
}
