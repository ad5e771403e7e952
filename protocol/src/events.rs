//! The events that the contracts print, decoded from raw values. [`Event`] is one of `recoup-core`.
//!
//! One event per state change; each carries the whole mutable state after it, so that a reader needs no earlier event.

use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::clarity::{ClarityName, DecodeError, Tuple, Value};
use recoup_stacks::hash::BurnHeight;

use crate::amount::BaseUnits;
use crate::ids::{InvoiceId, RefundId, SubscriptionId};
use crate::record::{Record, RecordError, record};
use crate::status::InvoiceStatus;
use crate::text::{Reference, Text};
use crate::token::Token;

mod reserve;
mod subscriptions;

pub use reserve::{DelegateRevoked, DelegateSet, ReserveEvent, ReserveMoved, ReserveRefunded};
pub use subscriptions::{
    PlanChanged, SubscriptionCancelled, SubscriptionPaid, SubscriptionState, SubscriptionsEvent,
};

record! {
    /// An invoice's mutable state, part of every event about it.
    pub struct InvoiceState {
        /// Sum of all payments.
        amount_paid: BaseUnits = "amount-paid",
        /// Sum of all refunds.
        amount_refunded: BaseUnits = "amount-refunded",
        /// As stored: never expired.
        status: InvoiceStatus = "status",
        /// Burn blocks from a payer's first payment to its deadline.
        refund_window: u64 = "refund-window",
        /// Burn height of the invoice's first payment.
        first_payment_at: Option<BurnHeight> = "first-payment-at",
        /// First burn height at which payments are refused.
        expires_at: BurnHeight = "expires-at",
    }
}

record! {
    /// `invoice-created`
    pub struct InvoiceCreated {
        /// The new invoice.
        invoice_id: InvoiceId = "invoice-id",
        /// Whose wallet is paid, and pays refunds.
        merchant: Principal = "merchant",
        /// Who created it: the merchant, or an operator.
        issuer: Principal = "issuer",
        /// What it is paid in.
        token: Token = "token",
        /// What is to be paid.
        amount: BaseUnits = "amount",
        /// Smallest instalment; none = one exact payment.
        min_payment: Option<BaseUnits> = "min-payment",
        /// Who alone may pay.
        only_payer: Option<Principal> = "only-payer",
        /// The merchant's own name for it.
        reference: Option<Reference> = "reference",
        /// The merchant's text.
        memo: Option<Text> = "memo",
        /// The subscription that it is a payment of.
        subscription_id: Option<SubscriptionId> = "subscription-id",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
        ..
        /// After the event.
        state: InvoiceState,
    }
}

record! {
    /// `payment-received`
    pub struct PaymentReceived {
        /// The invoice that was paid.
        invoice_id: InvoiceId = "invoice-id",
        /// Who received the payment.
        merchant: Principal = "merchant",
        /// Who paid.
        payer: Principal = "payer",
        /// What it was paid in.
        token: Token = "token",
        /// This payment.
        amount: BaseUnits = "amount",
        /// All that this payer paid on this invoice.
        payer_paid: BaseUnits = "payer-paid",
        /// All that this payer was refunded on this invoice.
        payer_refunded: BaseUnits = "payer-refunded",
        /// First burn height at which this payer's refund is refused.
        deadline: BurnHeight = "deadline",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
        ..
        /// After the event.
        state: InvoiceState,
    }
}

record! {
    /// `refund-processed`
    pub struct RefundProcessed {
        /// The new refund.
        refund_id: RefundId = "refund-id",
        /// The invoice that it refers to.
        invoice_id: InvoiceId = "invoice-id",
        /// The invoice's merchant.
        merchant: Principal = "merchant",
        /// Who sent it, and whose balance paid it: the merchant, or an operator.
        issuer: Principal = "issuer",
        /// Who got the money back.
        payer: Principal = "payer",
        /// What it was paid in.
        token: Token = "token",
        /// This refund.
        amount: BaseUnits = "amount",
        /// The merchant's text; public.
        reason: Option<Text> = "reason",
        /// The merchant's own name for it: the idempotency key.
        reference: Option<Reference> = "reference",
        /// All that this payer paid on this invoice.
        payer_paid: BaseUnits = "payer-paid",
        /// All that this payer was refunded on this invoice, this refund included.
        payer_refunded: BaseUnits = "payer-refunded",
        /// First burn height at which this payer's refund is refused.
        deadline: BurnHeight = "deadline",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
        ..
        /// After the event.
        state: InvoiceState,
    }
}

record! {
    /// `invoice-cancelled`
    pub struct InvoiceCancelled {
        /// The invoice that takes no more payments.
        invoice_id: InvoiceId = "invoice-id",
        /// Who cancelled it.
        merchant: Principal = "merchant",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
        ..
        /// After the event.
        state: InvoiceState,
    }
}

record! {
    /// `refund-window-extended`
    pub struct RefundWindowExtended {
        /// The invoice whose deadlines moved.
        invoice_id: InvoiceId = "invoice-id",
        /// Who moved them.
        merchant: Principal = "merchant",
        /// The window before, in burn blocks; the new one stands in the state.
        old_window: u64 = "old-window",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
        ..
        /// After the event.
        state: InvoiceState,
    }
}

record! {
    /// `operator-set`
    pub struct OperatorSet {
        /// Who appointed or revoked.
        merchant: Principal = "merchant",
        /// Who was appointed or revoked.
        operator: Principal = "operator",
        /// Whether it may refund, from its own balance.
        may_refund: bool = "may-refund",
        /// Whether it may create invoices that are paid in the same call.
        may_invoice: bool = "may-invoice",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
    }
}

/// Why a print is not one of our events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Not a Clarity value.
    #[error("raw value does not decode")]
    Value(#[from] DecodeError),
    /// Not a tuple with a text under `event`.
    #[error("no event name: {0}")]
    NoName(String),
    /// A name that the contract does not print.
    #[error("unknown event `{0}`")]
    UnknownName(String),
    /// The name is ours, the fields are not.
    #[error("event `{name}`")]
    Fields {
        /// The event's name.
        name: &'static str,
        /// Which field.
        source: RecordError,
    },
}

macro_rules! events {
    ($(#[$doc:meta])* $enum:ident { $($variant:ident($kind:ident) = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $enum {
            $(#[doc = concat!("`", $name, "`")] $variant($kind),)*
        }

        impl $enum {
            /// Every event's name.
            pub const NAMES: &[&str] = &[$($name),*];

            /// The name under `event`.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            /// Reads the tuple that the contract printed.
            ///
            /// # Errors
            /// [`EventError`] when it is not exactly one of the contract's events.
            pub fn from_value(value: &Value) -> Result<Self, EventError> {
                match event_name(value)? {
                    $($name => read_event(value, $name).map(Self::$variant),)*
                    unknown => Err(EventError::UnknownName(unknown.chars().take(80).collect())),
                }
            }

            /// The tuple that the contract prints.
            #[must_use]
            pub fn to_value(&self) -> Value {
                match self { $(Self::$variant(event) => write_event(event, $name),)* }
            }

            /// Burn view of the block that holds the event, as the contract saw it.
            #[must_use]
            pub const fn burn_height(&self) -> BurnHeight {
                match self { $(Self::$variant(event) => event.burn_height,)* }
            }

            /// Reads a print's raw bytes.
            ///
            /// # Errors
            /// [`EventError`] when they are not exactly one of the contract's events.
            pub fn decode(raw_value: &[u8]) -> Result<Self, EventError> {
                Self::from_value(&Value::decode(raw_value)?)
            }
        }
    };
}
use events;

events! {
    /// One event of `recoup-core`.
    Event {
        InvoiceCreated(InvoiceCreated) = "invoice-created",
        PaymentReceived(PaymentReceived) = "payment-received",
        RefundProcessed(RefundProcessed) = "refund-processed",
        InvoiceCancelled(InvoiceCancelled) = "invoice-cancelled",
        RefundWindowExtended(RefundWindowExtended) = "refund-window-extended",
        OperatorSet(OperatorSet) = "operator-set",
    }
}

/// Topic of the chain event that `(print ..)` makes.
pub const PRINT_TOPIC: &str = "print";

impl Event {
    /// Reads a chain's contract event if it is a print of `core`; `None` for everybody else's, however alike it looks.
    pub fn from_print(
        core: &ContractId,
        contract: &ContractId,
        topic: &str,
        raw_value: &[u8],
    ) -> Option<Result<Self, EventError>> {
        (contract == core && topic == PRINT_TOPIC).then(|| Self::decode(raw_value))
    }

    /// The invoice that the event is about; `None` for operators.
    #[must_use]
    pub const fn invoice(&self) -> Option<(InvoiceId, &InvoiceState)> {
        match self {
            Self::InvoiceCreated(event) => Some((event.invoice_id, &event.state)),
            Self::PaymentReceived(event) => Some((event.invoice_id, &event.state)),
            Self::RefundProcessed(event) => Some((event.invoice_id, &event.state)),
            Self::InvoiceCancelled(event) => Some((event.invoice_id, &event.state)),
            Self::RefundWindowExtended(event) => Some((event.invoice_id, &event.state)),
            Self::OperatorSet(_) => None,
        }
    }

    /// The merchant that the event is about.
    #[must_use]
    pub const fn merchant(&self) -> &Principal {
        match self {
            Self::InvoiceCreated(event) => &event.merchant,
            Self::PaymentReceived(event) => &event.merchant,
            Self::RefundProcessed(event) => &event.merchant,
            Self::InvoiceCancelled(event) => &event.merchant,
            Self::RefundWindowExtended(event) => &event.merchant,
            Self::OperatorSet(event) => &event.merchant,
        }
    }
}

const NAME_FIELD: &str = "event";

fn event_name(value: &Value) -> Result<&str, EventError> {
    let Value::Tuple(tuple) = value else {
        return Err(EventError::NoName(value.to_string().chars().take(80).collect()));
    };
    match tuple.get(NAME_FIELD) {
        Some(Value::StringAscii(name)) => Ok(name),
        _ => Err(EventError::NoName(
            "the tuple has no text under `event`".to_owned(),
        )),
    }
}

fn read_event<T: Record>(value: &Value, name: &'static str) -> Result<T, EventError> {
    let fields = |source| EventError::Fields { name, source };
    let Value::Tuple(tuple) = value else {
        return Err(fields(RecordError::shape("a tuple", value)));
    };
    let expected = T::FIELD_COUNT.saturating_add(1);
    if tuple.len() != expected {
        return Err(fields(RecordError::FieldCount {
            expected,
            actual: tuple.len(),
        }));
    }
    T::read_fields(tuple).map_err(fields)
}

fn write_event<T: Record>(event: &T, name: &str) -> Value {
    let mut tuple = Tuple::default();
    tuple.insert(
        ClarityName::from_static(NAME_FIELD),
        Value::StringAscii(name.to_owned()),
    );
    event.write_fields(&mut tuple);
    Value::Tuple(tuple)
}
