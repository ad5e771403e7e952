//! Every event that the contract printed in simnet decodes; what only looks like one does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use recoup_protocol::events::{Event, PRINT_TOPIC};
use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::Value;
use recoup_stacks::hex;
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// `tests/fixtures/simnet-events.json`, written by the contracts' tests.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fixture {
    contract: ContractId,
    events: Vec<Print>,
    look_alikes: Vec<Print>,
    near_misses: Vec<NearMiss>,
}

#[derive(Deserialize)]
pub(crate) struct Print {
    pub(crate) contract: ContractId,
    pub(crate) name: String,
    pub(crate) hex: String,
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, Json>,
}

#[derive(Deserialize)]
struct NearMiss {
    reason: String,
    hex: String,
}

fn fixture() -> Fixture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/simnet-events.json");
    serde_json::from_str(&fs::read_to_string(path).expect("the fixture")).expect("its shape")
}

/// A field as the fixture writes it: numbers as strings, an empty optional as null.
fn plain(value: &Value) -> Json {
    match value {
        Value::UInt(number) => json!(number.to_string()),
        Value::Bool(flag) => json!(flag),
        Value::Principal(principal) => json!(principal.to_string()),
        Value::StringAscii(text) | Value::StringUtf8(text) => json!(text),
        Value::None => Json::Null,
        Value::Some(inner) => plain(inner),
        other => panic!("no event has such a field: {other}"),
    }
}

/// A tuple's fields as the fixture writes them.
pub(crate) fn plain_fields(value: &Value) -> BTreeMap<String, Json> {
    let Value::Tuple(tuple) = value else {
        panic!("no tuple: {value}")
    };
    tuple
        .iter()
        .map(|(name, value)| (name.to_string(), plain(value)))
        .collect()
}

#[test]
fn every_printed_event_decodes_to_what_was_printed() {
    let fixture = fixture();
    let mut seen = BTreeSet::new();
    for print in &fixture.events {
        let raw = hex::decode(&print.hex).unwrap();
        let event = Event::from_print(&fixture.contract, &print.contract, PRINT_TOPIC, &raw);
        let event = event
            .expect("ours")
            .unwrap_or_else(|error| panic!("{}: {error:?}", print.name));
        assert_eq!(event.name(), print.name);
        assert_eq!(event.to_value().to_hex(), print.hex);
        assert_eq!(plain_fields(&event.to_value()), print.fields);
        seen.insert(event.name());
    }
    assert_eq!(
        seen,
        Event::NAMES.iter().copied().collect(),
        "every kind of event is in the fixture"
    );
}

#[test]
fn a_foreign_contracts_look_alike_is_not_ours() {
    let fixture = fixture();
    assert!(!fixture.look_alikes.is_empty());
    for print in &fixture.look_alikes {
        let raw = hex::decode(&print.hex).unwrap();
        assert_ne!(print.contract, fixture.contract);
        assert_eq!(
            Event::from_print(&fixture.contract, &print.contract, PRINT_TOPIC, &raw),
            None,
            "{}",
            print.name
        );
    }
}

#[test]
fn what_is_almost_an_event_is_refused() {
    let fixture = fixture();
    assert!(!fixture.near_misses.is_empty());
    for miss in &fixture.near_misses {
        let raw = hex::decode(&miss.hex).unwrap();
        assert!(Event::decode(&raw).is_err(), "{}", miss.reason);
    }
}
