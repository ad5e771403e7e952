//! The little that an observer needs of a raw transaction: who sent it, and whether it changes the burn view or
//! deploys a contract. Reading stops there, so that later payload kinds stay readable (SIP-005, SIP-021).

use crate::address::{Address, AddressError};
use crate::clarity::{DecodeError, Value};
use crate::hash::ConsensusHash;
use crate::hex::{self, HexError};
use crate::name::{ContractName, NameError, ReadNameError};
use crate::wire::{EndOfInput, Reader};

/// Why bytes are not a transaction.
#[derive(Debug, thiserror::Error)]
pub enum TransactionHeadError {
    /// Not hexadecimal.
    #[error("raw transaction is not hexadecimal")]
    Hex(#[from] HexError),
    /// Too short.
    #[error(transparent)]
    End(#[from] EndOfInput),
    /// A contract's or asset's name breaks the rules.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The sender has no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// An NFT's name in a post-condition is no Clarity value.
    #[error("asset name in a post-condition")]
    AssetName(#[from] DecodeError),
    /// A byte that says what follows has an unknown value.
    #[error("unknown {what} {byte:#04x}")]
    Unknown {
        /// What the byte stands for.
        what: &'static str,
        /// The byte.
        byte: u8,
    },
}

impl From<ReadNameError> for TransactionHeadError {
    fn from(error: ReadNameError) -> Self {
        match error {
            ReadNameError::End(end) => Self::End(end),
            ReadNameError::Name(name) => Self::Name(name),
        }
    }
}

/// Digits within which the head of a transaction without post-conditions ends, and of nearly every transaction.
const USUAL_HEAD_DIGITS: [usize; 2] = [400, 1024];

/// What a payload does, where an observer cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadPayload {
    /// Starts a tenure, or extends it to see a later Bitcoin block.
    TenureChange {
        /// Sortition that the tenure sees from here on.
        burn_view: ConsensusHash,
    },
    /// Deploys a contract of the sender.
    Deploy {
        /// The contract's name.
        name: ContractName,
    },
    /// Anything else.
    Other,
}

/// Sender and kind of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionHead {
    /// Who sent it.
    pub sender: Address,
    /// What it does.
    pub payload: HeadPayload,
}

impl TransactionHead {
    /// Reads a raw transaction as the observer sends it; `None` for the `0x00` of an operation that came from Bitcoin.
    ///
    /// # Errors
    /// [`TransactionHeadError`] where the bytes are not a transaction.
    pub fn from_hex(raw_tx: &str) -> Result<Option<Self>, TransactionHeadError> {
        let digits = raw_tx.strip_prefix("0x").unwrap_or(raw_tx);
        // A head is short, and what follows it may be long: that is decoded only where the head is not short.
        for usual in USUAL_HEAD_DIGITS {
            if let Some(start) = digits.get(..usual)
                && let Ok(head) = Self::decode(&hex::decode(start)?)
            {
                return Ok(Some(head));
            }
        }
        let bytes = hex::decode(digits)?;
        if bytes == [0] {
            Ok(None)
        } else {
            Self::decode(&bytes).map(Some)
        }
    }

    /// Reads a transaction's bytes up to the part of the payload that matters.
    ///
    /// # Errors
    /// [`TransactionHeadError`] where the bytes are not a transaction.
    pub fn decode(bytes: &[u8]) -> Result<Self, TransactionHeadError> {
        let mut reader = Reader::new(bytes);
        let is_mainnet = reader.u8()? & 0x80 == 0;
        reader.u32()?; // chain id
        let auth = reader.u8()?;
        let sender = read_condition(&mut reader, is_mainnet)?;
        match auth {
            0x04 => {}
            0x05 => {
                read_condition(&mut reader, is_mainnet)?; // sponsor
            }
            byte => {
                return Err(TransactionHeadError::Unknown {
                    what: "authorisation",
                    byte,
                });
            }
        }
        reader.take(2)?; // anchor mode, post-condition mode
        for _ in 0..reader.u32()? {
            skip_post_condition(&mut reader)?;
        }
        Ok(Self {
            sender,
            payload: read_payload(&mut reader)?,
        })
    }
}

/// Reads a spending condition and answers its address.
fn read_condition(reader: &mut Reader<'_>, is_mainnet: bool) -> Result<Address, TransactionHeadError> {
    let hash_mode = reader.u8()?;
    let hash160 = reader.array::<20>()?;
    reader.take(16)?; // nonce, fee
    let is_single = matches!(hash_mode, 0x00 | 0x02);
    match hash_mode {
        0x00 | 0x02 => {
            reader.take(1 + 65)?; // key encoding, signature
        }
        0x01 | 0x03 | 0x05 | 0x07 => {
            for _ in 0..reader.u32()? {
                let field = reader.u8()?;
                reader.take(match field {
                    0x00 | 0x01 => 33, // public key
                    0x02 | 0x03 => 65, // signature
                    byte => {
                        return Err(TransactionHeadError::Unknown {
                            what: "signature field",
                            byte,
                        });
                    }
                })?;
            }
            reader.u16()?; // signatures required
        }
        byte => {
            return Err(TransactionHeadError::Unknown {
                what: "hash mode",
                byte,
            });
        }
    }
    // A witness program's key hash is wrapped as a script: its address has the version of several keys.
    let version = match (is_mainnet, is_single && hash_mode == 0x00) {
        (true, true) => 22,
        (true, false) => 20,
        (false, true) => 26,
        (false, false) => 21,
    };
    Ok(Address::new(version, hash160)?)
}

fn skip_post_condition(reader: &mut Reader<'_>) -> Result<(), TransactionHeadError> {
    let kind = reader.u8()?;
    match reader.u8()? {
        0x01 => {}
        0x02 => {
            reader.take(21)?;
        }
        0x03 => {
            reader.take(21)?;
            ContractName::read(reader)?;
        }
        byte => {
            return Err(TransactionHeadError::Unknown {
                what: "post-condition principal",
                byte,
            });
        }
    }
    if matches!(kind, 0x01 | 0x02) {
        reader.take(21)?;
        ContractName::read(reader)?;
        let asset_length = usize::from(reader.u8()?);
        reader.take(asset_length)?;
    }
    match kind {
        0x00 | 0x01 => {
            reader.take(1 + 8)?; // condition code, amount
        }
        0x02 => {
            Value::read(reader)?;
            reader.u8()?; // condition code
        }
        byte => {
            return Err(TransactionHeadError::Unknown {
                what: "post-condition",
                byte,
            });
        }
    }
    Ok(())
}

fn read_payload(reader: &mut Reader<'_>) -> Result<HeadPayload, TransactionHeadError> {
    match reader.u8()? {
        0x01 => Ok(HeadPayload::Deploy {
            name: ContractName::read(reader)?,
        }),
        0x06 => {
            reader.u8()?; // Clarity version
            Ok(HeadPayload::Deploy {
                name: ContractName::read(reader)?,
            })
        }
        0x07 => {
            reader.take(ConsensusHash::LENGTH * 2)?; // this tenure's and the previous one's sortition
            Ok(HeadPayload::TenureChange {
                burn_view: ConsensusHash::from_bytes(reader.array()?),
            })
        }
        _ => Ok(HeadPayload::Other),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::observer::NewBlock;

    fn recorded_blocks() -> Vec<NewBlock> {
        include_str!("../../../tests/fixtures/regtest/events.jsonl")
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter(|record| record["path"] == "/new_block")
            .map(|mut record| serde_json::from_value(record["body"].take()).unwrap())
            .collect()
    }

    #[test]
    fn every_recorded_transaction_has_a_head() {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for block in recorded_blocks() {
            for transaction in &block.transactions {
                let Some(head) = TransactionHead::from_hex(&transaction.raw_tx).unwrap() else {
                    continue;
                };
                *kinds
                    .entry(match head.payload {
                        HeadPayload::TenureChange { .. } => "tenure change",
                        HeadPayload::Deploy { .. } => "deploy",
                        HeadPayload::Other => "other",
                    })
                    .or_default() += 1;
            }
        }
        assert!(
            kinds["tenure change"] > 50 && kinds["deploy"] > 3 && kinds["other"] > 50,
            "{kinds:?}"
        );
    }

    #[test]
    fn a_tenure_sees_its_own_sortition_or_extends_to_a_later_one() {
        let blocks = recorded_blocks();
        let elections: BTreeMap<_, _> = blocks
            .iter()
            .map(|block| (block.consensus_hash.unwrap(), block.burn_block_height))
            .collect();
        let (mut own, mut later) = (0, 0);
        for block in blocks.iter().filter(|block| block.is_nakamoto()) {
            for transaction in &block.transactions {
                let head = TransactionHead::from_hex(&transaction.raw_tx).unwrap().unwrap();
                let HeadPayload::TenureChange { burn_view } = head.payload else {
                    continue;
                };
                if Some(burn_view) == block.consensus_hash {
                    own += 1;
                } else {
                    // A sortition without a tenure of its own is in no block.
                    assert!(
                        elections
                            .get(&burn_view)
                            .is_none_or(|height| *height > block.burn_block_height)
                    );
                    later += 1;
                }
            }
        }
        assert!(own > 50 && later > 0, "{own} new tenures, {later} extended");
    }

    #[test]
    fn bytes_cut_short_are_an_error_and_bitcoin_operations_are_none() {
        assert_eq!(TransactionHead::from_hex("0x00").unwrap(), None);
        let blocks = recorded_blocks();
        let raw = blocks
            .iter()
            .flat_map(|block| &block.transactions)
            .next_back()
            .unwrap();
        let bytes = hex::decode(&raw.raw_tx).unwrap();
        for length in 0..40 {
            assert!(
                TransactionHead::decode(&bytes[..length]).is_err(),
                "{length} bytes"
            );
        }
    }
}
