//! Encode then decode is the identity, and nothing but an event decodes as one.

use proptest::prelude::*;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::error::{ContractError, Refusal};
use recoup_protocol::events::{
    Event, EventError, InvoiceCancelled, InvoiceCreated, InvoiceState, OperatorSet, PaymentReceived,
    RefundProcessed, RefundWindowExtended,
};
use recoup_protocol::ids::{InvoiceId, RefundId, SubscriptionId};
use recoup_protocol::status::InvoiceStatus;
use recoup_protocol::text::{Reference, Text};
use recoup_protocol::token::Token;
use recoup_stacks::address::{Address, ContractId, ContractName, Principal};
use recoup_stacks::clarity::{ClarityName, Value};
use recoup_stacks::hash::BurnHeight;

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>().prop_map(|hash160| Address::new(26, hash160).unwrap())
}

fn contract() -> impl Strategy<Value = ContractId> {
    (address(), "[a-z]{1,20}")
        .prop_map(|(address, name)| ContractId::new(address, ContractName::new(name).unwrap()))
}

fn principal() -> impl Strategy<Value = Principal> {
    prop_oneof![
        address().prop_map(Principal::from),
        contract().prop_map(Principal::from)
    ]
}

fn token() -> impl Strategy<Value = Token> {
    prop_oneof![
        Just(Token::Stx),
        contract().prop_map(|id| Token::Sip010(id.into()))
    ]
}

fn units() -> impl Strategy<Value = BaseUnits> {
    prop_oneof![Just(0), Just(1), Just(u128::MAX), any::<u128>()].prop_map(BaseUnits)
}

fn height() -> impl Strategy<Value = BurnHeight> {
    any::<u64>().prop_map(BurnHeight)
}

fn reference() -> impl Strategy<Value = Option<Reference>> {
    proptest::option::of("[ -~]{1,64}".prop_map(|text| Reference::new(&text).unwrap()))
}

fn text() -> impl Strategy<Value = Option<Text>> {
    proptest::option::of("(?s).{0,256}".prop_map(|text| Text::new(&text).unwrap()))
}

prop_compose! {
    fn state()(
        amount_paid in units(),
        amount_refunded in units(),
        status in proptest::sample::select(&InvoiceStatus::ALL[..]),
        refund_window: u64,
        first_payment_at in proptest::option::of(height()),
        expires_at in height(),
    ) -> InvoiceState {
        InvoiceState { amount_paid, amount_refunded, status, refund_window, first_payment_at, expires_at }
    }
}

prop_compose! {
    fn created()(
        (invoice_id, subscription_id, burn_height) in (any::<u64>(), any::<Option<u128>>(), height()),
        (merchant, issuer, only_payer) in (principal(), principal(), proptest::option::of(principal())),
        (token, amount, min_payment) in (token(), units(), proptest::option::of(units())),
        (reference, memo, state) in (reference(), text(), state()),
    ) -> InvoiceCreated {
        InvoiceCreated {
            invoice_id: InvoiceId(invoice_id), merchant, issuer, token, amount, min_payment, only_payer,
            reference, memo, subscription_id: subscription_id.map(SubscriptionId), burn_height, state,
        }
    }
}

prop_compose! {
    fn paid()(
        (invoice_id, deadline, burn_height) in (any::<u64>(), height(), height()),
        (merchant, payer, token) in (principal(), principal(), token()),
        (amount, payer_paid, payer_refunded) in (units(), units(), units()),
        state in state(),
    ) -> PaymentReceived {
        PaymentReceived {
            invoice_id: InvoiceId(invoice_id), merchant, payer, token, amount, payer_paid, payer_refunded,
            deadline, burn_height, state,
        }
    }
}

prop_compose! {
    fn refunded()(
        payment in paid(), refund_id: u64, issuer in principal(), reason in text(), reference in reference(),
    ) -> RefundProcessed {
        RefundProcessed {
            refund_id: RefundId(refund_id), invoice_id: payment.invoice_id, merchant: payment.merchant, issuer,
            payer: payment.payer, token: payment.token, amount: payment.amount, reason, reference,
            payer_paid: payment.payer_paid, payer_refunded: payment.payer_refunded,
            deadline: payment.deadline, burn_height: payment.burn_height, state: payment.state,
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        created().prop_map(Event::InvoiceCreated),
        paid().prop_map(Event::PaymentReceived),
        refunded().prop_map(Event::RefundProcessed),
        (any::<u64>(), principal(), height(), state()).prop_map(|(id, merchant, burn_height, state)| {
            let invoice_id = InvoiceId(id);
            Event::InvoiceCancelled(InvoiceCancelled {
                invoice_id,
                merchant,
                burn_height,
                state,
            })
        }),
        (any::<[u64; 2]>(), principal(), height(), state()).prop_map(
            |([id, old_window], merchant, burn_height, state)| {
                let invoice_id = InvoiceId(id);
                let event = RefundWindowExtended {
                    invoice_id,
                    merchant,
                    old_window,
                    burn_height,
                    state,
                };
                Event::RefundWindowExtended(event)
            }
        ),
        (principal(), principal(), any::<[bool; 2]>(), height()).prop_map(
            |(merchant, operator, [may_refund, may_invoice], burn_height)| {
                Event::OperatorSet(OperatorSet {
                    merchant,
                    operator,
                    may_refund,
                    may_invoice,
                    burn_height,
                })
            }
        ),
    ]
}

proptest! {
    #[test]
    fn an_event_reads_back(event in event()) {
        prop_assert_eq!(Event::decode(&event.to_value().encode()), Ok(event));
    }

    #[test]
    fn a_print_of_another_contract_is_nobodys(event in event(), core in contract(), other in contract()) {
        prop_assume!(core != other);
        let raw = event.to_value().encode();
        prop_assert!(Event::from_print(&core, &other, "print", &raw).is_none());
        prop_assert!(Event::from_print(&core, &core, "prunt", &raw).is_none());
        prop_assert_eq!(Event::from_print(&core, &core, "print", &raw), Some(Ok(event)));
    }

    #[test]
    fn a_field_more_less_or_different_is_refused(event in event(), pick: proptest::sample::Index) {
        let Value::Tuple(tuple) = event.to_value() else { unreachable!() };
        let name = tuple.iter().nth(pick.index(tuple.len())).unwrap().0.clone();

        let mut more = tuple.clone();
        more.insert(ClarityName::from_static("extra"), Value::Bool(true));
        prop_assert!(Event::from_value(&Value::Tuple(more)).is_err());

        let less = tuple.clone().into_iter().filter(|(field, _)| *field != name).collect();
        prop_assert!(Event::from_value(&Value::Tuple(less)).is_err());

        let mut other = tuple;
        other.insert(name, Value::Buffer(vec![1]));
        prop_assert!(Event::from_value(&Value::Tuple(other)).is_err());
    }

    #[test]
    fn bytes_never_panic(bytes: Vec<u8>) {
        let _ = Event::decode(&bytes);
    }
}

#[test]
fn an_unknown_name_is_said() {
    let value = Value::from_hex("0x0c00000001056576656e740d00000003666f6f").unwrap();
    assert_eq!(
        Event::from_value(&value),
        Err(EventError::UnknownName("foo".to_owned()))
    );
}

#[test]
fn a_refusal_is_read_from_the_raw_result() {
    assert_eq!(Refusal::from_result(&Value::ok(7_u128)), None);
    let used = Refusal::Contract(ContractError::ReferenceUsed);
    assert_eq!(Refusal::from_result(&Value::err(1006_u128)), Some(used));
    let foreign = Value::err(7_u128);
    assert_eq!(Refusal::from_result(&foreign), Some(Refusal::Unknown(foreign)));
}
