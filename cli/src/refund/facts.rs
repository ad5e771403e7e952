//! What is true when a refund is planned, read at one block.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::RefundId;
use recoup_protocol::reads::{Delegate, OperatorRights, Refund, RefundQuote};
use recoup_stacks::address::{Address, ContractId, Principal};

use crate::profile::Chain;
use crate::token::TokenInfo;

/// All that [`super::decide`] looks at, besides the wish and the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The chain that the transaction is for.
    pub chain: Chain,
    /// The contract.
    pub core: ContractId,
    /// Whose wallet signs and pays.
    pub issuer: Address,
    /// What the contract says of the refund; none when there is no such invoice.
    pub quote: Option<RefundQuote>,
    /// The refund that has the wanted reference already.
    pub reference_refund: Option<(RefundId, Refund)>,
    /// What the merchant lets the issuer do; looked up only when they are not the same.
    pub operator: Option<OperatorRights>,
    /// When the wallet is to refund from the merchant's reserve: that is the issuer then.
    pub reserve: Option<ReserveFacts>,
    /// The invoice's token.
    pub token: TokenInfo,
}

impl Facts {
    /// Whose balance pays: the wallet's, or the reserve's.
    #[must_use]
    pub fn issuer_principal(&self) -> Principal {
        match &self.reserve {
            Some(reserve) => reserve.contract.clone().into(),
            None => self.issuer.into(),
        }
    }
}

/// The merchant's reserve in the invoice's token, and what the wallet may do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReserveFacts {
    /// The contract.
    pub contract: ContractId,
    /// What the merchant holds in it.
    pub balance: BaseUnits,
    /// The wallet's budget; none when it is no delegate.
    pub delegate: Option<Delegate>,
}

/// What the issuer owns at that block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Funds {
    /// Unlocked micro-STX.
    pub micro_stx: BaseUnits,
    /// Of the invoice's token, as far as it can be spent; the same as `micro_stx` for STX.
    pub token: BaseUnits,
}
