//! What can go wrong between us and a node.

use crate::hash::IndexBlockHash;

/// A request to a node that gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum RpcError {
    /// The node's address is not an `http://` or `https://` URL.
    #[error("{url:?} is not the URL of a node: {reason}")]
    Url {
        /// The text that was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The node's token cannot be sent.
    #[error("the node's token has characters that no HTTP header can carry")]
    Token,
    /// No TLS connections can be made.
    #[error("TLS is not available: {0}")]
    Tls(String),
    /// The node cannot be reached, or the connection broke or timed out. Whether it acted is unknown.
    #[error("no answer from the node to {request}")]
    Network {
        /// Method and path.
        request: String,
        /// What the connection says.
        source: reqwest::Error,
    },
    /// The node answered with a status that is not success.
    #[error("the node answered {request} with status {status}: {body}")]
    Status {
        /// Method and path.
        request: String,
        /// HTTP status code.
        status: u16,
        /// Beginning of the body, printable characters only.
        body: String,
    },
    /// The node answered something that the endpoint does not answer.
    #[error("the node's answer to {request} is malformed: {reason}")]
    Malformed {
        /// Method and path.
        request: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer is longer than any honest one.
    #[error("the node's answer to {request} has more than {limit} bytes")]
    TooLarge {
        /// Method and path.
        request: String,
        /// The most we read.
        limit: usize,
    },
    /// The block at which to read is not, or no longer, known to the node.
    #[error("the node does not know block {tip}")]
    UnknownTip {
        /// The block that was asked for.
        tip: IndexBlockHash,
    },
    /// A read-only call was not run to its end.
    #[error("read-only call of {function} failed: {cause}")]
    CallFailed {
        /// Contract and function.
        function: String,
        /// The node's words, printable characters only.
        cause: String,
    },
}

impl RpcError {
    /// True where the same request may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Network { .. } => true,
            Self::Status { status, .. } => *status >= 500 || matches!(*status, 408 | 429),
            _ => false,
        }
    }
}

/// The beginning of a text from outside, safe to print.
pub(super) fn printable(text: &str) -> String {
    const LONGEST: usize = 500;
    let safe = |character: char| if character.is_control() { ' ' } else { character };
    text.trim().chars().take(LONGEST).map(safe).collect()
}
