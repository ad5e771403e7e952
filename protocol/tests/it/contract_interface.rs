//! Calls, reads and maps have the names and types of the contracts' frozen interfaces
//! (`tests/fixtures/<contract>-interface.json`, written by the contracts' tests).

use std::fs;
use std::path::Path;

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{
    Call, ContractCall as _, CreateInvoice, CreatePlan, Delegation, PaidIn, Payment, PeriodPayment,
    RefundOrder, ReserveCall, SubscriptionsCall,
};
use recoup_protocol::contracts::Contract;
use recoup_protocol::ids::{InvoiceId, PlanId, RefundId, SubscriptionId};
use recoup_protocol::maps::{
    BalanceKey, DelegateKey, InvoiceKey, InvoiceReferenceKey, LedgerKey, MapKey, NoteKey, OperatorKey,
    PlanKey, RefundKey, RefundReferenceKey, SubscriptionKey,
};
use recoup_protocol::reads::{
    GetCoverage, GetDeadline, GetDelegate, GetInvoice, GetInvoiceByReference, GetLastIds,
    GetLastSubscriptionIds, GetLedger, GetNote, GetOperator, GetPayerAt, GetPlan, GetRefund,
    GetRefundByReference, GetRefundQuote, GetRefundable, GetSubscription, ReadOnly,
};
use recoup_protocol::text::{Reference, Text};
use recoup_protocol::token::Token;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::clarity::{ClarityName, Tuple, Value};
use serde_json::Value as Json;

fn interface(contract: Contract) -> Json {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    let path = fixtures.join(format!("{contract}-interface.json"));
    serde_json::from_str(&fs::read_to_string(path).expect("the fixture")).expect("its shape")
}

fn named<'a>(list: &'a Json, name: &str) -> &'a Json {
    let mut items = list.as_array().unwrap().iter();
    items
        .find(|item| item["name"] == name)
        .unwrap_or_else(|| panic!("the contract has no `{name}`"))
}

/// Whether a value is of a type, in the interface's notation.
fn fits(value: &Value, kind: &Json) -> bool {
    let longest = |text: &str, kind: &Json| text.chars().count() <= usize_of(&kind["length"]);
    match value {
        Value::UInt(_) => kind == "uint128",
        Value::Bool(_) => kind == "bool",
        Value::Principal(principal) => {
            kind == "principal" || (kind == "trait_reference" && principal.is_contract())
        }
        Value::StringAscii(text) => kind.get("string-ascii").is_some_and(|kind| longest(text, kind)),
        Value::StringUtf8(text) => kind.get("string-utf8").is_some_and(|kind| longest(text, kind)),
        Value::None => kind.get("optional").is_some(),
        Value::Some(inner) => kind.get("optional").is_some_and(|kind| fits(inner, kind)),
        Value::List(items) => kind.get("list").is_some_and(|kind| {
            items.len() <= usize_of(&kind["length"]) && items.iter().all(|item| fits(item, &kind["type"]))
        }),
        Value::Tuple(tuple) => kind.get("tuple").is_some_and(|fields| {
            let fits_field =
                |(name, value): (&ClarityName, &Value)| fits(value, &named(fields, name.as_str())["type"]);
            fields.as_array().unwrap().len() == tuple.len() && tuple.iter().all(fits_field)
        }),
        _ => false,
    }
}

fn usize_of(number: &Json) -> usize {
    number.as_u64().unwrap().try_into().unwrap()
}

/// Some value of a type: empty, or with something in every optional and list.
fn sample(kind: &Json, filled: bool) -> Value {
    match kind.as_str() {
        Some("uint128") => return Value::UInt(1),
        Some("bool") => return Value::Bool(true),
        Some("principal" | "trait_reference") => return Value::Principal(payer()),
        Some(other) => panic!("unknown type {other}"),
        None => {}
    }
    let (form, inner) = kind.as_object().unwrap().iter().next().unwrap();
    match form.as_str() {
        "optional" if filled => Value::some(sample(inner, filled)),
        "optional" => Value::None,
        "string-ascii" => Value::StringAscii("r".to_owned()),
        "string-utf8" => Value::StringUtf8("ü".to_owned()),
        "tuple" => {
            let field = |field: &Json| {
                let name = ClarityName::new(field["name"].as_str().unwrap()).unwrap();
                (name, sample(&field["type"], filled))
            };
            Value::Tuple(Tuple::new(inner.as_array().unwrap().iter().map(field)))
        }
        other => panic!("unknown form {other}"),
    }
}

fn check_function(contract: Contract, function: &ClarityName, arguments: &[Value], access: &str) -> Json {
    let interface = interface(contract);
    let declared = named(&interface["functions"], function.as_str());
    assert_eq!(declared["access"], access, "{function}");
    let parameters = declared["args"].as_array().unwrap();
    assert_eq!(arguments.len(), parameters.len(), "arguments of {function}");
    for (argument, parameter) in arguments.iter().zip(parameters) {
        assert!(
            fits(argument, &parameter["type"]),
            "{function}: {argument} for {parameter}"
        );
    }
    declared["outputs"]["type"].clone()
}

fn payer() -> Principal {
    "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG".parse().unwrap()
}

fn token() -> ContractId {
    "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.mock-sbtc"
        .parse()
        .unwrap()
}

fn order() -> RefundOrder {
    RefundOrder {
        invoice_id: InvoiceId(1),
        payer: payer(),
        amount: BaseUnits(1),
        expected_refunded: BaseUnits(0),
        reference: Some(Reference::new(&"r".repeat(64)).unwrap()),
        reason: Some(Text::new(&"ü".repeat(256)).unwrap()),
    }
}

#[test]
fn every_call_fits() {
    let mut calls = vec![
        Call::CreateInvoice(CreateInvoice {
            amount: BaseUnits(1),
            token: Token::Sip010(token().into()),
            expires_in: 1,
            refund_window: Some(144),
            min_payment: Some(BaseUnits(1)),
            only_payer: Some(payer()),
            reference: order().reference,
            memo: order().reason,
        }),
        Call::CancelInvoice {
            invoice_id: InvoiceId(1),
        },
        Call::ExtendRefundWindow {
            invoice_id: InvoiceId(1),
            new_window: 145,
        },
        Call::SetOperator {
            operator: payer(),
            may_refund: true,
            may_invoice: false,
        },
    ];
    for token in [None, Some(token())] {
        let payment = Payment {
            invoice_id: InvoiceId(1),
            merchant: payer(),
            amount: BaseUnits(1),
            token: token.clone(),
        };
        calls.push(Call::Pay(payment));
        calls.push(Call::Refund(PaidIn {
            order: order(),
            token: token.clone(),
        }));
        calls.push(Call::RefundMany(PaidIn {
            order: vec![order(); 200],
            token,
        }));
    }
    for call in calls {
        check_function(Contract::Core, &call.function(), &call.arguments(), "public");
    }
}

#[test]
fn every_call_of_subscriptions_fits() {
    let subscription_id = SubscriptionId(1);
    let mut calls = vec![
        SubscriptionsCall::CreatePlan(CreatePlan {
            token: Token::Sip010(token().into()),
            amount: BaseUnits(1),
            interval: 1,
            refund_window: Some(144),
        }),
        SubscriptionsCall::ClosePlan { plan_id: PlanId(1) },
        SubscriptionsCall::Cancel { subscription_id },
    ];
    for token in [None, Some(token())] {
        let payment = PeriodPayment {
            merchant: payer(),
            amount: BaseUnits(1),
            token,
        };
        calls.push(SubscriptionsCall::Subscribe {
            plan_id: PlanId(1),
            payment: payment.clone(),
        });
        calls.push(SubscriptionsCall::Pay {
            subscription_id,
            payment,
        });
    }
    for call in calls {
        check_function(
            Contract::Subscriptions,
            &call.function(),
            &call.arguments(),
            "public",
        );
    }
}

#[test]
fn every_call_of_the_reserve_fits() {
    let mut calls = vec![
        ReserveCall::SetDelegate(Delegation {
            delegate: payer(),
            token: Token::Stx,
            per_refund: BaseUnits(1),
            per_period: BaseUnits(2),
            period: 3,
            expires_in: 4,
        }),
        ReserveCall::RevokeDelegate {
            delegate: payer(),
            token: Token::Sip010(token().into()),
        },
    ];
    for token in [None, Some(token())] {
        let funds = PaidIn {
            order: BaseUnits(1),
            token: token.clone(),
        };
        calls.push(ReserveCall::Deposit(funds.clone()));
        calls.push(ReserveCall::Withdraw(funds));
        calls.push(ReserveCall::Refund(PaidIn {
            order: order(),
            token,
        }));
    }
    for call in calls {
        check_function(Contract::Reserve, &call.function(), &call.arguments(), "public");
    }
}

/// Arguments of one meaning and type could change places unseen by the interface.
#[test]
fn arguments_stand_in_the_order_of_the_contracts_parameters() {
    let delegation = ReserveCall::SetDelegate(Delegation {
        delegate: payer(),
        token: Token::Stx,
        per_refund: BaseUnits(1),
        per_period: BaseUnits(2),
        period: 3,
        expires_in: 4,
    });
    let refund = ReserveCall::Refund(PaidIn {
        order: RefundOrder {
            amount: BaseUnits(2),
            expected_refunded: BaseUnits(3),
            ..order()
        },
        token: None,
    });
    let plan = SubscriptionsCall::CreatePlan(CreatePlan {
        token: Token::Stx,
        amount: BaseUnits(1),
        interval: 2,
        refund_window: Some(3),
    });
    let uint = |number: u128| Value::UInt(number);
    let given = |contract, function: &ClarityName, arguments: Vec<Value>| {
        let interface = interface(contract);
        let parameters = named(&interface["functions"], function.as_str())["args"].clone();
        let names = parameters.as_array().unwrap().clone().into_iter();
        let names = names.map(|parameter| parameter["name"].as_str().unwrap().to_owned());
        names.zip(arguments).collect::<std::collections::BTreeMap<_, _>>()
    };
    let delegation = given(Contract::Reserve, &delegation.function(), delegation.arguments());
    for (name, number) in [
        ("per-refund", 1),
        ("per-period", 2),
        ("period", 3),
        ("expires-in", 4),
    ] {
        assert_eq!(delegation[name], uint(number), "{name}");
    }
    let refund = given(Contract::Reserve, &refund.function(), refund.arguments());
    for (name, number) in [("invoice-id", 1), ("amount", 2), ("expected-refunded", 3)] {
        assert_eq!(refund[name], uint(number), "{name}");
    }
    let plan = given(Contract::Subscriptions, &plan.function(), plan.arguments());
    assert_eq!((&plan["amount"], &plan["interval"]), (&uint(1), &uint(2)));
    assert_eq!(plan["refund-window"], Value::some(uint(3)));
}

/// A function's arguments fit, and whatever the type of its answer allows is read.
fn check_read<R: ReadOnly>(contract: Contract, read: &R) {
    let answer = check_function(contract, &R::FUNCTION, &read.arguments(), "read_only");
    for filled in [false, true] {
        // A status is a number with meaning: `sample` gives the 1 of a partially paid invoice.
        if let Err(error) = read.decode(&sample(&answer, filled)) {
            panic!("answer of {}: {error:?}", R::FUNCTION);
        }
    }
}

#[test]
fn every_read_fits_and_reads_its_answer() {
    fn check(read: &impl ReadOnly) {
        check_read(Contract::Core, read);
    }
    let (invoice_id, reference) = (InvoiceId(1), Reference::new("r").unwrap());
    check(&GetInvoice { invoice_id });
    check(&GetNote { invoice_id });
    check(&GetLedger {
        invoice_id,
        payer: payer(),
    });
    check(&GetRefund {
        refund_id: RefundId(1),
    });
    check(&GetInvoiceByReference {
        merchant: payer(),
        reference: reference.clone(),
    });
    check(&GetRefundByReference {
        merchant: payer(),
        reference: reference.clone(),
    });
    check(&GetRefundQuote {
        invoice_id,
        payer: payer(),
        reference: Some(reference),
    });
    check(&GetPayerAt { invoice_id, index: 0 });
    check(&GetOperator {
        merchant: payer(),
        operator: payer(),
    });
    check(&GetDeadline {
        invoice_id,
        payer: payer(),
    });
    check(&GetRefundable {
        invoice_id,
        payer: payer(),
    });
    check(&GetLastIds {});
}

#[test]
fn every_read_of_subscriptions_and_reserve_fits_and_reads_its_answer() {
    let (merchant, delegate, token) = (payer(), payer(), Token::Stx);
    check_read(Contract::Subscriptions, &GetPlan { plan_id: PlanId(1) });
    let subscription_id = SubscriptionId(1);
    check_read(Contract::Subscriptions, &GetSubscription { subscription_id });
    check_read(Contract::Subscriptions, &GetLastSubscriptionIds {});
    let coverage = GetCoverage {
        merchant: merchant.clone(),
        token: token.clone(),
    };
    check_read(Contract::Reserve, &coverage);
    let question = GetDelegate {
        merchant,
        delegate,
        token,
    };
    check_read(Contract::Reserve, &question);
}

/// A map's key fits, and its entry is read.
fn check_map<K: MapKey>(contract: Contract, key: &K) {
    let interface = interface(contract);
    let map = named(&interface["maps"], K::MAP.as_str());
    assert!(fits(&key.key(), &map["key"]), "key of {}", K::MAP);
    for filled in [false, true] {
        match key.decode(&Value::some(sample(&map["value"], filled))) {
            Ok(entry) => assert!(entry.is_some()),
            Err(error) => panic!("entry of {}: {error:?}", K::MAP),
        }
    }
}

#[test]
fn every_map_fits_and_reads_its_entry() {
    let invoice_id = InvoiceId(1);
    check_map(Contract::Core, &InvoiceKey(invoice_id));
    check_map(Contract::Core, &NoteKey(invoice_id));
    check_map(
        Contract::Core,
        &LedgerKey {
            invoice_id,
            payer: payer(),
        },
    );
    check_map(Contract::Core, &RefundKey(RefundId(1)));
    check_map(
        Contract::Core,
        &InvoiceReferenceKey {
            merchant: payer(),
            reference: Reference::new("i").unwrap(),
        },
    );
    check_map(
        Contract::Core,
        &RefundReferenceKey {
            merchant: payer(),
            reference: Reference::new("r").unwrap(),
        },
    );
    check_map(
        Contract::Core,
        &OperatorKey {
            merchant: payer(),
            operator: payer(),
        },
    );
    let (merchant, delegate) = (payer(), payer());
    let token = Token::Sip010(token().into());
    check_map(Contract::Subscriptions, &PlanKey(PlanId(1)));
    check_map(Contract::Subscriptions, &SubscriptionKey(SubscriptionId(1)));
    let key = BalanceKey {
        merchant: merchant.clone(),
        token: token.clone(),
    };
    check_map(Contract::Reserve, &key);
    let key = DelegateKey {
        merchant,
        delegate,
        token,
    };
    check_map(Contract::Reserve, &key);
}
