//! Comparing two sides of the same facts, field by field.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::Facts;

/// One field in which the indexer and the contract disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where, such as `refunds/2/amount`.
    pub field: String,
    /// What the contract holds; `None` when it has no such field.
    pub contract: Option<Value>,
    /// What the indexer tells.
    pub indexer: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |side: &Option<Value>| side.as_ref().map_or("nothing".to_owned(), Value::to_string);
        write!(
            formatter,
            "{}: contract {}, indexer {}",
            self.field,
            shown(&self.contract),
            shown(&self.indexer)
        )
    }
}

/// The outcome of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// How many fields were looked at.
    pub fields: usize,
    /// Those that differ.
    pub differences: Vec<Difference>,
}

/// Compares every field that either side has.
///
/// # Errors
/// When the facts cannot be written as JSON.
pub fn compare(contract: &Facts, indexer: &Facts) -> serde_json::Result<Comparison> {
    let mut contract = fields_of(contract)?;
    let mut indexer = fields_of(indexer)?;
    let mut names: Vec<String> = contract.keys().chain(indexer.keys()).cloned().collect();
    names.sort();
    names.dedup();
    let fields = names.len();
    let differences = names
        .into_iter()
        .map(|field| Difference {
            contract: contract.remove(&field),
            indexer: indexer.remove(&field),
            field,
        })
        .filter(|difference| difference.contract != difference.indexer)
        .collect();
    Ok(Comparison { fields, differences })
}

/// The leaves of the facts, by their path.
fn fields_of(facts: &Facts) -> serde_json::Result<BTreeMap<String, Value>> {
    let mut fields = BTreeMap::new();
    collect("", serde_json::to_value(facts)?, &mut fields);
    Ok(fields)
}

fn collect(path: &str, value: Value, fields: &mut BTreeMap<String, Value>) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}/{name}")
        }
    };
    match value {
        Value::Object(members) => members
            .into_iter()
            .for_each(|(name, member)| collect(&below(&name), member, fields)),
        Value::Array(items) => {
            fields.insert(below("count"), items.len().into());
            for (index, item) in items.into_iter().enumerate() {
                collect(&below(&index.to_string()), item, fields);
            }
        }
        leaf => {
            fields.insert(path.to_owned(), leaf);
        }
    }
}

#[cfg(test)]
mod tests {
    use recoup_protocol::amount::BaseUnits;
    use recoup_protocol::api::PaidFrom;
    use recoup_protocol::ids::{InvoiceId, RefundId};
    use recoup_protocol::token::Token;
    use recoup_stacks::hash::BurnHeight;

    use super::*;
    use crate::audit::RefundFacts;

    fn facts(amounts: &[u128]) -> Facts {
        let merchant = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM";
        let refund = |(id, amount): (u64, &u128)| RefundFacts {
            refund_id: RefundId(id),
            invoice_id: InvoiceId(1),
            merchant: merchant.parse().unwrap(),
            issuer: merchant.parse().unwrap(),
            paid_from: PaidFrom::Merchant,
            payer: merchant.parse().unwrap(),
            token: Token::Stx,
            amount: BaseUnits(*amount),
            reason: None,
            reference: None,
            burn_height: BurnHeight(7),
        };
        Facts {
            invoices: Vec::new(),
            refunds: (1..).zip(amounts).map(refund).collect(),
            subscriptions: Vec::new(),
            reserves: Vec::new(),
        }
    }

    #[test]
    fn equal_sides_have_no_difference() {
        let comparison = compare(&facts(&[5, 6]), &facts(&[5, 6])).unwrap();
        assert_eq!(
            comparison,
            Comparison {
                fields: 26,
                differences: Vec::new()
            }
        );
    }

    #[test]
    fn one_field_that_differs_is_named() {
        let comparison = compare(&facts(&[5, 6]), &facts(&[5, 7])).unwrap();
        let shown: Vec<String> = comparison.differences.iter().map(ToString::to_string).collect();
        assert_eq!(shown, [r#"refunds/1/amount: contract "6", indexer "7""#]);
    }

    #[test]
    fn a_row_that_one_side_lacks_differs_in_all_its_fields() {
        let comparison = compare(&facts(&[5]), &facts(&[5, 6])).unwrap();
        assert_eq!(comparison.differences.len(), 12);
        let amount = comparison
            .differences
            .iter()
            .find(|difference| difference.field == "refunds/1/amount")
            .unwrap();
        assert_eq!(
            amount.to_string(),
            r#"refunds/1/amount: contract nothing, indexer "6""#
        );
    }
}
