//! From a plan to a signed transaction in the journal.

use recoup_stacks::keys::SecretKey;
use recoup_stacks::transaction::{PostCondition, PostConditionMode, Transaction, UnsignedTransaction};

use super::fee::{Fee, FeeError, FeeFacts, choose};
use super::nonces::Nonces;
use crate::context::Context;
use crate::failpoint;
use crate::failure::{Failure, Kind};
use crate::journal::{
    Book, Change, Draft, Entry, FailedAt, Intent, LockedJournal, SignedTransaction, Stage, State,
};
use crate::node;

/// A transaction that is decided and not signed yet.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// What it is for.
    pub intent: Intent,
    /// What it does; fee and nonce are still to come.
    pub transaction: UnsignedTransaction,
    /// The journal's entry that planned it, where it had to wait for a second person.
    pub draft: Option<u64>,
}

impl Outgoing {
    /// A transaction that was not planned before.
    #[must_use]
    pub const fn new(intent: Intent, transaction: UnsignedTransaction) -> Self {
        Self {
            intent,
            transaction,
            draft: None,
        }
    }

    /// Holds the transaction to these post-conditions: nothing else may leave anybody.
    #[must_use]
    pub fn fenced(mut self, post_conditions: Vec<PostCondition>) -> Self {
        self.transaction = self
            .transaction
            .with_post_conditions(PostConditionMode::Deny, post_conditions);
        self
    }
}

/// Chooses the fee. One request, none when the user named the fee.
///
/// # Errors
/// When no fee fits, or the node does not answer.
pub async fn price(
    context: &Context,
    transaction: &UnsignedTransaction,
    requested: Option<u64>,
) -> Result<Fee, Failure> {
    let length = transaction.encoded_length();
    let estimate = match requested {
        Some(_) => None,
        None => {
            let estimates = context
                .node
                .client()
                .fee_estimates(transaction.payload(), length)
                .await;
            estimates.map_err(node::failure)?.map(|fees| fees.middle)
        }
    };
    let fee = choose(FeeFacts {
        requested,
        estimate,
        fallback: context.profile.fallback_fee,
        ceiling: context.profile.max_fee,
        length: u64::try_from(length).unwrap_or(u64::MAX),
    })?;
    Ok(fee)
}

/// What became of a wish to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// A new entry of the journal: signed, on disk, not sent.
    Signed(u64),
    /// Another process signed the same meanwhile: that entry is to be finished.
    Resume(u64),
}

/// Signs and writes to the journal. `recheck` sees the journal as it is then, and can name an entry to finish instead.
///
/// # Errors
/// When `recheck` or the journal refuses, or signing fails. Nothing is sent in any case.
pub fn record(
    context: &Context,
    outgoing: Outgoing,
    key: &SecretKey,
    fee: Fee,
    nonces: &Nonces,
    recheck: impl FnOnce(&Book) -> Result<Option<u64>, Failure>,
) -> Result<Recorded, Failure> {
    let mut journal = context.journal.lock()?;
    close_abandoned(&mut journal)?;
    if let Some(entry) = recheck(journal.book())? {
        return Ok(Recorded::Resume(entry));
    }
    let sender = key.address(context.profile.network.network());
    note_undone(&mut journal, &sender, nonces.confirmed)?;
    let nonce = nonces.next(journal.book(), &sender);
    let Outgoing {
        intent,
        transaction,
        draft,
    } = outgoing;
    failpoint::reach("before-journal-planned");
    let number = match draft {
        // Another process may have sent it, or given it up, since it was looked at.
        Some(number) if journal.book().get(number).is_some() => return Ok(Recorded::Resume(number)),
        Some(number) if journal.book().draft(number).is_some_and(Draft::is_awaiting) => number,
        Some(number) => {
            let message = format!("the plan of entry {number} was given up meanwhile");
            return Err(Failure::new(Kind::Refused, message).hint("run the same command again"));
        }
        None => plan(&mut journal, intent)?,
    };
    failpoint::reach("after-journal-planned");
    sign_planned(
        context,
        &mut journal,
        number,
        transaction.with_nonce(nonce),
        key,
        fee,
    )?;
    Ok(Recorded::Signed(number))
}

/// Signs what an entry planned, and writes it down.
pub(super) fn sign_planned(
    context: &Context,
    journal: &mut LockedJournal<'_>,
    number: u64,
    transaction: UnsignedTransaction,
    key: &SecretKey,
    fee: Fee,
) -> Result<(), Failure> {
    let transaction = transaction
        .with_chain_id(context.profile.network.chain_id())
        .with_fee(fee.micro_stx);
    let transaction = sign(transaction, key)?;
    journal.append(number, Change::Signed { transaction })?;
    failpoint::reach("after-journal-signed");
    Ok(())
}

/// Writes a transaction that was signed elsewhere to the journal. Of the same wish, and under the same nonce of the same
/// account, only one transaction may be open.
///
/// # Errors
/// When another one is, or the journal refuses. Nothing is sent in any case.
pub fn record_signed(
    context: &Context,
    intent: Intent,
    draft: Option<u64>,
    transaction: &Transaction,
) -> Result<Recorded, Failure> {
    let mut journal = context.journal.lock()?;
    close_abandoned(&mut journal)?;
    let signed = signed_transaction(transaction);
    let rival = journal.book().entries().find(|entry| {
        let other = &entry.transaction;
        let is_same_place = other.sender == signed.sender && other.nonce == signed.nonce;
        entry.state.is_open() && (is_same_place || entry.intent == intent)
    });
    if let Some(entry) = rival {
        if entry.alternatives().any(|one| one.txid == signed.txid) {
            return Ok(Recorded::Resume(entry.number));
        }
        let message = format!(
            "transaction {} waits already, for {} under nonce {}",
            entry.transaction.txid,
            entry.intent.describe(),
            entry.transaction.nonce
        );
        return Err(Failure::new(Kind::Refused, message)
            .hint("see that one through with `recoup refund resume`, then build this one anew"));
    }
    let number = match draft {
        Some(number) => number,
        None => plan(&mut journal, intent)?,
    };
    journal.append(number, Change::Signed { transaction: signed })?;
    failpoint::reach("after-journal-signed");
    Ok(Recorded::Signed(number))
}

/// Writes down what is wanted, before anything of it exists.
///
/// # Errors
/// When the journal cannot be written.
pub fn plan(journal: &mut LockedJournal<'_>, intent: Intent) -> Result<u64, Failure> {
    let number = journal.book().next_number();
    journal.append(number, Change::Planned { intent })?;
    Ok(number)
}

/// Whoever plans signs under the same lock, or asks for approval: a plan that is seen under the lock is of a process that
/// died in between, and nothing of it was signed.
pub(super) fn close_abandoned(journal: &mut LockedJournal<'_>) -> Result<(), Failure> {
    let is_abandoned = |draft: &&Draft| draft.stage == Stage::Planned;
    let abandoned: Vec<u64> = journal
        .book()
        .drafts()
        .filter(is_abandoned)
        .map(|draft| draft.number)
        .collect();
    for number in abandoned {
        let detail = "the program was stopped before it signed".to_owned();
        let (at, code) = (FailedAt::Here, None);
        journal.append(number, Change::Failed { at, code, detail })?;
    }
    Ok(())
}

/// Signs, and checks the signature as a node does.
pub(super) fn sign(transaction: UnsignedTransaction, key: &SecretKey) -> Result<SignedTransaction, Failure> {
    let internal = |error: &(dyn std::error::Error + 'static), what| {
        Failure::from_error(Kind::Internal, error).context(what)
    };
    let transaction = transaction
        .sign(key)
        .map_err(|error| internal(&error, "cannot sign the transaction"))?;
    transaction
        .verify()
        .map_err(|error| internal(&error, "the signature does not hold"))?;
    Ok(signed_transaction(&transaction))
}

fn signed_transaction(transaction: &Transaction) -> SignedTransaction {
    SignedTransaction {
        txid: transaction.txid(),
        raw: transaction.to_hex(),
        sender: transaction.origin_address(),
        nonce: transaction.nonce(),
        fee: transaction.fee(),
    }
}

/// Notes which transactions of the sender were in blocks that do not count any more: their nonces are not used, and they
/// can be included again, so nothing else may take their place.
pub(super) fn note_undone(
    journal: &mut LockedJournal<'_>,
    sender: &recoup_stacks::address::Address,
    account_nonce: u64,
) -> Result<(), Failure> {
    let is_undone = |entry: &&Entry| {
        let transaction = &entry.transaction;
        transaction.sender == *sender && transaction.nonce >= account_nonce && entry.state.used_its_nonce()
    };
    let undone: Vec<Entry> = journal.book().entries().filter(is_undone).cloned().collect();
    for entry in undone {
        if matches!(entry.state, State::Final(_)) {
            let message = format!(
                "the node does not know transaction {}, which was final",
                entry.transaction.txid
            );
            return Err(Failure::new(Kind::Refused, message).hint(
                "this is another chain than the journal's, or the node is far behind; a local chain that was started anew \
                 needs a new --home",
            ));
        }
        journal.append(entry.number, Change::Orphaned {})?;
    }
    Ok(())
}

impl From<FeeError> for Failure {
    fn from(error: FeeError) -> Self {
        let hint = match error {
            FeeError::AboveCeiling { .. } => {
                "raise the ceiling with `recoup config set max-fee`, or give a lower --fee"
            }
            FeeError::BelowFloor { .. } => "give a higher --fee, or none to take the node's estimate",
        };
        Self::from_error(Kind::Refused, &error).hint(hint)
    }
}
