//! Post-conditions: what the chain must find true of a transaction's transfers, or roll it back.

use super::byte_enum::byte_enum;
use super::codec::{DecodeError, read_contract_name};
use crate::address::{Address, AssetId, ContractId, Principal};
use crate::clarity::{ClarityName, Value};
use crate::wire::Reader;

/// One condition. Amounts are base units.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PostCondition {
    /// On the micro-STX that a principal sends.
    Stx {
        /// Who sends.
        principal: PostConditionPrincipal,
        /// How the sum compares.
        condition: FungibleCondition,
        /// To what it is compared.
        amount: u64,
    },
    /// On how much of a fungible token a principal sends.
    Fungible {
        /// Who sends.
        principal: PostConditionPrincipal,
        /// The token.
        asset: AssetId,
        /// How the sum compares.
        condition: FungibleCondition,
        /// To what it is compared.
        amount: u64,
    },
    /// On whether a principal sends one non-fungible token.
    NonFungible {
        /// Who sends.
        principal: PostConditionPrincipal,
        /// The kind of token.
        asset: AssetId,
        /// Which one.
        token: Value,
        /// Whether it is sent.
        condition: NonFungibleCondition,
    },
    /// On the micro-STX that a principal stakes (SIP-044).
    Staking {
        /// Who stakes.
        principal: PostConditionPrincipal,
        /// How the amount compares.
        condition: FungibleCondition,
        /// To what it is compared.
        amount: u64,
    },
    /// On changes of a principal's staking other than of the amount (SIP-044).
    Pox {
        /// Whose staking.
        principal: PostConditionPrincipal,
        /// Whether it changes.
        condition: PoxCondition,
    },
}

/// Whose transfers a condition is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PostConditionPrincipal {
    /// Whoever sends the transaction.
    Origin,
    /// An address.
    Standard(Address),
    /// A contract.
    Contract(ContractId),
}

byte_enum! {
    /// How the sum that was sent compares.
    FungibleCondition, "fungible condition" {
        /// Exactly as much.
        Equal = 0x01,
        /// More.
        Greater = 0x02,
        /// As much or more.
        GreaterOrEqual = 0x03,
        /// Less.
        Less = 0x04,
        /// As much or less.
        LessOrEqual = 0x05,
    }
}

byte_enum! {
    /// Whether a non-fungible token leaves its owner.
    NonFungibleCondition, "non-fungible condition" {
        /// It must be sent.
        Sent = 0x10,
        /// It must stay.
        NotSent = 0x11,
        /// Either (SIP-040): only names it, for the deny mode.
        MaybeSent = 0x12,
    }
}

byte_enum! {
    /// Whether a principal's staking changes (SIP-044).
    PoxCondition, "PoX condition" {
        /// It must not.
        WillNotPerform = 0x30,
        /// Either: only names it, for the deny mode.
        MayPerform = 0x31,
        /// It must.
        WillPerform = 0x32,
    }
}

byte_enum! {
    /// What happens to transfers that no condition names.
    PostConditionMode, "post-condition mode" {
        /// They are allowed.
        Allow = 0x01,
        /// They roll the transaction back.
        Deny = 0x02,
        /// Those of the sender roll it back, others are allowed (SIP-040).
        Originator = 0x03,
    }
}

impl From<Principal> for PostConditionPrincipal {
    fn from(principal: Principal) -> Self {
        match principal {
            Principal::Standard(address) => Self::Standard(address),
            Principal::Contract(contract) => Self::Contract(contract),
        }
    }
}

impl PostConditionPrincipal {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            0x01 => Ok(Self::Origin),
            0x02 => Ok(Self::Standard(Address::read(reader)??)),
            0x03 => Ok(Self::Contract(read_contract(reader)?)),
            byte => Err(DecodeError::UnknownByte {
                what: "post-condition principal",
                byte,
            }),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Origin => out.push(0x01),
            Self::Standard(address) => {
                out.push(0x02);
                address.write(out);
            }
            Self::Contract(contract) => {
                out.push(0x03);
                write_contract(contract, out);
            }
        }
    }
}

impl PostCondition {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let kind = reader.u8()?;
        if kind > 0x04 {
            return Err(DecodeError::UnknownByte {
                what: "post-condition type",
                byte: kind,
            });
        }
        let principal = PostConditionPrincipal::read(reader)?;
        Ok(match kind {
            0x00 => {
                let (condition, amount) = read_amount(reader)?;
                Self::Stx {
                    principal,
                    condition,
                    amount,
                }
            }
            0x01 => {
                let asset = read_asset(reader)?;
                let (condition, amount) = read_amount(reader)?;
                Self::Fungible {
                    principal,
                    asset,
                    condition,
                    amount,
                }
            }
            0x02 => Self::NonFungible {
                principal,
                asset: read_asset(reader)?,
                token: Value::read(reader)?,
                condition: NonFungibleCondition::from_byte(reader.u8()?)?,
            },
            0x03 => {
                let (condition, amount) = read_amount(reader)?;
                Self::Staking {
                    principal,
                    condition,
                    amount,
                }
            }
            _ => Self::Pox {
                principal,
                condition: PoxCondition::from_byte(reader.u8()?)?,
            },
        })
    }

    /// Its bytes, as wallets take single conditions (SIP-005).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Stx {
                principal,
                condition,
                amount,
            } => {
                out.push(0x00);
                principal.write(out);
                write_amount(*condition, *amount, out);
            }
            Self::Fungible {
                principal,
                asset,
                condition,
                amount,
            } => {
                out.push(0x01);
                principal.write(out);
                write_asset(asset, out);
                write_amount(*condition, *amount, out);
            }
            Self::NonFungible {
                principal,
                asset,
                token,
                condition,
            } => {
                out.push(0x02);
                principal.write(out);
                write_asset(asset, out);
                token.write(out);
                out.push(condition.to_byte());
            }
            Self::Staking {
                principal,
                condition,
                amount,
            } => {
                out.push(0x03);
                principal.write(out);
                write_amount(*condition, *amount, out);
            }
            Self::Pox { principal, condition } => {
                out.push(0x04);
                principal.write(out);
                out.push(condition.to_byte());
            }
        }
    }
}

/// Reads a contract as transactions write it: without the type byte that values have.
pub(super) fn read_contract(reader: &mut Reader<'_>) -> Result<ContractId, DecodeError> {
    Ok(ContractId {
        address: Address::read(reader)??,
        name: read_contract_name(reader)?,
    })
}

/// Appends a contract as transactions write it.
pub(super) fn write_contract(contract: &ContractId, out: &mut Vec<u8>) {
    contract.address.write(out);
    contract.name.write(out);
}

fn read_asset(reader: &mut Reader<'_>) -> Result<AssetId, DecodeError> {
    Ok(AssetId {
        contract: read_contract(reader)?,
        name: ClarityName::read(reader)?,
    })
}

fn write_asset(asset: &AssetId, out: &mut Vec<u8>) {
    write_contract(&asset.contract, out);
    asset.name.write(out);
}

fn read_amount(reader: &mut Reader<'_>) -> Result<(FungibleCondition, u64), DecodeError> {
    Ok((FungibleCondition::from_byte(reader.u8()?)?, reader.u64()?))
}

fn write_amount(condition: FungibleCondition, amount: u64, out: &mut Vec<u8>) {
    out.push(condition.to_byte());
    out.extend_from_slice(&amount.to_be_bytes());
}
