//! Encryption under a passphrase: argon2id stretches it, XChaCha20-Poly1305 seals with it.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use super::hexadecimal::{HexArray, HexVec};

/// Why something could not be sealed or opened.
#[derive(Debug, Error)]
pub enum EnvelopeError {
    /// Decryption failed. The two reasons cannot be told apart.
    #[error("wrong passphrase, or the file was changed")]
    CannotOpen,
    /// The file asks for a stretching that is too weak to be ours or too large for this machine.
    #[error("the key stretching parameters are out of range")]
    BadStretching,
    /// The system's random source failed.
    #[error("no randomness from the system: {0}")]
    Randomness(getrandom::Error),
    /// Sealing failed; it does not for contents of a few bytes.
    #[error("encryption failed")]
    CannotSeal,
}

/// How much work each guess of a passphrase costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretching {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Parallel lanes.
    pub lanes: u32,
}

impl Stretching {
    /// What new wallets get: 64 MiB, 3 passes, above the second recommended option of RFC 9106.
    pub const STANDARD: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 1,
    };

    /// Weakest and strongest accepted from a file. The lower end guards against a file made cheap to guess, the
    /// upper one against a file that eats the machine's memory.
    const MEMORY_KIB: std::ops::RangeInclusive<u32> = 8 * 1024..=1024 * 1024;
    const PASSES: std::ops::RangeInclusive<u32> = 1..=16;
    const LANES: std::ops::RangeInclusive<u32> = 1..=16;

    fn key(self, passphrase: &str, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, EnvelopeError> {
        let accepted = Self::MEMORY_KIB.contains(&self.memory_kib)
            && Self::PASSES.contains(&self.passes)
            && Self::LANES.contains(&self.lanes);
        if !accepted {
            return Err(EnvelopeError::BadStretching);
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| EnvelopeError::BadStretching)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
            .map_err(|_| EnvelopeError::BadStretching)?;
        Ok(key)
    }
}

/// A sealed secret with all that is needed to open it but the passphrase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelope {
    /// Always `argon2id`, version 0x13.
    kdf: Kdf,
    stretching: Stretching,
    salt: HexArray<16>,
    /// Always XChaCha20-Poly1305.
    cipher: Cipher,
    nonce: HexArray<24>,
    ciphertext: HexVec,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kdf {
    Argon2id,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Cipher {
    #[serde(rename = "xchacha20-poly1305")]
    XChaCha20Poly1305,
}

impl Envelope {
    /// Encrypts `secret`; `bound` is not encrypted, but opening fails unless it is the same.
    pub(super) fn seal(
        secret: &[u8],
        bound: &[u8],
        passphrase: &str,
        stretching: Stretching,
    ) -> Result<Self, EnvelopeError> {
        let (salt, nonce) = (HexArray::random()?, HexArray::<24>::random()?);
        let key = stretching.key(passphrase, &salt.0)?;
        let ciphertext = cipher(&key)
            .encrypt(
                &XNonce::from(nonce.0),
                Payload {
                    msg: secret,
                    aad: bound,
                },
            )
            .map_err(|_| EnvelopeError::CannotSeal)?;
        Ok(Self {
            kdf: Kdf::Argon2id,
            stretching,
            salt,
            cipher: Cipher::XChaCha20Poly1305,
            nonce,
            ciphertext: HexVec(ciphertext),
        })
    }

    pub(super) fn open(&self, bound: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let key = self.stretching.key(passphrase, &self.salt.0)?;
        cipher(&key)
            .decrypt(
                &XNonce::from(self.nonce.0),
                Payload {
                    msg: &self.ciphertext.0,
                    aad: bound,
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| EnvelopeError::CannotOpen)
    }
}

fn cipher(key: &Zeroizing<[u8; 32]>) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&**key).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Stretching = Stretching {
        memory_kib: 8 * 1024,
        passes: 1,
        lanes: 1,
    };

    #[test]
    fn opens_only_with_the_passphrase_and_what_was_bound() {
        let envelope = Envelope::seal(b"secret", b"bound", "pass", CHEAP).unwrap();
        assert_eq!(envelope.open(b"bound", "pass").unwrap().as_slice(), b"secret");
        assert!(matches!(
            envelope.open(b"bound", "Pass"),
            Err(EnvelopeError::CannotOpen)
        ));
        assert!(matches!(
            envelope.open(b"other", "pass"),
            Err(EnvelopeError::CannotOpen)
        ));
    }

    #[test]
    fn every_changed_byte_of_the_ciphertext_is_noticed() {
        let envelope = Envelope::seal(b"ab", b"", "pass", CHEAP).unwrap();
        for index in 0..envelope.ciphertext.0.len() {
            let mut changed = envelope.clone();
            changed.ciphertext.0[index] ^= 1;
            assert!(
                matches!(changed.open(b"", "pass"), Err(EnvelopeError::CannotOpen)),
                "byte {index}"
            );
        }
    }

    #[test]
    fn two_seals_of_one_secret_share_nothing() {
        let one = Envelope::seal(b"secret", b"", "pass", CHEAP).unwrap();
        let two = Envelope::seal(b"secret", b"", "pass", CHEAP).unwrap();
        assert!(one.salt != two.salt && one.nonce != two.nonce && one.ciphertext != two.ciphertext);
    }

    #[test]
    fn refuses_stretching_that_is_too_weak_or_too_large() {
        let mut envelope = Envelope::seal(b"secret", b"", "pass", CHEAP).unwrap();
        for (memory_kib, passes, lanes) in [(8, 1, 1), (u32::MAX, 1, 1), (8192, 0, 1), (8192, 1, 99)] {
            envelope.stretching = Stretching {
                memory_kib,
                passes,
                lanes,
            };
            assert!(matches!(
                envelope.open(b"", "pass"),
                Err(EnvelopeError::BadStretching)
            ));
        }
    }
}
