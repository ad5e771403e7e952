//! Which token transfer an event speaks of, and whether its transaction holds it.

use recoup_protocol::events::{Event, ReserveEvent, ReserveMoved};
use recoup_stacks::address::ContractId;
use recoup_stacks::observer::EventBody;

use super::SatelliteEvent;

/// A movement of tokens, as both sides of the comparison see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transfer {
    /// Contract id; none for STX.
    token: Option<String>,
    sender: String,
    recipient: String,
    amount: u128,
}

impl Transfer {
    /// What must move when the event is true; none for events that move nothing.
    pub(super) fn claimed_by(event: &Event) -> Option<Self> {
        let (token, sender, recipient, amount) = match event {
            Event::PaymentReceived(payment) => {
                (&payment.token, &payment.payer, &payment.merchant, payment.amount)
            }
            Event::RefundProcessed(refund) => (&refund.token, &refund.issuer, &refund.payer, refund.amount),
            Event::InvoiceCreated(_)
            | Event::InvoiceCancelled(_)
            | Event::RefundWindowExtended(_)
            | Event::OperatorSet(_) => return None,
        };
        Some(Self {
            token: token.contract().map(ToString::to_string),
            sender: sender.to_string(),
            recipient: recipient.to_string(),
            amount: amount.0,
        })
    }

    /// What must move when the event is true; none for events that move nothing by themselves: a refund from the reserve is
    /// core's event too, and is proven there.
    pub(super) fn claimed_by_satellite(event: &SatelliteEvent, reserve: &ContractId) -> Option<Self> {
        let moved = |moved: &ReserveMoved, sender: String, recipient: String| Self {
            token: moved.token.contract().map(ToString::to_string),
            sender,
            recipient,
            amount: moved.amount.0,
        };
        match event {
            SatelliteEvent::Reserve(ReserveEvent::ReserveDeposited(event)) => {
                Some(moved(event, event.merchant.to_string(), reserve.to_string()))
            }
            SatelliteEvent::Reserve(ReserveEvent::ReserveWithdrawn(event)) => {
                Some(moved(event, reserve.to_string(), event.merchant.to_string()))
            }
            SatelliteEvent::Reserve(_) | SatelliteEvent::Subscriptions(_) => None,
        }
    }

    /// What an event of the chain moved.
    pub(super) fn made_by(body: &EventBody) -> Option<Self> {
        match body {
            EventBody::StxTransfer(transfer) => Some(Self {
                token: None,
                sender: transfer.sender.clone(),
                recipient: transfer.recipient.clone(),
                amount: transfer.amount,
            }),
            EventBody::FtTransfer(transfer) => Some(Self {
                token: Some(transfer.token_contract().to_owned()),
                sender: transfer.sender.clone(),
                recipient: transfer.recipient.clone(),
                amount: transfer.amount,
            }),
            EventBody::Contract(_) | EventBody::Other => None,
        }
    }
}

/// Transfers of one transaction. Each proves one event: two refunds of the same amount need two transfers.
#[derive(Debug)]
pub(super) struct TransferPool {
    unused: Vec<Transfer>,
}

impl TransferPool {
    pub(super) fn new<'a>(bodies: impl Iterator<Item = &'a EventBody>) -> Self {
        Self {
            unused: bodies.filter_map(Transfer::made_by).collect(),
        }
    }

    /// Takes the transfer that is claimed, if there is one; true as well when none is claimed.
    pub(super) fn take(&mut self, claimed: Option<Transfer>) -> bool {
        let Some(claimed) = claimed else {
            return true;
        };
        let found = self.unused.iter().position(|transfer| *transfer == claimed);
        found.map(|index| self.unused.swap_remove(index)).is_some()
    }
}
