//! Whether a refund was asked for before: what keeps a command that is run again from paying again.

use recoup_protocol::reads::{Refund, RefundQuote};

use super::facts::Facts;
use super::refusal::Refusal;
use super::wish::{Asked, Wish};
use crate::journal::{Book, Entry, RefundIntent, State};

/// The journal's entry that already does what is wished, and is not settled: it is to be finished, not repeated.
///
/// With a reference, that is the latest entry with this reference, unless it ended without effect. Without one, it is an
/// open entry with the same issuer, invoice, payer and amount as asked; one that is settled was reported then, and the same
/// command is a new refund. One that was seen in a block and that the node's chain lacks is open, whatever the journal says.
///
/// # Errors
/// When an entry that is not settled has the same reference or the same payer, and is another refund.
pub(super) fn find_unsettled<'book>(
    book: &'book Book,
    wish: &Wish,
    facts: &Facts,
    quote: &RefundQuote,
) -> Result<Option<&'book Entry>, Refusal> {
    let refunds = || {
        book.entries()
            .rev()
            .flat_map(|entry| entry.refunds().map(move |refund| (entry, refund)))
    };
    // A line of a list ends with its whole transaction, which `refund resume` and the list see through.
    let is_alone = |entry: &Entry| entry.refund().is_some();
    if let Some(reference) = &wish.reference {
        let named = refunds().find(|(_, refund)| {
            refund.core == facts.core
                && refund.merchant == quote.merchant
                && refund.reference.as_ref() == Some(reference)
        });
        if let Some((entry, refund)) = named.filter(|(entry, _)| may_have_effect(&entry.state)) {
            return if is_same(wish, refund) && is_alone(entry) {
                Ok(Some(entry))
            } else {
                let (entry, txid) = (entry.number, entry.transaction.txid);
                Err(Refusal::ReferenceInJournal {
                    reference: reference.clone(),
                    entry,
                    txid,
                })
            };
        }
    }
    let open = refunds().find(|(entry, refund)| {
        (entry.state.is_open() || is_lacking(entry, refund, quote))
            && refund.core == facts.core
            && refund.invoice_id == wish.invoice_id
            && refund.payer == wish.payer
    });
    match open {
        None => Ok(None),
        Some((entry, refund))
            if wish.reference.is_none()
                && is_alone(entry)
                && is_same(wish, refund)
                && refund.issuer == facts.issuer_principal()
                && *refund.signer() == facts.issuer.into() =>
        {
            Ok(Some(entry))
        }
        Some((entry, _)) => Err(Refusal::OpenRefund {
            entry: entry.number,
            txid: entry.transaction.txid,
        }),
    }
}

/// Whether a refund was seen, and is not in what this payer was refunded by now: a fork undid it, or the node is behind.
fn is_lacking(entry: &Entry, refund: &RefundIntent, quote: &RefundQuote) -> bool {
    let with_it = refund.expected_refunded.checked_add(refund.amount);
    matches!(entry.state, State::Included(_) | State::Final(_))
        && with_it.is_some_and(|with_it| quote.refunded < with_it)
}

/// Whether the transaction has its effect or can still get it.
pub(crate) const fn may_have_effect(state: &State) -> bool {
    state.is_open() || matches!(state, State::Included(_) | State::Final(_))
}

/// Whether a signed refund is what is wished.
pub(crate) fn is_same(wish: &Wish, refund: &RefundIntent) -> bool {
    refund.invoice_id == wish.invoice_id
        && refund.payer == wish.payer
        && refund.asked == wish.asked.to_string()
}

/// Whether a refund on chain is what is wished. `full` is what left nothing.
pub(super) fn is_on_chain(wish: &Wish, refund: &Refund, quote: &RefundQuote) -> bool {
    let amount_fits = match wish.asked {
        Asked::Full => quote.refunded == quote.paid,
        Asked::Share(share) => refund.amount == share.of(quote.paid),
        Asked::Exactly(amount) => refund.amount == amount,
    };
    refund.invoice_id == wish.invoice_id && refund.payer == wish.payer && amount_fits
}
