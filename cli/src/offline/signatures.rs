//! Adding and joining signatures.

use recoup_stacks::keys::SecretKey;
use recoup_stacks::transaction::{AuthField, MultiSig, SignError, SpendingCondition, Transaction};
use thiserror::Error;

use crate::keystore::{MultiSigPolicy, SigningOrder};

/// Why a signature cannot be added.
#[derive(Debug, Error)]
pub enum SignatureError {
    /// The account is of several keys, and the file does not say which.
    #[error("the file does not name the keys of this account")]
    UnknownKeys,
    /// Not one of the account's keys.
    #[error("this wallet's key is none of the account's")]
    Stranger,
    /// It signed before.
    #[error("this wallet signed it already")]
    SignedAlready,
    /// Nobody else has to.
    #[error("it has all {required} signatures already")]
    Complete {
        /// How many that are.
        required: u16,
    },
    /// Later keys signed before earlier ones.
    #[error("a key that comes later in the account's order signed already: signatures must be made in order")]
    OutOfOrder,
    /// Two files of two transactions.
    #[error("the files are not the same transaction")]
    Different,
    /// Signatures that build on each other cannot be made side by side.
    #[error("the signatures of this account build on each other: hand one file from signer to signer")]
    NotCombinable,
    /// The key or the transaction.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// How many signatures there are, and how many are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// So many.
    pub found: u16,
    /// Of so many.
    pub required: u16,
}

impl Progress {
    /// Whether it can be sent.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        self.found >= self.required
    }
}

/// How far the signing is.
#[must_use]
pub fn progress(transaction: &Transaction) -> Progress {
    match transaction.auth.origin() {
        SpendingCondition::SingleSig(_) => Progress {
            found: u16::from(transaction.verify_origin().is_ok()),
            required: 1,
        },
        SpendingCondition::MultiSig(multi) => Progress {
            found: u16::try_from(multi.fields.iter().filter(|field| is_signature(field)).count())
                .unwrap_or(u16::MAX),
            required: multi.signatures_required,
        },
    }
}

const fn is_signature(field: &AuthField) -> bool {
    matches!(field, AuthField::Signature { .. })
}

/// Signs with one key.
///
/// # Errors
/// When the key is none of the account's, signed already, or comes too late. The transaction is then unchanged.
pub fn add_signature(
    transaction: &mut Transaction,
    policy: Option<&MultiSigPolicy>,
    key: &SecretKey,
) -> Result<(), SignatureError> {
    let before = progress(transaction);
    if before.is_complete() {
        return Err(SignatureError::Complete {
            required: before.required,
        });
    }
    let mut signed = transaction.clone();
    let rest = match signed.auth.origin_mut() {
        SpendingCondition::SingleSig(_) => Vec::new(),
        SpendingCondition::MultiSig(multi) => {
            open_place(multi, policy.ok_or(SignatureError::UnknownKeys)?, key)?
        }
    };
    signed.sign_origin(key)?;
    if let SpendingCondition::MultiSig(multi) = signed.auth.origin_mut() {
        multi.fields.extend(rest);
    }
    *transaction = signed;
    Ok(())
}

/// Leaves the fields before the key's place, so that its signature comes next; gives those after it.
fn open_place(
    multi: &mut MultiSig,
    policy: &MultiSigPolicy,
    key: &SecretKey,
) -> Result<Vec<AuthField>, SignatureError> {
    let public = key.public_key();
    let place = policy.keys().iter().position(|one| *one == public);
    let place = place.ok_or(SignatureError::Stranger)?;
    if multi.fields.len() != policy.keys().len() {
        return Err(SignatureError::UnknownKeys);
    }
    let mut rest = multi.fields.split_off(place).into_iter();
    if rest.next().is_some_and(|field| is_signature(&field)) {
        return Err(SignatureError::SignedAlready);
    }
    let rest: Vec<AuthField> = rest.collect();
    if policy.order() == SigningOrder::Sequential && rest.iter().any(is_signature) {
        return Err(SignatureError::OutOfOrder);
    }
    Ok(rest)
}

/// Joins the signatures of two files of one transaction.
///
/// # Errors
/// When they are two transactions, or their signatures build on each other.
pub fn combine(one: &Transaction, other: &Transaction) -> Result<Transaction, SignatureError> {
    let (SpendingCondition::MultiSig(mine), SpendingCondition::MultiSig(theirs)) =
        (one.auth.origin(), other.auth.origin())
    else {
        return if one == other {
            Ok(one.clone())
        } else {
            Err(SignatureError::Different)
        };
    };
    if mine.hash_mode.is_sequential() {
        return Err(SignatureError::NotCombinable);
    }
    if bare(one) != bare(other) || mine.fields.len() != theirs.fields.len() {
        return Err(SignatureError::Different);
    }
    let fields = mine.fields.iter().zip(&theirs.fields).map(|(mine, theirs)| {
        if is_signature(mine) {
            mine.clone()
        } else {
            theirs.clone()
        }
    });
    let fields = fields.collect();
    let mut joined = one.clone();
    if let SpendingCondition::MultiSig(multi) = joined.auth.origin_mut() {
        multi.fields = fields;
    }
    Ok(joined)
}

/// The transaction without its signatures.
fn bare(transaction: &Transaction) -> Transaction {
    let mut bare = transaction.clone();
    if let SpendingCondition::MultiSig(multi) = bare.auth.origin_mut() {
        multi.fields.clear();
    }
    bare
}

#[cfg(test)]
mod tests {
    use recoup_stacks::address::Network;
    use recoup_stacks::transaction::{Memo, UnsignedTransaction};

    use super::*;

    fn key(byte: u8) -> SecretKey {
        SecretKey::from_bytes(&[byte; 32]).unwrap()
    }

    fn policy(order: SigningOrder) -> MultiSigPolicy {
        let keys = [1, 2, 3].map(|byte| key(byte).public_key());
        MultiSigPolicy::new(2, order, keys.to_vec()).unwrap()
    }

    fn unsigned(policy: &MultiSigPolicy) -> Transaction {
        let recipient = key(9).address(Network::Testnet);
        UnsignedTransaction::token_transfer(Network::Testnet, recipient, 5, Memo::from_bytes([0; 34]))
            .for_account(policy.unsigned(3, 500))
    }

    #[test]
    fn any_two_of_three_in_order_make_a_valid_transaction() {
        let policy = policy(SigningOrder::Sequential);
        for (first, second) in [(1, 2), (1, 3), (2, 3)] {
            let mut transaction = unsigned(&policy);
            add_signature(&mut transaction, Some(&policy), &key(first)).unwrap();
            assert!(transaction.verify().is_err());
            assert_eq!(
                progress(&transaction),
                Progress {
                    found: 1,
                    required: 2
                }
            );
            let read = Transaction::decode(&transaction.encode()).unwrap();
            assert_eq!(read, transaction, "a file carries it half signed");
            add_signature(&mut transaction, Some(&policy), &key(second)).unwrap();
            transaction.verify().unwrap();
            let length =
                UnsignedTransaction::new(Network::Testnet, transaction.payload.clone()).encoded_length();
            assert_eq!(transaction.encode().len(), length + policy.extra_length());
        }
    }

    #[test]
    fn out_of_order_twice_by_strangers_and_too_often_is_refused_and_changes_nothing() {
        let policy = policy(SigningOrder::Sequential);
        let mut transaction = unsigned(&policy);
        add_signature(&mut transaction, Some(&policy), &key(2)).unwrap();
        let before = transaction.clone();
        let mut refused = |byte| add_signature(&mut transaction, Some(&policy), &key(byte)).unwrap_err();
        assert!(matches!(refused(1), SignatureError::OutOfOrder));
        assert!(matches!(refused(2), SignatureError::SignedAlready));
        assert!(matches!(refused(4), SignatureError::Stranger));
        assert_eq!(transaction, before);
        add_signature(&mut transaction, Some(&policy), &key(3)).unwrap();
        let more = add_signature(&mut transaction, Some(&policy), &key(1)).unwrap_err();
        assert!(matches!(more, SignatureError::Complete { required: 2 }));
    }

    #[test]
    fn signatures_made_side_by_side_are_joined() {
        let any = policy(SigningOrder::Any);
        let signed = |byte| {
            let mut transaction = unsigned(&any);
            add_signature(&mut transaction, Some(&any), &key(byte)).unwrap();
            transaction
        };
        let joined = combine(&signed(3), &signed(1)).unwrap();
        joined.verify().unwrap();
        let mut handed_on = signed(3);
        add_signature(&mut handed_on, Some(&any), &key(1)).unwrap();
        assert_eq!(joined, handed_on);
        let mut other = signed(1);
        other.payload = UnsignedTransaction::token_transfer(
            Network::Testnet,
            key(9).address(Network::Testnet),
            6,
            Memo::from_bytes([0; 34]),
        )
        .payload()
        .clone();
        assert!(matches!(combine(&joined, &other), Err(SignatureError::Different)));
        let sequential = unsigned(&policy(SigningOrder::Sequential));
        assert!(matches!(
            combine(&sequential, &sequential),
            Err(SignatureError::NotCombinable)
        ));
    }
}
