//! What a source says of a refund, in a form in which equal texts are equal facts.

use std::collections::BTreeMap;

use recoup_protocol::api;
use recoup_protocol::calls::RefundOrder;
use recoup_protocol::events::RefundProcessed;
use recoup_protocol::ids::RefundId;
use recoup_protocol::reads;
use recoup_protocol::token::Token;
use recoup_protocol::transfer::Transfer;
use recoup_stacks::address::Principal;
use serde_json::{Map, Value};

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),* $(,)?) => {
        /// Something that several sources can say of a refund.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $($(#[$doc])* $variant),*
        }

        impl Field {
            /// Its name in documents.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

fields! {
    /// The contract's id of it.
    RefundId = "refund_id",
    /// What was paid.
    InvoiceId = "invoice_id",
    /// Whose invoice.
    Merchant = "merchant",
    /// Who sent it.
    Issuer = "issuer",
    /// Who got it back.
    Payer = "payer",
    /// In what.
    Token = "token",
    /// How much, in base units.
    Amount = "amount",
    /// The merchant's text.
    Reason = "reason",
    /// The merchant's own name of it.
    Reference = "reference",
    /// All that the payer paid on the invoice.
    PayerPaid = "payer_paid",
    /// All that the payer was refunded on the invoice, this one included.
    PayerRefunded = "payer_refunded",
    /// First burn height at which it is refused.
    Deadline = "deadline",
    /// Burn view that the contract saw.
    BurnHeight = "burn_height",
    /// Its transaction.
    Txid = "txid",
    /// Its block.
    Block = "index_block_hash",
    /// Height of the block.
    StacksHeight = "stacks_height",
    /// Which of the transaction's events.
    Ordinal = "ordinal",
    /// What the contract printed, byte for byte.
    Event = "raw_event",
}

/// What one source says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<Field, String>);

impl Facts {
    /// Says one thing more.
    #[must_use]
    pub fn with(mut self, field: Field, value: impl ToString) -> Self {
        self.0.insert(field, value.to_string());
        self
    }

    /// Says a text that may be absent. U+0000 stands as the indexer writes it.
    #[must_use]
    fn with_text(self, field: Field, text: Option<&str>) -> Self {
        let value = text.map_or_else(
            || "none".to_owned(),
            |text| format!("\"{}\"", text.replace('\0', "\\u{0}")),
        );
        self.with(field, value)
    }

    /// Both together; `other` wins.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// What is said of a field.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.0.get(&field).map(String::as_str)
    }

    /// All that is said.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter().map(|(field, value)| (*field, value.as_str()))
    }

    /// As an object: ids and heights are numbers, absent texts null.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let value = |field: Field, text: &str| match field {
            Field::RefundId
            | Field::InvoiceId
            | Field::Deadline
            | Field::BurnHeight
            | Field::StacksHeight
            | Field::Ordinal => text.parse::<u64>().map_or_else(|_| text.into(), Value::from),
            Field::Reason | Field::Reference => {
                let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                inner.map_or(Value::Null, Value::from)
            }
            _ => text.into(),
        };
        let members = self
            .iter()
            .map(|(field, text)| (field.name().to_owned(), value(field, text)));
        Value::Object(Map::from_iter(members))
    }

    /// Of the event that the contract printed.
    #[must_use]
    pub fn of_event(event: &RefundProcessed) -> Self {
        Self::default()
            .with(Field::RefundId, event.refund_id)
            .with(Field::InvoiceId, event.invoice_id)
            .with(Field::Merchant, &event.merchant)
            .with(Field::Issuer, &event.issuer)
            .with(Field::Payer, &event.payer)
            .with(Field::Token, &event.token)
            .with(Field::Amount, event.amount)
            .with_text(Field::Reason, event.reason.as_ref().map(|text| text.as_str()))
            .with_text(
                Field::Reference,
                event.reference.as_ref().map(|text| text.as_str()),
            )
            .with(Field::PayerPaid, event.payer_paid)
            .with(Field::PayerRefunded, event.payer_refunded)
            .with(Field::Deadline, event.deadline)
            .with(Field::BurnHeight, event.burn_height)
    }

    /// Of the contract's map `refunds`, and of `invoices` where that was had.
    #[must_use]
    pub fn of_map(id: RefundId, refund: &reads::Refund, invoice: Option<&reads::Invoice>) -> Self {
        let facts = Self::default()
            .with(Field::RefundId, id)
            .with(Field::InvoiceId, refund.invoice_id)
            .with(Field::Issuer, &refund.issuer)
            .with(Field::Payer, &refund.payer)
            .with(Field::Amount, refund.amount)
            .with_text(Field::Reason, refund.reason.as_ref().map(|text| text.as_str()))
            .with_text(
                Field::Reference,
                refund.reference.as_ref().map(|text| text.as_str()),
            )
            .with(Field::BurnHeight, refund.burn_height);
        match invoice {
            Some(invoice) => facts
                .with(Field::Merchant, &invoice.merchant)
                .with(Field::Token, &invoice.token),
            None => facts,
        }
    }

    /// Of the arguments that somebody signed.
    #[must_use]
    pub fn of_order(order: &RefundOrder, token: &Token, issuer: &Principal) -> Self {
        let facts = Self::default()
            .with(Field::InvoiceId, order.invoice_id)
            .with(Field::Issuer, issuer)
            .with(Field::Payer, &order.payer)
            .with(Field::Token, token)
            .with(Field::Amount, order.amount)
            .with_text(Field::Reason, order.reason.as_ref().map(|text| text.as_str()))
            .with_text(
                Field::Reference,
                order.reference.as_ref().map(|text| text.as_str()),
            );
        match order.expected_refunded.checked_add(order.amount) {
            Some(refunded) => facts.with(Field::PayerRefunded, refunded),
            None => facts,
        }
    }

    /// Of the tokens that moved.
    #[must_use]
    pub fn of_transfer(transfer: &Transfer) -> Self {
        Self::default()
            .with(Field::Token, transfer.token.as_deref().unwrap_or("STX"))
            .with(Field::Issuer, &transfer.sender)
            .with(Field::Payer, &transfer.recipient)
            .with(Field::Amount, transfer.amount)
    }

    /// Of the indexer's row.
    #[must_use]
    pub fn of_row(row: &api::Refund) -> Self {
        let position = &row.position;
        Self::default()
            .with(Field::RefundId, row.refund_id)
            .with(Field::InvoiceId, row.invoice_id)
            .with(Field::Merchant, &row.merchant)
            .with(Field::Issuer, &row.issuer)
            .with(Field::Payer, &row.payer)
            .with(Field::Token, &row.token)
            .with(Field::Amount, row.amount)
            .with_text(Field::Reason, row.reason.as_deref())
            .with_text(Field::Reference, row.reference.as_deref())
            .with(Field::PayerPaid, row.payer_paid)
            .with(Field::PayerRefunded, row.payer_refunded)
            .with(Field::Deadline, row.deadline)
            .with(Field::BurnHeight, position.burn_height)
            .with(Field::Txid, position.txid)
            .with(Field::Block, position.index_block_hash)
            .with(Field::StacksHeight, position.stacks_height)
            .with(Field::Ordinal, position.ordinal)
    }
}
