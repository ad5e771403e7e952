//! The rows of the view `canonical_dump`. Whoever gives it a column or a kind writes it here too.

use std::collections::BTreeMap;

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::events::{
    Event, InvoiceCreated, InvoiceState, OperatorSet, PaymentReceived, RefundProcessed,
};
use recoup_protocol::status::InvoiceStatus;
use recoup_protocol::token::Token;
use recoup_stacks::hash::BurnHeight;

use super::Canonical;
use super::jsonb::{Value, row};
use super::sum::Sum;
use crate::chain::MadeBlock;
use crate::shop::Act;

/// Bitcoin blocks after which a refund is final, by default.
pub const FINALITY_DEPTH: u64 = 6;

/// A canonical event with its place.
struct Placed<'a> {
    made: &'a MadeBlock,
    txid: &'a str,
    tx_index: usize,
    ordinal: usize,
    act: &'a Act,
}

impl Placed<'_> {
    fn key(&self) -> String {
        format!("{}/{}/{}", self.made.block.height, self.tx_index, self.ordinal)
    }

    /// Identity of the event, and the height of its block.
    fn identity(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("index_block_hash", Value::bytes(&self.made.block.id)),
            ("txid", Value::bytes(self.txid)),
            ("ordinal", Value::number(self.ordinal)),
            ("stacks_height", Value::number(self.made.block.height)),
        ]
    }

    fn disagreement(&self) -> Value {
        Value::optional(self.act.disagreement(), Value::text)
    }
}

fn placed<'a>(made: &'a MadeBlock) -> impl Iterator<Item = Placed<'a>> {
    let transactions = (made.first_index()..).zip(&made.transactions);
    transactions.flat_map(move |(tx_index, transaction)| {
        transaction.counted().map(move |(ordinal, act)| Placed {
            made,
            txid: &transaction.txid,
            tx_index,
            ordinal,
            act,
        })
    })
}

/// Each canonical refund as `block txid ordinal`, with where it stands.
pub(super) fn tiers(canonical: &Canonical<'_>) -> BTreeMap<String, &'static str> {
    let events = canonical.blocks.iter().flat_map(|made| placed(made));
    events
        .filter(|placed| matches!(placed.act.event, Event::RefundProcessed(_)))
        .map(|placed| {
            let key = format!("{} {} {}", placed.made.block.id, placed.txid, placed.ordinal);
            (key, tier(canonical, placed.made))
        })
        .collect()
}

pub(super) fn dump(canonical: &Canonical<'_>) -> Vec<String> {
    let mut rows = Vec::new();
    let mut totals = Totals::default();
    for placed in canonical.blocks.iter().flat_map(|made| placed(made)) {
        rows.push(event_row(&placed));
        match &placed.act.event {
            Event::InvoiceCreated(created) => rows.push(invoice_row(canonical, &placed, created)),
            Event::PaymentReceived(payment) => {
                rows.push(payment_row(&placed, payment));
                totals.add(
                    &payment.merchant,
                    &payment.payer,
                    &payment.token,
                    payment.amount,
                    true,
                );
            }
            Event::RefundProcessed(refund) => {
                rows.push(refund_row(canonical, &placed, refund));
                totals.add(
                    &refund.merchant,
                    &refund.payer,
                    &refund.token,
                    refund.amount,
                    false,
                );
            }
            Event::OperatorSet(set) => rows.push(operator_row(&placed, set)),
            Event::InvoiceCancelled(_) | Event::RefundWindowExtended(_) => {}
        }
    }
    rows.extend(ledger_rows(canonical));
    rows.extend(refundable_rows(canonical));
    rows.extend(totals.rows());
    rows.sort();
    rows
}

fn event_row(placed: &Placed<'_>) -> String {
    let event = &placed.act.event;
    let columns = [
        (
            "index_block_hash",
            Value::Text(placed.made.block.id.replace("0x", "")),
        ),
        ("txid", Value::Text(placed.txid.replace("0x", ""))),
        ("name", Value::text(event.name())),
        (
            "raw_value",
            Value::Text(event.to_value().to_hex().replace("0x", "")),
        ),
        ("transfer_found", Value::Bool(!placed.act.is_unproven)),
        ("problem", Value::Null),
    ];
    row("event", placed.key(), &columns)
}

/// The state is the contract's own after the last canonical block.
fn invoice_row(canonical: &Canonical<'_>, placed: &Placed<'_>, created: &InvoiceCreated) -> String {
    let shop = canonical.blocks.last().map(|made| &made.block.shop);
    let invoice = shop.and_then(|shop| shop.invoices().get(&created.invoice_id.0));
    let state = &invoice.unwrap().state;
    let mut columns = placed.identity();
    columns.extend([
        ("invoice_id", Value::number(created.invoice_id)),
        ("merchant", Value::text(created.merchant.to_string())),
        ("issuer", Value::text(created.issuer.to_string())),
        ("token", token(&created.token)),
        ("amount", Value::number(created.amount)),
        ("min_payment", Value::optional(created.min_payment, Value::number)),
        (
            "only_payer",
            Value::optional(created.only_payer.as_ref(), |payer| {
                Value::text(payer.to_string())
            }),
        ),
        (
            "reference",
            Value::optional(created.reference.as_ref(), |text| Value::text(text.as_str())),
        ),
        (
            "memo",
            Value::optional(created.memo.as_ref(), |text| Value::text(text.as_str())),
        ),
        (
            "subscription_id",
            Value::optional(created.subscription_id, Value::number),
        ),
        ("created_burn_height", height(created.burn_height)),
    ]);
    columns.extend(state_columns(state));
    columns.push(("derived_status", Value::number(derived_status(canonical, state))));
    row("invoice", created.invoice_id, &columns)
}

fn state_columns(state: &InvoiceState) -> [(&'static str, Value); 6] {
    [
        ("amount_paid", Value::number(state.amount_paid)),
        ("amount_refunded", Value::number(state.amount_refunded)),
        ("status", Value::number(state.status.code())),
        ("refund_window", Value::number(state.refund_window)),
        (
            "first_payment_at",
            Value::optional(state.first_payment_at, height),
        ),
        ("expires_at", height(state.expires_at)),
    ]
}

/// What a reader sees at the Bitcoin tip: nobody can pay from `expires-at` on.
fn derived_status(canonical: &Canonical<'_>, state: &InvoiceState) -> u8 {
    const EXPIRED: u8 = 3;
    let is_over = canonical
        .burn_height()
        .is_some_and(|now| now >= state.expires_at.get());
    match state.status {
        InvoiceStatus::Open | InvoiceStatus::PartiallyPaid if is_over => EXPIRED,
        stored => stored.code(),
    }
}

fn payment_row(placed: &Placed<'_>, payment: &PaymentReceived) -> String {
    let mut columns = placed.identity();
    columns.extend([
        ("tx_index", Value::number(placed.tx_index)),
        ("invoice_id", Value::number(payment.invoice_id)),
        ("merchant", Value::text(payment.merchant.to_string())),
        ("payer", Value::text(payment.payer.to_string())),
        ("token", token(&payment.token)),
        ("amount", Value::number(payment.amount)),
        ("payer_paid", Value::number(payment.payer_paid)),
        ("payer_refunded", Value::number(payment.payer_refunded)),
        ("deadline", height(payment.deadline)),
        ("burn_height", height(payment.burn_height)),
        ("disagreement", placed.disagreement()),
    ]);
    row("payment", placed.key(), &columns)
}

fn refund_row(canonical: &Canonical<'_>, placed: &Placed<'_>, refund: &RefundProcessed) -> String {
    let mut columns = placed.identity();
    columns.extend([
        ("tx_index", Value::number(placed.tx_index)),
        ("refund_id", Value::number(refund.refund_id)),
        ("invoice_id", Value::number(refund.invoice_id)),
        ("merchant", Value::text(refund.merchant.to_string())),
        ("issuer", Value::text(refund.issuer.to_string())),
        ("payer", Value::text(refund.payer.to_string())),
        ("token", token(&refund.token)),
        ("amount", Value::number(refund.amount)),
        (
            "reason",
            Value::optional(refund.reason.as_ref(), |text| Value::text(text.as_str())),
        ),
        (
            "reference",
            Value::optional(refund.reference.as_ref(), |text| Value::text(text.as_str())),
        ),
        ("payer_paid", Value::number(refund.payer_paid)),
        ("payer_refunded", Value::number(refund.payer_refunded)),
        ("deadline", height(refund.deadline)),
        ("burn_height", height(refund.burn_height)),
        ("disagreement", placed.disagreement()),
        ("status", Value::text(tier(canonical, placed.made))),
    ]);
    row("refund", refund.refund_id, &columns)
}

fn operator_row(placed: &Placed<'_>, set: &OperatorSet) -> String {
    let mut columns = placed.identity();
    columns.extend([
        ("tx_index", Value::number(placed.tx_index)),
        ("merchant", Value::text(set.merchant.to_string())),
        ("operator", Value::text(set.operator.to_string())),
        ("may_refund", Value::Bool(set.may_refund)),
        ("may_invoice", Value::Bool(set.may_invoice)),
        ("burn_height", height(set.burn_height)),
    ]);
    row("operator_change", placed.key(), &columns)
}

/// Depth counts from the burn view, and only a view that is known can be deep.
fn tier(canonical: &Canonical<'_>, made: &MadeBlock) -> &'static str {
    let view = &made.block.view;
    let limit = canonical
        .burn_tip
        .and_then(|tip| tip.burn.height.checked_sub(FINALITY_DEPTH));
    if canonical.knows(view) && limit.is_some_and(|limit| view.height <= limit) {
        "final"
    } else {
        "seen"
    }
}

/// The contract's own ledgers after the last canonical block.
fn ledger_rows(canonical: &Canonical<'_>) -> Vec<String> {
    let Some(last) = canonical.blocks.last() else {
        return Vec::new();
    };
    let invoices = last.block.shop.invoices().iter();
    let ledgers = invoices.flat_map(|(id, invoice)| {
        let window = invoice.state.refund_window;
        invoice.ledgers.iter().map(move |ledger| (id, window, ledger))
    });
    ledgers
        .map(|(id, window, (payer, (paid, refunded, first)))| {
            let columns = [
                ("invoice_id", Value::number(id)),
                ("payer", Value::text(payer.to_string())),
                ("paid", Value::number(paid)),
                ("refunded", Value::number(refunded)),
                ("first_paid_at", height(*first)),
                ("deadline", Value::number(first.get() + window)),
            ];
            row("payer_ledger", format!("{id}/{payer}"), &columns)
        })
        .collect()
}

/// What each merchant's payers can still get back at the Bitcoin tip, where it is anything.
fn refundable_rows(canonical: &Canonical<'_>) -> Vec<String> {
    let now = canonical.burn_height().unwrap_or_default();
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    let shop = canonical.blocks.last().map(|made| &made.block.shop);
    for invoice in shop.iter().flat_map(|shop| shop.invoices().values()) {
        for (paid, refunded, first) in invoice.ledgers.values() {
            if paid > refunded && now < first.get() + invoice.state.refund_window {
                let created = &invoice.created;
                let key = format!("{}/{}", created.merchant, created.token);
                sums.entry(key).or_default().add(paid - refunded);
            }
        }
    }
    sums.iter()
        .map(|(key, sum)| row("refundable_total", key, &[("amount", Value::number(sum))]))
        .collect()
}

/// What was paid and refunded, and how often.
#[derive(Default)]
struct Total {
    paid: Sum,
    refunded: Sum,
    payments: u64,
    refunds: u64,
}

#[derive(Default)]
struct Totals {
    merchants: BTreeMap<String, Total>,
    payers: BTreeMap<String, Total>,
}

impl Totals {
    fn add(
        &mut self,
        merchant: &impl ToString,
        payer: &impl ToString,
        token: &Token,
        amount: BaseUnits,
        is_payment: bool,
    ) {
        let key = |who: String| format!("{who}/{token}");
        let merchant = self.merchants.entry(key(merchant.to_string())).or_default();
        let payer = self.payers.entry(key(payer.to_string())).or_default();
        for total in [merchant, payer] {
            if is_payment {
                total.paid.add(amount.0);
                total.payments += 1;
            } else {
                total.refunded.add(amount.0);
                total.refunds += 1;
            }
        }
    }

    fn rows(&self) -> Vec<String> {
        let sums = |total: &Total| {
            [
                ("paid", Value::number(total.paid)),
                ("refunded", Value::number(total.refunded)),
            ]
        };
        let merchants = self.merchants.iter().map(|(key, total)| {
            let mut columns = sums(total).to_vec();
            columns.push(("payments", Value::number(total.payments)));
            columns.push(("refunds", Value::number(total.refunds)));
            row("merchant_total", key, &columns)
        });
        let payers = self
            .payers
            .iter()
            .map(|(key, total)| row("payer_total", key, &sums(total)));
        merchants.chain(payers).collect()
    }
}

fn token(token: &Token) -> Value {
    Value::optional(token.contract(), |contract| Value::text(contract.to_string()))
}

fn height(height: BurnHeight) -> Value {
    Value::number(height.get())
}
