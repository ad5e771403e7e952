//! What the contract would do: invoices, payments and refunds of one branch, with the events it would print.

use std::collections::BTreeMap;

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::events::{
    Event, InvoiceCreated, InvoiceState, PaymentReceived, RefundProcessed, RefundWindowExtended,
};
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::status::InvoiceStatus;
use recoup_protocol::text::{Reference, Text};
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use serde_json::{Value, json};

pub(crate) const MERCHANT: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
pub(crate) const PAYER: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";
pub(crate) const OTHER_PAYER: &str = "ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC";
pub(crate) const TOKEN: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.token";

/// One thing that the contract did: its event, and the token transfer beside it.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    pub(crate) event: Event,
    pub(crate) transfer: Option<Value>,
}

impl Act {
    /// The same event without its transfer.
    pub(crate) fn without_transfer(self) -> Self {
        Self {
            transfer: None,
            ..self
        }
    }
}

#[derive(Debug, Clone)]
struct Invoice {
    token: Token,
    amount: u128,
    state: InvoiceState,
    ledgers: BTreeMap<Principal, (u128, u128, BurnHeight)>,
}

/// The contract's maps on one branch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shop {
    invoices: BTreeMap<u64, Invoice>,
    refunds: u64,
}

pub(crate) fn principal(text: &str) -> Principal {
    text.parse().unwrap()
}

impl Shop {
    /// Invoices that have something left to refund: id and payer, with how much.
    pub(crate) fn refundable(&self) -> Vec<(u64, String, u128)> {
        let ledgers = self.invoices.iter().flat_map(|(id, invoice)| {
            invoice
                .ledgers
                .iter()
                .map(|(payer, (paid, refunded, _))| (*id, payer.to_string(), paid - refunded))
        });
        ledgers.filter(|(_, _, left)| *left > 0).collect()
    }

    /// Invoices that can still be paid: id and what is due.
    pub(crate) fn payable(&self) -> Vec<(u64, u128)> {
        let due = |invoice: &Invoice| invoice.amount - invoice.state.amount_paid.0;
        let open = self
            .invoices
            .iter()
            .filter(|(_, invoice)| invoice.state.amount_refunded.0 == 0);
        open.map(|(id, invoice)| (*id, due(invoice)))
            .filter(|(_, due)| *due > 0)
            .collect()
    }

    pub(crate) fn create_invoice(
        &mut self,
        amount: u128,
        token: Option<&str>,
        burn_height: u64,
    ) -> (u64, Act) {
        let id = u64::try_from(self.invoices.len()).unwrap() + 1;
        let token = Token::from_contract(token.map(principal));
        let state = InvoiceState {
            amount_paid: BaseUnits(0),
            amount_refunded: BaseUnits(0),
            status: InvoiceStatus::Open,
            refund_window: 4320,
            first_payment_at: None,
            expires_at: BurnHeight(burn_height + 1000),
        };
        let created = InvoiceCreated {
            invoice_id: InvoiceId(id),
            merchant: principal(MERCHANT),
            issuer: principal(MERCHANT),
            token: token.clone(),
            amount: BaseUnits(amount),
            min_payment: Some(BaseUnits(1)),
            only_payer: None,
            reference: Some(Reference::new(&format!("order-{id}")).unwrap()),
            memo: Some(Text::new("two coffees \u{202e}\0 ☕").unwrap()),
            subscription_id: None,
            burn_height: BurnHeight(burn_height),
            state: state.clone(),
        };
        self.invoices.insert(
            id,
            Invoice {
                token,
                amount,
                state,
                ledgers: BTreeMap::new(),
            },
        );
        (
            id,
            Act {
                event: Event::InvoiceCreated(created),
                transfer: None,
            },
        )
    }

    pub(crate) fn pay(&mut self, id: u64, payer: &str, amount: u128, burn_height: u64) -> Act {
        let invoice = self.invoices.get_mut(&id).unwrap();
        let height = BurnHeight(burn_height);
        let ledger = invoice.ledgers.entry(principal(payer)).or_insert((0, 0, height));
        ledger.0 += amount;
        invoice.state.amount_paid.0 += amount;
        invoice.state.first_payment_at.get_or_insert(height);
        let is_paid = invoice.state.amount_paid.0 == invoice.amount;
        invoice.state.status = if is_paid {
            InvoiceStatus::Paid
        } else {
            InvoiceStatus::PartiallyPaid
        };
        let payment = PaymentReceived {
            invoice_id: InvoiceId(id),
            merchant: principal(MERCHANT),
            payer: principal(payer),
            token: invoice.token.clone(),
            amount: BaseUnits(amount),
            payer_paid: BaseUnits(ledger.0),
            payer_refunded: BaseUnits(ledger.1),
            deadline: BurnHeight(ledger.2.get() + invoice.state.refund_window),
            burn_height: height,
            state: invoice.state.clone(),
        };
        let transfer = transfer(&invoice.token, payer, MERCHANT, amount);
        Act {
            event: Event::PaymentReceived(payment),
            transfer: Some(transfer),
        }
    }

    pub(crate) fn refund(&mut self, id: u64, payer: &str, amount: u128, burn_height: u64) -> Act {
        self.refunds += 1;
        let invoice = self.invoices.get_mut(&id).unwrap();
        let ledger = invoice.ledgers.get_mut(&principal(payer)).unwrap();
        ledger.1 += amount;
        invoice.state.amount_refunded.0 += amount;
        if invoice.state.amount_refunded == invoice.state.amount_paid {
            invoice.state.status = InvoiceStatus::Refunded;
        }
        let refund = RefundProcessed {
            refund_id: RefundId(self.refunds),
            invoice_id: InvoiceId(id),
            merchant: principal(MERCHANT),
            issuer: principal(MERCHANT),
            payer: principal(payer),
            token: invoice.token.clone(),
            amount: BaseUnits(amount),
            reason: Some(Text::new("=cmd()|' <script>\0").unwrap()),
            reference: Some(Reference::new(&format!("refund-{}", self.refunds)).unwrap()),
            payer_paid: BaseUnits(ledger.0),
            payer_refunded: BaseUnits(ledger.1),
            deadline: BurnHeight(ledger.2.get() + invoice.state.refund_window),
            burn_height: BurnHeight(burn_height),
            state: invoice.state.clone(),
        };
        let transfer = transfer(&invoice.token, MERCHANT, payer, amount);
        Act {
            event: Event::RefundProcessed(refund),
            transfer: Some(transfer),
        }
    }

    pub(crate) fn extend_window(&mut self, id: u64, window: u64, burn_height: u64) -> Act {
        let invoice = self.invoices.get_mut(&id).unwrap();
        let old_window = std::mem::replace(&mut invoice.state.refund_window, window);
        let extended = RefundWindowExtended {
            invoice_id: InvoiceId(id),
            merchant: principal(MERCHANT),
            old_window,
            burn_height: BurnHeight(burn_height),
            state: invoice.state.clone(),
        };
        Act {
            event: Event::RefundWindowExtended(extended),
            transfer: None,
        }
    }
}

fn transfer(token: &Token, sender: &str, recipient: &str, amount: u128) -> Value {
    let body = json!({"sender": sender, "recipient": recipient, "amount": amount.to_string()});
    match token.contract() {
        None => json!({"type": "stx_transfer_event", "stx_transfer_event": body}),
        Some(contract) => {
            let mut body = body;
            body["asset_identifier"] = json!(format!("{contract}::coin"));
            json!({"type": "ft_transfer_event", "ft_transfer_event": body})
        }
    }
}
