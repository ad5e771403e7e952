//! Handing a journal's transaction to the node.

use recoup_stacks::rpc::{BroadcastError, Rejection, RejectionReason};
use recoup_stacks::transaction::Transaction;

use super::observe::note;
use super::rejection::rejected;
use crate::context::Context;
use crate::failpoint;
use crate::failure::{Failure, Kind};
use crate::journal::{Act, ActIntent, Change, Entry, FailedAt, Intent, SignedTransaction, State};
use crate::node;
use crate::terminal;

/// What the node did with it.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and read at once")]
pub(super) enum Posted {
    /// It has it. The entry as it is now.
    Accepted(Entry),
    /// It says that the nonce is used: the transaction may be in a block.
    NonceUsed,
    /// It has another transaction of the same nonce, and this one's only purpose is to use that up.
    NotNeeded,
}

/// Sends the signed bytes, as often as wanted: they are always the same. Where the fee was raised, those with the highest.
///
/// # Errors
/// When the node refuses them or cannot be reached.
pub(super) async fn post(context: &Context, entry: &Entry, attempt: Attempt) -> Result<Posted, Failure> {
    let transaction = stored(entry.number, &entry.transaction)?;
    match context.node.client().broadcast(&transaction).await {
        Ok(_) => {
            failpoint::reach("after-broadcast");
            let is_new = matches!(entry.state, State::Signed | State::Orphaned);
            let entry = if is_new {
                note(context, entry, Change::Broadcast {})?
            } else {
                entry.clone()
            };
            failpoint::reach("after-journal-broadcast");
            Ok(Posted::Accepted(entry))
        }
        Err(BroadcastError::Rejected(rejection)) => refused(context, entry, &rejection, attempt),
        Err(BroadcastError::Rpc(error)) => Err(node::failure(error)
            .context(format!(
                "transaction {} is signed, and may or may not have been sent",
                entry.transaction.txid
            ))
            .hint("run the same command again: it sends the same transaction, and can never pay twice")),
    }
}

/// Which time an entry is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// Nothing of it was ever sent.
    First,
    /// It may have been sent before.
    Again,
}

/// The transaction that an entry holds.
///
/// # Errors
/// When its bytes are not those of its id.
pub(super) fn stored(entry: u64, signed: &SignedTransaction) -> Result<Transaction, Failure> {
    let damaged = || {
        let message = format!("journal entry {entry} does not hold transaction {}", signed.txid);
        Failure::new(Kind::Internal, message).hint("nothing was sent: keep the journal and ask for help")
    };
    let transaction = Transaction::from_hex(&signed.raw).map_err(|_| damaged())?;
    if transaction.txid() == signed.txid {
        Ok(transaction)
    } else {
        Err(damaged())
    }
}

fn refused(
    context: &Context,
    entry: &Entry,
    rejection: &Rejection,
    attempt: Attempt,
) -> Result<Posted, Failure> {
    let reason = &rejection.reason;
    if let RejectionReason::BadNonce(_) = reason {
        return Ok(Posted::NonceUsed);
    }
    if is_filler(&entry.intent) && matches!(reason, RejectionReason::ConflictingNonceInMempool) {
        terminal::note(&format!(
            "the node has another transaction of nonce {} waiting: that one goes first, and nothing has to be filled",
            entry.transaction.nonce
        ));
        return Ok(Posted::NotNeeded);
    }
    let failure = rejected(rejection);
    if reason.is_retryable() {
        return Err(failure);
    }
    // What a node may have taken before, or another node may take, can still be included: it stays open. Only what was
    // never sent, or what no node can ever take, frees the nonce, which the next transaction takes: even if the refused
    // one got through somewhere, only one of the two can count.
    let is_dead = attempt == Attempt::First || is_malformed(reason);
    if is_dead && entry.state == State::Signed && entry.lower.is_empty() {
        let (at, code, detail) = (FailedAt::Node, None, reason.to_string());
        note(context, entry, Change::Failed { at, code, detail })?;
        return Err(failure);
    }
    let mut failure = failure.context(format!(
        "transaction {} is not in a block yet",
        entry.transaction.txid
    ));
    failure.causes.push(
        "it may have reached another node before: it stays open in the journal, and its nonce is kept for it"
            .to_owned(),
    );
    Err(failure)
}

const fn is_filler(intent: &Intent) -> bool {
    matches!(
        intent,
        Intent::Act(ActIntent {
            act: Act::FillNonce { .. },
            ..
        })
    )
}

/// Whether no node takes it, whatever state it is in.
const fn is_malformed(reason: &RejectionReason) -> bool {
    matches!(
        reason,
        RejectionReason::BadFunctionArgument { .. }
            | RejectionReason::SignatureValidation { .. }
            | RejectionReason::Serialization { .. }
            | RejectionReason::Deserialization { .. }
            | RejectionReason::Undecodable { .. }
            | RejectionReason::BadAddressVersionByte
            | RejectionReason::BadTransactionVersion
            | RejectionReason::TransferRecipientCannotEqualSender { .. }
            | RejectionReason::TransferAmountMustBePositive
            | RejectionReason::PoisonMicroblock { .. }
            | RejectionReason::MinersOnly { .. }
    )
}
