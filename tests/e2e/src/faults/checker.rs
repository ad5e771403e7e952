//! Chain, journals and printed words against each other. Pure: it can be shown to find what it looks for.

use std::collections::BTreeMap;

use recoup_protocol::events::RefundProcessed;

use super::chain_log::Mined;
use super::journal::{JournalEntry, JournalRefund};
use super::said::{Claim, Said};

/// Somebody's money in one token: address, and `STX` or the token contract's id.
pub type Holding = (String, String);

/// Who has how much, in base units.
pub type Balances = BTreeMap<Holding, u128>;

/// What the contract keeps of one payer on one invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    /// In base units.
    pub paid: u128,
    /// In base units.
    pub refunded: u128,
}

/// The contract's ledgers by invoice and payer.
pub type Ledgers = BTreeMap<(u64, String), Ledger>;

/// All that is known after the faults are over and everything was resumed.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Whose refunds are watched.
    pub merchants: Vec<String>,
    /// Before the first command.
    pub before: Balances,
    /// At the end, of the same holdings.
    pub after: Balances,
    /// The canonical chain since then.
    pub mined: Vec<Mined>,
    /// At the end.
    pub ledgers: Ledgers,
    /// The journal of each machine.
    pub journals: Vec<Vec<JournalEntry>>,
    /// Everything that was said, in order.
    pub said: Vec<Said>,
}

/// Everything that does not fit together, in words. Nothing when all is well.
#[must_use]
pub fn contradictions(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    check_references(evidence, &mut found);
    check_ledgers(evidence, &mut found);
    check_moves(evidence, &mut found);
    check_balances(evidence, &mut found);
    check_journals(evidence, &mut found);
    evidence
        .said
        .iter()
        .for_each(|said| check_words(evidence, said, &mut found));
    found
}

impl Evidence {
    fn refunds(&self) -> impl Iterator<Item = (&Mined, &RefundProcessed)> {
        self.mined
            .iter()
            .flat_map(|mined| mined.refunds.iter().map(move |refund| (mined, refund)))
            .filter(|(_, refund)| self.merchants.contains(&refund.merchant.to_string()))
    }

    fn is_effective(&self, txid: &str) -> bool {
        self.mined
            .iter()
            .any(|mined| mined.txid == txid && mined.is_success)
    }

    fn stands(&self, refund: &JournalRefund) -> bool {
        self.refunds().any(|(_, on_chain)| {
            on_chain.invoice_id.0 == refund.invoice
                && on_chain.payer.to_string() == refund.payer
                && on_chain.amount.0 == refund.amount
                && reference(on_chain) == refund.reference
        })
    }

    fn entry_of(&self, txid: &str) -> Option<&JournalEntry> {
        self.journals
            .iter()
            .flatten()
            .find(|entry| entry.txids.iter().any(|own| own == txid))
    }
}

fn reference(refund: &RefundProcessed) -> Option<String> {
    refund.reference.as_ref().map(|text| text.as_str().to_owned())
}

/// A reference pays once per merchant.
fn check_references(evidence: &Evidence, found: &mut Vec<String>) {
    let mut count: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (_, refund) in evidence.refunds() {
        if let Some(reference) = reference(refund) {
            *count.entry((refund.merchant.to_string(), reference)).or_default() += 1;
        }
    }
    for ((merchant, reference), times) in count.into_iter().filter(|(_, times)| *times > 1) {
        found.push(format!("reference {reference} of {merchant} paid {times} times"));
    }
}

/// The contract's ledger is the sum of the refunds, and never more than was paid.
fn check_ledgers(evidence: &Evidence, found: &mut Vec<String>) {
    for ((invoice, payer), ledger) in &evidence.ledgers {
        let sum: u128 = evidence
            .refunds()
            .map(|(_, refund)| refund)
            .filter(|refund| refund.invoice_id.0 == *invoice && refund.payer.to_string() == *payer)
            .map(|refund| refund.amount.0)
            .sum();
        if sum != ledger.refunded {
            found.push(format!(
                "invoice {invoice}, {payer}: refunds of {sum}, {} in the ledger",
                ledger.refunded
            ));
        }
        if ledger.refunded > ledger.paid {
            found.push(format!(
                "invoice {invoice}, {payer}: refunded {} of {}",
                ledger.refunded, ledger.paid
            ));
        }
    }
    for (mined, refund) in evidence.refunds() {
        let key = (refund.invoice_id.0, refund.payer.to_string());
        if !evidence.ledgers.contains_key(&key) {
            found.push(format!("{}: a refund to {key:?}, who has no ledger", mined.txid));
        }
    }
}

/// What leaves an issuer by a refund, or by anything that the command line signed, is exactly what its refunds say.
fn check_moves(evidence: &Evidence, found: &mut Vec<String>) {
    for mined in evidence.mined.iter().filter(|mined| {
        let is_ours = !mined.refunds.is_empty() || evidence.entry_of(&mined.txid).is_some();
        is_ours && evidence.merchants.contains(&mined.sender)
    }) {
        let mut moved: Vec<(String, String, u128)> = mined
            .moves
            .iter()
            .filter(|moved| moved.from.as_ref() == Some(&mined.sender))
            .map(|moved| (moved.token.clone(), moved.to.clone(), moved.amount))
            .collect();
        let mut refunded: Vec<(String, String, u128)> = mined
            .refunds
            .iter()
            .map(|refund| {
                (
                    refund.token.to_string(),
                    refund.payer.to_string(),
                    refund.amount.0,
                )
            })
            .collect();
        moved.sort();
        refunded.sort();
        if moved != refunded {
            found.push(format!("{}: moved {moved:?}, refunded {refunded:?}", mined.txid));
        }
        if !mined.refunds.is_empty() && evidence.entry_of(&mined.txid).is_none() {
            found.push(format!("{}: a refund that no journal knows", mined.txid));
        }
    }
}

/// Every balance adds up to the last unit.
fn check_balances(evidence: &Evidence, found: &mut Vec<String>) {
    for (holding, before) in &evidence.before {
        let (who, token) = holding;
        let of_token = || {
            evidence
                .mined
                .iter()
                .flat_map(|mined| &mined.moves)
                .filter(|moved| moved.token == *token)
        };
        let income: u128 = of_token()
            .filter(|moved| moved.to == *who)
            .map(|moved| moved.amount)
            .sum();
        let outgo: u128 = of_token()
            .filter(|moved| moved.from.as_ref() == Some(who))
            .map(|moved| moved.amount)
            .sum();
        let fees: u128 = evidence
            .mined
            .iter()
            .filter(|mined| token == "STX" && mined.sender == *who)
            .map(|mined| mined.fee)
            .sum();
        let after = evidence.after.get(holding).copied().unwrap_or_default();
        if before + income != after + outgo + fees {
            found.push(format!(
                "{who}: {before} {token} and {income} in, {outgo} out and {fees} fees do not make {after}"
            ));
        }
    }
}

/// Every entry came to an end, and the chain agrees with it.
fn check_journals(evidence: &Evidence, found: &mut Vec<String>) {
    for (machine, entry) in evidence
        .journals
        .iter()
        .enumerate()
        .flat_map(|(machine, entries)| entries.iter().map(move |entry| (machine, entry)))
    {
        let name = format!("machine {machine}, entry {} ({})", entry.number, entry.state);
        if !entry.is_signed() {
            continue;
        }
        if entry.is_open() {
            found.push(format!("{name} is still open"));
        } else if entry.is_done() {
            for refund in entry.refunds.iter().filter(|refund| !evidence.stands(refund)) {
                found.push(format!("{name}: {refund:?} is not on chain"));
            }
        } else {
            for txid in entry.txids.iter().filter(|txid| evidence.is_effective(txid)) {
                found.push(format!("{name}: {txid} had its effect"));
            }
        }
    }
}

/// The exit codes that mean: nothing was signed.
const REFUSED: [i32; 2] = [2, 3];

fn check_words(evidence: &Evidence, said: &Said, found: &mut Vec<String>) {
    let command = &said.command;
    if said.exit.is_some_and(|exit| REFUSED.contains(&exit)) && said.signed > 0 {
        found.push(format!("`{command}` was refused and signed {}", said.signed));
    }
    for claim in &said.claims {
        let stands = evidence.refunds().any(|(_, refund)| {
            let is_same_id = claim.refund_id == Some(refund.refund_id.0);
            fits(claim, refund) && (is_same_id || said.is_before_fork)
        });
        // A fork can undo what was true when it was said; then some journal has to say so.
        let is_undone = said.is_before_fork && is_taken_back(evidence, claim);
        if !stands && !is_undone {
            found.push(format!("`{command}` claims {claim:?}, which is not on chain"));
        }
    }
    if said.is_before_fork {
        return;
    }
    for txid in &said.included {
        let refunds = evidence.entry_of(txid).map(|entry| entry.refunds.as_slice());
        if !refunds
            .unwrap_or_default()
            .iter()
            .all(|refund| evidence.stands(refund))
        {
            found.push(format!(
                "`{command}` says that {txid} is included, and it had no effect"
            ));
        }
    }
    for txid in said.failed.iter().filter(|txid| evidence.is_effective(txid)) {
        found.push(format!(
            "`{command}` says that {txid} failed, and it had its effect"
        ));
    }
}

fn fits(claim: &Claim, refund: &RefundProcessed) -> bool {
    refund.invoice_id.0 == claim.invoice
        && refund.payer.to_string() == claim.payer
        && claim.amount.is_none_or(|amount| amount == refund.amount.0)
        && reference(refund) == claim.reference
}

/// Whether a journal says that a claimed refund came to nothing in the end.
fn is_taken_back(evidence: &Evidence, claim: &Claim) -> bool {
    let is_it = |refund: &JournalRefund| {
        refund.invoice == claim.invoice
            && refund.payer == claim.payer
            && claim.amount.is_none_or(|amount| amount == refund.amount)
            && refund.reference == claim.reference
    };
    evidence
        .journals
        .iter()
        .flatten()
        .any(|entry| !entry.is_open() && !entry.is_done() && entry.refunds.iter().any(is_it))
}

#[cfg(test)]
mod tests;
