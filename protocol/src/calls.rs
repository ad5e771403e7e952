//! Calls of the contracts' public functions: function name and arguments from typed parts. [`Call`] is `recoup-core`'s.

use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::clarity::{ClarityName, Value};

use crate::amount::BaseUnits;
use crate::ids::InvoiceId;
use crate::record::{Field, Record, record};
use crate::text::{Reference, Text};
use crate::token::Token;

mod read;
mod reserve;
mod subscriptions;

pub use read::refund_orders;
pub use reserve::{Delegation, ReserveCall};
pub use subscriptions::{CreatePlan, PeriodPayment, SubscriptionsCall};

/// A call of a contract's public function with typed parts: all that a transaction has to know of it.
pub trait ContractCall {
    /// The function's name in the contract.
    fn function(&self) -> ClarityName;
    /// The arguments in the function's order.
    fn arguments(&self) -> Vec<Value>;
}

/// A public function of `recoup-core` with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `create-invoice`: the caller becomes the merchant.
    CreateInvoice(CreateInvoice),
    /// `cancel-invoice`
    CancelInvoice {
        /// Of the calling merchant.
        invoice_id: InvoiceId,
    },
    /// `extend-refund-window`
    ExtendRefundWindow {
        /// Of the calling merchant.
        invoice_id: InvoiceId,
        /// In burn blocks; only longer than before.
        new_window: u64,
    },
    /// `set-operator`; both rights false revokes.
    SetOperator {
        /// Who is appointed.
        operator: Principal,
        /// To refund, from its own balance.
        may_refund: bool,
        /// To create invoices that are paid in the same call.
        may_invoice: bool,
    },
    /// `pay-stx` or `pay-ft`
    Pay(Payment),
    /// `refund-stx` or `refund-ft`
    Refund(PaidIn<RefundOrder>),
    /// `refund-many-stx` or `refund-many-ft`: all or nothing.
    RefundMany(PaidIn<Vec<RefundOrder>>),
}

/// Arguments of `create-invoice`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateInvoice {
    /// What is to be paid.
    pub amount: BaseUnits,
    /// What it is paid in.
    pub token: Token,
    /// Burn blocks until payments are refused.
    pub expires_in: u64,
    /// Burn blocks; none = the contract's default.
    pub refund_window: Option<u64>,
    /// Smallest instalment; none = one exact payment.
    pub min_payment: Option<BaseUnits>,
    /// Who alone may pay.
    pub only_payer: Option<Principal>,
    /// The merchant's own name for it.
    pub reference: Option<Reference>,
    /// Public text.
    pub memo: Option<Text>,
}

/// Arguments of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// What is paid.
    pub invoice_id: InvoiceId,
    /// Whom the payer means to pay: another invoice may take the id.
    pub merchant: Principal,
    /// This payment.
    pub amount: BaseUnits,
    /// `None` for STX.
    pub token: Option<ContractId>,
}

/// What is to be done, and the token it is done in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidIn<T> {
    /// What is to be done.
    pub order: T,
    /// `None` for STX.
    pub token: Option<ContractId>,
}

record! {
    /// One refund to be issued.
    pub struct RefundOrder {
        /// What was paid.
        invoice_id: InvoiceId = "invoice-id",
        /// Who gets it back.
        payer: Principal = "payer",
        /// How much.
        amount: BaseUnits = "amount",
        /// What the issuer believes this payer was refunded on this invoice so far.
        expected_refunded: BaseUnits = "expected-refunded",
        /// The idempotency key.
        reference: Option<Reference> = "reference",
        /// Public text.
        reason: Option<Text> = "reason",
    }
}

impl Call {
    /// The function's name in the contract.
    #[must_use]
    pub fn function(&self) -> ClarityName {
        ClarityName::from_static(match self {
            Self::CreateInvoice(_) => "create-invoice",
            Self::CancelInvoice { .. } => "cancel-invoice",
            Self::ExtendRefundWindow { .. } => "extend-refund-window",
            Self::SetOperator { .. } => "set-operator",
            Self::Pay(payment) => by_token(&payment.token, "pay-stx", "pay-ft"),
            Self::Refund(refund) => by_token(&refund.token, "refund-stx", "refund-ft"),
            Self::RefundMany(batch) => by_token(&batch.token, "refund-many-stx", "refund-many-ft"),
        })
    }

    /// The arguments in the function's order.
    #[must_use]
    pub fn arguments(&self) -> Vec<Value> {
        match self {
            Self::CreateInvoice(invoice) => invoice.arguments(),
            Self::CancelInvoice { invoice_id } => vec![invoice_id.write()],
            Self::ExtendRefundWindow {
                invoice_id,
                new_window,
            } => vec![invoice_id.write(), new_window.write()],
            Self::SetOperator {
                operator,
                may_refund,
                may_invoice,
            } => {
                vec![operator.write(), may_refund.write(), may_invoice.write()]
            }
            Self::Pay(Payment {
                invoice_id,
                merchant,
                amount,
                token,
            }) => {
                let mut arguments = vec![invoice_id.write(), merchant.write(), amount.write()];
                arguments.extend(trait_argument(token));
                arguments
            }
            Self::Refund(PaidIn { order, token }) => refund_arguments(order, token),
            Self::RefundMany(PaidIn { order, token }) => {
                let mut arguments = vec![Value::List(order.iter().map(Record::to_value).collect())];
                arguments.extend(trait_argument(token));
                arguments
            }
        }
    }
}

impl ContractCall for Call {
    fn function(&self) -> ClarityName {
        Self::function(self)
    }

    fn arguments(&self) -> Vec<Value> {
        Self::arguments(self)
    }
}

impl CreateInvoice {
    fn arguments(&self) -> Vec<Value> {
        vec![
            self.amount.write(),
            self.token.write(),
            self.expires_in.write(),
            self.refund_window.write(),
            self.min_payment.write(),
            self.only_payer.write(),
            self.reference.write(),
            self.memo.write(),
        ]
    }
}

/// The function for STX, or the one for a token.
const fn by_token(token: &Option<ContractId>, stx: &'static str, ft: &'static str) -> &'static str {
    if token.is_none() { stx } else { ft }
}

/// A trait is handed over as the contract's principal.
fn trait_argument(token: &Option<ContractId>) -> Option<Value> {
    token.clone().map(Value::from)
}

/// Arguments of a single refund: the same for the merchant's own and for one from its reserve.
fn refund_arguments(order: &RefundOrder, token: &Option<ContractId>) -> Vec<Value> {
    let mut arguments = vec![
        order.invoice_id.write(),
        order.payer.write(),
        order.amount.write(),
    ];
    arguments.extend(trait_argument(token));
    arguments.extend([
        order.expected_refunded.write(),
        order.reference.write(),
        order.reason.write(),
    ]);
    arguments
}
