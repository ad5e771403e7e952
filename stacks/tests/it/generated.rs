//! Generated values and transactions for the property tests.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use recoup_stacks::address::{Address, AssetId, ChainId, ContractId, ContractName, Network, Principal};
use recoup_stacks::clarity::{ClarityName, Tuple, Value};
use recoup_stacks::hash::{BlockHash, ConsensusHash, IndexBlockHash};
use recoup_stacks::keys::{KeyEncoding, SecretKey, Signature};
use recoup_stacks::transaction::{
    AnchorMode, Auth, AuthField, ClarityVersion, Coinbase, ContractCall, FungibleCondition, Memo,
    MicroblockHeader, MultiSig, MultiSigHashMode, NonFungibleCondition, Payload, PostCondition,
    PostConditionMode, PostConditionPrincipal, PoxCondition, SingleSig, SingleSigHashMode, SmartContract,
    SpendingCondition, TenureChange, TenureChangeCause, TokenTransfer, Transaction,
};

fn bytes<const N: usize>() -> impl Strategy<Value = [u8; N]> {
    vec(any::<u8>(), N).prop_map(|bytes| bytes.try_into().unwrap())
}

fn address() -> impl Strategy<Value = Address> {
    (0u8..32, bytes()).prop_map(|(version, hash)| Address::new(version, hash).unwrap())
}

fn clarity_name() -> impl Strategy<Value = ClarityName> {
    "[a-zA-Z][a-zA-Z0-9_!?+<>=/*-]{0,127}|[-+=/*<>]|[<>]=".prop_map(|name| ClarityName::new(name).unwrap())
}

fn contract_id() -> impl Strategy<Value = ContractId> {
    let name = "[a-zA-Z][a-zA-Z0-9_-]{0,39}".prop_map(|name| ContractName::new(name).unwrap());
    (address(), name).prop_map(|(address, name)| ContractId { address, name })
}

fn principal() -> impl Strategy<Value = Principal> {
    prop_oneof![
        address().prop_map(Principal::from),
        contract_id().prop_map(Principal::from)
    ]
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i128>().prop_map(Value::Int),
        any::<u128>().prop_map(Value::UInt),
        any::<bool>().prop_map(Value::Bool),
        vec(any::<u8>(), 0..64).prop_map(Value::Buffer),
        principal().prop_map(Value::Principal),
        Just(Value::None),
        "[ -~\t\n\r]{0,40}".prop_map(Value::StringAscii),
        any::<String>().prop_map(Value::StringUtf8),
    ];
    leaf.prop_recursive(8, 64, 6, |inner| {
        prop_oneof![
            inner.clone().prop_map(Value::ok),
            inner.clone().prop_map(Value::err),
            inner.clone().prop_map(Value::some),
            vec(inner.clone(), 0..6).prop_map(Value::List),
            btree_map(clarity_name(), inner, 1..6)
                .prop_map(|fields| Value::Tuple(fields.into_iter().collect::<Tuple>())),
        ]
    })
}

fn signature() -> impl Strategy<Value = Signature> {
    bytes().prop_map(Signature::from_bytes)
}

fn key_encoding() -> impl Strategy<Value = KeyEncoding> {
    select(vec![KeyEncoding::Compressed, KeyEncoding::Uncompressed])
}

fn single_sig() -> impl Strategy<Value = SpendingCondition> {
    (
        any::<bool>(),
        key_encoding(),
        bytes(),
        any::<u64>(),
        any::<u64>(),
        signature(),
    )
        .prop_map(|(witness, encoding, signer, nonce, fee, signature)| {
            let (hash_mode, key_encoding) = if witness {
                (SingleSigHashMode::P2wpkh, KeyEncoding::Compressed)
            } else {
                (SingleSigHashMode::P2pkh, encoding)
            };
            SpendingCondition::SingleSig(SingleSig {
                hash_mode,
                signer,
                nonce,
                fee,
                key_encoding,
                signature,
            })
        })
}

fn auth_field() -> impl Strategy<Value = AuthField> {
    prop_oneof![
        // 32 times 255 is above the curve's order.
        (1u8..255).prop_map(|seed| {
            AuthField::PublicKey(SecretKey::from_bytes(&[seed; 32]).unwrap().public_key())
        }),
        signature().prop_map(|signature| AuthField::Signature {
            encoding: KeyEncoding::Compressed,
            signature
        }),
    ]
}

fn multi_sig() -> impl Strategy<Value = SpendingCondition> {
    (
        select(MultiSigHashMode::ALL),
        bytes(),
        any::<u64>(),
        any::<u64>(),
        vec(auth_field(), 0..4),
        any::<u16>(),
    )
        .prop_map(|(hash_mode, signer, nonce, fee, fields, signatures_required)| {
            SpendingCondition::MultiSig(MultiSig {
                hash_mode,
                signer,
                nonce,
                fee,
                fields,
                signatures_required,
            })
        })
}

fn auth() -> impl Strategy<Value = Auth> {
    let account = || prop_oneof![3 => single_sig(), 1 => multi_sig()];
    prop_oneof![
        account().prop_map(Auth::Standard),
        (account(), account()).prop_map(|(origin, sponsor)| Auth::Sponsored { origin, sponsor }),
    ]
}

fn post_condition() -> impl Strategy<Value = PostCondition> {
    let who = || {
        prop_oneof![
            Just(PostConditionPrincipal::Origin),
            principal().prop_map(PostConditionPrincipal::from)
        ]
    };
    let asset = || (contract_id(), clarity_name()).prop_map(|(contract, name)| AssetId { contract, name });
    let comparison = || select(FungibleCondition::ALL);
    prop_oneof![
        (who(), comparison(), any::<u64>()).prop_map(|(principal, condition, amount)| PostCondition::Stx {
            principal,
            condition,
            amount
        }),
        (who(), asset(), comparison(), any::<u64>()).prop_map(|(principal, asset, condition, amount)| {
            PostCondition::Fungible {
                principal,
                asset,
                condition,
                amount,
            }
        }),
        (who(), asset(), value(), select(NonFungibleCondition::ALL)).prop_map(
            |(principal, asset, token, condition)| PostCondition::NonFungible {
                principal,
                asset,
                token,
                condition
            }
        ),
        (who(), comparison(), any::<u64>()).prop_map(|(principal, condition, amount)| {
            PostCondition::Staking {
                principal,
                condition,
                amount,
            }
        }),
        (who(), select(PoxCondition::ALL))
            .prop_map(|(principal, condition)| PostCondition::Pox { principal, condition }),
    ]
}

fn wallet_payload() -> impl Strategy<Value = Payload> {
    prop_oneof![
        (principal(), any::<u64>(), bytes()).prop_map(|(recipient, amount, memo)| {
            Payload::TokenTransfer(TokenTransfer {
                recipient,
                amount,
                memo: Memo::from_bytes(memo),
            })
        }),
        (contract_id(), clarity_name(), vec(value(), 0..4)).prop_map(|(contract, function, arguments)| {
            Payload::ContractCall(ContractCall {
                contract,
                function,
                arguments,
            })
        }),
        (
            option::of(select(ClarityVersion::ALL)),
            contract_id(),
            "[ -~\t\n]{0,200}"
        )
            .prop_map(|(clarity_version, ContractId { name, .. }, source)| {
                Payload::SmartContract(SmartContract {
                    clarity_version,
                    name,
                    source,
                })
            }),
    ]
}

fn miner_payload() -> impl Strategy<Value = Payload> {
    let hash = || bytes().prop_map(ConsensusHash::from_bytes);
    prop_oneof![
        (bytes(), option::of(principal()), option::of(bytes())).prop_map(|(data, recipient, vrf_proof)| {
            Payload::Coinbase(Coinbase {
                data,
                recipient,
                vrf_proof,
            })
        }),
        (
            hash(),
            hash(),
            hash(),
            bytes(),
            any::<u32>(),
            select(TenureChangeCause::ALL),
            bytes()
        )
            .prop_map(
                |(tenure, previous, burn_view, end, previous_tenure_blocks, cause, miner_key_hash)| {
                    Payload::TenureChange(Box::new(TenureChange {
                        tenure_consensus_hash: tenure,
                        previous_tenure_consensus_hash: previous,
                        burn_view_consensus_hash: burn_view,
                        previous_tenure_end: IndexBlockHash::from_bytes(end),
                        previous_tenure_blocks,
                        cause,
                        miner_key_hash,
                    }))
                }
            ),
        (any::<u16>(), bytes(), bytes(), signature()).prop_map(|(sequence, previous, root, signature)| {
            let first = MicroblockHeader {
                version: 0,
                sequence,
                previous: BlockHash::from_bytes(previous),
                transaction_merkle_root: root,
                signature,
            };
            let second = MicroblockHeader {
                version: 1,
                ..first.clone()
            };
            Payload::PoisonMicroblock(Box::new([first, second]))
        }),
    ]
}

pub(crate) fn transaction() -> impl Strategy<Value = Transaction> {
    (
        select(vec![Network::Mainnet, Network::Testnet]),
        any::<u32>(),
        auth(),
        select(AnchorMode::ALL),
        select(PostConditionMode::ALL),
        vec(post_condition(), 0..4),
        prop_oneof![3 => wallet_payload(), 1 => miner_payload()],
    )
        .prop_map(
            |(network, chain_id, auth, any_mode, post_condition_mode, post_conditions, payload)| {
                let for_anchor_block = matches!(payload, Payload::Coinbase(_) | Payload::PoisonMicroblock(_));
                let anchor_mode = if for_anchor_block {
                    AnchorMode::OnChainOnly
                } else {
                    any_mode
                };
                Transaction {
                    network,
                    chain_id: ChainId(chain_id),
                    auth,
                    anchor_mode,
                    post_condition_mode,
                    post_conditions,
                    payload,
                }
            },
        )
}
