//! Table `refund`: refunds that are, or once were, on the canonical chain.

mod adopt;
mod filter;
mod find;
mod leaf;
mod origin;
mod page;
mod row;

pub use adopt::{AdoptedRefund, adopt, make_final, make_seen, orphan};
pub use filter::{RefundFilter, RefundOrder};
pub use find::{count_unproven, find};
pub use leaf::{LeafPages, LeafRow, first_burn_height};
pub use origin::{RefundOrigin, origin};
pub use page::{After, count_words, page};

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStatus {
    /// Canonical.
    Seen,
    /// Canonical and deep enough.
    Final,
    /// Its block left the chain.
    Orphaned,
}

impl RefundStatus {
    /// The word in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Final => "final",
            Self::Orphaned => "orphaned",
        }
    }
}
