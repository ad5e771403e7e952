//! Byte for byte against `@stacks/transactions`, in both directions.
//!
//! The cases are made by the library while the test runs (`stacks/tests/vectors/generate.ts`). For each, our
//! code makes the same thing from the same inputs, signs it with the same keys, and reads the library's bytes.

use std::process::{Command, Stdio};

use recoup_stacks::address::{Address, Network};
use recoup_stacks::clarity::Value;
use recoup_stacks::hash::Txid;
use recoup_stacks::hex;
use recoup_stacks::keys::SecretKey;
use recoup_stacks::transaction::Transaction;
use serde::Deserialize;

use crate::repository;
use crate::stacks_js_input::{TransactionInput, ValueInput};

/// Random cases on top of the matrix. Another seed finds other cases: `RECOUP_VECTOR_SEED=7 cargo test ..`.
const SEED: &str = "20261121";
const COUNT: &str = "300";

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Case {
    Address {
        secret: String,
        public_key: String,
        mainnet: Address,
        testnet: Address,
    },
    Value {
        value: ValueInput,
        hex: String,
    },
    Transaction {
        input: Box<TransactionInput>,
        unsigned: String,
        signed: String,
        txid: Txid,
    },
}

/// What the generator prints.
fn cases() -> String {
    let tsx = repository().join("node_modules/.bin/tsx");
    assert!(
        tsx.exists(),
        "node_modules is missing: run `npm ci` in the root of the repository first"
    );
    let seed = std::env::var("RECOUP_VECTOR_SEED").unwrap_or_else(|_| SEED.to_owned());
    let output = Command::new(tsx)
        .args(["stacks/tests/vectors/generate.ts", &seed, COUNT])
        .current_dir(repository())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "the generator failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn check_address(secret: &str, public_key: &str, mainnet: Address, testnet: Address) {
    let key = SecretKey::from_hex(secret).unwrap();
    assert_eq!(hex::encode(key.public_key().compressed()), public_key);
    assert_eq!(key.address(Network::Mainnet), mainnet);
    assert_eq!(key.address(Network::Testnet), testnet);
}

fn check_value(input: &ValueInput, hex: &str) {
    let value = input.make();
    assert_eq!(value.to_hex(), format!("0x{hex}"), "{value}");
    assert_eq!(Value::from_hex(hex).unwrap(), value);
}

fn check_transaction(input: &TransactionInput, unsigned: &str, signed: &str, txid: Txid) {
    let mut transaction = input.make_unsigned();
    assert_eq!(hex::encode(&transaction.encode()), unsigned, "unsigned {input:?}");
    input.sign(&mut transaction);
    assert_eq!(hex::encode(&transaction.encode()), signed, "signed {input:?}");
    assert_eq!(transaction.txid(), txid);
    let read = Transaction::from_hex(signed).unwrap();
    assert_eq!(read, transaction, "read back {input:?}");
    assert_eq!(read.verify(), Ok(()), "{input:?}");
}

#[test]
fn the_library_and_we_make_the_same_bytes_of_the_same_inputs() {
    let lines = cases();
    let (mut addresses, mut values, mut transactions) = (0, 0, 0);
    for line in lines.lines() {
        match serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")) {
            Case::Address {
                secret,
                public_key,
                mainnet,
                testnet,
            } => {
                check_address(&secret, &public_key, mainnet, testnet);
                addresses += 1;
            }
            Case::Value { value, hex } => {
                check_value(&value, &hex);
                values += 1;
            }
            Case::Transaction {
                input,
                unsigned,
                signed,
                txid,
            } => {
                check_transaction(&input, &unsigned, &signed, txid);
                transactions += 1;
            }
        }
    }
    assert!(addresses >= 23, "only {addresses} addresses");
    assert!(values >= 320, "only {values} values");
    assert!(transactions >= 4000, "only {transactions} transactions");
}
