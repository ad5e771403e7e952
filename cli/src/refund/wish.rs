//! What the user asks for, before anything is looked up.

use std::fmt;

use recoup_protocol::amount::{AmountError, BaseUnits, Percentage};
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::text::{Reference, Text};
use recoup_stacks::address::Principal;

use crate::token::TokenInfo;

/// How much is to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// All that the payer can still get back.
    Full,
    /// A share of all that the payer paid.
    Share(Percentage),
    /// So many base units.
    Exactly(BaseUnits),
}

impl Asked {
    /// Reads `25%` or an amount in the token's decimals.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str, token: &TokenInfo) -> Result<Self, AmountError> {
        if text.ends_with('%') {
            text.parse().map(Self::Share)
        } else {
            token.read(text).map(Self::Exactly)
        }
    }

    /// How much that is for a payer that paid `paid`, of which `refundable` can still go back.
    #[must_use]
    pub fn amount(self, paid: BaseUnits, refundable: BaseUnits) -> BaseUnits {
        match self {
            Self::Full => refundable,
            Self::Share(share) => share.of(paid),
            Self::Exactly(amount) => amount,
        }
    }
}

/// As the journal keeps it, to recognise the same wish.
impl fmt::Display for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => formatter.write_str("full"),
            Self::Share(share) => share.fmt(formatter),
            Self::Exactly(amount) => amount.fmt(formatter),
        }
    }
}

/// A refund as it was asked for, with its payer found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Of which invoice.
    pub invoice_id: InvoiceId,
    /// To whom.
    pub payer: Principal,
    /// How much.
    pub asked: Asked,
    /// The merchant's own id for it.
    pub reference: Option<Reference>,
    /// Why, for everybody to read.
    pub reason: Option<Text>,
}
