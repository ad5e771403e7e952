//! Recoup's contracts: their names, and where one stands when another is known.

use std::fmt;

use recoup_stacks::address::{ContractId, ContractName};

/// Name under which `recoup-core` is deployed.
pub const CORE_CONTRACT_NAME: &str = "recoup-core";
/// Name under which `recoup-subscriptions` is deployed, by the same deployer.
pub const SUBSCRIPTIONS_CONTRACT_NAME: &str = "recoup-subscriptions";
/// Name under which `recoup-reserve` is deployed, by the same deployer.
pub const RESERVE_CONTRACT_NAME: &str = "recoup-reserve";
/// Name under which the token trait is deployed, by the same deployer.
pub const TRAIT_CONTRACT_NAME: &str = "sip-010-trait";

/// One of Recoup's contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contract {
    /// Invoices, payments, refunds, operators.
    Core,
    /// Plans, and payments for them period by period.
    Subscriptions,
    /// Merchants' funds for refunds, and delegates who may refund from them.
    Reserve,
}

impl Contract {
    /// Every contract, in the order of their deployment and of their error numbers.
    pub const ALL: [Self; 3] = [Self::Core, Self::Subscriptions, Self::Reserve];

    /// The name that it is deployed under.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => CORE_CONTRACT_NAME,
            Self::Subscriptions => SUBSCRIPTIONS_CONTRACT_NAME,
            Self::Reserve => RESERVE_CONTRACT_NAME,
        }
    }

    /// The contract of the same deployer as `other`: all of Recoup's contracts are deployed together, because they name
    /// each other by the deployer's address.
    #[must_use]
    pub const fn beside(self, other: &ContractId) -> ContractId {
        ContractId::new(other.address, ContractName::from_static(self.name()))
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
