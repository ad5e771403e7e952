//! What a node's refusal means to the user.

use recoup_stacks::rpc::{Rejection, RejectionReason};

use crate::failure::{Failure, Kind};

/// The failure, with the node's own facts as its cause and what to do about it.
pub(super) fn rejected(rejection: &Rejection) -> Failure {
    let reason = &rejection.reason;
    let mut failure = Failure::new(Kind::Rejected, "the node refused the transaction").hint(hint(reason));
    failure.causes.push(reason.to_string());
    if let RejectionReason::Unknown { data: Some(data), .. } = reason {
        failure.causes.push(format!("the node says: {data}"));
    }
    failure
}

const fn hint(reason: &RejectionReason) -> &'static str {
    match reason {
        RejectionReason::BadNonce(_) => {
            "the transaction may be in a block already: `recoup tx status` tells, and `recoup refund resume` sees it through"
        }
        RejectionReason::TooMuchChaining(_) => {
            "wait until some of the wallet's transactions are in a block, then run `recoup refund resume`"
        }
        RejectionReason::ConflictingNonceInMempool => {
            "a transaction with the same nonce and no lower fee waits: if it is the journal's own, just wait; raise this \
             one's fee with `recoup tx bump` only if it is not"
        }
        RejectionReason::FeeTooLow { .. } => "give a higher --fee, or raise it with `recoup tx bump`",
        RejectionReason::NotEnoughFunds { .. } => {
            "top up the sending address, then run the same command again"
        }
        RejectionReason::NoSuchContract | RejectionReason::NoSuchPublicFunction => {
            "check --contract and --profile; a node that is behind may not know the contract yet"
        }
        RejectionReason::ContractAlreadyExists { .. } => "a contract of that name is deployed already",
        RejectionReason::BadAddressVersionByte
        | RejectionReason::BadTransactionVersion
        | RejectionReason::SignatureValidation { .. } => {
            "the node is of another network, or its chain id is another: check --profile and --node-url"
        }
        RejectionReason::BadFunctionArgument { .. } => {
            "the contract at this address has another interface: check --contract"
        }
        RejectionReason::TransferRecipientCannotEqualSender { .. } => "send to another address",
        RejectionReason::TransferAmountMustBePositive => "give an amount above zero",
        RejectionReason::TemporarilyBlacklisted => {
            "wait a while and run the same command again: it sends the same transaction"
        }
        RejectionReason::NodeFailure { .. } => {
            "the node has trouble of its own: run the same command again later, or use another node with --node-url; it \
             sends the same transaction"
        }
        RejectionReason::Serialization { .. }
        | RejectionReason::Deserialization { .. }
        | RejectionReason::Undecodable { .. } => {
            "this node reads transactions in another way: check its version, and that of recoup"
        }
        RejectionReason::PoisonMicroblock { .. } | RejectionReason::MinersOnly { .. } => {
            "recoup sends nothing of the sort: check what answers at --node-url"
        }
        RejectionReason::Unknown { .. } => {
            "this version of recoup does not know the reason: look it up for the node's version; the journal keeps the \
             transaction, and `recoup tx status` shows where it stands"
        }
    }
}

#[cfg(test)]
mod tests {
    use recoup_stacks::address::Principal;
    use recoup_stacks::rpc::NonceMismatch;
    use serde_json::json;

    use super::*;

    fn reasons() -> Vec<RejectionReason> {
        let principal: Principal = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5".parse().unwrap();
        let mismatch = |expected, actual| NonceMismatch {
            expected,
            actual,
            principal: principal.clone(),
            is_origin: true,
        };
        let message = || "the node's words".to_owned();
        let reason = || "NodesWord".to_owned();
        vec![
            RejectionReason::BadNonce(mismatch(7, 6)),
            RejectionReason::TooMuchChaining(mismatch(25, 31)),
            RejectionReason::ConflictingNonceInMempool,
            RejectionReason::FeeTooLow {
                expected: 300,
                actual: 200,
            },
            RejectionReason::NotEnoughFunds {
                expected: 1_000_300,
                actual: 12,
            },
            RejectionReason::NoSuchContract,
            RejectionReason::NoSuchPublicFunction,
            RejectionReason::BadFunctionArgument { message: message() },
            RejectionReason::SignatureValidation { message: message() },
            RejectionReason::Serialization { message: message() },
            RejectionReason::Deserialization { message: message() },
            RejectionReason::BadAddressVersionByte,
            RejectionReason::BadTransactionVersion,
            RejectionReason::TransferRecipientCannotEqualSender {
                recipient: principal.clone(),
            },
            RejectionReason::TransferAmountMustBePositive,
            RejectionReason::ContractAlreadyExists { contract: message() },
            RejectionReason::PoisonMicroblock { reason: reason() },
            RejectionReason::MinersOnly { reason: reason() },
            RejectionReason::TemporarilyBlacklisted,
            RejectionReason::NodeFailure {
                reason: reason(),
                message: Some(message()),
            },
            RejectionReason::Undecodable { message: message() },
            RejectionReason::Unknown {
                reason: "NewReason".to_owned(),
                data: Some(json!({ "limit": 3, "note": "facts" })),
            },
        ]
    }

    #[test]
    fn every_refusal_of_a_node_has_a_cause_and_a_hint() {
        let texts: Vec<String> = reasons()
            .into_iter()
            .map(|reason| rejected(&Rejection { reason, txid: None }).to_text())
            .collect();
        insta::assert_snapshot!(texts.join("\n"));
    }
}
