//! The registry of errors and the limits agree with the contracts' sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use recoup_protocol::contracts::Contract;
use recoup_protocol::error::ContractError;
use recoup_protocol::limits;

fn source(contract: Contract) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../contracts/{contract}.clar"));
    fs::read_to_string(path).expect("the contract's source")
}

/// `(define-constant NAME VALUE)` lines: name to value.
fn constants(contract: Contract) -> BTreeMap<String, String> {
    source(contract)
        .lines()
        .filter_map(|line| line.trim().strip_prefix("(define-constant ")?.split_once(' '))
        .map(|(name, rest)| {
            let value = rest.split(";;").next().unwrap().trim();
            (name.to_owned(), value.strip_suffix(')').unwrap().to_owned())
        })
        .collect()
}

#[test]
fn every_error_has_its_contracts_name_and_number() {
    for contract in Contract::ALL {
        // A contract may pass on another's error: that one has to be the other's, name and all.
        let (own, foreign): (BTreeMap<_, _>, BTreeMap<_, _>) = constants(contract)
            .into_iter()
            .filter(|(name, _)| name.starts_with("ERR_"))
            .partition(|(_, value)| error_of(value).is_none_or(|error| error.contract() == contract));
        let in_registry: BTreeMap<_, _> = ContractError::ALL
            .iter()
            .filter(|error| error.contract() == contract)
            .map(|error| (error.name().to_owned(), format!("(err u{})", error.code())))
            .collect();
        assert_eq!(in_registry, own, "{contract}");
        for (name, value) in foreign {
            assert_eq!(
                error_of(&value).map(ContractError::name),
                Some(name.as_str()),
                "{contract}"
            );
        }
    }
}

/// The registry's error of `(err uN)`.
fn error_of(value: &str) -> Option<ContractError> {
    let code = value.strip_prefix("(err u")?.strip_suffix(')')?;
    ContractError::from_code(code.parse().ok()?)
}

#[test]
fn errors_stand_in_the_order_of_their_numbers() {
    assert!(ContractError::ALL.is_sorted_by(|one, next| one.code() < next.code()));
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
    let constants = constants(Contract::Core);
    for (name, ours) in [
        ("DEFAULT_WINDOW", limits::DEFAULT_REFUND_WINDOW),
        ("MIN_WINDOW", limits::MIN_REFUND_WINDOW),
        ("MIN_INSTALMENT_WINDOW", limits::MIN_INSTALMENT_WINDOW),
        ("MAX_WINDOW", limits::MAX_REFUND_WINDOW),
        ("MAX_EXPIRES_IN", limits::MAX_EXPIRES_IN),
    ] {
        assert_eq!(constants.get(name), Some(&format!("u{ours}")), "{name}");
    }
    for (contract, name, ours) in [
        (Contract::Subscriptions, "MAX_INTERVAL", limits::MAX_INTERVAL),
        (
            Contract::Subscriptions,
            "DEFAULT_WINDOW",
            limits::DEFAULT_REFUND_WINDOW,
        ),
        (Contract::Subscriptions, "MIN_WINDOW", limits::MIN_REFUND_WINDOW),
        (Contract::Subscriptions, "MAX_WINDOW", limits::MAX_REFUND_WINDOW),
        (Contract::Reserve, "MAX_PERIOD", limits::MAX_PERIOD),
        (Contract::Reserve, "MAX_EXPIRES_IN", limits::MAX_DELEGATION),
    ] {
        let constants = self::constants(contract);
        assert_eq!(
            constants.get(name),
            Some(&format!("u{ours}")),
            "{contract} {name}"
        );
    }
    let source = source(Contract::Core);
    for text in [
        format!("(list {} {{", limits::MAX_BATCH),
        format!("(string-ascii {})", limits::MAX_REFERENCE_LENGTH),
        format!("(string-utf8 {})", limits::MAX_TEXT_LENGTH),
    ] {
        assert!(source.contains(&text), "{text}");
    }
}
