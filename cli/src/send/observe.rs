//! Looking at one transaction of the journal, and writing down what is new.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::error::ContractError;
use recoup_protocol::reads::GetRefundQuote;
use recoup_stacks::hash::Txid;

use super::effect;
use super::judge::{Effect, Verdict, judge};
use crate::context::Context;
use crate::failpoint;
use crate::failure::Failure;
use crate::journal::{Change, Entry, FailedAt, Inclusion, Intent, SignedTransaction, State};
use crate::node::View;

/// Brings an entry up to date with the chain at the view's block, or a later one. Two requests, more once its nonce is
/// used.
///
/// # Errors
/// When the node does not answer, or the journal cannot be written.
pub async fn refresh(context: &Context, view: &View<'_>, entry: &Entry) -> Result<Entry, Failure> {
    // Another process may have seen the entry in a block that is later than this view, or a fork made the chain shorter:
    // a view that was taken after the entry was read tells which.
    let newer;
    let view = if is_older(view, &entry.state) {
        newer = context.node.view().await?;
        &newer
    } else {
        view
    };
    let transaction = &entry.transaction;
    let account = view.account(&transaction.sender.into()).await?;
    let effect = if transaction.nonce < account.nonce {
        effect::find(view, entry).await?
    } else {
        None
    };
    let included = match effect {
        Some(_) if !entry.lower.is_empty() => find_included(context, entry).await,
        _ => None,
    };
    let is_without_effect =
        |state: &State| judge(state, transaction.nonce, account.nonce, effect) == Verdict::WithoutEffect;
    let explanation = if is_without_effect(&entry.state) {
        Some(explain(context, view, entry).await)
    } else {
        None
    };
    // Another process may have changed the entry while the node was asked: what was seen is judged by how it stands now.
    let mut journal = context.journal.lock()?;
    let now = journal.book().get(entry.number).unwrap_or(entry).clone();
    let change = match judge(&now.state, transaction.nonce, account.nonce, effect) {
        Verdict::Unchanged => deepen(context, view, &now.state),
        Verdict::Included(effect) => Some(Change::Included(inclusion(view, effect, included))),
        // What another process wrote down while the node was asked may be later than this view: it undoes nothing.
        Verdict::Undone if now.state != entry.state => None,
        Verdict::Undone => Some(Change::Orphaned {}),
        Verdict::WithoutEffect => explanation,
    };
    if let Some(change) = change {
        failpoint::reach("before-journal-seen");
        journal.append(entry.number, change)?;
        failpoint::reach("after-journal-seen");
    }
    Ok(journal.book().get(entry.number).unwrap_or(entry).clone())
}

/// Writes a change down, unless another process changed the entry meanwhile: then that counts.
pub(super) fn note(context: &Context, entry: &Entry, change: Change) -> Result<Entry, Failure> {
    let mut journal = context.journal.lock()?;
    let is_as_seen = journal
        .book()
        .get(entry.number)
        .is_some_and(|now| now.state == entry.state);
    if is_as_seen {
        journal.append(entry.number, change)?;
    }
    Ok(journal.book().get(entry.number).unwrap_or(entry).clone())
}

fn is_older(view: &View<'_>, state: &State) -> bool {
    matches!(state, State::Included(inclusion) if view.tip.height < inclusion.seen_at)
}

fn inclusion(view: &View<'_>, effect: Effect, txid: Option<Txid>) -> Inclusion {
    Inclusion {
        seen_at: view.tip.height,
        burn_height: effect.burn_height.unwrap_or(view.tip.burn_height),
        id: effect.id,
        txid,
    }
}

/// Which of several alternatives is in a block. Best effort: only a node with a transaction index can tell, and it makes no
/// difference to what was paid.
async fn find_included(context: &Context, entry: &Entry) -> Option<Txid> {
    for SignedTransaction { txid, .. } in entry.alternatives() {
        let stored = context.node.client().transaction(txid).await;
        if stored.is_ok_and(|stored| stored.is_some_and(|stored| stored.is_canonical)) {
            return Some(*txid);
        }
    }
    None
}

/// What was included long enough ago is final.
fn deepen(context: &Context, view: &View<'_>, state: &State) -> Option<Change> {
    let State::Included(inclusion) = state else {
        return None;
    };
    let final_at = inclusion.burn_height.checked_add(context.profile.final_after)?;
    (view.tip.burn_height >= final_at).then_some(Change::Final {})
}

/// Why a transaction whose nonce is used had no effect. Best effort: only a node with a transaction index can tell.
async fn explain(context: &Context, view: &View<'_>, entry: &Entry) -> Change {
    let failed = |code: Option<u128>, detail: String| Change::Failed {
        at: FailedAt::Chain,
        code: code.map(BaseUnits),
        detail,
    };
    let mut is_nowhere = true;
    for transaction in entry.alternatives() {
        match context.node.client().transaction(&transaction.txid).await {
            Ok(Some(stored)) if stored.is_canonical => {
                return match error_code(&stored.result) {
                    Some(code) => failed(Some(code), meaning(code)),
                    // An `(ok ..)` without effect was rolled back; only post-conditions do that.
                    None => failed(None, format!("executed and rolled back: {}", stored.result)),
                };
            }
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => is_nowhere = false,
        }
    }
    if is_nowhere {
        let detail = "another transaction took its nonce".to_owned();
        return Change::Replaced { detail };
    }
    match refusal_now(view, &entry.intent).await {
        // A guess, and not the code that it ended with.
        Some(code) => failed(
            None,
            format!("{UNKNOWN}; the contract would now answer: {}", meaning(code)),
        ),
        None => failed(None, UNKNOWN.to_owned()),
    }
}

const UNKNOWN: &str = "its nonce is used and it had no effect: it failed, or another transaction took the nonce (this \
                       node keeps no transaction index to tell)";

fn meaning(code: u128) -> String {
    match ContractError::from_code(code) {
        Some(error) => format!("{} {}", error.name(), error),
        None => format!("contract error u{code}"),
    }
}

/// The number in a result that the node writes as `(err u1024)`.
fn error_code(result: &str) -> Option<u128> {
    result
        .trim()
        .strip_prefix("(err u")?
        .strip_suffix(')')?
        .parse()
        .ok()
}

/// What the contract would say to a refund now: a guess at what it said then.
pub(super) async fn refusal_now(view: &View<'_>, intent: &Intent) -> Option<u128> {
    let Intent::Refund(refund) = intent else {
        return None;
    };
    let question = GetRefundQuote {
        invoice_id: refund.invoice_id,
        payer: refund.payer.clone(),
        reference: refund.reference.clone(),
    };
    let quote = view.read(&refund.core, &question).await.ok()??;
    let ledger_changed = quote.refunded != refund.expected_refunded;
    quote
        .refusal
        .or(ledger_changed.then_some(ContractError::LedgerChanged.code()))
}

#[cfg(test)]
mod tests {
    use super::error_code;

    #[test]
    fn reads_the_nodes_notation_of_errors() {
        assert_eq!(error_code("(err u1024)"), Some(1024));
        for other in ["(ok u1)", "(err none)", "(err u)", "(err u1", "u1024", ""] {
            assert_eq!(error_code(other), None, "{other}");
        }
    }
}
