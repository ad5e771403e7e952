//! Handing a journal's transaction to the node.

use recoup_stacks::rpc::{BroadcastError, Rejection, RejectionReason};
use recoup_stacks::transaction::Transaction;

use super::observe::note;
use crate::context::Context;
use crate::failpoint;
use crate::failure::{Failure, Kind};
use crate::journal::{Change, Entry, FailedAt, State};
use crate::node;

/// What the node did with it.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and read at once")]
pub(super) enum Posted {
    /// It has it. The entry as it is now.
    Accepted(Entry),
    /// It says that the nonce is used: the transaction may be in a block.
    NonceUsed,
}

/// Sends the signed bytes, as often as wanted: they are always the same.
///
/// # Errors
/// When the node refuses them or cannot be reached.
pub(super) async fn post(context: &Context, entry: &Entry) -> Result<Posted, Failure> {
    let transaction = stored_transaction(entry)?;
    match context.node.client().broadcast(&transaction).await {
        Ok(_) => {
            failpoint::reach("after-broadcast");
            let is_new = matches!(entry.state, State::Signed | State::Orphaned);
            let entry = if is_new {
                note(context, entry, Change::Broadcast {})?
            } else {
                entry.clone()
            };
            Ok(Posted::Accepted(entry))
        }
        Err(BroadcastError::Rejected(rejection)) => refused(context, entry, &rejection),
        Err(BroadcastError::Rpc(error)) => Err(node::failure(error)
            .context(format!(
                "transaction {} is signed, and may or may not have been sent",
                entry.transaction.txid
            ))
            .hint("run the same command again: it sends the same transaction, and can never pay twice")),
    }
}

fn stored_transaction(entry: &Entry) -> Result<Transaction, Failure> {
    let damaged = || {
        let message = format!(
            "journal entry {} does not hold transaction {}",
            entry.number, entry.transaction.txid
        );
        Failure::new(Kind::Internal, message).hint("nothing was sent: keep the journal and ask for help")
    };
    let transaction = Transaction::from_hex(&entry.transaction.raw).map_err(|_| damaged())?;
    if transaction.txid() == entry.transaction.txid {
        Ok(transaction)
    } else {
        Err(damaged())
    }
}

fn refused(context: &Context, entry: &Entry, rejection: &Rejection) -> Result<Posted, Failure> {
    let reason = &rejection.reason;
    if let RejectionReason::BadNonce(_) = reason {
        return Ok(Posted::NonceUsed);
    }
    let failure = Failure::from_error(Kind::Rejected, rejection);
    if reason.is_retryable() {
        return Err(
            failure.hint("wait a little and run the same command again: it sends the same transaction")
        );
    }
    // One that a node took before may still wait at others: it stays open. A first refusal frees the nonce, which the
    // next transaction takes: even if the refused one got through somewhere, only one of the two can count.
    if matches!(entry.state, State::Signed) {
        let detail = reason.to_string();
        note(
            context,
            entry,
            Change::Failed {
                at: FailedAt::Node,
                code: None,
                detail,
            },
        )?;
    }
    Err(failure.hint(match reason {
        RejectionReason::NotEnoughFunds { .. } => "top up the sending address, then run the same command again",
        RejectionReason::FeeTooLow { .. } => "run the command again with a higher --fee",
        RejectionReason::ConflictingNonceInMempool => {
            "a transaction from outside this journal waits with the same nonce: wait for it, then run the command again"
        }
        RejectionReason::ContractAlreadyExists { .. } => "a contract of that name is deployed already",
        RejectionReason::NoSuchContract => "check --contract and --profile",
        _ => "the node will not take this transaction; check --profile, --contract and the versions of both sides",
    }))
}
