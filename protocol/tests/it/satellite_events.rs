//! Every event that subscriptions and reserve printed in simnet decodes, and nothing that is almost one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use recoup_protocol::contracts::Contract;
use recoup_protocol::events::{Event, EventError, ReserveEvent, SubscriptionsEvent};
use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::{ClarityName, Value};
use recoup_stacks::hex;
use serde::Deserialize;

use crate::simnet_events::{Print, plain_fields};

/// `tests/fixtures/simnet-satellite-events.json`, written by the contracts' tests.
#[derive(Deserialize)]
struct Fixture {
    core: ContractId,
    subscriptions: ContractId,
    reserve: ContractId,
    events: Vec<Print>,
}

fn fixture() -> Fixture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/simnet-satellite-events.json");
    serde_json::from_str(&fs::read_to_string(path).expect("the fixture")).expect("its shape")
}

/// Name and value of a print, read as its own contract's.
fn read(fixture: &Fixture, contract: &ContractId, raw: &[u8]) -> Result<(&'static str, Value), EventError> {
    if *contract == fixture.core {
        Event::decode(raw).map(|event| (event.name(), event.to_value()))
    } else if *contract == fixture.subscriptions {
        SubscriptionsEvent::decode(raw).map(|event| (event.name(), event.to_value()))
    } else {
        assert_eq!(*contract, fixture.reserve);
        ReserveEvent::decode(raw).map(|event| (event.name(), event.to_value()))
    }
}

#[test]
fn contracts_stand_beside_each_other() {
    let fixture = fixture();
    assert_eq!(Contract::Core.beside(&fixture.reserve), fixture.core);
    assert_eq!(
        Contract::Subscriptions.beside(&fixture.core),
        fixture.subscriptions
    );
    assert_eq!(Contract::Reserve.beside(&fixture.core), fixture.reserve);
}

#[test]
fn every_printed_event_decodes_to_what_was_printed() {
    let fixture = fixture();
    let mut seen = BTreeSet::new();
    for print in &fixture.events {
        let raw = hex::decode(&print.hex).unwrap();
        let (name, value) =
            read(&fixture, &print.contract, &raw).unwrap_or_else(|error| panic!("{}: {error:?}", print.name));
        assert_eq!(name, print.name);
        assert_eq!(value.to_hex(), print.hex);
        assert_eq!(plain_fields(&value), print.fields);
        seen.insert(name);
    }
    for name in SubscriptionsEvent::NAMES.iter().chain(ReserveEvent::NAMES) {
        assert!(seen.contains(name), "{name} is not in the fixture");
    }
}

#[test]
fn what_an_event_is_about_is_read_from_its_fields() {
    let fixture = fixture();
    for print in &fixture.events {
        let raw = hex::decode(&print.hex).unwrap();
        let field = |name: &str| print.fields[name].as_str().map(str::to_owned);
        if print.contract == fixture.subscriptions {
            let event = SubscriptionsEvent::decode(&raw).unwrap();
            let id = event
                .subscription()
                .map(|state| state.subscription_id.to_string());
            assert_eq!(id.is_some(), print.fields.contains_key("subscription-id"));
            assert!(id.is_none() || id == field("subscription-id"));
        } else if print.contract == fixture.reserve {
            let event = ReserveEvent::decode(&raw).unwrap();
            let (merchant, token) = event.reserve();
            assert_eq!(Some(merchant.to_string()), field("merchant"));
            assert_eq!(token.contract().map(ToString::to_string), field("token"));
            let delegate = print
                .fields
                .get("delegate")
                .map(|name| name.as_str().unwrap().to_owned());
            assert_eq!(event.delegate().map(ToString::to_string), delegate);
            assert_eq!(event.balance().is_some(), print.fields.contains_key("balance"));
        }
    }
}

proptest! {
    #[test]
    fn a_field_more_less_or_different_is_refused(
        print: proptest::sample::Index,
        field: proptest::sample::Index,
    ) {
        let fixture = fixture();
        let print = print.get(&fixture.events);
        let Value::Tuple(tuple) = Value::from_hex(&print.hex).unwrap() else { unreachable!() };
        let name = tuple.iter().nth(field.index(tuple.len())).unwrap().0.clone();
        let refused = |value: Value| read(&fixture, &print.contract, &value.encode()).is_err();

        let mut more = tuple.clone();
        more.insert(ClarityName::from_static("extra"), Value::Bool(true));
        prop_assert!(refused(Value::Tuple(more)));
        let less = tuple.clone().into_iter().filter(|(field, _)| *field != name).collect();
        prop_assert!(refused(Value::Tuple(less)));
        let mut other = tuple;
        other.insert(name, Value::Buffer(vec![1]));
        prop_assert!(refused(Value::Tuple(other)));
    }

    #[test]
    fn bytes_never_panic(bytes: Vec<u8>) {
        let _ = SubscriptionsEvent::decode(&bytes);
        let _ = ReserveEvent::decode(&bytes);
    }
}
