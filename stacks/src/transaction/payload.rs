//! What a transaction does.

use std::fmt;

use super::byte_enum::byte_enum;
use super::codec::{DecodeError, read_contract_name, read_list};
use super::miner::{Coinbase, MicroblockHeader, TenureChange};
use super::post_condition::{read_contract, write_contract};
use crate::address::{ContractId, ContractName, Principal};
use crate::clarity::{ClarityName, Value};
use crate::wire::{Reader, put_length};

const TOKEN_TRANSFER: u8 = 0x00;
const SMART_CONTRACT: u8 = 0x01;
const CONTRACT_CALL: u8 = 0x02;
const POISON_MICROBLOCK: u8 = 0x03;
const COINBASE: u8 = 0x04;
const COINBASE_TO_RECIPIENT: u8 = 0x05;
const VERSIONED_SMART_CONTRACT: u8 = 0x06;
const TENURE_CHANGE: u8 = 0x07;
const NAKAMOTO_COINBASE: u8 = 0x08;

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Payload {
    /// Sends STX.
    TokenTransfer(TokenTransfer),
    /// Deploys a contract.
    SmartContract(SmartContract),
    /// Calls a public function.
    ContractCall(ContractCall),
    /// Proves that a miner signed two microblocks at one place. Unused since epoch 2.5.
    PoisonMicroblock(Box<[MicroblockHeader; 2]>),
    /// The miner's reward; miners only.
    Coinbase(Coinbase),
    /// Begins or extends a tenure; miners only.
    TenureChange(Box<TenureChange>),
}

/// Sends STX.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenTransfer {
    /// Who receives.
    pub recipient: Principal,
    /// Micro-STX.
    pub amount: u64,
    /// A note that the chain keeps.
    pub memo: Memo,
}

/// Calls a public function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContractCall {
    /// The contract.
    pub contract: ContractId,
    /// The function.
    pub function: ClarityName,
    /// Its arguments.
    pub arguments: Vec<Value>,
}

/// Deploys a contract.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SmartContract {
    /// Version of Clarity to run it by; `None` (unversioned) takes the epoch's default.
    pub clarity_version: Option<ClarityVersion>,
    /// The contract's name under the sender's address.
    pub name: ContractName,
    /// Source: printable ASCII, tabs and line feeds.
    pub source: String,
}

byte_enum! {
    /// Version of the Clarity language.
    ClarityVersion, "Clarity version" {
        /// Clarity 1.
        Clarity1 = 1,
        /// Clarity 2.
        Clarity2 = 2,
        /// Clarity 3.
        Clarity3 = 3,
        /// Clarity 4.
        Clarity4 = 4,
        /// Clarity 5.
        Clarity5 = 5,
        /// Clarity 6.
        Clarity6 = 6,
    }
}

/// A note of 34 bytes on a token transfer, padded with zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Memo([u8; 34]);

/// A memo holds 34 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a memo holds 34 bytes, not {length}")]
pub struct MemoTooLong {
    /// Bytes of the text.
    pub length: usize,
}

impl Memo {
    /// No memo.
    pub const EMPTY: Self = Self([0; 34]);

    /// A memo of this text.
    pub fn new(text: &str) -> Result<Self, MemoTooLong> {
        let mut bytes = [0; 34];
        let length = text.len();
        let place = bytes.get_mut(..length).ok_or(MemoTooLong { length })?;
        place.copy_from_slice(text.as_bytes());
        Ok(Self(bytes))
    }

    /// A memo of these bytes, which need not be text.
    pub const fn from_bytes(bytes: [u8; 34]) -> Self {
        Self(bytes)
    }

    /// All 34 bytes.
    pub const fn as_bytes(&self) -> &[u8; 34] {
        &self.0
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Memo({})", crate::hex::encode(&self.0))
    }
}

impl Payload {
    /// The payload's bytes alone, as fee estimation wants them.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            TOKEN_TRANSFER => Ok(Self::TokenTransfer(TokenTransfer {
                recipient: Principal::read(reader)?,
                amount: reader.u64()?,
                memo: Memo::from_bytes(reader.array()?),
            })),
            SMART_CONTRACT => SmartContract::read(reader, None).map(Self::SmartContract),
            VERSIONED_SMART_CONTRACT => {
                let version = ClarityVersion::from_byte(reader.u8()?)?;
                SmartContract::read(reader, Some(version)).map(Self::SmartContract)
            }
            CONTRACT_CALL => Ok(Self::ContractCall(ContractCall {
                contract: read_contract(reader)?,
                function: ClarityName::read(reader)?,
                arguments: read_list(reader, |reader| Ok(Value::read(reader)?))?,
            })),
            POISON_MICROBLOCK => {
                MicroblockHeader::read_conflict(reader).map(|pair| Self::PoisonMicroblock(Box::new(pair)))
            }
            COINBASE => Coinbase::read(reader).map(Self::Coinbase),
            COINBASE_TO_RECIPIENT => Coinbase::read_to_recipient(reader).map(Self::Coinbase),
            NAKAMOTO_COINBASE => Coinbase::read_nakamoto(reader).map(Self::Coinbase),
            TENURE_CHANGE => TenureChange::read(reader).map(|change| Self::TenureChange(Box::new(change))),
            byte => Err(DecodeError::UnknownByte {
                what: "payload type",
                byte,
            }),
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::TokenTransfer(transfer) => {
                out.push(TOKEN_TRANSFER);
                transfer.recipient.write(out);
                out.extend_from_slice(&transfer.amount.to_be_bytes());
                out.extend_from_slice(transfer.memo.as_bytes());
            }
            Self::SmartContract(contract) => contract.write(out),
            Self::ContractCall(call) => {
                out.push(CONTRACT_CALL);
                write_contract(&call.contract, out);
                call.function.write(out);
                put_length(out, call.arguments.len());
                call.arguments.iter().for_each(|argument| argument.write(out));
            }
            Self::PoisonMicroblock(headers) => {
                out.push(POISON_MICROBLOCK);
                headers.iter().for_each(|header| header.write(out));
            }
            Self::Coinbase(coinbase) => {
                out.push(match (&coinbase.recipient, &coinbase.vrf_proof) {
                    (None, None) => COINBASE,
                    (Some(_), None) => COINBASE_TO_RECIPIENT,
                    (_, Some(_)) => NAKAMOTO_COINBASE,
                });
                coinbase.write(out);
            }
            Self::TenureChange(change) => {
                out.push(TENURE_CHANGE);
                change.write(out);
            }
        }
    }
}

impl SmartContract {
    fn read(reader: &mut Reader<'_>, clarity_version: Option<ClarityVersion>) -> Result<Self, DecodeError> {
        let name = read_contract_name(reader)?;
        let length = reader.length()?;
        let source = reader.take(length)?;
        if let Some(byte) = source
            .iter()
            .find(|byte| !matches!(byte, b' '..=b'~' | b'\t' | b'\n'))
        {
            return Err(DecodeError::SourceText { byte: *byte });
        }
        // All bytes are ASCII, so nothing is lost.
        let source = String::from_utf8_lossy(source).into_owned();
        Ok(Self {
            clarity_version,
            name,
            source,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self.clarity_version {
            None => out.push(SMART_CONTRACT),
            Some(version) => out.extend_from_slice(&[VERSIONED_SMART_CONTRACT, version.to_byte()]),
        }
        self.name.write(out);
        put_length(out, self.source.len());
        out.extend_from_slice(self.source.as_bytes());
    }
}
