//! The events of `recoup-reserve`.

use recoup_stacks::address::Principal;
use recoup_stacks::clarity::Value;
use recoup_stacks::hash::BurnHeight;

use super::{EventError, event_name, events, read_event, write_event};
use crate::amount::BaseUnits;
use crate::ids::{InvoiceId, RefundId};
use crate::reads::Delegate;
use crate::record::record;
use crate::token::Token;

record! {
    /// `reserve-deposited` or `reserve-withdrawn`
    pub struct ReserveMoved {
        /// Whose reserve.
        merchant: Principal = "merchant",
        /// In which token.
        token: Token = "token",
        /// How much.
        amount: BaseUnits = "amount",
        /// What the reserve holds afterwards.
        balance: BaseUnits = "balance",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
    }
}

record! {
    /// `delegate-set`
    pub struct DelegateSet {
        /// Whose reserve.
        merchant: Principal = "merchant",
        /// Who may refund.
        delegate: Principal = "delegate",
        /// In which token.
        token: Token = "token",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
        ..
        /// After the event.
        budget: Delegate,
    }
}

record! {
    /// `delegate-revoked`
    pub struct DelegateRevoked {
        /// Whose reserve.
        merchant: Principal = "merchant",
        /// Who may refund no more.
        delegate: Principal = "delegate",
        /// In which token.
        token: Token = "token",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
    }
}

record! {
    /// `reserve-refunded`: beside `refund-processed` of `recoup-core`, whose issuer is the reserve.
    pub struct ReserveRefunded {
        /// Whose reserve paid.
        merchant: Principal = "merchant",
        /// Who refunded.
        delegate: Principal = "delegate",
        /// In which token.
        token: Token = "token",
        /// The refund of `recoup-core` in the same transaction.
        refund_id: RefundId = "refund-id",
        /// The invoice that it refers to.
        invoice_id: InvoiceId = "invoice-id",
        /// Who got the money back.
        payer: Principal = "payer",
        /// How much.
        amount: BaseUnits = "amount",
        /// What the reserve holds afterwards.
        balance: BaseUnits = "balance",
        /// Burn view at execution.
        burn_height: BurnHeight = "burn-height",
        ..
        /// The delegate's, after the event.
        budget: Delegate,
    }
}

events! {
    /// One event of `recoup-reserve`.
    ReserveEvent {
        ReserveDeposited(ReserveMoved) = "reserve-deposited",
        ReserveWithdrawn(ReserveMoved) = "reserve-withdrawn",
        DelegateSet(DelegateSet) = "delegate-set",
        DelegateRevoked(DelegateRevoked) = "delegate-revoked",
        ReserveRefunded(ReserveRefunded) = "reserve-refunded",
    }
}

impl ReserveEvent {
    /// The merchant and the token whose reserve the event is about.
    #[must_use]
    pub const fn reserve(&self) -> (&Principal, &Token) {
        match self {
            Self::ReserveDeposited(event) | Self::ReserveWithdrawn(event) => (&event.merchant, &event.token),
            Self::DelegateSet(event) => (&event.merchant, &event.token),
            Self::DelegateRevoked(event) => (&event.merchant, &event.token),
            Self::ReserveRefunded(event) => (&event.merchant, &event.token),
        }
    }

    /// The delegate that the event is about; `None` for deposits and withdrawals.
    #[must_use]
    pub const fn delegate(&self) -> Option<&Principal> {
        match self {
            Self::ReserveDeposited(_) | Self::ReserveWithdrawn(_) => None,
            Self::DelegateSet(event) => Some(&event.delegate),
            Self::DelegateRevoked(event) => Some(&event.delegate),
            Self::ReserveRefunded(event) => Some(&event.delegate),
        }
    }

    /// What the reserve holds afterwards; `None` for events that move nothing.
    #[must_use]
    pub const fn balance(&self) -> Option<BaseUnits> {
        match self {
            Self::ReserveDeposited(event) | Self::ReserveWithdrawn(event) => Some(event.balance),
            Self::ReserveRefunded(event) => Some(event.balance),
            Self::DelegateSet(_) | Self::DelegateRevoked(_) => None,
        }
    }
}
