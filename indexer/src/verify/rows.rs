//! Rows against the events that they come from: what the events of one invoice say, entered anew. No I/O.

use std::collections::{BTreeMap, BTreeSet};

use recoup_protocol::events::{Event, InvoiceState};
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use recoup_stacks::hex;

use super::difference::{Differences, Side, columns};
use crate::accounting::{Books, Ledger};
use crate::db::storable;
use crate::db::verification::{Columns, InvoiceRows, Row};

/// Rows by the table and the key of each.
type Expected = BTreeMap<(&'static str, String), Columns>;

/// Compares the rows of one invoice with its events, at the burn height of the tip.
pub(super) fn check_invoice(rows: &InvoiceRows, now: BurnHeight, differences: &mut Differences) {
    let mut expected = Expected::new();
    let mut books = Books::default();
    let mut events: Vec<&Row> = rows.events.iter().collect();
    events.sort_by_key(|row| place_of(row));
    for row in events {
        let place = format!("contract_event {}", row.key);
        let Some(event) = decode(row) else {
            differences.note(
                Side::Events,
                format!("{place} raw_value"),
                Some("an event of core".to_owned()),
                text(row, "raw_value"),
            );
            continue;
        };
        differences.compare_row(
            Side::Events,
            &place,
            Some(&event_columns(&event)),
            Some(&row.columns),
        );
        let transfer_found = text(row, "transfer_found").as_deref() == Some("true");
        let disagreement = books.disagreement(&event, transfer_found);
        if let Some((table, columns)) = row_of(&event, disagreement) {
            let mut columns = columns;
            for shared in ["index_block_hash", "txid", "ordinal", "stacks_height"] {
                columns.insert(shared.to_owned(), text(row, shared));
            }
            expected.insert((table, row.key.clone()), columns);
        }
        books.post(&event);
    }
    add_states(&mut expected, &books, now);
    let found = found_rows(rows);
    let keys: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    for key in keys {
        let (table, row) = key;
        let place = format!("{table} {row}");
        let found = found.get(key).copied();
        differences.compare_row(Side::Events, &place, expected.get(key), found);
    }
    check_sums(rows, differences);
}

fn found_rows(rows: &InvoiceRows) -> BTreeMap<(&'static str, String), &Columns> {
    let of_table = |table: &'static str, rows: &'_ [Row]| -> Vec<((&'static str, String), usize)> {
        rows.iter()
            .enumerate()
            .map(|(place, row)| ((table, row.key.clone()), place))
            .collect()
    };
    let tables = [
        ("invoice", &rows.invoices),
        ("payer_ledger", &rows.ledgers),
        ("payment", &rows.payments),
        ("refund", &rows.refunds),
    ];
    let mut found = BTreeMap::new();
    for (table, rows) in tables {
        for (key, place) in of_table(table, rows) {
            if let Some(row) = rows.get(place) {
                found.insert(key, &row.columns);
            }
        }
    }
    found
}

/// State of the invoice and ledgers of its payers after the last event.
fn add_states(expected: &mut Expected, books: &Books, now: BurnHeight) {
    for ((table, _), columns) in expected.iter_mut() {
        if *table == "invoice" {
            for account in books.accounts.values() {
                columns.extend(state_columns(&account.state, now));
            }
        }
    }
    for ((id, payer), ledger) in &books.ledgers {
        let deadline = books.accounts.get(id).map(|account| account.deadline(ledger));
        expected.insert(
            ("payer_ledger", payer.to_string()),
            ledger_columns(ledger, deadline),
        );
    }
}

/// An invoice's sums are those of its payments and refunds, and those of its payers' ledgers.
fn check_sums(rows: &InvoiceRows, differences: &mut Differences) {
    for invoice in &rows.invoices {
        let sums = [
            ("amount_paid", "payments", sum(&rows.payments, "amount")),
            ("amount_paid", "ledgers", sum(&rows.ledgers, "paid")),
            ("amount_refunded", "refunds", sum(&rows.refunds, "amount")),
            ("amount_refunded", "ledgers", sum(&rows.ledgers, "refunded")),
        ];
        for (column, what, sum) in sums {
            let place = || format!("invoice {} {column}, the sum of its {what}", invoice.invoice_id);
            differences.compare(Side::Rows, place, sum, text(invoice, column));
        }
    }
}

/// None where it does not fit: then the amounts themselves are wrong, and named.
fn sum(rows: &[Row], column: &str) -> Option<String> {
    rows.iter()
        .try_fold(0_u128, |sum, row| {
            sum.checked_add(text(row, column)?.parse::<u128>().ok()?)
        })
        .map(|sum| sum.to_string())
}

fn text(row: &Row, column: &str) -> Option<String> {
    row.columns.get(column).cloned().flatten()
}

/// Place on the chain, as far as it can be read.
fn place_of(row: &Row) -> [u64; 3] {
    ["stacks_height", "tx_index", "ordinal"].map(|column| {
        text(row, column)
            .and_then(|text| text.parse().ok())
            .unwrap_or(u64::MAX)
    })
}

fn decode(row: &Row) -> Option<Event> {
    let bytes = text(row, "raw_value")?;
    Event::decode(&hex::decode(bytes.strip_prefix("\\x")?).ok()?).ok()
}

fn event_columns(event: &Event) -> Columns {
    let payer = match event {
        Event::PaymentReceived(payment) => Some(payment.payer.to_string()),
        Event::RefundProcessed(refund) => Some(refund.payer.to_string()),
        _ => None,
    };
    columns([
        ("name", Some(event.name().to_owned())),
        ("invoice_id", event.invoice().map(|(id, _)| id.0.to_string())),
        ("payer", payer),
    ])
}

/// The row that an event becomes, but for its place and later changes.
fn row_of(event: &Event, disagreement: Option<&'static str>) -> Option<(&'static str, Columns)> {
    let number = |number: u64| Some(number.to_string());
    let height = |height: BurnHeight| Some(height.get().to_string());
    let principal = |principal: &Principal| Some(principal.to_string());
    let disagreement = disagreement.map(str::to_owned);
    Some(match event {
        Event::InvoiceCreated(event) => (
            "invoice",
            columns([
                ("invoice_id", number(event.invoice_id.0)),
                ("merchant", principal(&event.merchant)),
                ("issuer", principal(&event.issuer)),
                ("token", token_text(&event.token)),
                ("amount", Some(event.amount.to_string())),
                ("min_payment", event.min_payment.map(|amount| amount.to_string())),
                ("only_payer", event.only_payer.as_ref().map(ToString::to_string)),
                (
                    "reference",
                    event.reference.as_ref().map(|text| text.as_str().to_owned()),
                ),
                ("memo", event.memo.as_ref().map(|text| storable(text.as_str()))),
                ("subscription_id", event.subscription_id.map(|id| id.to_string())),
                ("created_burn_height", height(event.burn_height)),
            ]),
        ),
        Event::PaymentReceived(event) => (
            "payment",
            columns([
                ("invoice_id", number(event.invoice_id.0)),
                ("merchant", principal(&event.merchant)),
                ("payer", principal(&event.payer)),
                ("token", token_text(&event.token)),
                ("amount", Some(event.amount.to_string())),
                ("payer_paid", Some(event.payer_paid.to_string())),
                ("payer_refunded", Some(event.payer_refunded.to_string())),
                ("deadline", height(event.deadline)),
                ("burn_height", height(event.burn_height)),
                ("disagreement", disagreement),
            ]),
        ),
        Event::RefundProcessed(event) => (
            "refund",
            columns([
                ("refund_id", number(event.refund_id.0)),
                ("invoice_id", number(event.invoice_id.0)),
                ("merchant", principal(&event.merchant)),
                ("issuer", principal(&event.issuer)),
                ("payer", principal(&event.payer)),
                ("token", token_text(&event.token)),
                ("amount", Some(event.amount.to_string())),
                (
                    "reason",
                    event.reason.as_ref().map(|text| storable(text.as_str())),
                ),
                (
                    "reference",
                    event.reference.as_ref().map(|text| text.as_str().to_owned()),
                ),
                ("payer_paid", Some(event.payer_paid.to_string())),
                ("payer_refunded", Some(event.payer_refunded.to_string())),
                ("deadline", height(event.deadline)),
                ("burn_height", height(event.burn_height)),
                ("disagreement", disagreement),
            ]),
        ),
        _ => return None,
    })
}

/// What the token's column holds.
pub(super) fn token_text(token: &Token) -> Option<String> {
    token.contract().map(ToString::to_string)
}

fn state_columns(state: &InvoiceState, now: BurnHeight) -> Columns {
    let derived = state.status.derived(state.expires_at.get(), now.get());
    columns([
        ("amount_paid", Some(state.amount_paid.to_string())),
        ("amount_refunded", Some(state.amount_refunded.to_string())),
        ("status", Some(state.status.code().to_string())),
        ("refund_window", Some(state.refund_window.to_string())),
        (
            "first_payment_at",
            state.first_payment_at.map(|height| height.get().to_string()),
        ),
        ("expires_at", Some(state.expires_at.get().to_string())),
        ("derived_status", Some(derived.code().to_string())),
    ])
}

fn ledger_columns(ledger: &Ledger, deadline: Option<BurnHeight>) -> Columns {
    columns([
        ("paid", Some(ledger.paid.to_string())),
        ("refunded", Some(ledger.refunded.to_string())),
        ("first_paid_at", Some(ledger.first_paid_at.get().to_string())),
        ("deadline", deadline.map(|height| height.get().to_string())),
    ])
}
