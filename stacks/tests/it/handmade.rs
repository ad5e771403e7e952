//! Bytes that `@stacks/transactions` cannot make, put together by hand after SIP-005, and refusals.

use recoup_stacks::address::{AddressError, ContractId, ContractName, Network};
use recoup_stacks::clarity::{ClarityName, Tuple, Value};
use recoup_stacks::hex;
use recoup_stacks::keys::{PublicKey, SecretKey};
use recoup_stacks::transaction::{
    AnchorMode, Auth, AuthField, DecodeError, Memo, MultiSig, MultiSigHashMode, Payload, PostConditionMode,
    SignError, SpendingCondition, Transaction, UnsignedTransaction, VerifyError,
};

/// Published keys of Clarinet's devnet.
const DEPLOYER: &str = "753b7cc01a1a2e86221266a154af739463fce51219d97e4f856cd7200c3bd2a601";
const WALLET: &str = "7287ba251d44a4d3fd9276c88ce34c5c52a038955511cccaf77e61068649c17801";

/// Testnet, its chain id, standard authorization by one unsigned key of an account of zeros.
fn head() -> String {
    format!(
        "808000000004{}{}{}{}00{}",
        "00",
        "00".repeat(20),
        "00".repeat(8),
        "00".repeat(8),
        "00".repeat(65)
    )
}

fn decode(hex: &str) -> Result<Transaction, DecodeError> {
    Transaction::decode(&hex::decode(hex).unwrap())
}

fn core() -> ContractId {
    "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core"
        .parse()
        .unwrap()
}

fn call() -> UnsignedTransaction {
    let function = ClarityName::from_static("cancel-invoice");
    UnsignedTransaction::contract_call(Network::Testnet, core(), function, vec![Value::UInt(1)])
}

#[test]
fn poison_microblock() {
    let header = |sequence: &str, root: &str| {
        format!(
            "01{sequence}{}{}{}",
            "aa".repeat(32),
            root.repeat(32),
            "cc".repeat(65)
        )
    };
    let payload = |first: &str, second: &str| format!("{}010200000000{}{first}{second}", head(), "03");
    let proof = payload(&header("0005", "b1"), &header("0005", "b2"));
    let transaction = decode(&proof).unwrap();
    assert!(matches!(transaction.payload, Payload::PoisonMicroblock(_)));
    assert_eq!(hex::encode(&transaction.encode()), proof);

    let same = payload(&header("0005", "b1"), &header("0005", "b1"));
    assert_eq!(
        decode(&same),
        Err(DecodeError::Contradiction("microblock headers are the same"))
    );
    let anywhere = proof.replacen(&format!("{}0102", head()), &format!("{}0302", head()), 1);
    assert_eq!(
        decode(&anywhere),
        Err(DecodeError::Contradiction("anchor mode does not fit the payload"))
    );
}

#[test]
fn tuple_fields_stand_in_the_order_of_their_bytes() {
    // The library sorts by locale ("ab" before "a-b" before "B"); nodes keep the fields in a map ordered by bytes.
    let names = ["B", "a-b", "ab"];
    let tuple: Tuple = names
        .iter()
        .rev()
        .map(|name| (ClarityName::new(*name).unwrap(), Value::None))
        .collect();
    assert_eq!(
        Value::Tuple(tuple).to_hex(),
        "0x0c0000000301420903612d620902616209"
    );
}

#[test]
fn refuses_what_nodes_refuse() {
    let transfer = format!("00051a{}{}{}", "11".repeat(20), "00".repeat(8), "00".repeat(34));
    let with = |modes: &str| format!("{}{modes}00000000{transfer}", head());
    assert!(decode(&with("0302")).is_ok());
    assert_eq!(
        decode(&with("0002")),
        Err(DecodeError::UnknownByte {
            what: "anchor mode",
            byte: 0
        })
    );
    assert_eq!(
        decode(&with("0304")),
        Err(DecodeError::UnknownByte {
            what: "post-condition mode",
            byte: 4
        })
    );
    assert_eq!(
        decode(&format!("{}00", with("0302"))),
        Err(DecodeError::TrailingBytes { count: 1 })
    );
    assert_eq!(
        decode(&with("0302").replacen("80", "81", 1)),
        Err(DecodeError::UnknownByte {
            what: "transaction version",
            byte: 0x81
        })
    );
    let bad_address = with("0302").replace("00051a11", "00052011");
    let expected = clarity_error(AddressError::Version { version: 32 });
    assert_eq!(decode(&bad_address), Err(expected));
}

fn clarity_error(error: AddressError) -> DecodeError {
    DecodeError::Value(recoup_stacks::clarity::DecodeError::Address(error))
}

#[test]
fn a_builder_starts_with_nothing_allowed() {
    let transaction = call()
        .with_fee(3000)
        .with_nonce(4)
        .sign(&SecretKey::from_hex(DEPLOYER).unwrap())
        .unwrap();
    assert_eq!(transaction.post_condition_mode, PostConditionMode::Deny);
    assert!(transaction.post_conditions.is_empty());
    assert_eq!(transaction.anchor_mode, AnchorMode::Any);
    assert_eq!((transaction.fee(), transaction.nonce()), (3000, 4));
    assert_eq!(transaction.origin_address(), core().address);
    assert_eq!(transaction.verify(), Ok(()));
    assert_eq!(transaction.encode().len(), call().encoded_length());
}

#[test]
fn a_changed_transaction_does_not_verify() {
    let key = SecretKey::from_hex(DEPLOYER).unwrap();
    let signed = call().with_fee(3000).sign(&key).unwrap();
    let mut changed = signed.clone();
    changed.payload = Payload::ContractCall(recoup_stacks::transaction::ContractCall {
        contract: core(),
        function: ClarityName::from_static("cancel-invoice"),
        arguments: vec![Value::UInt(2)],
    });
    assert_eq!(changed.verify(), Err(VerifyError::WrongSigner));
    let mut replayed = signed.clone();
    replayed.chain_id = recoup_stacks::address::ChainId(7);
    assert_eq!(replayed.verify(), Err(VerifyError::WrongSigner));
    assert_eq!(signed.verify(), Ok(()));
}

#[test]
fn only_the_account_s_own_key_signs() {
    let owner = SecretKey::from_hex(DEPLOYER).unwrap();
    let other = SecretKey::from_hex(WALLET).unwrap();
    let mut transaction = call().for_signer(&owner.public_key()).unwrap();
    assert_eq!(transaction.sign_origin(&other), Err(SignError::WrongKey));
    assert_eq!(
        transaction.sign_sponsor(&other).unwrap_err().to_string(),
        "the sender's signature does not hold"
    );
    transaction.sign_origin(&owner).unwrap();
    assert_eq!(transaction.sign_sponsor(&other), Err(SignError::NotSponsored));
    assert_eq!(
        transaction.append_origin_key(other.public_key()),
        Err(SignError::NotMultiSig)
    );
}

#[test]
fn nothing_is_signed_that_nodes_would_read_otherwise() {
    let key = SecretKey::from_hex(DEPLOYER).unwrap();
    let text = Value::StringAscii("not ascii: é".to_owned());
    let function = ClarityName::from_static("f");
    let wrong_text = UnsignedTransaction::contract_call(Network::Testnet, core(), function, vec![text]);
    assert!(matches!(
        wrong_text.sign(&key),
        Err(SignError::NotDecodable(DecodeError::Value(_)))
    ));
    let name = ContractName::new("n".repeat(41)).unwrap();
    let long_name = UnsignedTransaction::contract_call(
        Network::Testnet,
        ContractId::new(core().address, name),
        ClarityName::from_static("f"),
        vec![],
    );
    assert!(matches!(
        long_name.sign(&key),
        Err(SignError::NotDecodable(DecodeError::TooLarge { .. }))
    ));
}

#[test]
fn signatures_of_several_keys_are_counted() {
    let keys: Vec<SecretKey> = [DEPLOYER, WALLET]
        .iter()
        .map(|key| SecretKey::from_hex(key).unwrap())
        .collect();
    let public: Vec<PublicKey> = keys.iter().map(SecretKey::public_key).collect();
    for hash_mode in MultiSigHashMode::ALL {
        let mut transaction = UnsignedTransaction::token_transfer(Network::Testnet, core(), 1, Memo::EMPTY)
            .for_signer(&public[0])
            .unwrap();
        transaction.auth = Auth::Standard(SpendingCondition::MultiSig(MultiSig {
            hash_mode: *hash_mode,
            signer: hash_mode.signer_hash(&public, 2).unwrap(),
            nonce: 0,
            fee: 0,
            fields: Vec::new(),
            signatures_required: 2,
        }));
        transaction.sign_origin(&keys[0]).unwrap();
        assert_eq!(
            transaction.verify(),
            Err(VerifyError::SignatureCount {
                required: 2,
                found: 1
            })
        );
        let mut second = transaction.clone();
        second.sign_origin(&keys[1]).unwrap();
        assert_eq!(second.verify(), Ok(()), "{hash_mode:?}");
        let mut swapped = second.clone();
        if let SpendingCondition::MultiSig(multi) = swapped.auth.origin_mut() {
            multi.fields.reverse();
            assert!(matches!(multi.fields[0], AuthField::Signature { .. }));
        }
        assert_eq!(swapped.verify(), Err(VerifyError::WrongSigner), "{hash_mode:?}");
    }
}
