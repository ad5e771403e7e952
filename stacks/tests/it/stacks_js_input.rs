//! Inputs of the cases that `stacks/tests/vectors/generate.ts` prints, and how our own code makes them.

use std::collections::BTreeMap;

use recoup_stacks::address::{AssetId, ChainId, ContractId, ContractName, Network, Principal};
use recoup_stacks::clarity::{ClarityName, Tuple, Value};
use recoup_stacks::hash::{ConsensusHash, IndexBlockHash};
use recoup_stacks::hex;
use recoup_stacks::keys::{KeyEncoding, PublicKey, SecretKey, Signature};
use recoup_stacks::transaction::{
    AnchorMode, Auth, ClarityVersion, Coinbase, ContractCall, FungibleCondition, Memo, MultiSig,
    MultiSigHashMode, NonFungibleCondition, Payload, PostCondition, PostConditionMode,
    PostConditionPrincipal, PoxCondition, SingleSig, SingleSigHashMode, SmartContract, SpendingCondition,
    TenureChange, TenureChangeCause, TokenTransfer, Transaction,
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
pub(crate) enum ValueInput {
    Int(String),
    UInt(String),
    Buffer(String),
    Bool(bool),
    Principal(Principal),
    Ok(Box<ValueInput>),
    Err(Box<ValueInput>),
    None,
    Some(Box<ValueInput>),
    List(Vec<ValueInput>),
    Tuple(BTreeMap<ClarityName, ValueInput>),
    Ascii(String),
    Utf8(String),
}

impl ValueInput {
    pub(crate) fn make(&self) -> Value {
        match self {
            Self::Int(number) => Value::Int(number.parse().unwrap()),
            Self::UInt(number) => Value::UInt(number.parse().unwrap()),
            Self::Buffer(digits) => Value::Buffer(hex::decode(digits).unwrap()),
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Principal(principal) => Value::Principal(principal.clone()),
            Self::Ok(value) => Value::ok(value.make()),
            Self::Err(value) => Value::err(value.make()),
            Self::None => Value::None,
            Self::Some(value) => Value::some(value.make()),
            Self::List(items) => Value::List(items.iter().map(Self::make).collect()),
            Self::Tuple(fields) => Value::Tuple(
                fields
                    .iter()
                    .map(|(name, value)| (name.clone(), value.make()))
                    .collect::<Tuple>(),
            ),
            Self::Ascii(text) => Value::string_ascii(text).unwrap(),
            Self::Utf8(text) => Value::string_utf8(text),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ConditionInput {
    Stx {
        address: String,
        condition: String,
        amount: String,
    },
    Ft {
        address: String,
        condition: String,
        amount: String,
        asset: AssetId,
    },
    Nft {
        address: String,
        condition: String,
        asset: AssetId,
        token: ValueInput,
    },
    Staking {
        address: String,
        condition: String,
        amount: String,
    },
    Pox {
        address: String,
        condition: String,
    },
}

fn sender(address: &str) -> PostConditionPrincipal {
    match address {
        "origin" => PostConditionPrincipal::Origin,
        principal => principal.parse::<Principal>().unwrap().into(),
    }
}

fn comparison(condition: &str) -> FungibleCondition {
    match condition {
        "eq" => FungibleCondition::Equal,
        "gt" => FungibleCondition::Greater,
        "gte" => FungibleCondition::GreaterOrEqual,
        "lt" => FungibleCondition::Less,
        "lte" => FungibleCondition::LessOrEqual,
        other => panic!("unknown comparison {other}"),
    }
}

impl ConditionInput {
    fn make(&self) -> PostCondition {
        match self {
            Self::Stx {
                address,
                condition,
                amount,
            } => PostCondition::Stx {
                principal: sender(address),
                condition: comparison(condition),
                amount: amount.parse().unwrap(),
            },
            Self::Ft {
                address,
                condition,
                amount,
                asset,
            } => PostCondition::Fungible {
                principal: sender(address),
                asset: asset.clone(),
                condition: comparison(condition),
                amount: amount.parse().unwrap(),
            },
            Self::Nft {
                address,
                condition,
                asset,
                token,
            } => PostCondition::NonFungible {
                principal: sender(address),
                asset: asset.clone(),
                token: token.make(),
                condition: match condition.as_str() {
                    "sent" => NonFungibleCondition::Sent,
                    "not-sent" => NonFungibleCondition::NotSent,
                    "maybe-sent" => NonFungibleCondition::MaybeSent,
                    other => panic!("unknown condition {other}"),
                },
            },
            Self::Staking {
                address,
                condition,
                amount,
            } => PostCondition::Staking {
                principal: sender(address),
                condition: comparison(condition),
                amount: amount.parse().unwrap(),
            },
            Self::Pox { address, condition } => PostCondition::Pox {
                principal: sender(address),
                condition: match condition.as_str() {
                    "will-not-perform" => PoxCondition::WillNotPerform,
                    "may-perform" => PoxCondition::MayPerform,
                    "will-perform" => PoxCondition::WillPerform,
                    other => panic!("unknown condition {other}"),
                },
            },
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(crate) enum PayloadInput {
    TokenTransfer {
        recipient: Principal,
        amount: String,
        memo: String,
    },
    ContractCall {
        contract: ContractId,
        function: ClarityName,
        arguments: Vec<ValueInput>,
    },
    SmartContract {
        clarity_version: Option<u8>,
        name: ContractName,
        source: String,
    },
    Coinbase {
        data: String,
        recipient: Option<Principal>,
        vrf_proof: Option<String>,
    },
    TenureChange {
        tenure: ConsensusHash,
        previous_tenure: ConsensusHash,
        burn_view: ConsensusHash,
        previous_tenure_end: IndexBlockHash,
        previous_tenure_blocks: u32,
        cause: u8,
        miner_key_hash: String,
    },
}

impl PayloadInput {
    fn make(&self) -> Payload {
        match self {
            Self::TokenTransfer {
                recipient,
                amount,
                memo,
            } => Payload::TokenTransfer(TokenTransfer {
                recipient: recipient.clone(),
                amount: amount.parse().unwrap(),
                memo: Memo::new(memo).unwrap(),
            }),
            Self::ContractCall {
                contract,
                function,
                arguments,
            } => Payload::ContractCall(ContractCall {
                contract: contract.clone(),
                function: function.clone(),
                arguments: arguments.iter().map(ValueInput::make).collect(),
            }),
            Self::SmartContract {
                clarity_version,
                name,
                source,
            } => Payload::SmartContract(SmartContract {
                clarity_version: clarity_version.map(|version| ClarityVersion::from_byte(version).unwrap()),
                name: name.clone(),
                source: source.clone(),
            }),
            Self::Coinbase {
                data,
                recipient,
                vrf_proof,
            } => Payload::Coinbase(Coinbase {
                data: hex::decode_array(data).unwrap(),
                recipient: recipient.clone(),
                vrf_proof: vrf_proof
                    .as_deref()
                    .map(|proof| hex::decode_array(proof).unwrap()),
            }),
            Self::TenureChange {
                tenure,
                previous_tenure,
                burn_view,
                previous_tenure_end,
                previous_tenure_blocks,
                cause,
                miner_key_hash,
            } => Payload::TenureChange(Box::new(TenureChange {
                tenure_consensus_hash: *tenure,
                previous_tenure_consensus_hash: *previous_tenure,
                burn_view_consensus_hash: *burn_view,
                previous_tenure_end: *previous_tenure_end,
                previous_tenure_blocks: *previous_tenure_blocks,
                cause: TenureChangeCause::from_byte(*cause).unwrap(),
                miner_key_hash: hex::decode_array(miner_key_hash).unwrap(),
            })),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(crate) enum AccountInput {
    Single {
        hash_mode: u8,
        secret: String,
        nonce: String,
        fee: String,
    },
    Multi {
        hash_mode: u8,
        required: u16,
        keys: Vec<MultiKeyInput>,
        nonce: String,
        fee: String,
    },
}

#[derive(Debug, Deserialize)]
pub(crate) struct MultiKeyInput {
    pub(crate) secret: String,
    pub(crate) signs: bool,
}

/// The public key as the library hashes it: compressed when the secret ends in `01`.
fn public_key(secret: &str) -> PublicKey {
    let encoding = if secret.len() == 66 {
        KeyEncoding::Compressed
    } else {
        KeyEncoding::Uncompressed
    };
    SecretKey::from_hex(secret)
        .unwrap()
        .public_key()
        .with_encoding(encoding)
}

impl AccountInput {
    fn make(&self) -> SpendingCondition {
        match self {
            Self::Single {
                hash_mode,
                secret,
                nonce,
                fee,
            } => {
                let hash_mode = SingleSigHashMode::from_byte(*hash_mode).unwrap();
                let key = public_key(secret);
                SpendingCondition::SingleSig(SingleSig {
                    hash_mode,
                    signer: hash_mode.signer_hash(&key).unwrap(),
                    nonce: nonce.parse().unwrap(),
                    fee: fee.parse().unwrap(),
                    key_encoding: key.encoding(),
                    signature: Signature::EMPTY,
                })
            }
            Self::Multi {
                hash_mode,
                required,
                keys,
                nonce,
                fee,
            } => {
                let hash_mode = MultiSigHashMode::from_byte(*hash_mode).unwrap();
                let keys: Vec<PublicKey> = keys.iter().map(|key| public_key(&key.secret)).collect();
                SpendingCondition::MultiSig(MultiSig {
                    hash_mode,
                    signer: hash_mode.signer_hash(&keys, *required).unwrap(),
                    nonce: nonce.parse().unwrap(),
                    fee: fee.parse().unwrap(),
                    fields: Vec::new(),
                    signatures_required: *required,
                })
            }
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransactionInput {
    pub(crate) network: Network,
    pub(crate) chain_id: ChainId,
    pub(crate) anchor_mode: u8,
    pub(crate) mode: String,
    pub(crate) conditions: Vec<ConditionInput>,
    pub(crate) payload: PayloadInput,
    pub(crate) origin: AccountInput,
    pub(crate) sponsor: Option<AccountInput>,
}

impl TransactionInput {
    pub(crate) fn make_unsigned(&self) -> Transaction {
        let origin = self.origin.make();
        Transaction {
            network: self.network,
            chain_id: self.chain_id,
            auth: match &self.sponsor {
                None => Auth::Standard(origin),
                Some(sponsor) => Auth::Sponsored {
                    origin,
                    sponsor: sponsor.make(),
                },
            },
            anchor_mode: AnchorMode::from_byte(self.anchor_mode).unwrap(),
            post_condition_mode: match self.mode.as_str() {
                "allow" => PostConditionMode::Allow,
                "deny" => PostConditionMode::Deny,
                "originator" => PostConditionMode::Originator,
                other => panic!("unknown mode {other}"),
            },
            post_conditions: self.conditions.iter().map(ConditionInput::make).collect(),
            payload: self.payload.make(),
        }
    }

    pub(crate) fn sign(&self, transaction: &mut Transaction) {
        match &self.origin {
            AccountInput::Single { secret, .. } => {
                transaction
                    .sign_origin(&SecretKey::from_hex(secret).unwrap())
                    .unwrap();
            }
            AccountInput::Multi { keys, .. } => {
                for key in keys {
                    let secret = SecretKey::from_hex(&key.secret).unwrap();
                    if key.signs {
                        transaction.sign_origin(&secret).unwrap();
                    } else {
                        transaction.append_origin_key(secret.public_key()).unwrap();
                    }
                }
            }
        }
        if let Some(AccountInput::Single { secret, .. }) = &self.sponsor {
            transaction
                .sign_sponsor(&SecretKey::from_hex(secret).unwrap())
                .unwrap();
        }
    }
}
