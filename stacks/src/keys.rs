//! Keys and recoverable signatures on secp256k1.
//!
//! The secret stays in a type that wipes itself, cannot be copied, compared, printed or serialised.
//! The library's own private key type can do all of that, so one exists only while it signs.

use std::fmt;

use stacks_common::types::PrivateKey as _;
use stacks_common::util::secp256k1::{MessageSignature, Secp256k1PrivateKey, Secp256k1PublicKey};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::address::{Address, Network};
use crate::hash::hash160;
use crate::hex;

/// Half of the curve's order: a signature's `s` above it is the "high" twin, which nodes refuse.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d,
    0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// Why bytes are not a key, or a signature does not hold. Never carries key material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 32 bytes, with or without the `01` that marks a compressed public key.
    #[error("a secret key has 32 bytes, optionally followed by 01")]
    SecretKeyFormat,
    /// Zero, or not below the curve's order.
    #[error("secret key is outside the curve's range")]
    SecretKeyRange,
    /// Not a point of the curve in 33 compressed or 65 uncompressed bytes.
    #[error("not a secp256k1 public key")]
    PublicKey,
    /// Not a signature, or one whose public key cannot be recovered.
    #[error("not a recoverable secp256k1 signature")]
    Signature,
    /// The signature's high twin, which nodes refuse.
    #[error("signature has a high s")]
    HighS,
}

/// A secret key. Its public key is always used compressed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretKey {
    secret: [u8; 32],
    #[zeroize(skip)]
    public: PublicKey,
}

impl SecretKey {
    /// The key with these bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = library_secret(bytes)?;
        let public = PublicKey::from_bytes(&Secp256k1PublicKey::from_private(&key).to_bytes_compressed())?;
        Ok(Self {
            secret: *bytes,
            public,
        })
    }

    /// The key in these digits: 32 bytes, or 33 that end in `01` as wallets export them.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(hex::decode(text.trim()).map_err(|_| KeyError::SecretKeyFormat)?);
        let (secret, mark) = bytes.split_first_chunk::<32>().ok_or(KeyError::SecretKeyFormat)?;
        if !matches!(mark, [] | [0x01]) {
            return Err(KeyError::SecretKeyFormat);
        }
        Self::from_bytes(secret)
    }

    /// The bytes, to be put into a keystore. The copy wipes itself.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret)
    }

    /// The public key.
    pub const fn public_key(&self) -> PublicKey {
        self.public
    }

    /// The address of this key alone on a network.
    pub fn address(&self, network: Network) -> Address {
        self.public.address(network)
    }

    /// Signs a 32-byte digest: deterministic (RFC 6979) and with a low `s`.
    pub fn sign(&self, digest: &[u8; 32]) -> Result<Signature, KeyError> {
        let signature = library_secret(&self.secret)?
            .sign(digest)
            .map_err(|_| KeyError::Signature)?;
        let signature = Signature(signature.0);
        if signature.has_high_s() {
            return Err(KeyError::HighS);
        }
        Ok(signature)
    }
}

fn library_secret(secret: &[u8; 32]) -> Result<Secp256k1PrivateKey, KeyError> {
    let mut key = Secp256k1PrivateKey::from_slice(secret).map_err(|_| KeyError::SecretKeyRange)?;
    key.set_compress_public(true);
    Ok(key)
}

/// A public key, with the encoding in which its owner hashes it into an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey {
    compressed: [u8; 33],
    encoding: KeyEncoding,
}

/// How a public key is written when it is hashed into an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyEncoding {
    /// 33 bytes; every wallet of today.
    Compressed,
    /// 65 bytes; old keys.
    Uncompressed,
}

impl PublicKey {
    /// The key in these bytes: 33 compressed or 65 uncompressed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let key = Secp256k1PublicKey::from_slice(bytes).map_err(|_| KeyError::PublicKey)?;
        let encoding = if key.compressed() {
            KeyEncoding::Compressed
        } else {
            KeyEncoding::Uncompressed
        };
        let compressed = key
            .to_bytes_compressed()
            .try_into()
            .map_err(|_| KeyError::PublicKey)?;
        Ok(Self { compressed, encoding })
    }

    /// The key in these digits.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&hex::decode(text).map_err(|_| KeyError::PublicKey)?)
    }

    /// The same point, to be hashed in this encoding.
    pub const fn with_encoding(self, encoding: KeyEncoding) -> Self {
        Self { encoding, ..self }
    }

    /// The encoding in which it is hashed.
    pub const fn encoding(&self) -> KeyEncoding {
        self.encoding
    }

    /// The point in 33 bytes, whatever the encoding.
    pub const fn compressed(&self) -> &[u8; 33] {
        &self.compressed
    }

    /// The key in its own encoding, 33 or 65 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self.encoding {
            KeyEncoding::Compressed => self.compressed.to_vec(),
            KeyEncoding::Uncompressed => {
                // Checked to be a point when it was made.
                self.library_key().map(|key| key.to_bytes()).unwrap_or_default()
            }
        }
    }

    /// The library's own type for this key, encoding included.
    pub(crate) fn library_key(&self) -> Result<Secp256k1PublicKey, KeyError> {
        let mut key = Secp256k1PublicKey::from_slice(&self.compressed).map_err(|_| KeyError::PublicKey)?;
        key.set_compressed(self.encoding == KeyEncoding::Compressed);
        Ok(key)
    }

    /// The address of this key alone on a network.
    pub fn address(&self, network: Network) -> Address {
        Address::single_sig(network, hash160(&self.to_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({})", hex::encode(&self.to_bytes()))
    }
}

/// A recoverable signature: recovery id, `r`, `s`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; 65]);

impl Signature {
    /// The placeholder that stands where nothing was signed yet.
    pub const EMPTY: Self = Self([0; 65]);

    /// A signature in the order in which transactions carry it.
    pub const fn from_bytes(bytes: [u8; 65]) -> Self {
        Self(bytes)
    }

    /// The bytes in that order.
    pub const fn as_bytes(&self) -> &[u8; 65] {
        &self.0
    }

    /// True for the high twin, which nodes refuse.
    pub fn has_high_s(&self) -> bool {
        let (_, s) = self.0.split_at(33);
        s > HALF_ORDER.as_slice()
    }

    /// The public key (compressed) that made this signature of the digest.
    pub fn recover(&self, digest: &[u8; 32]) -> Result<PublicKey, KeyError> {
        if self.has_high_s() {
            return Err(KeyError::HighS);
        }
        let (signature, recovery_id) = MessageSignature(self.0)
            .to_secp256k1_recoverable()
            .ok_or(KeyError::Signature)?;
        // The library's own recovery reads the recovery id from the wrong end of these bytes.
        let mut id_last = [0u8; 65];
        id_last.split_at_mut(64).0.copy_from_slice(&signature.serialize());
        if let Some(last) = id_last.last_mut() {
            *last = recovery_id.serialize();
        }
        let key = stacks_common::util::secp256k1::secp256k1_recover(digest, &id_last)
            .map_err(|_| KeyError::Signature)?;
        PublicKey::from_bytes(&key)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signature({})", hex::encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deployer of Clarinet's devnet: a published test key.
    const DEVNET_KEY: &str = "753b7cc01a1a2e86221266a154af739463fce51219d97e4f856cd7200c3bd2a601";

    #[test]
    fn the_devnet_deployer_has_its_address() {
        let key = SecretKey::from_hex(DEVNET_KEY).unwrap();
        assert_eq!(
            key.address(Network::Testnet).to_string(),
            "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
        );
        let unmarked = SecretKey::from_hex(&DEVNET_KEY[..64]).unwrap();
        assert_eq!(unmarked.public_key(), key.public_key());
    }

    #[test]
    fn signs_with_low_s_and_recovers() {
        let key = SecretKey::from_hex(DEVNET_KEY).unwrap();
        for seed in 0..64u8 {
            let digest = crate::hash::sha512_256(&[seed]);
            let signature = key.sign(&digest).unwrap();
            assert!(!signature.has_high_s());
            assert_eq!(signature.recover(&digest).unwrap(), key.public_key());
        }
    }

    #[test]
    fn refuses_bad_keys_and_signatures() {
        assert!(matches!(
            SecretKey::from_bytes(&[0; 32]),
            Err(KeyError::SecretKeyRange)
        ));
        assert!(matches!(
            SecretKey::from_bytes(&[0xff; 32]),
            Err(KeyError::SecretKeyRange)
        ));
        assert!(matches!(
            SecretKey::from_hex("00"),
            Err(KeyError::SecretKeyFormat)
        ));
        let marked_wrong = format!("{}02", &DEVNET_KEY[..64]);
        assert!(matches!(
            SecretKey::from_hex(&marked_wrong),
            Err(KeyError::SecretKeyFormat)
        ));
        assert_eq!(Signature::EMPTY.recover(&[1; 32]), Err(KeyError::Signature));
        assert_eq!(
            Signature::from_bytes([0xff; 65]).recover(&[1; 32]),
            Err(KeyError::HighS)
        );
        assert_eq!(PublicKey::from_bytes(&[9; 33]), Err(KeyError::PublicKey));
        assert_eq!(PublicKey::from_bytes(&[4; 12]), Err(KeyError::PublicKey));
    }

    #[test]
    fn an_uncompressed_key_has_another_address() {
        let key = SecretKey::from_hex(DEVNET_KEY).unwrap().public_key();
        let uncompressed = key.with_encoding(KeyEncoding::Uncompressed);
        assert_eq!(uncompressed.to_bytes().len(), 65);
        assert_eq!(
            PublicKey::from_bytes(&uncompressed.to_bytes()).unwrap(),
            uncompressed
        );
        assert_ne!(
            uncompressed.address(Network::Testnet),
            key.address(Network::Testnet)
        );
    }
}
