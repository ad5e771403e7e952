//! What a transaction costs.

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};

use super::client::{NodeClient, ORDINARY_LIMIT};
use super::error::RpcError;
use crate::hex;
use crate::transaction::Payload;

/// Three fees in micro-STX, from patient to hurried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeEstimates {
    /// Likely enough when there is time.
    pub low: u64,
    /// The usual choice.
    pub middle: u64,
    /// When it is urgent.
    pub high: u64,
}

#[derive(Serialize)]
struct EstimateRequest {
    transaction_payload: String,
    estimated_len: usize,
}

#[derive(Deserialize)]
struct EstimateAnswer {
    estimations: [Estimation; 3],
}

#[derive(Deserialize)]
struct Estimation {
    fee: u64,
}

#[derive(Deserialize)]
struct EstimateRefusal {
    reason: String,
}

impl NodeClient {
    /// Fees for a payload, by what others paid for its like: `POST /v2/fees/transaction`.
    ///
    /// `length` is that of the whole signed transaction in bytes. `None` where the node has nothing to go
    /// by: it has not seen such a call yet, or does not estimate at all.
    pub async fn fee_estimates(
        &self,
        payload: &Payload,
        length: usize,
    ) -> Result<Option<FeeEstimates>, RpcError> {
        let request = EstimateRequest {
            transaction_payload: hex::encode(&payload.encode()),
            estimated_len: length,
        };
        let answer = self
            .post_json("/v2/fees/transaction".to_owned(), &request)
            .await?;
        if answer.status == StatusCode::BAD_REQUEST {
            let no_estimate = answer
                .json::<EstimateRefusal>()
                .is_ok_and(|refusal| refusal.reason == "NoEstimateAvailable");
            let no_estimator = answer
                .json::<String>()
                .is_ok_and(|text| text.starts_with("Fee estimation not supported"));
            if no_estimate || no_estimator {
                return Ok(None);
            }
        }
        let EstimateAnswer {
            estimations: [low, middle, high],
        } = answer.ok()?.json()?;
        Ok(Some(FeeEstimates {
            low: low.fee,
            middle: middle.fee,
            high: high.fee,
        }))
    }

    /// Micro-STX per byte for a token transfer: `GET /v2/fees/transfer`.
    pub async fn transfer_fee_rate(&self) -> Result<u64, RpcError> {
        self.get("/v2/fees/transfer".to_owned(), ORDINARY_LIMIT)
            .await?
            .ok()?
            .json()
    }
}
