//! The registry of errors and the limits agree with the contract's source.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use recoup_protocol::error::ContractError;
use recoup_protocol::limits;

fn source() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/recoup-core.clar");
    fs::read_to_string(path).expect("the contract's source")
}

/// `(define-constant NAME VALUE)` lines: name to value.
fn constants() -> BTreeMap<String, String> {
    source()
        .lines()
        .filter_map(|line| line.trim().strip_prefix("(define-constant ")?.split_once(' '))
        .map(|(name, rest)| {
            let value = rest.split(";;").next().unwrap().trim();
            (name.to_owned(), value.strip_suffix(')').unwrap().to_owned())
        })
        .collect()
}

#[test]
fn every_error_has_the_contracts_name_and_number() {
    let in_contract: BTreeMap<_, _> = constants()
        .into_iter()
        .filter(|(name, _)| name.starts_with("ERR_"))
        .collect();
    let in_registry: BTreeMap<_, _> = ContractError::ALL
        .iter()
        .map(|error| (error.name().to_owned(), format!("(err u{})", error.code())))
        .collect();
    assert_eq!(in_registry, in_contract);
}

#[test]
fn every_error_says_when_and_what_to_do() {
    for error in ContractError::ALL {
        assert_eq!(ContractError::from_code(error.code()), Some(*error));
        assert!(error.meaning().starts_with(char::is_lowercase), "{error:?}");
        assert!(
            !error.hint().is_empty() && !error.hint().ends_with('.'),
            "{error:?}"
        );
    }
    assert_eq!(ContractError::from_code(0), None);
}

#[test]
fn limits_are_the_contracts() {
    let constants = constants();
    for (name, ours) in [
        ("DEFAULT_WINDOW", limits::DEFAULT_REFUND_WINDOW),
        ("MIN_WINDOW", limits::MIN_REFUND_WINDOW),
        ("MIN_INSTALMENT_WINDOW", limits::MIN_INSTALMENT_WINDOW),
        ("MAX_WINDOW", limits::MAX_REFUND_WINDOW),
        ("MAX_EXPIRES_IN", limits::MAX_EXPIRES_IN),
    ] {
        assert_eq!(constants.get(name), Some(&format!("u{ours}")), "{name}");
    }
    let source = source();
    for text in [
        format!("(list {} {{", limits::MAX_BATCH),
        format!("(string-ascii {})", limits::MAX_REFERENCE_LENGTH),
        format!("(string-utf8 {})", limits::MAX_TEXT_LENGTH),
    ] {
        assert!(source.contains(&text), "{text}");
    }
}
