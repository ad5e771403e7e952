//! Signing and verifying (SIP-005, "Transaction signing and verifying").
//!
//! Everyone signs a hash of the transaction whose authorization is cleared, joined with the account's own
//! fee and nonce. A sequential multi-signature then feeds each signature into the hash that the next one
//! signs, and a sponsor signs what the sender's last signature left.

use super::auth::{Auth, AuthField, MultiSig, SingleSig, SpendingCondition, key_encoding_byte};
use super::codec::DecodeError;
use super::envelope::Transaction;
use crate::hash::sha512_256;
use crate::keys::{KeyEncoding, KeyError, PublicKey, SecretKey, Signature};

/// Why a transaction was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The account is that of another key.
    #[error("the key does not belong to the account that should sign")]
    WrongKey,
    /// There is no sponsor to sign for.
    #[error("the transaction has no sponsor")]
    NotSponsored,
    /// A public key can only stand among several.
    #[error("the account has only one key")]
    NotMultiSig,
    /// What the sender signed does not hold, so a sponsor must not sign.
    #[error("the sender's signature does not hold")]
    Origin(#[from] VerifyError),
    /// The key or the curve refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nodes could not read what would be signed.
    #[error("the transaction cannot be read back")]
    NotDecodable(#[from] DecodeError),
    /// Nodes would read something else than was to be signed.
    #[error("the transaction reads back as another one")]
    NotCanonical,
}

/// Why a transaction's signatures do not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A signature is none, or is the high twin.
    #[error(transparent)]
    Signature(#[from] KeyError),
    /// The keys that signed are not those of the account.
    #[error("signed by keys of another account")]
    WrongSigner,
    /// Too few signatures, or in a sequential mode too many.
    #[error("{found} signatures where {required} are required")]
    SignatureCount {
        /// Signatures that the account asks for.
        required: u16,
        /// Signatures that are there.
        found: usize,
    },
}

/// Whose signature it is: part of what is signed.
#[derive(Clone, Copy)]
enum Role {
    Origin,
    Sponsor,
}

impl Role {
    const fn byte(self) -> u8 {
        match self {
            Self::Origin => 0x04,
            Self::Sponsor => 0x05,
        }
    }
}

impl Transaction {
    /// Signs for the sender. On a multi-signature account, appends the next signature.
    pub fn sign_origin(&mut self, key: &SecretKey) -> Result<(), SignError> {
        self.check_canonical()?;
        let start = self.initial_hash();
        add_signature(self.auth.origin_mut(), start, Role::Origin, key)
    }

    /// Appends a key of a multi-signature account that does not sign.
    pub fn append_origin_key(&mut self, key: PublicKey) -> Result<(), SignError> {
        match self.auth.origin_mut() {
            SpendingCondition::SingleSig(_) => Err(SignError::NotMultiSig),
            SpendingCondition::MultiSig(multi) => {
                multi.fields.push(AuthField::PublicKey(key));
                Ok(())
            }
        }
    }

    /// Signs for the sponsor, after the sender has signed and the sponsor's part was filled in.
    pub fn sign_sponsor(&mut self, key: &SecretKey) -> Result<(), SignError> {
        self.check_canonical()?;
        let start = check(self.auth.origin(), self.initial_hash(), Role::Origin)?;
        match &mut self.auth {
            Auth::Standard(_) => Err(SignError::NotSponsored),
            Auth::Sponsored { sponsor, .. } => add_signature(sponsor, start, Role::Sponsor, key),
        }
    }

    /// Checks the signatures of sender and sponsor as a node does.
    pub fn verify(&self) -> Result<(), VerifyError> {
        let after_origin = check(self.auth.origin(), self.initial_hash(), Role::Origin)?;
        if let Some(sponsor) = self.auth.sponsor() {
            check(sponsor, after_origin, Role::Sponsor)?;
        }
        Ok(())
    }

    /// Checks the sender's signatures alone; a sponsor may still have to sign.
    pub fn verify_origin(&self) -> Result<(), VerifyError> {
        check(self.auth.origin(), self.initial_hash(), Role::Origin).map(|_| ())
    }

    /// Hash of the transaction with its authorization cleared: where every signature starts.
    fn initial_hash(&self) -> [u8; 32] {
        let auth = match &self.auth {
            Auth::Standard(origin) => Auth::Standard(origin.cleared()),
            Auth::Sponsored { origin, .. } => Auth::Sponsored {
                origin: origin.cleared(),
                sponsor: SpendingCondition::unknown_sponsor(),
            },
        };
        *Self { auth, ..self.clone() }.txid().as_bytes()
    }

    /// Money moves by what nodes read, not by what is in memory: both must be the same.
    fn check_canonical(&self) -> Result<(), SignError> {
        if Self::decode(&self.encode())? == *self {
            Ok(())
        } else {
            Err(SignError::NotCanonical)
        }
    }
}

/// The hash that is signed: what came before, joined with the account's role, fee and nonce.
fn hash_to_sign(before: [u8; 32], role: Role, fee: u64, nonce: u64) -> [u8; 32] {
    let mut preimage = before.to_vec();
    preimage.push(role.byte());
    preimage.extend_from_slice(&fee.to_be_bytes());
    preimage.extend_from_slice(&nonce.to_be_bytes());
    sha512_256(&preimage)
}

/// What a signature leaves for the next one to build on.
fn hash_after(signed: [u8; 32], encoding: KeyEncoding, signature: &Signature) -> [u8; 32] {
    let mut preimage = signed.to_vec();
    preimage.push(key_encoding_byte(encoding));
    preimage.extend_from_slice(signature.as_bytes());
    sha512_256(&preimage)
}

fn add_signature(
    condition: &mut SpendingCondition,
    start: [u8; 32],
    role: Role,
    key: &SecretKey,
) -> Result<(), SignError> {
    match condition {
        SpendingCondition::SingleSig(single) => {
            let public = key.public_key().with_encoding(single.key_encoding);
            if single.hash_mode.signer_hash(&public)? != single.signer {
                return Err(SignError::WrongKey);
            }
            single.signature = key.sign(&hash_to_sign(start, role, single.fee, single.nonce))?;
        }
        SpendingCondition::MultiSig(multi) => {
            let before = follow(multi, start, role).0;
            let signature = key.sign(&hash_to_sign(before, role, multi.fee, multi.nonce))?;
            multi.fields.push(AuthField::Signature {
                encoding: KeyEncoding::Compressed,
                signature,
            });
        }
    }
    Ok(())
}

/// Checks one account's signatures; returns the hash that the sponsor's part starts from.
fn check(condition: &SpendingCondition, start: [u8; 32], role: Role) -> Result<[u8; 32], VerifyError> {
    match condition {
        SpendingCondition::SingleSig(single) => check_single(single, start, role),
        SpendingCondition::MultiSig(multi) => check_multi(multi, start, role),
    }
}

fn check_single(single: &SingleSig, start: [u8; 32], role: Role) -> Result<[u8; 32], VerifyError> {
    let signed = hash_to_sign(start, role, single.fee, single.nonce);
    let key = single
        .signature
        .recover(&signed)?
        .with_encoding(single.key_encoding);
    if single.hash_mode.signer_hash(&key)? != single.signer {
        return Err(VerifyError::WrongSigner);
    }
    Ok(hash_after(signed, single.key_encoding, &single.signature))
}

fn check_multi(multi: &MultiSig, start: [u8; 32], role: Role) -> Result<[u8; 32], VerifyError> {
    let (after, signed) = follow(multi, start, role);
    let mut keys = Vec::with_capacity(multi.fields.len());
    let mut found = 0usize;
    let mut hashes = signed.iter();
    for field in &multi.fields {
        match field {
            AuthField::PublicKey(key) => keys.push(*key),
            AuthField::Signature { encoding, signature } => {
                // `follow` gives one hash for each signature.
                let digest = hashes.next().ok_or(KeyError::Signature)?;
                keys.push(signature.recover(digest)?.with_encoding(*encoding));
                found = found.saturating_add(1);
            }
        }
    }
    let required = multi.signatures_required;
    let enough = if multi.hash_mode.is_sequential() {
        found == usize::from(required)
    } else {
        found >= usize::from(required)
    };
    if !enough {
        return Err(VerifyError::SignatureCount { required, found });
    }
    if multi.hash_mode.signer_hash(&keys, required)? != multi.signer {
        return Err(VerifyError::WrongSigner);
    }
    Ok(after)
}

/// Follows the signatures of a multi-signature account: the hash after the last one, and the hash that
/// each of them signed.
fn follow(multi: &MultiSig, start: [u8; 32], role: Role) -> ([u8; 32], Vec<[u8; 32]>) {
    let mut current = start;
    let mut signed = Vec::new();
    for field in &multi.fields {
        if let AuthField::Signature { encoding, signature } = field {
            let digest = hash_to_sign(current, role, multi.fee, multi.nonce);
            signed.push(digest);
            if multi.hash_mode.is_sequential() {
                current = hash_after(digest, *encoding, signature);
            }
        }
    }
    (current, signed)
}
