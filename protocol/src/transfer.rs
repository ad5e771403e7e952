//! Token transfers as the chain's events tell them, and the one that a refund speaks of.

use recoup_stacks::observer::EventBody;

use crate::events::RefundProcessed;

/// A movement of tokens, as both sides of a comparison see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Contract id; none for STX.
    pub token: Option<String>,
    /// Whose balance fell.
    pub sender: String,
    /// Whose balance rose.
    pub recipient: String,
    /// In base units.
    pub amount: u128,
}

impl Transfer {
    /// What must move when a refund is true.
    #[must_use]
    pub fn of_refund(refund: &RefundProcessed) -> Self {
        Self {
            token: refund.token.contract().map(ToString::to_string),
            sender: refund.issuer.to_string(),
            recipient: refund.payer.to_string(),
            amount: refund.amount.0,
        }
    }

    /// What an event of the chain moved.
    #[must_use]
    pub fn made_by(body: &EventBody) -> Option<Self> {
        match body {
            EventBody::StxTransfer(transfer) => Some(Self {
                token: None,
                sender: transfer.sender.clone(),
                recipient: transfer.recipient.clone(),
                amount: transfer.amount,
            }),
            EventBody::FtTransfer(transfer) => Some(Self {
                token: Some(transfer.token_contract().to_owned()),
                sender: transfer.sender.clone(),
                recipient: transfer.recipient.clone(),
                amount: transfer.amount,
            }),
            EventBody::Contract(_) | EventBody::Other => None,
        }
    }
}

/// Transfers of one transaction. Each proves one event: two refunds of the same amount need two transfers.
#[derive(Debug, Clone)]
pub struct TransferPool {
    unused: Vec<Transfer>,
}

impl TransferPool {
    /// Those that these events tell of.
    pub fn new<'a>(bodies: impl Iterator<Item = &'a EventBody>) -> Self {
        Self {
            unused: bodies.filter_map(Transfer::made_by).collect(),
        }
    }

    /// Takes the transfer that is claimed, if there is one; true as well when none is claimed.
    pub fn take(&mut self, claimed: Option<Transfer>) -> bool {
        let Some(claimed) = claimed else {
            return true;
        };
        let found = self.unused.iter().position(|transfer| *transfer == claimed);
        found.map(|index| self.unused.swap_remove(index)).is_some()
    }
}
