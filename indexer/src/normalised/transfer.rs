//! Which token transfer an event speaks of.

use recoup_protocol::events::{Event, ReserveEvent, ReserveMoved};
use recoup_protocol::transfer::Transfer;
use recoup_stacks::address::ContractId;

use super::SatelliteEvent;

/// What must move when the event is true; none for events that move nothing.
pub(super) fn claimed_by(event: &Event) -> Option<Transfer> {
    match event {
        Event::PaymentReceived(payment) => Some(Transfer {
            token: payment.token.contract().map(ToString::to_string),
            sender: payment.payer.to_string(),
            recipient: payment.merchant.to_string(),
            amount: payment.amount.0,
        }),
        Event::RefundProcessed(refund) => Some(Transfer::of_refund(refund)),
        Event::InvoiceCreated(_)
        | Event::InvoiceCancelled(_)
        | Event::RefundWindowExtended(_)
        | Event::OperatorSet(_) => None,
    }
}

/// What must move when the event is true; none for events that move nothing by themselves: a refund from the reserve is
/// core's event too, and is proven there.
pub(super) fn claimed_by_satellite(event: &SatelliteEvent, reserve: &ContractId) -> Option<Transfer> {
    let moved = |moved: &ReserveMoved, sender: String, recipient: String| Transfer {
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
