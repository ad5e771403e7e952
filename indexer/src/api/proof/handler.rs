//! What the tables have, beside what the node says.

use axum::Json;
use axum::extract::State;
use recoup_protocol::api::{ProofEvent, ProofTransaction, ProofTransfer, RefundProof};
use recoup_protocol::events::PRINT_TOPIC;
use recoup_protocol::ids::RefundId;
use recoup_stacks::hex;

use crate::api::error::ApiFailure;
use crate::api::parameters::{Parameters, Segment, path_id};
use crate::api::router::Api;
use crate::db;

/// The canonical refund of an id with its transaction, block, event, transfer and map entry.
pub(in crate::api) async fn show(
    State(api): State<Api>,
    Segment(id): Segment,
    parameters: Parameters,
) -> Result<Json<RefundProof>, ApiFailure> {
    parameters.finish()?;
    let refund_id: RefundId = path_id(&id, "refund", |id: &RefundId| id.0)?;
    let (refund, origin) = {
        let mut snapshot = api.snapshot().await?;
        let refund = db::refund::find(&mut snapshot, refund_id).await?;
        let refund = refund.ok_or(ApiFailure::NotFound { what: "refund", id })?;
        let origin = db::refund::origin(&mut snapshot, &refund.position).await?;
        // The connection goes back before the node is asked.
        (refund, origin)
    };
    let core_contract = api.core_contract.clone();
    let node = api
        .witness
        .evidence(&core_contract, refund_id, &refund.position)
        .await;
    Ok(Json(RefundProof {
        transaction: ProofTransaction {
            txid: refund.position.txid,
            tx_index: origin.tx_index,
        },
        block: origin.block,
        event: ProofEvent {
            contract: core_contract.clone(),
            topic: PRINT_TOPIC.to_owned(),
            ordinal: refund.position.ordinal,
            raw_value: hex::encode_prefixed(&origin.raw_value),
        },
        transfer: ProofTransfer {
            token: refund.token.clone(),
            sender: refund.issuer.clone(),
            recipient: refund.payer.clone(),
            amount: refund.amount,
            found: origin.transfer_found,
        },
        node,
        core_contract,
        refund,
    }))
}
