//! `GET /health`

use axum::Json;
use axum::extract::State;
use recoup_protocol::api::{Health, HealthStatus};
use sqlx::PgPool;

use super::error::ApiFailure;
use super::parameters::Parameters;
use super::router::{Api, snapshot};
use crate::db::{self, DbError};

/// Waiting messages from which on the inbox counts as growing.
const LONG_INBOX: u64 = 1_000;

/// Whether the answers can be trusted now, and if not, why.
pub(super) async fn show(State(api): State<Api>, parameters: Parameters) -> Result<Json<Health>, ApiFailure> {
    parameters.finish()?;
    health(&api.pool).await.map(Json)
}

/// The same for those who have the database at hand.
///
/// # Errors
/// [`ApiFailure::Unavailable`] when the database does not answer.
pub async fn health(pool: &PgPool) -> Result<Health, ApiFailure> {
    let mut snapshot = snapshot(pool).await?;
    let chain = db::indexed_chain::find(&mut snapshot).await?;
    let chain = chain.ok_or(DbError::NotInitialised)?;
    let burn_height = db::chain_tip::find(&mut snapshot)
        .await?
        .burn
        .map(|burn| burn.height);
    let tip = db::block::tip(&mut snapshot).await?;
    let mut health = Health {
        status: HealthStatus::Ok,
        core_contract: chain.core_contract,
        lag_burn_blocks: burn_height
            .zip(tip.as_ref())
            .map(|(newest, tip)| newest.get().saturating_sub(tip.burn_height.get())),
        tip,
        burn_height,
        root_stacks_height: chain.root,
        inbox_depth: db::inbox::depth(&mut snapshot).await?,
        quarantined: db::quarantine::count(&mut snapshot).await?,
        undecodable_events: db::contract_event::count_problems(&mut snapshot).await?,
        unproven_refunds: db::refund::count_unproven(&mut snapshot).await?,
        open_gaps: db::gap::count_open(&mut snapshot).await?,
        reorgs: db::reorg::count(&mut snapshot).await?,
    };
    let troubles = [
        health.quarantined,
        health.undecodable_events,
        health.unproven_refunds,
        health.open_gaps,
    ];
    if health.inbox_depth >= LONG_INBOX || troubles.into_iter().any(|count| count > 0) {
        health.status = HealthStatus::Degraded;
    }
    Ok(health)
}
