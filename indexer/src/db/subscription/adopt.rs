//! How plans and subscriptions come onto the chain and leave it.

use recoup_protocol::events::{PlanChanged, SubscriptionState};
use recoup_protocol::ids::{InvoiceId, PlanId, SubscriptionId};
use recoup_protocol::reads::Plan;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use crate::accounting::Standing;
use crate::db::DbError;
use crate::db::convert::{
    amount, bigint, burn_height, optional_bigint, parsed, subscription_column, subscription_status, token,
    token_column, unsigned,
};
use crate::db::satellite_event::StoredSatelliteEvent;

/// Makes a plan's creation or end canonical: a new one is inserted, one that left the chain comes back.
///
/// # Errors
/// When the database is out of reach.
pub async fn adopt_plan(
    connection: &mut PgConnection,
    stored: &StoredSatelliteEvent,
    changed: &PlanChanged,
) -> Result<(), DbError> {
    let place = stored.place()?;
    let plan = &changed.plan;
    sqlx::query!(
        "insert into subscription_plan (
             index_block_hash, txid, ordinal, stacks_height, tx_index, plan_id, merchant, token, amount, interval_blocks,
             refund_window, is_open, burn_height, canonical)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::numeric, $10, $11, $12, $13, true)
         on conflict (index_block_hash, txid, ordinal) do update set canonical = true",
        place.block,
        place.txid,
        place.ordinal,
        place.stacks_height,
        place.tx_index,
        bigint(changed.plan_id.0, "plan id")?,
        plan.merchant.to_string(),
        token_column(&plan.token),
        plan.amount.to_string(),
        bigint(plan.interval, "interval")?,
        bigint(plan.refund_window, "refund window")?,
        plan.open,
        bigint(changed.burn_height.get(), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes a subscription canonical: a new one is inserted, one that left the chain comes back.
///
/// # Errors
/// When the database is out of reach.
pub async fn adopt_start(
    connection: &mut PgConnection,
    stored: &StoredSatelliteEvent,
    state: &SubscriptionState,
) -> Result<(), DbError> {
    let place = stored.place()?;
    sqlx::query!(
        "insert into subscription (
             index_block_hash, txid, ordinal, stacks_height, subscription_id, plan_id, merchant, payer, token, amount,
             interval_blocks, refund_window, started_at, canonical)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::numeric, $11, $12, $13, true)
         on conflict (index_block_hash, txid, ordinal) do update set canonical = true",
        place.block,
        place.txid,
        place.ordinal,
        place.stacks_height,
        subscription_column(state.subscription_id)?,
        bigint(state.plan_id.0, "plan id")?,
        state.merchant.to_string(),
        state.payer.to_string(),
        token_column(&state.token),
        state.amount.to_string(),
        bigint(state.interval, "interval")?,
        bigint(state.refund_window, "refund window")?,
        bigint(state.started_at.get(), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes a change of a subscription canonical, its start among them.
///
/// # Errors
/// When the database is out of reach.
pub async fn adopt_change(
    connection: &mut PgConnection,
    stored: &StoredSatelliteEvent,
    state: &SubscriptionState,
    invoice: Option<InvoiceId>,
    printed_at: BurnHeight,
    disagreement: Option<&str>,
) -> Result<(), DbError> {
    let place = stored.place()?;
    sqlx::query!(
        "insert into subscription_change (
             index_block_hash, txid, ordinal, stacks_height, tx_index, subscription_id, invoice_id, payments, next_due,
             status, burn_height, disagreement, canonical)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, true)
         on conflict (index_block_hash, txid, ordinal) do update set canonical = true",
        place.block,
        place.txid,
        place.ordinal,
        place.stacks_height,
        place.tx_index,
        subscription_column(state.subscription_id)?,
        optional_bigint(invoice.map(|id| id.0), "invoice id")?,
        bigint(state.payments, "payments")?,
        bigint(state.next_due.get(), "burn height")?,
        i16::from(state.status.code()),
        bigint(printed_at.get(), "burn height")?,
        disagreement,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes what these blocks say of plans and subscriptions off the chain.
///
/// # Errors
/// When the database is out of reach.
pub async fn orphan(connection: &mut PgConnection, blocks: &[Vec<u8>]) -> Result<(), DbError> {
    sqlx::query!(
        "update subscription_plan set canonical = false where index_block_hash = any($1) and canonical",
        blocks
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update subscription set canonical = false where index_block_hash = any($1) and canonical",
        blocks
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update subscription_change set canonical = false where index_block_hash = any($1) and canonical",
        blocks
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A canonical plan as it stands.
///
/// # Errors
/// When the database is out of reach.
pub async fn find_plan(connection: &mut PgConnection, plan: PlanId) -> Result<Option<Plan>, DbError> {
    let row = sqlx::query!(
        r#"select merchant, token, amount::text as "amount!", interval_blocks, refund_window, is_open
             from subscription_plan
            where plan_id = $1 and canonical
            order by is_open
            limit 1"#,
        bigint(plan.0, "plan id")?,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Plan {
            merchant: parsed(&row.merchant, "subscription_plan.merchant")?,
            token: token(row.token.as_deref(), "subscription_plan.token")?,
            amount: amount(&row.amount, "subscription_plan.amount")?,
            interval: unsigned(row.interval_blocks, "subscription_plan.interval_blocks")?,
            refund_window: unsigned(row.refund_window, "subscription_plan.refund_window")?,
            open: row.is_open,
        })
    })
    .transpose()
}

/// Where a canonical subscription stands.
///
/// # Errors
/// When the database is out of reach.
pub async fn find_standing(
    connection: &mut PgConnection,
    subscription: SubscriptionId,
) -> Result<Option<Standing>, DbError> {
    let row = sqlx::query!(
        "select payments, next_due, status
           from subscription_change
          where subscription_id = $1 and canonical
          order by stacks_height desc, tx_index desc, ordinal desc
          limit 1",
        subscription_column(subscription)?,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Standing {
            payments: unsigned(row.payments, "subscription_change.payments")?,
            next_due: burn_height(row.next_due, "subscription_change.next_due")?,
            status: subscription_status(row.status)?,
        })
    })
    .transpose()
}
