use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::status::InvoiceStatus;

use super::*;

const MERCHANT: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
const PAYER: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";

/// A change of one field, and what is said of it.
type Change<T> = (fn(&mut T), &'static str);

fn state(paid: u128, refunded: u128) -> InvoiceState {
    InvoiceState {
        amount_paid: BaseUnits(paid),
        amount_refunded: BaseUnits(refunded),
        status: InvoiceStatus::Paid,
        refund_window: 1000,
        first_payment_at: Some(BurnHeight(10)),
        expires_at: BurnHeight(500),
    }
}

fn account() -> Account {
    Account {
        merchant: MERCHANT.parse().unwrap(),
        token: Token::Stx,
        state: state(100, 0),
    }
}

fn ledger() -> Ledger {
    Ledger {
        paid: BaseUnits(60),
        refunded: BaseUnits::ZERO,
        first_paid_at: BurnHeight(20),
    }
}

/// A refund of 25 out of the 60 that the payer paid.
fn refund() -> RefundProcessed {
    RefundProcessed {
        refund_id: RefundId(1),
        invoice_id: InvoiceId(1),
        merchant: MERCHANT.parse().unwrap(),
        issuer: MERCHANT.parse().unwrap(),
        payer: PAYER.parse().unwrap(),
        token: Token::Stx,
        amount: BaseUnits(25),
        reason: None,
        reference: None,
        payer_paid: BaseUnits(60),
        payer_refunded: BaseUnits(25),
        deadline: BurnHeight(1020),
        burn_height: BurnHeight(1019),
        state: state(100, 25),
    }
}

/// A second payment of 40 by the payer that paid 60.
fn payment() -> PaymentReceived {
    PaymentReceived {
        invoice_id: InvoiceId(1),
        merchant: MERCHANT.parse().unwrap(),
        payer: PAYER.parse().unwrap(),
        token: Token::Stx,
        amount: BaseUnits(40),
        payer_paid: BaseUnits(100),
        payer_refunded: BaseUnits::ZERO,
        deadline: BurnHeight(1020),
        burn_height: BurnHeight(30),
        state: state(140, 0),
    }
}

#[test]
fn a_refund_that_adds_up_is_proven() {
    assert_eq!(
        refund_disagreement(&refund(), Some(&account()), Some(&ledger())),
        None
    );
}

#[test]
fn each_field_of_a_refund_is_compared() {
    let changes: [Change<RefundProcessed>; 9] = [
        (
            |refund| refund.merchant = PAYER.parse().unwrap(),
            "merchant is not the invoice's",
        ),
        (
            |refund| refund.token = Token::Sip010(PAYER.parse().unwrap()),
            "token is not the invoice's",
        ),
        (
            |refund| refund.amount.0 += 1,
            "payer-refunded is not the sum of refunds",
        ),
        (
            |refund| refund.payer_refunded.0 -= 1,
            "payer-refunded is not the sum of refunds",
        ),
        (
            |refund| refund.payer_paid.0 += 1,
            "payer-paid changed in a refund",
        ),
        (
            |refund| refund.state.amount_refunded.0 += 1,
            "amount-refunded is not the sum of refunds",
        ),
        (
            |refund| refund.state.amount_paid.0 += 1,
            "amount-paid changed in a refund",
        ),
        (
            |refund| refund.deadline.0 += 1,
            "deadline is not first payment + refund window",
        ),
        (
            |refund| refund.burn_height.0 += 1,
            "the refund is past its deadline",
        ),
    ];
    for (change, expected) in changes {
        let mut changed = refund();
        change(&mut changed);
        assert_eq!(
            refund_disagreement(&changed, Some(&account()), Some(&ledger())),
            Some(expected)
        );
    }
}

#[test]
fn nobody_is_refunded_more_than_it_paid() {
    let mut whole = refund();
    whole.amount = BaseUnits(61);
    whole.payer_refunded = BaseUnits(61);
    whole.state.amount_refunded = BaseUnits(61);
    let disagreement = refund_disagreement(&whole, Some(&account()), Some(&ledger()));
    assert_eq!(disagreement, Some("the payer was refunded more than it paid"));
}

#[test]
fn what_has_no_past_is_not_proven() {
    assert!(refund_disagreement(&refund(), None, Some(&ledger())).is_some());
    assert!(refund_disagreement(&refund(), Some(&account()), None).is_some());
    assert!(payment_disagreement(&payment(), None, None).is_some());
}

#[test]
fn each_field_of_a_payment_is_compared() {
    assert_eq!(
        payment_disagreement(&payment(), Some(&account()), Some(&ledger())),
        None
    );
    let changes: [Change<PaymentReceived>; 6] = [
        (
            |payment| payment.amount.0 += 1,
            "payer-paid is not the sum of payments",
        ),
        (
            |payment| payment.payer_paid.0 += 1,
            "payer-paid is not the sum of payments",
        ),
        (
            |payment| payment.payer_refunded.0 += 1,
            "payer-refunded changed in a payment",
        ),
        (
            |payment| payment.state.amount_paid.0 += 1,
            "amount-paid is not the sum of payments",
        ),
        (
            |payment| payment.state.amount_refunded.0 += 1,
            "amount-refunded changed in a payment",
        ),
        (
            |payment| payment.deadline.0 -= 1,
            "deadline is not first payment + refund window",
        ),
    ];
    for (change, expected) in changes {
        let mut changed = payment();
        change(&mut changed);
        assert_eq!(
            payment_disagreement(&changed, Some(&account()), Some(&ledger())),
            Some(expected)
        );
    }
}

#[test]
fn a_first_payment_starts_the_payers_own_window() {
    let mut first = payment();
    first.payer_paid = BaseUnits(40);
    first.deadline = BurnHeight(1030);
    assert_eq!(payment_disagreement(&first, Some(&account()), None), None);
    first.deadline = BurnHeight(1010);
    assert!(
        payment_disagreement(&first, Some(&account()), None).is_some(),
        "not from the invoice's first payment"
    );
}

#[test]
fn sums_beyond_u128_agree_with_nothing() {
    let mut huge = ledger();
    huge.refunded = BaseUnits(u128::MAX);
    let disagreement = refund_disagreement(&refund(), Some(&account()), Some(&huge));
    assert_eq!(disagreement, Some("payer-refunded is not the sum of refunds"));
}

#[test]
fn the_ledger_after_an_event_dates_from_the_first_payment() {
    let event = Event::RefundProcessed(refund());
    let (payer, after) = Ledger::after(&event).unwrap();
    assert_eq!(payer.to_string(), PAYER);
    assert_eq!(
        after,
        Ledger {
            paid: BaseUnits(60),
            refunded: BaseUnits(25),
            first_paid_at: BurnHeight(20)
        }
    );
}
