//! Why a refund is not sent. Nothing was signed then.

use recoup_protocol::error::ContractError;
use recoup_protocol::ids::RefundId;
use recoup_protocol::text::Reference;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::Txid;
use thiserror::Error;

use crate::failure::{Failure, Kind};
use crate::profile::Chain;

/// A check that failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The contract would refuse it.
    #[error("{}", error.meaning())]
    Contract {
        /// With which error.
        error: ContractError,
        /// The numbers.
        detail: String,
    },
    /// The contract would refuse it with an error that this version does not know.
    #[error("the contract would refuse it with error u{0}")]
    UnknownContractError(u128),
    /// The reference names another refund on chain.
    #[error("reference `{reference}` names refund {refund_id} already, and that is another one")]
    ReferenceOfAnother {
        /// The reference.
        reference: Reference,
        /// What it names.
        refund_id: RefundId,
    },
    /// The reference names another refund in the journal.
    #[error(
        "reference `{reference}` was given to another refund from this machine, which is not settled yet"
    )]
    ReferenceInJournal {
        /// The reference.
        reference: Reference,
        /// That refund's journal entry.
        entry: u64,
        /// That refund's transaction.
        txid: Txid,
    },
    /// An earlier refund of the same payer is on its way.
    #[error("another refund of this payer is not settled yet")]
    OpenRefund {
        /// Its journal entry.
        entry: u64,
        /// Its transaction.
        txid: Txid,
    },
    /// An address of another network.
    #[error("{principal} is not an address of {chain}")]
    WrongNetwork {
        /// The address.
        principal: Principal,
        /// The chain.
        chain: Chain,
    },
    /// It might be included too late.
    #[error("only {blocks_left} burn blocks are left until this payer's deadline")]
    CloseToDeadline {
        /// How many.
        blocks_left: u64,
    },
}

impl Refusal {
    pub(super) fn contract(error: ContractError, detail: impl Into<String>) -> Self {
        Self::Contract {
            error,
            detail: detail.into(),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Contract { error, .. } => error.hint().to_owned(),
            Self::UnknownContractError(_) => "use a version of recoup that knows this contract".to_owned(),
            Self::ReferenceOfAnother { refund_id, .. } => {
                format!("see `recoup refund show {refund_id}`; something new needs a new reference")
            }
            Self::ReferenceInJournal { .. } => {
                "run `recoup refund resume`; something new needs a new reference".to_owned()
            }
            Self::OpenRefund { .. } => {
                "run `recoup refund resume` to see how it ends, then plan again with what is left".to_owned()
            }
            Self::WrongNetwork { .. } => "check the address and --profile".to_owned(),
            Self::CloseToDeadline { .. } => {
                "it may be included too late and then only cost its fee; --force sends it all the same"
                    .to_owned()
            }
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let mut failure = Self::new(Kind::Refused, refusal.to_string()).hint(refusal.hint());
        match &refusal {
            Refusal::Contract { error, detail } => {
                failure = failure.contract_error(error.code(), error.name());
                failure.causes.push(detail.clone());
            }
            Refusal::ReferenceOfAnother { .. } => {
                let error = ContractError::ReferenceUsed;
                failure = failure.contract_error(error.code(), error.name());
            }
            Refusal::ReferenceInJournal { txid, .. } | Refusal::OpenRefund { txid, .. } => {
                failure.causes.push(format!("transaction {txid}"));
            }
            _ => {}
        }
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_local_check_has_a_cause_and_a_hint() {
        let txid = Txid::from_bytes([7; 32]);
        let reference = || "order-7".parse().unwrap();
        let refusals = [
            Refusal::UnknownContractError(4711),
            Refusal::ReferenceOfAnother {
                reference: reference(),
                refund_id: RefundId(9),
            },
            Refusal::ReferenceInJournal {
                reference: reference(),
                entry: 3,
                txid,
            },
            Refusal::OpenRefund { entry: 3, txid },
            Refusal::WrongNetwork {
                principal: "SP000000000000000000002Q6VF78".parse().unwrap(),
                chain: Chain::Local,
            },
            Refusal::CloseToDeadline { blocks_left: 5 },
        ];
        let texts: Vec<String> = refusals
            .into_iter()
            .map(|refusal| Failure::from(refusal).to_text())
            .collect();
        insta::assert_snapshot!(texts.join("\n"));
    }

    #[test]
    fn every_error_of_the_contract_has_a_cause_and_a_hint() {
        let texts: Vec<String> = ContractError::ALL
            .iter()
            .map(|error| Failure::from(Refusal::contract(*error, "the numbers of this case")).to_text())
            .collect();
        insta::assert_snapshot!(texts.join("\n"));
    }
}
