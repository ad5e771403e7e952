//! The contract's maps at one block of a node.

use std::collections::BTreeMap;

use recoup_protocol::api::Refund;
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::reads::{self, GetInvoice, GetLastIds, GetRefund};
use recoup_stacks::address::ContractId;
use recoup_stacks::hash::BurnHeight;

use super::Range;
use super::difference::{Differences, Side};
use crate::failure::{Failure, Kind};
use crate::node::View;

/// Refunds that are asked for together.
const BATCH: usize = 64;

/// The contract's refunds of a range: their ids count up, and their burn heights never fall, so they are one range of ids.
pub(super) struct OnChain<'node> {
    view: View<'node>,
    core: ContractId,
    /// The first id of the range that no row had yet.
    next: u64,
    /// The last id of the range; below `next` when there is none left.
    last: u64,
    waiting: Vec<Refund>,
}

impl<'node> OnChain<'node> {
    /// Finds the first and the last refund of the range. Some 50 requests for ten million refunds.
    pub(super) async fn at(view: View<'node>, core: ContractId, range: Range) -> Result<Self, Failure> {
        let newest = view.read(&core, &GetLastIds {}).await?.refund_id;
        let mut chain = Self {
            view,
            core,
            next: 1,
            last: newest,
            waiting: Vec::new(),
        };
        let first = match range.is_from_start() {
            true => 1,
            false => chain.first_at(range.from, newest).await?,
        };
        let beyond = match range.to.checked_add(1) {
            Some(beyond) => chain.first_at(beyond, newest).await?,
            None => newest.saturating_add(1),
        };
        chain.next = first;
        chain.last = beyond.saturating_sub(1);
        Ok(chain)
    }

    /// The first id whose burn height is not below; one above the newest when there is none.
    async fn first_at(&self, height: BurnHeight, newest: u64) -> Result<u64, Failure> {
        let (mut low, mut high) = (1_u64, newest.saturating_add(1));
        while low < high {
            let middle = low.midpoint(high);
            let refund_id = RefundId(middle);
            let refund = self.view.read(&self.core, &GetRefund { refund_id }).await?;
            let refund = refund.ok_or_else(|| {
                Failure::new(
                    Kind::Network,
                    format!("the contract counts {newest} refunds and has no refund {middle}"),
                )
            })?;
            if refund.burn_height < height {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// Takes a row, and compares those that wait when they are many.
    pub(super) async fn push(
        &mut self,
        refund: Refund,
        differences: &mut Differences,
    ) -> Result<(), Failure> {
        self.waiting.push(refund);
        if self.waiting.len() >= BATCH {
            self.compare(differences).await?;
        }
        Ok(())
    }

    /// Compares what waits; what the contract has beyond the last row is missing here.
    pub(super) async fn end(mut self, differences: &mut Differences) -> Result<(), Failure> {
        self.compare(differences).await?;
        self.miss_below(self.last.saturating_add(1), differences);
        Ok(())
    }

    /// Refunds of the contract below this id that no row had.
    fn miss_below(&mut self, id: u64, differences: &mut Differences) {
        for missing in self.next..id.min(self.last.saturating_add(1)) {
            differences.note_row(RefundId(missing), Side::Chain, false);
        }
        self.next = self.next.max(id);
    }

    async fn compare(&mut self, differences: &mut Differences) -> Result<(), Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        let questions = waiting.iter().map(|refund| GetRefund {
            refund_id: refund.refund_id,
        });
        let found = self.view.read_all(&self.core, questions.collect()).await?;
        let mut invoices: BTreeMap<InvoiceId, Option<reads::Invoice>> = BTreeMap::new();
        for stored in found.iter().flatten() {
            invoices.insert(stored.invoice_id, None);
        }
        let questions = invoices.keys().map(|invoice_id| GetInvoice {
            invoice_id: *invoice_id,
        });
        let answers = self.view.read_all(&self.core, questions.collect()).await?;
        for (place, invoice) in invoices.values_mut().zip(answers) {
            *place = invoice;
        }
        for (row, stored) in waiting.iter().zip(found) {
            let id = row.refund_id.0;
            let is_repeated = id < self.next;
            self.miss_below(id, differences);
            self.next = self.next.max(id.saturating_add(1));
            match stored {
                Some(stored) if id <= self.last && !is_repeated => {
                    let invoice = invoices.get(&stored.invoice_id).and_then(Option::as_ref);
                    compare_refund(row, &stored, invoice, differences);
                }
                _ => differences.note_row(row.refund_id, Side::Chain, true),
            }
        }
        Ok(())
    }
}

fn compare_refund(
    row: &Refund,
    stored: &reads::Refund,
    invoice: Option<&reads::Invoice>,
    differences: &mut Differences,
) {
    let mut same = |what: &str, here: Option<String>, there: Option<String>| {
        differences.compare(Some(row.refund_id), Side::Chain, what, here, there);
    };
    let text = |value: &dyn ToString| Some(value.to_string());
    same("invoice_id", text(&row.invoice_id), text(&stored.invoice_id));
    same("payer", text(&row.payer), text(&stored.payer));
    same("issuer", text(&row.issuer), text(&stored.issuer));
    same("amount", text(&row.amount), text(&stored.amount));
    let height = &row.position.burn_height;
    same("burn_height", text(height), text(&stored.burn_height));
    // The API writes what PostgreSQL's texts cannot hold.
    let reason = stored
        .reason
        .as_ref()
        .map(|reason| reason.as_str().replace('\0', "\\u{0}"));
    same("reason", row.reason.clone(), reason);
    let reference = stored
        .reference
        .as_ref()
        .map(|reference| reference.as_str().to_owned());
    same("reference", row.reference.clone(), reference);
    let merchant = invoice.map(|invoice| invoice.merchant.to_string());
    same("merchant", text(&row.merchant), merchant);
    same(
        "token",
        text(&row.token),
        invoice.map(|invoice| invoice.token.to_string()),
    );
}
