//! Why a node refuses a transaction. The list follows the node's own (`MemPoolRejection`).

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::account::prefixed_u128;
use super::error::printable;
use crate::address::Principal;
use crate::hash::Txid;

/// A transaction was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Why.
    pub reason: RejectionReason,
    /// Which one, where the node could read it.
    pub txid: Option<Txid>,
}

/// Why a transaction was refused, with what the node says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RejectionReason {
    /// The nonce was used already: ours may have been mined.
    BadNonce(NonceMismatch),
    /// The nonce is too far ahead: too many of the account wait already (25 at most).
    TooMuchChaining(NonceMismatch),
    /// Another transaction of this nonce waits; replacing it takes a higher fee.
    ConflictingNonceInMempool,
    /// The fee is below the node's least, in micro-STX.
    FeeTooLow {
        /// Least that the node takes.
        expected: u64,
        /// What was offered.
        actual: u64,
    },
    /// The account has too little, in micro-STX.
    NotEnoughFunds {
        /// What the transaction needs.
        expected: u128,
        /// What can be spent.
        actual: u128,
    },
    /// The called contract does not exist.
    NoSuchContract,
    /// The called function does not exist or is not public.
    NoSuchPublicFunction,
    /// Number or types of arguments are wrong.
    BadFunctionArgument {
        /// The node's words.
        message: String,
    },
    /// The signature does not hold; also where the chain id is another.
    SignatureValidation {
        /// The node's words.
        message: String,
    },
    /// The node cannot write the transaction.
    Serialization {
        /// The node's words.
        message: String,
    },
    /// The node cannot read the transaction.
    Deserialization {
        /// The node's words.
        message: String,
    },
    /// An address in it is of another network.
    BadAddressVersionByte,
    /// The transaction is of another network.
    BadTransactionVersion,
    /// A transfer to oneself.
    TransferRecipientCannotEqualSender {
        /// Sender and recipient.
        recipient: Principal,
    },
    /// A transfer of nothing.
    TransferAmountMustBePositive,
    /// A contract of this name is there already.
    ContractAlreadyExists {
        /// The contract.
        contract: String,
    },
    /// A proof against a miner that does not hold.
    PoisonMicroblock {
        /// The node's word for what is wrong.
        reason: String,
    },
    /// Only miners may send such a payload.
    MinersOnly {
        /// The node's word for it.
        reason: String,
    },
    /// Refused for now: the node found it too expensive before.
    TemporarilyBlacklisted,
    /// The node has trouble of its own.
    NodeFailure {
        /// The node's word for it.
        reason: String,
        /// Its words, where it gives any.
        message: Option<String>,
    },
    /// The node could not make a transaction out of the bytes at all.
    Undecodable {
        /// The node's words.
        message: String,
    },
    /// A reason that we do not know, or whose data are not those we know.
    Unknown {
        /// The node's word for it.
        reason: String,
        /// Its data as they came.
        data: Option<serde_json::Value>,
    },
}

/// A nonce that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NonceMismatch {
    /// The nonce, or the limit, that would have fitted.
    pub expected: u64,
    /// The transaction's.
    pub actual: u64,
    /// Whose nonce.
    pub principal: Principal,
    /// True for the sender's, false for the sponsor's.
    pub is_origin: bool,
}

#[derive(Deserialize)]
struct RejectionAnswer {
    reason: String,
    reason_data: Option<serde_json::Value>,
    txid: Option<Txid>,
}

#[derive(Deserialize)]
struct Message {
    message: String,
}

#[derive(Deserialize)]
struct FeeData {
    expected: u64,
    actual: u64,
}

#[derive(Deserialize)]
struct FundsData {
    #[serde(deserialize_with = "prefixed_u128")]
    expected: u128,
    #[serde(deserialize_with = "prefixed_u128")]
    actual: u128,
}

#[derive(Deserialize)]
struct RecipientData {
    recipient: Principal,
}

#[derive(Deserialize)]
struct ContractData {
    contract_identifier: String,
}

impl Rejection {
    /// Reads the body of a 400: JSON with a reason, or plain text.
    pub(super) fn parse(body: &[u8]) -> Self {
        match serde_json::from_slice::<RejectionAnswer>(body) {
            Ok(answer) => Self {
                reason: RejectionReason::new(answer.reason, answer.reason_data),
                txid: answer.txid,
            },
            Err(_) => {
                let message = printable(&String::from_utf8_lossy(body));
                Self {
                    reason: RejectionReason::Undecodable { message },
                    txid: None,
                }
            }
        }
    }
}

impl RejectionReason {
    fn new(reason: String, data: Option<serde_json::Value>) -> Self {
        let known = match reason.as_str() {
            "BadNonce" => read(&data).map(Self::BadNonce),
            "TooMuchChaining" => read(&data).map(Self::TooMuchChaining),
            "ConflictingNonceInMempool" => Some(Self::ConflictingNonceInMempool),
            "FeeTooLow" => {
                read(&data).map(|FeeData { expected, actual }| Self::FeeTooLow { expected, actual })
            }
            "NotEnoughFunds" => {
                read(&data).map(|FundsData { expected, actual }| Self::NotEnoughFunds { expected, actual })
            }
            "NoSuchContract" => Some(Self::NoSuchContract),
            "NoSuchPublicFunction" => Some(Self::NoSuchPublicFunction),
            "BadFunctionArgument" => message(&data).map(|message| Self::BadFunctionArgument { message }),
            "SignatureValidation" => message(&data).map(|message| Self::SignatureValidation { message }),
            "Serialization" => message(&data).map(|message| Self::Serialization { message }),
            "Deserialization" => message(&data).map(|message| Self::Deserialization { message }),
            "BadAddressVersionByte" => Some(Self::BadAddressVersionByte),
            "BadTransactionVersion" => Some(Self::BadTransactionVersion),
            "TransferRecipientCannotEqualSender" => read(&data)
                .map(|RecipientData { recipient }| Self::TransferRecipientCannotEqualSender { recipient }),
            "TransferAmountMustBePositive" => Some(Self::TransferAmountMustBePositive),
            "ContractAlreadyExists" => {
                read(&data).map(
                    |ContractData { contract_identifier }| Self::ContractAlreadyExists {
                        contract: printable(&contract_identifier),
                    },
                )
            }
            "PoisonMicroblocksDoNotConflict"
            | "PoisonMicroblockHasUnknownPubKeyHash"
            | "PoisonMicroblockIsInvalid" => Some(Self::PoisonMicroblock {
                reason: reason.clone(),
            }),
            "NoCoinbaseViaMempool" | "NoTenureChangeViaMempool" => Some(Self::MinersOnly {
                reason: reason.clone(),
            }),
            "TemporarilyBlacklisted" => Some(Self::TemporarilyBlacklisted),
            "EstimatorError"
            | "ServerFailureNoSuchChainTip"
            | "ServerFailureDatabase"
            | "ServerFailureOther" => Some(Self::NodeFailure {
                reason: reason.clone(),
                message: message(&data),
            }),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Unknown {
            reason: printable(&reason),
            data,
        })
    }

    /// True where the same transaction may be taken a little later.
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::TooMuchChaining(_) | Self::TemporarilyBlacklisted | Self::NodeFailure { .. }
        )
    }
}

fn read<T: DeserializeOwned>(data: &Option<serde_json::Value>) -> Option<T> {
    data.as_ref().and_then(|data| T::deserialize(data).ok())
}

fn message(data: &Option<serde_json::Value>) -> Option<String> {
    read(data).map(|Message { message }| printable(&message))
}

impl fmt::Display for RejectionReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadNonce(NonceMismatch {
                expected,
                actual,
                principal,
                ..
            }) => {
                write!(
                    formatter,
                    "nonce {actual} of {principal} does not fit, the next one is {expected}"
                )
            }
            Self::TooMuchChaining(NonceMismatch {
                actual, principal, ..
            }) => {
                write!(
                    formatter,
                    "nonce {actual}: too many transactions of {principal} wait already"
                )
            }
            Self::ConflictingNonceInMempool => {
                formatter.write_str("another transaction of this nonce waits, with the same or a higher fee")
            }
            Self::FeeTooLow { expected, actual } => {
                write!(
                    formatter,
                    "fee of {actual} micro-STX is below the least, {expected}"
                )
            }
            Self::NotEnoughFunds { expected, actual } => {
                write!(
                    formatter,
                    "{expected} micro-STX are needed, {actual} can be spent"
                )
            }
            Self::NoSuchContract => formatter.write_str("there is no such contract"),
            Self::NoSuchPublicFunction => formatter.write_str("there is no such public function"),
            Self::BadFunctionArgument { message } => write!(formatter, "wrong arguments: {message}"),
            Self::SignatureValidation { message } => write!(formatter, "wrong signature: {message}"),
            Self::Serialization { message }
            | Self::Deserialization { message }
            | Self::Undecodable { message } => write!(formatter, "not a valid transaction: {message}"),
            Self::BadAddressVersionByte => formatter.write_str("an address is of another network"),
            Self::BadTransactionVersion => formatter.write_str("the transaction is of another network"),
            Self::TransferRecipientCannotEqualSender { recipient } => {
                write!(formatter, "{recipient} is both sender and recipient")
            }
            Self::TransferAmountMustBePositive => formatter.write_str("the amount to transfer is zero"),
            Self::ContractAlreadyExists { contract } => write!(formatter, "{contract} exists already"),
            Self::PoisonMicroblock { reason } | Self::MinersOnly { reason } => formatter.write_str(reason),
            Self::TemporarilyBlacklisted => formatter.write_str("refused for now, as too expensive"),
            Self::NodeFailure {
                reason,
                message: None,
            } => write!(formatter, "the node failed: {reason}"),
            Self::NodeFailure {
                reason,
                message: Some(message),
            } => {
                write!(formatter, "the node failed: {reason}: {message}")
            }
            Self::Unknown { reason, .. } => write!(formatter, "unknown reason {reason}"),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the node refused the transaction: {}", self.reason)
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(body: &str) -> RejectionReason {
        Rejection::parse(body.as_bytes()).reason
    }

    // Reasons that no recording shows; names and data after the node's `MemPoolRejection::into_json`.
    #[test]
    fn every_reason_of_the_node_has_its_meaning() {
        let message = || "words".to_owned();
        let with_message = [
            (
                "Serialization",
                RejectionReason::Serialization { message: message() },
            ),
            (
                "Deserialization",
                RejectionReason::Deserialization { message: message() },
            ),
            (
                "ServerFailureDatabase",
                RejectionReason::NodeFailure {
                    reason: "ServerFailureDatabase".into(),
                    message: Some(message()),
                },
            ),
            (
                "EstimatorError",
                RejectionReason::NodeFailure {
                    reason: "EstimatorError".into(),
                    message: Some(message()),
                },
            ),
        ];
        for (name, expected) in with_message {
            let body = format!(r#"{{"error":"e","reason":"{name}","reason_data":{{"message":"words"}}}}"#);
            assert_eq!(reason(&body), expected);
        }
        let without_data = [
            ("TemporarilyBlacklisted", RejectionReason::TemporarilyBlacklisted),
            (
                "ServerFailureNoSuchChainTip",
                RejectionReason::NodeFailure {
                    reason: "ServerFailureNoSuchChainTip".into(),
                    message: None,
                },
            ),
            (
                "NoCoinbaseViaMempool",
                RejectionReason::MinersOnly {
                    reason: "NoCoinbaseViaMempool".into(),
                },
            ),
            (
                "PoisonMicroblockIsInvalid",
                RejectionReason::PoisonMicroblock {
                    reason: "PoisonMicroblockIsInvalid".into(),
                },
            ),
        ];
        for (name, expected) in without_data {
            assert_eq!(reason(&format!(r#"{{"error":"e","reason":"{name}"}}"#)), expected);
        }
    }

    #[test]
    fn what_we_do_not_know_is_kept_as_it_came() {
        let unknown = reason(r#"{"error":"e","reason":"NewReason","reason_data":{"a":1}}"#);
        assert_eq!(
            unknown,
            RejectionReason::Unknown {
                reason: "NewReason".into(),
                data: Some(serde_json::json!({ "a": 1 }))
            }
        );
        let other_data = reason(r#"{"error":"e","reason":"FeeTooLow","reason_data":{"expected":"many"}}"#);
        assert!(matches!(other_data, RejectionReason::Unknown { .. }));
        assert!(!unknown.is_retryable());
    }

    #[test]
    fn a_text_is_kept_without_what_a_terminal_would_obey() {
        let text = reason("Failed to decode\u{1b}[2J");
        assert_eq!(
            text,
            RejectionReason::Undecodable {
                message: "Failed to decode [2J".into()
            }
        );
    }
}
