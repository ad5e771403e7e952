//! What each payer was refunded while a list is paid: several lines may be for the same payer of the same invoice, and each
//! has to say what was refunded before it.

use std::collections::HashMap;

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::InvoiceId;
use recoup_stacks::address::Principal;

use super::check::Due;
use crate::journal::{BatchLine, RefundIntent};

/// A payer's ledger.
pub type Pair = (InvoiceId, Principal);

/// The ledgers' refunded sums.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Balances(HashMap<Pair, BaseUnits>);

fn pair(refund: &RefundIntent) -> Pair {
    (refund.invoice_id, refund.payer.clone())
}

impl Balances {
    /// As they are before the first line: what a payer's first line expects.
    #[must_use]
    pub fn before<'due>(dues: impl IntoIterator<Item = &'due Due>) -> Self {
        let mut balances = Self::default();
        for due in dues {
            balances
                .0
                .entry(pair(&due.refund))
                .or_insert(due.refund.expected_refunded);
        }
        balances
    }

    /// The lines of one transaction, each expecting what those before it leave. What was planned before may have failed
    /// since: the amounts stay, the expectation follows the chain.
    #[must_use]
    pub fn sequence(&self, group: &[Due]) -> Vec<BatchLine> {
        let mut running = self.clone_of(group);
        let line = |due: &Due| {
            let mut refund = due.refund.clone();
            let refunded = running.entry(pair(&refund)).or_insert(refund.expected_refunded);
            refund.expected_refunded = *refunded;
            refunded.0 = refunded.0.saturating_add(refund.amount.0);
            BatchLine {
                line: due.line,
                refund,
            }
        };
        group.iter().map(line).collect()
    }

    fn clone_of(&self, group: &[Due]) -> HashMap<Pair, BaseUnits> {
        let pairs = group.iter().map(|due| pair(&due.refund));
        pairs
            .filter_map(|pair| self.0.get(&pair).map(|refunded| (pair, *refunded)))
            .collect()
    }

    /// Takes in that these lines were paid.
    pub fn settle(&mut self, lines: &[BatchLine]) {
        for BatchLine { refund, .. } in lines {
            let refunded = self.0.entry(pair(refund)).or_insert(refund.expected_refunded);
            refunded.0 = refunded.0.saturating_add(refund.amount.0);
        }
    }
}
