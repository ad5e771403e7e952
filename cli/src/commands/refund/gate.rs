//! Where a refund has to wait for a second person.

use recoup_protocol::amount::BaseUnits;
use recoup_stacks::hash::BurnHeight;

use crate::approval::{ApprovalSettings, Verdict, judge};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::journal::{ApprovalTerms, BatchLine, Book, Change, Draft, FailedAt, Intent, LockedJournal};
use crate::send::plan;
use crate::terminal;
use crate::token::TokenInfo;

/// Whether a plan may be signed.
pub(super) enum Gate {
    /// Nobody has to be asked.
    Open,
    /// Somebody agreed: the journal's entry, and the bounds.
    Approved(u64, ApprovalTerms),
    /// Nobody agreed yet: the journal's entry.
    Waiting(u64, ApprovalTerms),
}

/// Looks whether a plan needs a second person, and whether one agreed to exactly this one. A plan that nobody was asked
/// about yet is written into the journal after `confirm`; what it takes the place of is given up.
pub(super) fn pass(
    context: &Context,
    intent: &Intent,
    sums: &[(&TokenInfo, BaseUnits)],
    burn_height: BurnHeight,
    confirm: impl FnOnce() -> Result<(), Failure>,
) -> Result<Gate, Failure> {
    let Some(settings) = needed(context, sums)? else {
        return Ok(Gate::Open);
    };
    let look = |book: &Book| look(context, settings, book, intent, burn_height);
    if let Some(gate) = look(&*context.journal.read()?) {
        return Ok(gate);
    }
    confirm()?;
    let mut journal = context.journal.lock()?;
    if let Some(gate) = look(journal.book()) {
        return Ok(gate);
    }
    give_up_others(&mut journal, intent)?;
    let terms = settings.terms(burn_height, context.profile.max_fee);
    let number = plan(&mut journal, intent.clone())?;
    journal.append(number, Change::AwaitingApproval(terms))?;
    Ok(Gate::Waiting(number, terms))
}

/// The settings, when they ask for a second person.
fn needed<'context>(
    context: &'context Context,
    sums: &[(&TokenInfo, BaseUnits)],
) -> Result<Option<&'context ApprovalSettings>, Failure> {
    let Some(settings) = &context.profile.approval else {
        return Ok(None);
    };
    let mut is_needed = false;
    for (token, sum) in sums {
        is_needed |= settings.needs_approval(token, *sum)?;
    }
    if is_needed && settings.approvers.is_empty() {
        return Err(Failure::new(
            Kind::Usage,
            "this amount needs a second person's approval, and the profile names no approvers",
        )
        .hint("write their addresses into `approvers` in the profile's section `approval`"));
    }
    Ok(is_needed.then_some(settings))
}

fn look(
    context: &Context,
    settings: &ApprovalSettings,
    book: &Book,
    intent: &Intent,
    burn_height: BurnHeight,
) -> Option<Gate> {
    let draft = book
        .drafts()
        .rev()
        .find(|draft| draft.is_awaiting() && covers(&draft.intent, intent))?;
    let terms = draft.terms?;
    match judge(context.profile.network, draft, settings, burn_height) {
        Verdict::Approved(approver) => {
            terminal::note(&format!("approved by {approver}"));
            Some(Gate::Approved(draft.number, terms))
        }
        Verdict::Waiting => Some(Gate::Waiting(draft.number, terms)),
        Verdict::Expired => None,
    }
}

/// Whether what was planned is what is wanted now. Of a list, a part may be paid by now: what is left has to be lines of it,
/// whose own expectation follows those that were paid; their references keep them from being paid twice.
fn covers(planned: &Intent, wanted: &Intent) -> bool {
    match (planned, wanted) {
        (Intent::RefundMany(planned), Intent::RefundMany(wanted)) => {
            let is_same = |one: &BatchLine, other: &BatchLine| {
                let mut refund = one.refund.clone();
                refund.expected_refunded = other.refund.expected_refunded;
                one.line == other.line && refund == other.refund
            };
            let mut lines = planned.lines.iter();
            // Both stand in the order of the list.
            planned.list == wanted.list
                && wanted
                    .lines
                    .iter()
                    .all(|line| lines.any(|planned| is_same(planned, line)))
        }
        _ => planned == wanted,
    }
}

/// Plans of the same wish that are not the same plan any more, or came too late.
fn give_up_others(journal: &mut LockedJournal<'_>, intent: &Intent) -> Result<(), Failure> {
    let is_related = |draft: &&Draft| match (&draft.intent, intent) {
        (Intent::RefundMany(other), Intent::RefundMany(list)) => other.list == list.list,
        (Intent::Refund(other), Intent::Refund(refund)) => {
            other.core == refund.core
                && other.invoice_id == refund.invoice_id
                && other.payer == refund.payer
                && other.reference == refund.reference
        }
        _ => false,
    };
    let others: Vec<u64> = journal
        .book()
        .drafts()
        .filter(|draft| draft.is_awaiting())
        .filter(is_related)
        .map(|draft| draft.number)
        .collect();
    for number in others {
        let detail = "the plan changed, or the time to approve it was over: planned anew".to_owned();
        let (at, code) = (FailedAt::Here, None);
        journal.append(number, Change::Failed { at, code, detail })?;
    }
    Ok(())
}

/// Ends a plan that waits: it can be neither approved nor sent any more.
pub(super) fn give_up(context: &Context, number: u64, why: &str) -> Result<(), Failure> {
    let mut journal = context.journal.lock()?;
    if journal.book().draft(number).is_some_and(Draft::is_awaiting) {
        let (at, code, detail) = (FailedAt::Here, None, why.to_owned());
        journal.append(number, Change::Failed { at, code, detail })?;
    }
    Ok(())
}

/// All of an approved list was signed, or failed on its own: nothing more can be sent by that approval.
pub(super) fn close_list(context: &Context, number: u64) -> Result<(), Failure> {
    let mut journal = context.journal.lock()?;
    if journal.book().draft(number).is_some_and(Draft::is_awaiting) {
        let detail = "the list's transactions took its place".to_owned();
        journal.append(number, Change::Replaced { detail })?;
    }
    Ok(())
}

/// What is said to whoever planned it.
pub(super) fn note_waiting(number: u64, terms: ApprovalTerms) {
    terminal::note(&format!(
        "awaiting approval (entry {number}): nothing was signed. Another person runs `recoup refund approve {number}` with a \
         wallet of their own, or you hand over what `recoup refund approve {number} --export FILE` writes; then run the same \
         command again, before burn height {}",
        terms.expires_at
    ));
}

/// A fee that nobody agreed to.
pub(super) fn ensure_fee(fee: u64, terms: ApprovalTerms) -> Result<(), Failure> {
    if fee <= terms.fee_ceiling {
        return Ok(());
    }
    let message = format!(
        "a fee of {fee} micro-STX is above the approved {}",
        terms.fee_ceiling
    );
    Err(Failure::new(Kind::Refused, message).hint("give a lower --fee"))
}
