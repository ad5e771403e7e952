//! Raising the fee of what waits: the same transaction, the same nonce, a higher fee. Either can be included, never both.

use recoup_stacks::keys::SecretKey;
use recoup_stacks::transaction::{Transaction, UnsignedTransaction};

use super::fee::{Fee, FeeError};
use super::outgoing::sign;
use super::post::stored;
use crate::context::Context;
use crate::failpoint;
use crate::failure::{Failure, Kind};
use crate::journal::{Change, Entry};

/// By so much of the last fee a raise goes up at least, when the user names none: nodes take anything higher, and a raise
/// that is hardly one wastes a signature.
const USUAL_RAISE_PERCENT: u64 = 25;

/// An entry's transaction as it was before it was signed: to estimate a new fee for.
///
/// # Errors
/// When the journal does not hold the transaction.
pub fn unsigned(entry: &Entry) -> Result<UnsignedTransaction, Failure> {
    Ok(unsigned_of(stored(entry.number, &entry.transaction)?))
}

fn unsigned_of(transaction: Transaction) -> UnsignedTransaction {
    let nonce = transaction.nonce();
    UnsignedTransaction::new(transaction.network, transaction.payload)
        .with_chain_id(transaction.chain_id)
        .with_post_conditions(transaction.post_condition_mode, transaction.post_conditions)
        .with_nonce(nonce)
}

/// The fee to raise to: what the user or the node says, as long as it is more than the last one.
///
/// # Errors
/// When it is not, or when the ceiling leaves no room above the last one.
pub fn raised(last: u64, requested: Option<u64>, chosen: Fee, ceiling: u64) -> Result<u64, Failure> {
    if let Some(fee) = requested {
        return if fee > ceiling {
            Err(FeeError::AboveCeiling { fee, ceiling }.into())
        } else if fee > last {
            Ok(fee)
        } else {
            let message = format!("a fee of {fee} micro-STX does not replace one of {last}");
            Err(Failure::new(Kind::Refused, message).hint("give a higher --fee, or none"))
        };
    }
    let step = (last / 100).saturating_mul(USUAL_RAISE_PERCENT).max(1);
    let fee = chosen.micro_stx.max(last.saturating_add(step)).min(ceiling);
    if fee > last {
        Ok(fee)
    } else {
        let message = format!("the fee is {last} micro-STX already, and the ceiling {ceiling}");
        Err(Failure::new(Kind::Refused, message)
            .hint("raise the ceiling with `recoup config set max-fee`, or wait: it stays in the queue"))
    }
}

/// What became of the wish to raise a fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// The alternative is signed and on disk.
    Signed,
    /// It ended, or changed, since it was looked at.
    Changed,
}

/// Signs the same transaction with a higher fee and writes it to the journal, beside the one it may replace.
///
/// # Errors
/// When the key is not the sender's, or the journal cannot be written. Nothing is sent in any case.
pub fn record_bump(context: &Context, seen: &Entry, key: &SecretKey, fee: u64) -> Result<Raised, Failure> {
    let mut journal = context.journal.lock()?;
    let is_as_seen = journal.book().get(seen.number).is_some_and(|entry| {
        entry.state.is_open() && entry.transaction == seen.transaction && fee > entry.transaction.fee
    });
    if !is_as_seen {
        return Ok(Raised::Changed);
    }
    let last = stored(seen.number, &seen.transaction)?;
    let transaction = sign(unsigned_of(last.clone()).with_fee(fee), key)?;
    if !does_the_same(&last, &stored(seen.number, &transaction)?) {
        return Err(Failure::new(
            Kind::Internal,
            "the transaction with the new fee is not the same one",
        )
        .hint("nothing was sent: is this the wallet that signed it?"));
    }
    journal.append(seen.number, Change::Bumped { transaction })?;
    failpoint::reach("after-journal-bumped");
    Ok(Raised::Signed)
}

/// Whether two transactions differ in fee and signature alone.
#[must_use]
pub fn does_the_same(one: &Transaction, other: &Transaction) -> bool {
    let content = |transaction: &Transaction| {
        let Transaction {
            network,
            chain_id,
            auth: _,
            anchor_mode,
            post_condition_mode,
            post_conditions,
            payload,
        } = transaction.clone();
        (
            (network, chain_id, anchor_mode, post_condition_mode),
            (
                post_conditions,
                payload,
                transaction.nonce(),
                transaction.origin_address(),
            ),
        )
    };
    content(one) == content(other) && one.fee_payer_address() == other.fee_payer_address()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(micro_stx: u64) -> Fee {
        Fee {
            micro_stx,
            is_cut: false,
        }
    }

    #[test]
    fn a_raise_is_always_above_the_last_fee_and_never_above_the_ceiling() {
        assert_eq!(raised(1_000, None, chosen(300), 10_000), Ok(1_250));
        assert_eq!(raised(1_000, None, chosen(4_000), 10_000), Ok(4_000));
        assert_eq!(raised(3, None, chosen(1), 10_000), Ok(4));
        assert_eq!(raised(9_900, None, chosen(300), 10_000), Ok(10_000));
        assert_eq!(raised(1_000, Some(1_001), chosen(300), 10_000), Ok(1_001));
        assert!(raised(10_000, None, chosen(300), 10_000).is_err());
        assert!(raised(1_000, Some(10_001), chosen(300), 10_000).is_err());
        assert!(raised(1_000, Some(1_000), chosen(300), 10_000).is_err());
    }
}
