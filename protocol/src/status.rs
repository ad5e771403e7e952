//! Where invoices and subscriptions stand.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The contract's number of each variant, and the word that people and JSON see.
macro_rules! numbered {
    ($name:ident { $($variant:ident = $code:literal $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every status, in the order of the contract's numbers.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$variant),+];

            /// The contract's number.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$variant => $code),+
                }
            }

            /// The status of a contract's number.
            #[must_use]
            pub fn from_code(code: u128) -> Option<Self> {
                Self::ALL
                    .into_iter()
                    .find(|status| u128::from(status.code()) == code)
            }

            /// The word that people and JSON see.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

/// Where an invoice stands. All but [`InvoiceStatus::Expired`] are stored by the contract; that one is derived:
/// open or partially paid, and past `expires-at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InvoiceStatus {
    /// Nothing paid yet.
    Open,
    /// Instalments came in, something is still due.
    PartiallyPaid,
    /// Paid in full.
    Paid,
    /// Not fully paid in time; what was paid stays refundable.
    Expired,
    /// Withdrawn by the merchant; what was paid stays refundable.
    Cancelled,
    /// All that was paid went back. Terminal.
    Refunded,
}

numbered! {
    InvoiceStatus {
        Open = 0 "open",
        PartiallyPaid = 1 "partially-paid",
        Paid = 2 "paid",
        Expired = 3 "expired",
        Cancelled = 4 "cancelled",
        Refunded = 5 "refunded",
    }
}

impl InvoiceStatus {
    /// What a reader sees at `burn_height` of an invoice whose stored status is `self`.
    #[must_use]
    pub fn derived(self, expires_at: u64, burn_height: u64) -> Self {
        match self {
            Self::Open | Self::PartiallyPaid if burn_height >= expires_at => Self::Expired,
            stored => stored,
        }
    }
}

/// Where a subscription stands. [`SubscriptionStatus::Lapsed`] is derived: active, and not paid for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubscriptionStatus {
    /// Paid for now.
    Active,
    /// A payment is due; the next one resumes it.
    Lapsed,
    /// Ended by its payer or its merchant. Terminal.
    Cancelled,
}

numbered! {
    SubscriptionStatus {
        Active = 0 "active",
        Lapsed = 1 "lapsed",
        Cancelled = 2 "cancelled",
    }
}

impl SubscriptionStatus {
    /// What a reader sees at `burn_height` of a subscription whose stored status is `self`.
    #[must_use]
    pub fn derived(self, next_due: u64, burn_height: u64) -> Self {
        match self {
            Self::Active if burn_height >= next_due => Self::Lapsed,
            stored => stored,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers and words of every variant, and the first number that is none.
    macro_rules! round_trips {
        ($name:ident, $none:literal) => {
            for status in $name::ALL {
                assert_eq!($name::from_code(u128::from(status.code())), Some(status));
                let json = serde_json::to_string(&status).unwrap();
                assert_eq!(json, format!("\"{status}\""));
            }
            assert_eq!($name::from_code($none), None);
            assert_eq!($name::from_code(u128::MAX), None);
        };
    }

    #[test]
    fn codes_round_trip_and_others_are_unknown() {
        round_trips!(InvoiceStatus, 6);
        round_trips!(SubscriptionStatus, 3);
    }

    #[test]
    fn only_active_subscriptions_lapse() {
        use SubscriptionStatus::{Active, Cancelled, Lapsed};
        assert_eq!(Active.derived(100, 99), Active);
        assert_eq!(Active.derived(100, 100), Lapsed);
        assert_eq!(Cancelled.derived(100, 500), Cancelled);
    }

    #[test]
    fn only_unpaid_invoices_expire() {
        assert_eq!(InvoiceStatus::Open.derived(100, 99), InvoiceStatus::Open);
        assert_eq!(InvoiceStatus::Open.derived(100, 100), InvoiceStatus::Expired);
        assert_eq!(
            InvoiceStatus::PartiallyPaid.derived(100, 100),
            InvoiceStatus::Expired
        );
        assert_eq!(InvoiceStatus::Paid.derived(100, 500), InvoiceStatus::Paid);
        assert_eq!(
            InvoiceStatus::Cancelled.derived(100, 500),
            InvoiceStatus::Cancelled
        );
    }
}
