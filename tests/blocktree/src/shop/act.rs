//! One thing that the contract did, as the chain shows it.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::events::Event;
use recoup_protocol::token::Token;
use serde_json::{Value, json};

use super::{SILENT_TOKEN, principal};

/// What an indexer says of an event whose transaction moved no such tokens.
pub const NO_TRANSFER: &str = "the transaction holds no such token transfer";

/// One thing that the contract did: its event, and the token transfer beside it.
#[derive(Debug, Clone)]
pub struct Act {
    /// What core prints.
    pub event: Event,
    /// What the token tells, if anything.
    pub transfer: Option<Value>,
    /// Whether the event speaks of tokens that the transaction did not move.
    pub is_unproven: bool,
}

impl Act {
    /// An event that moves nothing.
    pub(super) const fn saying(event: Event) -> Self {
        Self {
            event,
            transfer: None,
            is_unproven: false,
        }
    }

    /// An event that tokens go with.
    pub(super) fn moving(event: Event, sender: &str, recipient: &str) -> Self {
        let (token, amount) = moved(&event);
        let is_silent = token.contract() == Some(&principal(SILENT_TOKEN));
        let transfer = (!is_silent).then(|| transfer(&token, sender, recipient, amount));
        Self {
            event,
            transfer,
            is_unproven: is_silent,
        }
    }

    /// The same event without its transfer.
    #[must_use]
    pub fn without_transfer(self) -> Self {
        Self {
            transfer: None,
            is_unproven: true,
            ..self
        }
    }

    /// What an indexer must find wrong with it.
    #[must_use]
    pub fn disagreement(&self) -> Option<&'static str> {
        self.is_unproven.then_some(NO_TRANSFER)
    }
}

fn moved(event: &Event) -> (Token, BaseUnits) {
    match event {
        Event::PaymentReceived(payment) => (payment.token.clone(), payment.amount),
        Event::RefundProcessed(refund) => (refund.token.clone(), refund.amount),
        other => panic!("`{}` moves nothing", other.name()),
    }
}

fn transfer(token: &Token, sender: &str, recipient: &str, amount: BaseUnits) -> Value {
    let mut body = json!({"sender": sender, "recipient": recipient, "amount": amount.to_string()});
    match token.contract() {
        None => {
            body["memo"] = json!("");
            json!({"type": "stx_transfer_event", "stx_transfer_event": body})
        }
        Some(contract) => {
            body["asset_identifier"] = json!(format!("{contract}::coin"));
            json!({"type": "ft_transfer_event", "ft_transfer_event": body})
        }
    }
}
