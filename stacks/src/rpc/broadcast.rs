//! Handing transactions in, and finding them waiting.

use reqwest::StatusCode;
use serde::Deserialize;

use super::client::{NodeClient, ORDINARY_LIMIT};
use super::error::RpcError;
use super::rejection::Rejection;
use crate::hash::Txid;
use crate::transaction::Transaction;

/// Why a transaction was not handed in.
#[derive(Debug, thiserror::Error)]
pub enum BroadcastError {
    /// The node refused it.
    #[error(transparent)]
    Rejected(Box<Rejection>),
    /// The node could not be asked, or gave no usable answer. **It may still have taken the transaction.**
    #[error(transparent)]
    Rpc(#[from] RpcError),
}

#[derive(Deserialize)]
struct UnconfirmedAnswer {
    tx: Transaction,
}

impl NodeClient {
    /// Hands a transaction in: `POST /v2/transactions`.
    ///
    /// Success means that the node knows the transaction, not that it keeps it: it answers the same for one
    /// that it discards as problematic. Ask [`NodeClient::unconfirmed`] afterwards.
    pub async fn broadcast(&self, transaction: &Transaction) -> Result<Txid, BroadcastError> {
        self.broadcast_bytes(transaction.encode(), transaction.txid())
            .await
    }

    async fn broadcast_bytes(&self, bytes: Vec<u8>, txid: Txid) -> Result<Txid, BroadcastError> {
        let answer = self
            .post("/v2/transactions".to_owned(), "application/octet-stream", bytes)
            .await?;
        if answer.status == StatusCode::BAD_REQUEST {
            return Err(BroadcastError::Rejected(Box::new(Rejection::parse(&answer.body))));
        }
        let answer = answer.ok()?;
        let accepted: Txid = answer.json()?;
        if accepted != txid {
            return Err(answer
                .malformed(format!("sent {txid}, the node took {accepted}"))
                .into());
        }
        Ok(accepted)
    }

    /// A transaction that waits to be mined, `None` where the node has none such:
    /// `GET /v2/transactions/unconfirmed/..`. Nodes go on reporting one for a while after it was mined.
    pub async fn unconfirmed(&self, txid: &Txid) -> Result<Option<Transaction>, RpcError> {
        let path = format!("/v2/transactions/unconfirmed/{}", txid.to_bare_hex());
        let Some(answer) = self.get(path, ORDINARY_LIMIT).await?.found()? else {
            return Ok(None);
        };
        let transaction = answer.json::<UnconfirmedAnswer>()?.tx;
        if transaction.txid() != *txid {
            return Err(answer.malformed("another transaction than was asked for"));
        }
        Ok(Some(transaction))
    }
}
