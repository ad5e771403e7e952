//! Which filters and orders of `/refunds` go together: those that one index answers. The rest is refused, so that no
//! question reads through the table.

use std::fmt::Write as _;

use super::error::ApiFailure;
use crate::db::refund::{RefundFilter, RefundOrder, RefundStatus};

/// Filters that one index answers together, in these orders.
#[derive(Debug, Clone, Copy)]
pub struct Combination {
    /// The filters, all of them.
    pub filters: &'static [&'static str],
    /// The orders; the first one is what a list without `order` has.
    pub orders: &'static [RefundOrder],
    /// Whether ranges of burn heights and times, `as_of_burn_height` and `status` may be added.
    pub ranges: bool,
    /// The index.
    pub index: &'static str,
}

const BY_PLACE: &[RefundOrder] = &[RefundOrder::Newest, RefundOrder::Oldest];
const BY_AMOUNT: &[RefundOrder] = &[RefundOrder::Largest, RefundOrder::Smallest];

const fn by_place(filters: &'static [&'static str], index: &'static str) -> Combination {
    Combination {
        filters,
        orders: BY_PLACE,
        ranges: true,
        index,
    }
}

const fn by_amount(filters: &'static [&'static str], index: &'static str) -> Combination {
    Combination {
        filters,
        orders: BY_AMOUNT,
        ranges: false,
        index,
    }
}

/// All that is answered. `amount` stands for `min_amount` and `max_amount`, which may also be left out.
pub const COMBINATIONS: &[Combination] = &[
    by_place(&[], "refund_position_idx"),
    by_place(&["merchant"], "refund_merchant_idx"),
    by_place(&["payer"], "refund_payer_idx"),
    by_place(&["merchant", "payer"], "refund_merchant_payer_idx"),
    by_place(&["invoice"], "refund_invoice_idx"),
    by_place(&["token"], "refund_token_idx"),
    by_place(&["merchant", "token"], "refund_merchant_token_idx"),
    by_place(&["merchant", "reference"], "refund_reference_idx"),
    by_place(&["txid"], "refund_txid_idx"),
    by_amount(&["token", "amount"], "refund_token_amount_idx"),
    by_amount(
        &["merchant", "token", "amount"],
        "refund_merchant_token_amount_idx",
    ),
    Combination {
        filters: &["merchant", "q"],
        orders: &[RefundOrder::Newest],
        ranges: false,
        index: "refund_terms_idx",
    },
];

/// That an index answers the filter in this order.
pub(super) fn check(filter: &RefundFilter, order: RefundOrder) -> Result<(), ApiFailure> {
    let is_by_amount =
        BY_AMOUNT.contains(&order) || filter.min_amount.is_some() || filter.max_amount.is_some();
    let given: Vec<&str> = [
        ("merchant", filter.merchant.is_some()),
        ("payer", filter.payer.is_some()),
        ("invoice", filter.invoice.is_some()),
        ("token", filter.token.is_some()),
        ("reference", filter.reference.is_some()),
        ("txid", filter.txid.is_some()),
        ("q", filter.words.is_some()),
        ("amount", is_by_amount),
    ]
    .into_iter()
    .filter_map(|(name, is_given)| is_given.then_some(name))
    .collect();
    let has_range = filter.from_burn_height.is_some()
        || filter.to_burn_height.is_some()
        || filter.from_time.is_some()
        || filter.before_time.is_some();
    let is_answered = COMBINATIONS.iter().any(|combination| {
        combination.filters == given
            && combination.orders.contains(&order)
            && (combination.ranges || !(has_range || filter.status.is_some()))
    });
    if is_answered {
        return Ok(());
    }
    let mut words: Vec<&str> = given;
    if has_range {
        words.push("a range of burn heights or times");
    }
    if let Some(status) = filter.status.map(RefundStatus::as_str) {
        words.push(status);
    }
    Err(ApiFailure::UnsupportedFilters {
        given: format!("{} in order {order}", words.join(" + ")),
        allowed: allowed(),
    })
}

/// The combinations, one after the other.
#[must_use]
pub fn allowed() -> String {
    let mut text = String::new();
    for combination in COMBINATIONS {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&match combination.filters {
            [] => "no filter".to_owned(),
            filters => filters.join(" + "),
        });
        if combination.ranges {
            text.push_str(" (+ ranges, status)");
        }
        for (place, order) in combination.orders.iter().enumerate() {
            let _ = write!(text, "{}{order}", if place == 0 { ": " } else { ", " });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in the documentation, between its marks.
    #[test]
    fn the_documentation_lists_them() {
        let documentation = include_str!("../../../docs/API.md");
        let (_, rest) = documentation.split_once("<!-- combinations -->\n").unwrap();
        let (documented, _) = rest.split_once("<!-- /combinations -->").unwrap();
        let mut table = "\n| filters | orders | with ranges and `status` |\n|---|---|---|\n".to_owned();
        for combination in COMBINATIONS {
            let filters: Vec<String> = combination
                .filters
                .iter()
                .map(|filter| match *filter {
                    "amount" => "`min_amount`, `max_amount` or neither".to_owned(),
                    filter => format!("`{filter}`"),
                })
                .collect();
            let filters = if filters.is_empty() {
                "none".to_owned()
            } else {
                filters.join(" + ")
            };
            let orders: Vec<String> = combination
                .orders
                .iter()
                .map(|order| format!("`{order}`"))
                .collect();
            let ranges = if combination.ranges { "yes" } else { "no" };
            let _ = writeln!(table, "| {filters} | {} | {ranges} |", orders.join(", "));
        }
        table.push('\n');
        assert_eq!(documented, table, "the table must read:\n{table}");
    }
}
