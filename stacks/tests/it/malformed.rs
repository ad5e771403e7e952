//! Whatever comes in, decoding ends with a value or an error: no panic, no runaway memory. And what was
//! decoded or generated survives the round trip.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use recoup_stacks::address::{Address, AssetId, Principal};
use recoup_stacks::clarity::Value;
use recoup_stacks::hash::Txid;
use recoup_stacks::keys::{PublicKey, Signature};
use recoup_stacks::transaction::Transaction;

use crate::generated::{transaction, value};

/// What decodes must be canonical from then on.
fn check_value(bytes: &[u8]) {
    if let Ok(value) = Value::decode(bytes) {
        let again = value.encode();
        assert_eq!(Value::decode(&again).unwrap(), value);
        let _ = value.to_string();
    }
}

fn check_transaction(bytes: &[u8]) {
    if let Ok(transaction) = Transaction::decode(bytes) {
        let again = transaction.encode();
        assert_eq!(Transaction::decode(&again).unwrap(), transaction);
        // Nonsense has no valid signatures, but looking must not panic.
        let _ = transaction.verify();
    }
}

/// Valid bytes with some of them changed, one left out, or cut short.
fn damaged(bytes: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((any::<Index>(), any::<u8>()), 0..4);
    (
        Just(bytes),
        changes,
        any::<Option<Index>>(),
        any::<Option<Index>>(),
    )
        .prop_map(|(mut bytes, changes, left_out, cut)| {
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if let Some(place) = left_out {
                bytes.remove(place.index(bytes.len()));
            }
            if let Some(length) = cut.filter(|_| !bytes.is_empty()) {
                bytes.truncate(length.index(bytes.len()));
            }
            bytes
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_survive_the_round_trip(value in value()) {
        prop_assert_eq!(Value::decode(&value.encode()), Ok(value.clone()));
        prop_assert_eq!(Value::from_hex(&value.to_hex()), Ok(value));
    }

    #[test]
    fn transactions_survive_the_round_trip(transaction in transaction()) {
        let bytes = transaction.encode();
        prop_assert_eq!(Transaction::decode(&bytes), Ok(transaction));
    }

    #[test]
    fn every_cut_of_a_value_is_refused(value in value(), cut in any::<Index>()) {
        let bytes = value.encode();
        prop_assert!(Value::decode(&bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn every_cut_of_a_transaction_is_refused(transaction in transaction(), cut in any::<Index>()) {
        let bytes = transaction.encode();
        prop_assert!(Transaction::decode(&bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn bytes_behind_the_end_are_refused(value in value(), transaction in transaction(), more in vec(any::<u8>(), 1..9)) {
        prop_assert!(Value::decode(&[value.encode(), more.clone()].concat()).is_err());
        prop_assert!(Transaction::decode(&[transaction.encode(), more].concat()).is_err());
    }

    #[test]
    fn damaged_values_do_not_panic(bytes in value().prop_flat_map(|value| damaged(value.encode()))) {
        check_value(&bytes);
    }

    #[test]
    fn damaged_transactions_do_not_panic(bytes in transaction().prop_flat_map(|one| damaged(one.encode()))) {
        check_transaction(&bytes);
    }

    #[test]
    fn random_bytes_do_not_panic(bytes in vec(any::<u8>(), 0..300)) {
        check_value(&bytes);
        check_transaction(&bytes);
        // As far as the version byte, to get deeper.
        check_transaction(&[&[0x80, 0x80, 0, 0, 0, 0x04, 0x00][..], &bytes].concat());
        let _ = PublicKey::from_bytes(&bytes);
    }

    #[test]
    fn random_text_does_not_panic(text in any::<String>(), like_an_address in "S[A-Z0-9]{0,45}(\\.[a-z:-]{0,9})?") {
        for text in [text, like_an_address] {
            let _ = (Value::from_hex(&text), Transaction::from_hex(&text), text.parse::<Txid>());
            let _ = (text.parse::<Address>(), text.parse::<Principal>(), text.parse::<AssetId>());
        }
    }

    #[test]
    fn random_signatures_do_not_panic(bytes in vec(any::<u8>(), 65), digest in any::<[u8; 32]>()) {
        let _ = Signature::from_bytes(bytes.try_into().unwrap()).recover(&digest);
    }
}
