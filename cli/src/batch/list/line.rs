//! One line: from texts to what they mean.

use recoup_protocol::amount::{AmountError, BaseUnits, Percentage};
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::text::{Reference, Text};
use recoup_stacks::address::Principal;

use super::problem::{Column, Problem};
use crate::refund::{Asked, Wish};
use crate::token::TokenInfo;

/// A line's fields as they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// The line in the file, counted from 1.
    pub(super) number: u64,
    pub(super) invoice: String,
    pub(super) payer: String,
    pub(super) amount: String,
    pub(super) reference: String,
    /// Empty for none.
    pub(super) reason: String,
}

/// A refund that a list asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line in the file, counted from 1.
    pub number: u64,
    /// Of which invoice.
    pub invoice_id: InvoiceId,
    /// To whom.
    pub payer: Principal,
    /// How much, as it was written: the token's digits are not known yet.
    pub amount: String,
    /// The merchant's own id for it.
    pub reference: Reference,
    /// Why, for everybody to read.
    pub reason: Option<Text>,
}

const FULL: &str = "full";
/// More digits than any token has.
const MOST_DIGITS: u8 = 38;

impl Line {
    /// Reads every field, and says all that is wrong.
    pub(super) fn parse(row: &Row) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut problem = |column, what: String, hint: &str| {
            problems.push(Problem::of_column(row.number, column, what, hint));
        };
        let invoice_id: Option<InvoiceId> = row
            .invoice
            .parse()
            .map_err(|error| {
                problem(
                    Column::Invoice,
                    text(error),
                    "the invoice's id, as `recoup invoice list` shows it",
                )
            })
            .ok();
        let payer: Option<Principal> = row
            .payer
            .parse()
            .map_err(|error| problem(Column::Payer, text(error), "the address that paid, in full"))
            .ok();
        let amount = check_amount(&row.amount)
            .map_err(|error| {
                problem(
                    Column::Amount,
                    text(error),
                    "write 1.5, or 25% of what was paid, or full",
                )
            })
            .ok();
        let hint = "your own id for this refund, used once: it is what keeps a list that is run again from paying again";
        let reference: Option<Reference> = row
            .reference
            .parse()
            .map_err(|error| problem(Column::Reference, text(error), hint))
            .ok();
        let reason = (!row.reason.is_empty())
            .then(|| row.reason.parse::<Text>())
            .transpose();
        let reason = reason
            .map_err(|error| problem(Column::Reason, text(error), "make it shorter"))
            .ok();
        match (invoice_id, payer, amount, reference, reason) {
            (Some(invoice_id), Some(payer), Some(()), Some(reference), Some(reason)) => {
                let (number, amount) = (row.number, row.amount.clone());
                Ok(Self {
                    number,
                    invoice_id,
                    payer,
                    amount,
                    reference,
                    reason,
                })
            }
            _ => Err(problems),
        }
    }

    /// What it asks for, in the invoice's token.
    ///
    /// # Errors
    /// When the amount has more digits than the token.
    pub fn wish(&self, token: &TokenInfo) -> Result<Wish, AmountError> {
        let asked = if self.amount == FULL {
            Asked::Full
        } else {
            Asked::parse(&self.amount, token)?
        };
        Ok(Wish {
            invoice_id: self.invoice_id,
            payer: self.payer.clone(),
            asked,
            reference: Some(self.reference.clone()),
            reason: self.reason.clone(),
        })
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

/// Whether it is an amount of some token.
fn check_amount(amount: &str) -> Result<(), AmountError> {
    if amount == FULL {
        Ok(())
    } else if amount.ends_with('%') {
        amount.parse::<Percentage>().map(|_| ())
    } else {
        match BaseUnits::parse_decimal(amount, MOST_DIGITS) {
            // So many digits before the point that they fit only into a token of fewer after it.
            Err(AmountError::TooLarge(_)) => {
                BaseUnits::parse_decimal(amount.split('.').next().unwrap_or(amount), 0)
            }
            parsed => parsed,
        }
        .map(|_| ())
    }
}
