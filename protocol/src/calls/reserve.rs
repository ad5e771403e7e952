//! Calls of `recoup-reserve`.

use recoup_stacks::address::Principal;
use recoup_stacks::clarity::{ClarityName, Value};

use super::{ContractCall, PaidIn, RefundOrder, by_token, refund_arguments, trait_argument};
use crate::amount::BaseUnits;
use crate::record::Field as _;
use crate::token::Token;

/// A public function of `recoup-reserve` with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReserveCall {
    /// `deposit-stx` or `deposit-ft`: adds to the caller's own reserve.
    Deposit(PaidIn<BaseUnits>),
    /// `withdraw-stx` or `withdraw-ft`: takes from the caller's own reserve.
    Withdraw(PaidIn<BaseUnits>),
    /// `set-delegate`
    SetDelegate(Delegation),
    /// `revoke-delegate`
    RevokeDelegate {
        /// Whose delegation ends.
        delegate: Principal,
        /// For which token.
        token: Token,
    },
    /// `refund-stx` or `refund-ft`: by a delegate of the invoice's merchant.
    Refund(PaidIn<RefundOrder>),
}

/// Arguments of `set-delegate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Who may refund.
    pub delegate: Principal,
    /// In which token.
    pub token: Token,
    /// At most so much at once.
    pub per_refund: BaseUnits,
    /// At most so much in a period.
    pub per_period: BaseUnits,
    /// Burn blocks.
    pub period: u64,
    /// Burn blocks until the delegation ends.
    pub expires_in: u64,
}

impl ContractCall for ReserveCall {
    fn function(&self) -> ClarityName {
        ClarityName::from_static(match self {
            Self::Deposit(paid) => by_token(&paid.token, "deposit-stx", "deposit-ft"),
            Self::Withdraw(paid) => by_token(&paid.token, "withdraw-stx", "withdraw-ft"),
            Self::SetDelegate(_) => "set-delegate",
            Self::RevokeDelegate { .. } => "revoke-delegate",
            Self::Refund(refund) => by_token(&refund.token, "refund-stx", "refund-ft"),
        })
    }

    fn arguments(&self) -> Vec<Value> {
        match self {
            Self::Deposit(PaidIn { order, token }) | Self::Withdraw(PaidIn { order, token }) => {
                let mut arguments = vec![order.write()];
                arguments.extend(trait_argument(token));
                arguments
            }
            Self::SetDelegate(delegation) => vec![
                delegation.delegate.write(),
                delegation.token.write(),
                delegation.per_refund.write(),
                delegation.per_period.write(),
                delegation.period.write(),
                delegation.expires_in.write(),
            ],
            Self::RevokeDelegate { delegate, token } => vec![delegate.write(), token.write()],
            Self::Refund(PaidIn { order, token }) => refund_arguments(order, token),
        }
    }
}
