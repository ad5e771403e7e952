//! What the contract would do: invoices, payments and refunds of one branch, with the events it would print.

mod act;
mod intent;
mod texts;

use std::collections::BTreeMap;
use std::sync::Arc;

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::events::{
    Event, InvoiceCancelled, InvoiceCreated, InvoiceState, OperatorSet, PaymentReceived, RefundProcessed,
    RefundWindowExtended,
};
use recoup_protocol::ids::{InvoiceId, RefundId, SubscriptionId};
use recoup_protocol::status::InvoiceStatus;
use recoup_protocol::text::{Reference, Text};
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;

pub use act::{Act, NO_TRANSFER};
pub use intent::{Intent, random_intents};

/// Who creates invoices, where nobody else is named.
pub const MERCHANT: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
/// Who pays them.
pub const PAYER: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";
/// Who pays them too: a contract can as well.
pub const OTHER_PAYER: &str = "ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC";
/// A token that is what it says.
pub const TOKEN: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.token";
/// A token that nobody knows, and that moves without a word: what it claims cannot be proven.
pub const SILENT_TOKEN: &str = "ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC.silent-token";

/// An invoice with its payers.
#[derive(Debug, Clone)]
pub struct Invoice {
    /// As it was created, with the state of then.
    pub created: InvoiceCreated,
    /// Its state now.
    pub state: InvoiceState,
    /// What each payer paid and was refunded, and the burn height of its first payment.
    pub ledgers: BTreeMap<Principal, (u128, u128, BurnHeight)>,
}

impl Invoice {
    fn due(&self) -> u128 {
        self.created.amount.0 - self.state.amount_paid.0
    }

    fn takes_payments(&self) -> bool {
        let is_open = matches!(
            self.state.status,
            InvoiceStatus::Open | InvoiceStatus::PartiallyPaid
        );
        is_open && self.state.amount_refunded.0 == 0 && self.due() > 0
    }
}

/// The contract's maps on one branch. Copies share what they have in common.
#[derive(Debug, Clone, Default)]
pub struct Shop {
    invoices: Arc<BTreeMap<u64, Arc<Invoice>>>,
    created: u64,
    refunds: u64,
}

/// A principal that is known to be one.
#[must_use]
pub fn principal(text: &str) -> Principal {
    text.parse().unwrap()
}

impl Shop {
    /// Every invoice by its id.
    #[must_use]
    pub fn invoices(&self) -> &BTreeMap<u64, Arc<Invoice>> {
        &self.invoices
    }

    /// Invoices that have something left to refund: id and payer, with how much.
    #[must_use]
    pub fn refundable(&self) -> Vec<(u64, String, u128)> {
        let ledgers = self.invoices.iter().flat_map(|(id, invoice)| {
            invoice
                .ledgers
                .iter()
                .map(|(payer, (paid, refunded, _))| (*id, payer.to_string(), paid - refunded))
        });
        ledgers.filter(|(_, _, left)| *left > 0).collect()
    }

    /// Invoices that can still be paid: id and what is due.
    #[must_use]
    pub fn payable(&self) -> Vec<(u64, u128)> {
        let open = self
            .invoices
            .iter()
            .filter(|(_, invoice)| invoice.takes_payments());
        open.map(|(id, invoice)| (*id, invoice.due())).collect()
    }

    /// Creates an invoice of [`MERCHANT`], with hostile texts.
    pub fn create_invoice(&mut self, amount: u128, token: Option<&str>, burn_height: u64) -> (u64, Act) {
        let id = self.next_invoice();
        let act = self.create(
            &NewInvoice {
                token: Token::from_contract(token.map(principal)),
                amount,
                reference: Some(format!("order-{id}")),
                memo: Some("two coffees \u{202e}\0 ☕".to_owned()),
                ..NewInvoice::of(MERCHANT)
            },
            burn_height,
        );
        (id, act)
    }

    /// Creates an invoice.
    pub fn create(&mut self, new: &NewInvoice, burn_height: u64) -> Act {
        let id = self.next_invoice();
        let state = InvoiceState {
            amount_paid: BaseUnits(0),
            amount_refunded: BaseUnits(0),
            status: InvoiceStatus::Open,
            refund_window: new.refund_window,
            first_payment_at: None,
            expires_at: BurnHeight(burn_height + new.payable_blocks),
        };
        let created = InvoiceCreated {
            invoice_id: InvoiceId(id),
            merchant: principal(&new.merchant),
            issuer: principal(&new.merchant),
            token: new.token.clone(),
            amount: BaseUnits(new.amount),
            min_payment: Some(BaseUnits(1)),
            only_payer: new.only_payer.as_deref().map(principal),
            reference: new
                .reference
                .as_ref()
                .map(|reference| Reference::new(reference).unwrap()),
            memo: new.memo.as_ref().map(|memo| Text::new(memo).unwrap()),
            subscription_id: new.subscription_id.map(SubscriptionId),
            burn_height: BurnHeight(burn_height),
            state: state.clone(),
        };
        let invoice = Invoice {
            created: created.clone(),
            state,
            ledgers: BTreeMap::new(),
        };
        self.created = id;
        Arc::make_mut(&mut self.invoices).insert(id, Arc::new(invoice));
        Act::saying(Event::InvoiceCreated(created))
    }

    /// Pays (a part of) an invoice.
    pub fn pay(&mut self, id: u64, payer: &str, amount: u128, burn_height: u64) -> Act {
        let invoice = self.invoice_mut(id);
        let height = BurnHeight(burn_height);
        let ledger = invoice.ledgers.entry(principal(payer)).or_insert((0, 0, height));
        ledger.0 += amount;
        let ledger = *ledger;
        invoice.state.amount_paid.0 += amount;
        invoice.state.first_payment_at.get_or_insert(height);
        invoice.state.status = if invoice.due() == 0 {
            InvoiceStatus::Paid
        } else {
            InvoiceStatus::PartiallyPaid
        };
        let payment = PaymentReceived {
            invoice_id: InvoiceId(id),
            merchant: invoice.created.merchant.clone(),
            payer: principal(payer),
            token: invoice.created.token.clone(),
            amount: BaseUnits(amount),
            payer_paid: BaseUnits(ledger.0),
            payer_refunded: BaseUnits(ledger.1),
            deadline: BurnHeight(ledger.2.get() + invoice.state.refund_window),
            burn_height: height,
            state: invoice.state.clone(),
        };
        let (sender, recipient) = (payer.to_owned(), payment.merchant.to_string());
        Act::moving(Event::PaymentReceived(payment), &sender, &recipient)
    }

    /// Refunds a payer, with a hostile reason.
    pub fn refund(&mut self, id: u64, payer: &str, amount: u128, burn_height: u64) -> Act {
        let reference = format!("refund-{}", self.refunds + 1);
        let reason = "=cmd()|' <script>\0";
        self.refund_with(id, payer, amount, Some(reason), Some(&reference), burn_height)
    }

    /// Refunds a payer.
    pub fn refund_with(
        &mut self,
        id: u64,
        payer: &str,
        amount: u128,
        reason: Option<&str>,
        reference: Option<&str>,
        burn_height: u64,
    ) -> Act {
        self.refunds += 1;
        let refund_id = RefundId(self.refunds);
        let invoice = self.invoice_mut(id);
        let ledger = invoice.ledgers.get_mut(&principal(payer)).unwrap();
        ledger.1 += amount;
        let ledger = *ledger;
        invoice.state.amount_refunded.0 += amount;
        if invoice.state.amount_refunded == invoice.state.amount_paid {
            invoice.state.status = InvoiceStatus::Refunded;
        }
        let refund = RefundProcessed {
            refund_id,
            invoice_id: InvoiceId(id),
            merchant: invoice.created.merchant.clone(),
            issuer: invoice.created.merchant.clone(),
            payer: principal(payer),
            token: invoice.created.token.clone(),
            amount: BaseUnits(amount),
            reason: reason.map(|reason| Text::new(reason).unwrap()),
            reference: reference.map(|reference| Reference::new(reference).unwrap()),
            payer_paid: BaseUnits(ledger.0),
            payer_refunded: BaseUnits(ledger.1),
            deadline: BurnHeight(ledger.2.get() + invoice.state.refund_window),
            burn_height: BurnHeight(burn_height),
            state: invoice.state.clone(),
        };
        let sender = refund.issuer.to_string();
        Act::moving(Event::RefundProcessed(refund), &sender, payer)
    }

    /// Moves the deadlines of an invoice.
    pub fn extend_window(&mut self, id: u64, window: u64, burn_height: u64) -> Act {
        let invoice = self.invoice_mut(id);
        let old_window = std::mem::replace(&mut invoice.state.refund_window, window);
        Act::saying(Event::RefundWindowExtended(RefundWindowExtended {
            invoice_id: InvoiceId(id),
            merchant: invoice.created.merchant.clone(),
            old_window,
            burn_height: BurnHeight(burn_height),
            state: invoice.state.clone(),
        }))
    }

    /// Takes an invoice back.
    pub fn cancel(&mut self, id: u64, burn_height: u64) -> Act {
        let invoice = self.invoice_mut(id);
        invoice.state.status = InvoiceStatus::Cancelled;
        Act::saying(Event::InvoiceCancelled(InvoiceCancelled {
            invoice_id: InvoiceId(id),
            merchant: invoice.created.merchant.clone(),
            burn_height: BurnHeight(burn_height),
            state: invoice.state.clone(),
        }))
    }

    /// Appoints or revokes an operator: an event of no invoice.
    #[must_use]
    pub fn set_operator(merchant: &str, operator: &str, may_refund: bool, burn_height: u64) -> Act {
        Act::saying(Event::OperatorSet(OperatorSet {
            merchant: principal(merchant),
            operator: principal(operator),
            may_refund,
            may_invoice: !may_refund,
            burn_height: BurnHeight(burn_height),
        }))
    }

    /// Id of the newest invoice.
    #[must_use]
    pub const fn last_invoice(&self) -> u64 {
        self.created
    }

    /// Drops an invoice that nothing happens to any more, so that a shop of any age stays small.
    pub fn forget(&mut self, id: u64) {
        Arc::make_mut(&mut self.invoices).remove(&id);
    }

    const fn next_invoice(&self) -> u64 {
        self.created + 1
    }

    fn invoice_mut(&mut self, id: u64) -> &mut Invoice {
        Arc::make_mut(Arc::make_mut(&mut self.invoices).get_mut(&id).unwrap())
    }
}

/// What an invoice is created with.
#[derive(Debug, Clone)]
pub struct NewInvoice {
    /// Who is to be paid.
    pub merchant: String,
    /// In what.
    pub token: Token,
    /// How much, in base units.
    pub amount: u128,
    /// Who alone may pay.
    pub only_payer: Option<String>,
    /// The merchant's own name for it.
    pub reference: Option<String>,
    /// The merchant's text.
    pub memo: Option<String>,
    /// The subscription that it is a payment of.
    pub subscription_id: Option<u128>,
    /// Bitcoin blocks in which it can be paid.
    pub payable_blocks: u64,
    /// Bitcoin blocks after a payer's first payment in which it can be refunded.
    pub refund_window: u64,
}

impl NewInvoice {
    /// Of 1 micro-STX, without any text, for as long as anything in these histories takes.
    #[must_use]
    pub fn of(merchant: &str) -> Self {
        Self {
            merchant: merchant.to_owned(),
            token: Token::Stx,
            amount: 1,
            only_payer: None,
            reference: None,
            memo: None,
            subscription_id: None,
            payable_blocks: 1_000,
            refund_window: 4_320,
        }
    }
}
