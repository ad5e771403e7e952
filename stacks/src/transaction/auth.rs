//! Authorization: who sends, who pays the fee, and the signatures of both.

use stacks_common::address::{AddressHashMode, public_keys_to_address_hash};

use super::byte_enum::byte_enum;
use super::codec::{DecodeError, read_list};
use crate::address::{Address, Network};
use crate::keys::{KeyEncoding, KeyError, PublicKey, Signature};
use crate::wire::{Reader, put_length};

const STANDARD: u8 = 0x04;
const SPONSORED: u8 = 0x05;

/// Who sends the transaction and who pays its fee.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Auth {
    /// The sender pays.
    Standard(SpendingCondition),
    /// A sponsor pays.
    Sponsored {
        /// The sender.
        origin: SpendingCondition,
        /// Who pays the fee.
        sponsor: SpendingCondition,
    },
}

/// An account's part of the authorization: its nonce, the fee, and its signatures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SpendingCondition {
    /// An account of one key.
    SingleSig(SingleSig),
    /// An account of several keys.
    MultiSig(MultiSig),
}

/// Authorization by one key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SingleSig {
    /// How the key is hashed into the address.
    pub hash_mode: SingleSigHashMode,
    /// Hash inside the account's address.
    pub signer: [u8; 20],
    /// The account's nonce.
    pub nonce: u64,
    /// Fee in micro-STX.
    pub fee: u64,
    /// Encoding in which the key is hashed.
    pub key_encoding: KeyEncoding,
    /// The signature, or [`Signature::EMPTY`].
    pub signature: Signature,
}

/// Authorization by several keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MultiSig {
    /// How the keys are hashed into the address, and whether their order binds the signatures.
    pub hash_mode: MultiSigHashMode,
    /// Hash inside the account's address.
    pub signer: [u8; 20],
    /// The account's nonce.
    pub nonce: u64,
    /// Fee in micro-STX.
    pub fee: u64,
    /// For each key, in the order of the address's script: its signature, or the key itself.
    pub fields: Vec<AuthField>,
    /// How many signatures the account asks for.
    pub signatures_required: u16,
}

/// One key's part of a multi-signature authorization.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AuthField {
    /// A key that did not sign.
    PublicKey(PublicKey),
    /// A signature; the key is recovered from it.
    Signature {
        /// Encoding in which the recovered key is hashed.
        encoding: KeyEncoding,
        /// The signature.
        signature: Signature,
    },
}

byte_enum! {
    /// How one key becomes an address.
    SingleSigHashMode, "single-signature hash mode" {
        /// Hash of the key, as every wallet does it.
        P2pkh = 0x00,
        /// Segregated witness inside a script hash.
        P2wpkh = 0x02,
    }
}

byte_enum! {
    /// How several keys become an address. The sequential modes chain the signatures: each signs the one
    /// before it. In the others (SIP-027) each signs the transaction alone.
    MultiSigHashMode, "multi-signature hash mode" {
        /// Script hash, sequential.
        P2sh = 0x01,
        /// Witness script inside a script hash, sequential.
        P2wsh = 0x03,
        /// Script hash, in any order.
        P2shNonSequential = 0x05,
        /// Witness script inside a script hash, in any order.
        P2wshNonSequential = 0x07,
    }
}

impl SingleSigHashMode {
    /// Hash inside the address of a key.
    pub fn signer_hash(self, key: &PublicKey) -> Result<[u8; 20], KeyError> {
        let mode = match self {
            Self::P2pkh => AddressHashMode::SerializeP2PKH,
            Self::P2wpkh => AddressHashMode::SerializeP2WPKH,
        };
        Ok(public_keys_to_address_hash(&mode, 1, &vec![key.library_key()?]).0)
    }

    const fn needs_compressed_keys(self) -> bool {
        matches!(self, Self::P2wpkh)
    }
}

impl MultiSigHashMode {
    /// Hash inside the address of these keys, in this order, of which so many must sign.
    pub fn signer_hash(self, keys: &[PublicKey], signatures_required: u16) -> Result<[u8; 20], KeyError> {
        let mode = match self {
            Self::P2sh | Self::P2shNonSequential => AddressHashMode::SerializeP2SH,
            Self::P2wsh | Self::P2wshNonSequential => AddressHashMode::SerializeP2WSH,
        };
        let keys = keys
            .iter()
            .map(PublicKey::library_key)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(public_keys_to_address_hash(&mode, usize::from(signatures_required), &keys).0)
    }

    /// True where each signature signs the one before it.
    pub const fn is_sequential(self) -> bool {
        matches!(self, Self::P2sh | Self::P2wsh)
    }

    const fn needs_compressed_keys(self) -> bool {
        matches!(self, Self::P2wsh | Self::P2wshNonSequential)
    }
}

impl Auth {
    /// The sender's part.
    pub const fn origin(&self) -> &SpendingCondition {
        match self {
            Self::Standard(origin) | Self::Sponsored { origin, .. } => origin,
        }
    }

    /// The sender's part, to be changed.
    pub const fn origin_mut(&mut self) -> &mut SpendingCondition {
        match self {
            Self::Standard(origin) | Self::Sponsored { origin, .. } => origin,
        }
    }

    /// The sponsor's part, where there is one.
    pub const fn sponsor(&self) -> Option<&SpendingCondition> {
        match self {
            Self::Standard(_) => None,
            Self::Sponsored { sponsor, .. } => Some(sponsor),
        }
    }

    /// The part of the account that pays the fee.
    pub const fn fee_payer(&self) -> &SpendingCondition {
        match self {
            Self::Standard(payer) | Self::Sponsored { sponsor: payer, .. } => payer,
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            STANDARD => Ok(Self::Standard(SpendingCondition::read(reader)?)),
            SPONSORED => Ok(Self::Sponsored {
                origin: SpendingCondition::read(reader)?,
                sponsor: SpendingCondition::read(reader)?,
            }),
            byte => Err(DecodeError::UnknownByte {
                what: "authorization type",
                byte,
            }),
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Standard(origin) => {
                out.push(STANDARD);
                origin.write(out);
            }
            Self::Sponsored { origin, sponsor } => {
                out.push(SPONSORED);
                origin.write(out);
                sponsor.write(out);
            }
        }
    }
}

impl SpendingCondition {
    /// An account of one compressed key, not signed yet.
    pub fn single_sig(key: &PublicKey, nonce: u64, fee: u64) -> Result<Self, KeyError> {
        let hash_mode = SingleSigHashMode::P2pkh;
        Ok(Self::SingleSig(SingleSig {
            hash_mode,
            signer: hash_mode.signer_hash(key)?,
            nonce,
            fee,
            key_encoding: key.encoding(),
            signature: Signature::EMPTY,
        }))
    }

    /// The account's nonce.
    pub const fn nonce(&self) -> u64 {
        match self {
            Self::SingleSig(single) => single.nonce,
            Self::MultiSig(multi) => multi.nonce,
        }
    }

    /// Fee in micro-STX.
    pub const fn fee(&self) -> u64 {
        match self {
            Self::SingleSig(single) => single.fee,
            Self::MultiSig(multi) => multi.fee,
        }
    }

    /// Hash inside the account's address.
    pub const fn signer(&self) -> &[u8; 20] {
        match self {
            Self::SingleSig(single) => &single.signer,
            Self::MultiSig(multi) => &multi.signer,
        }
    }

    /// The account's address on a network.
    pub const fn address(&self, network: Network) -> Address {
        match self {
            Self::SingleSig(SingleSig {
                hash_mode: SingleSigHashMode::P2pkh,
                signer,
                ..
            }) => Address::single_sig(network, *signer),
            Self::SingleSig(SingleSig { signer, .. }) | Self::MultiSig(MultiSig { signer, .. }) => {
                Address::multi_sig(network, *signer)
            }
        }
    }

    /// As it stands in the bytes that everyone signs: no nonce, no fee, no signatures.
    pub(super) fn cleared(&self) -> Self {
        match self {
            Self::SingleSig(single) => Self::SingleSig(SingleSig {
                nonce: 0,
                fee: 0,
                signature: Signature::EMPTY,
                ..single.clone()
            }),
            Self::MultiSig(multi) => Self::MultiSig(MultiSig {
                nonce: 0,
                fee: 0,
                fields: Vec::new(),
                ..multi.clone()
            }),
        }
    }

    /// Stands for the sponsor in the bytes that the sender signs: it need not be known yet.
    pub(super) const fn unknown_sponsor() -> Self {
        Self::SingleSig(SingleSig {
            hash_mode: SingleSigHashMode::P2pkh,
            signer: [0; 20],
            nonce: 0,
            fee: 0,
            key_encoding: KeyEncoding::Compressed,
            signature: Signature::EMPTY,
        })
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mode = reader.u8()?;
        let signer = reader.array()?;
        let nonce = reader.u64()?;
        let fee = reader.u64()?;
        if let Ok(hash_mode) = SingleSigHashMode::from_byte(mode) {
            let key_encoding = read_key_encoding(reader)?;
            let signature = Signature::from_bytes(reader.array()?);
            if hash_mode.needs_compressed_keys() && key_encoding == KeyEncoding::Uncompressed {
                return Err(DecodeError::Contradiction("hash mode needs a compressed key"));
            }
            return Ok(Self::SingleSig(SingleSig {
                hash_mode,
                signer,
                nonce,
                fee,
                key_encoding,
                signature,
            }));
        }
        let hash_mode = MultiSigHashMode::from_byte(mode).map_err(|_| DecodeError::UnknownByte {
            what: "hash mode",
            byte: mode,
        })?;
        let fields = read_list(reader, AuthField::read)?;
        let signatures_required = reader.u16()?;
        let uncompressed = fields
            .iter()
            .any(|field| field.encoding() == KeyEncoding::Uncompressed);
        if hash_mode.needs_compressed_keys() && uncompressed {
            return Err(DecodeError::Contradiction("hash mode needs compressed keys"));
        }
        Ok(Self::MultiSig(MultiSig {
            hash_mode,
            signer,
            nonce,
            fee,
            fields,
            signatures_required,
        }))
    }

    fn write(&self, out: &mut Vec<u8>) {
        let mode = match self {
            Self::SingleSig(single) => single.hash_mode.to_byte(),
            Self::MultiSig(multi) => multi.hash_mode.to_byte(),
        };
        out.push(mode);
        out.extend_from_slice(self.signer());
        out.extend_from_slice(&self.nonce().to_be_bytes());
        out.extend_from_slice(&self.fee().to_be_bytes());
        match self {
            Self::SingleSig(single) => {
                out.push(key_encoding_byte(single.key_encoding));
                out.extend_from_slice(single.signature.as_bytes());
            }
            Self::MultiSig(multi) => {
                put_length(out, multi.fields.len());
                multi.fields.iter().for_each(|field| field.write(out));
                out.extend_from_slice(&multi.signatures_required.to_be_bytes());
            }
        }
    }
}

impl AuthField {
    const fn encoding(&self) -> KeyEncoding {
        match self {
            Self::PublicKey(key) => key.encoding(),
            Self::Signature { encoding, .. } => *encoding,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let byte = reader.u8()?;
        let encoding = if byte & 1 == 0 {
            KeyEncoding::Compressed
        } else {
            KeyEncoding::Uncompressed
        };
        match byte {
            0x00 | 0x01 => {
                let key = PublicKey::from_bytes(&reader.array::<33>()?)?;
                Ok(Self::PublicKey(key.with_encoding(encoding)))
            }
            0x02 | 0x03 => Ok(Self::Signature {
                encoding,
                signature: Signature::from_bytes(reader.array()?),
            }),
            byte => Err(DecodeError::UnknownByte {
                what: "authorization field",
                byte,
            }),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::PublicKey(key) => {
                out.push(key_encoding_byte(key.encoding()));
                out.extend_from_slice(key.compressed());
            }
            Self::Signature { encoding, signature } => {
                out.push(0x02 | key_encoding_byte(*encoding));
                out.extend_from_slice(signature.as_bytes());
            }
        }
    }
}

fn read_key_encoding(reader: &mut Reader<'_>) -> Result<KeyEncoding, DecodeError> {
    match reader.u8()? {
        0x00 => Ok(KeyEncoding::Compressed),
        0x01 => Ok(KeyEncoding::Uncompressed),
        byte => Err(DecodeError::UnknownByte {
            what: "key encoding",
            byte,
        }),
    }
}

/// The byte of a key's encoding on the wire.
pub(super) const fn key_encoding_byte(encoding: KeyEncoding) -> u8 {
    match encoding {
        KeyEncoding::Compressed => 0x00,
        KeyEncoding::Uncompressed => 0x01,
    }
}
