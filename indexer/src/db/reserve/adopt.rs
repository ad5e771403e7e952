//! How movements and delegations come onto the chain and leave it.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::events::{ReserveEvent, ReserveRefunded};
use recoup_protocol::reads::Delegate;
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use crate::db::DbError;
use crate::db::convert::{amount, bigint, burn_height, token_column, unsigned};
use crate::db::satellite_event::StoredSatelliteEvent;

/// What a movement says beside merchant, token, amount and balance.
#[derive(Debug, Clone, Copy)]
pub enum Movement<'event> {
    /// Came in.
    Deposit,
    /// Went back to the merchant.
    Withdrawal,
    /// Went to a payer.
    Refund(&'event ReserveRefunded),
}

/// Makes a movement canonical: a new one is inserted, one that left the chain comes back.
///
/// # Errors
/// When the database is out of reach.
pub async fn adopt_movement(
    connection: &mut PgConnection,
    stored: &StoredSatelliteEvent,
    event: &ReserveEvent,
    disagreement: Option<&str>,
) -> Result<(), DbError> {
    let (movement, moved, balance) = match event {
        ReserveEvent::ReserveDeposited(moved) => (Movement::Deposit, moved.amount, moved.balance),
        ReserveEvent::ReserveWithdrawn(moved) => (Movement::Withdrawal, moved.amount, moved.balance),
        ReserveEvent::ReserveRefunded(refund) => (Movement::Refund(refund), refund.amount, refund.balance),
        ReserveEvent::DelegateSet(_) | ReserveEvent::DelegateRevoked(_) => return Ok(()),
    };
    let (kind, refund) = match movement {
        Movement::Deposit => ("deposit", None),
        Movement::Withdrawal => ("withdrawal", None),
        Movement::Refund(refund) => ("refund", Some(refund)),
    };
    let (merchant, token) = event.reserve();
    let place = stored.place()?;
    sqlx::query!(
        "insert into reserve_movement (
             index_block_hash, txid, ordinal, stacks_height, tx_index, kind, merchant, token, amount, balance, delegate,
             refund_id, invoice_id, payer, burn_height, disagreement, canonical)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::numeric, $10::text::numeric, $11, $12, $13, $14, $15, $16, true)
         on conflict (index_block_hash, txid, ordinal) do update set canonical = true",
        place.block,
        place.txid,
        place.ordinal,
        place.stacks_height,
        place.tx_index,
        kind,
        merchant.to_string(),
        token_column(token),
        moved.to_string(),
        balance.to_string(),
        refund.map(|refund| refund.delegate.to_string()),
        refund
            .map(|refund| bigint(refund.refund_id.0, "refund id"))
            .transpose()?,
        refund
            .map(|refund| bigint(refund.invoice_id.0, "invoice id"))
            .transpose()?,
        refund.map(|refund| refund.payer.to_string()),
        bigint(event.burn_height().get(), "burn height")?,
        disagreement,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes what an event says of a delegate canonical; nothing for one of none.
///
/// # Errors
/// When the database is out of reach.
pub async fn adopt_delegate(
    connection: &mut PgConnection,
    stored: &StoredSatelliteEvent,
    event: &ReserveEvent,
) -> Result<(), DbError> {
    let (delegate, budget) = match event {
        ReserveEvent::ReserveDeposited(_) | ReserveEvent::ReserveWithdrawn(_) => return Ok(()),
        ReserveEvent::DelegateSet(set) => (&set.delegate, Some(&set.budget)),
        ReserveEvent::DelegateRevoked(revoked) => (&revoked.delegate, None),
        ReserveEvent::ReserveRefunded(refund) => (&refund.delegate, Some(&refund.budget)),
    };
    let (merchant, token) = event.reserve();
    let height = |height: BurnHeight| bigint(height.get(), "burn height");
    let place = stored.place()?;
    sqlx::query!(
        "insert into reserve_delegate_change (
             index_block_hash, txid, ordinal, stacks_height, tx_index, merchant, delegate, token, per_refund, per_period,
             period_blocks, period_start, spent, expires_at, burn_height, canonical)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::numeric, $10::text::numeric, $11, $12, $13::text::numeric, $14,
                 $15, true)
         on conflict (index_block_hash, txid, ordinal) do update set canonical = true",
        place.block,
        place.txid,
        place.ordinal,
        place.stacks_height,
        place.tx_index,
        merchant.to_string(),
        delegate.to_string(),
        token_column(token),
        budget.map(|budget| budget.per_refund.to_string()),
        budget.map(|budget| budget.per_period.to_string()),
        budget.map(|budget| bigint(budget.period, "period")).transpose()?,
        budget.map(|budget| height(budget.period_start)).transpose()?,
        budget.map(|budget| budget.spent.to_string()),
        budget.map(|budget| height(budget.expires_at)).transpose()?,
        height(event.burn_height())?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes what these blocks say of reserves off the chain.
///
/// # Errors
/// When the database is out of reach.
pub async fn orphan(connection: &mut PgConnection, blocks: &[Vec<u8>]) -> Result<(), DbError> {
    sqlx::query!(
        "update reserve_movement set canonical = false where index_block_hash = any($1) and canonical",
        blocks
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update reserve_delegate_change set canonical = false where index_block_hash = any($1) and canonical",
        blocks
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a reserve holds after its last canonical movement; nothing before the first.
///
/// # Errors
/// When the database is out of reach.
pub async fn balance(
    connection: &mut PgConnection,
    merchant: &Principal,
    token: &Token,
) -> Result<BaseUnits, DbError> {
    let balance = sqlx::query_scalar!(
        r#"select balance::text as "balance!"
             from reserve_movement
            where merchant = $1 and coalesce(token, 'STX') = coalesce($2, 'STX') and canonical
            order by stacks_height desc, tx_index desc, ordinal desc
            limit 1"#,
        merchant.to_string(),
        token_column(token),
    )
    .fetch_optional(connection)
    .await?;
    balance
        .map(|balance| amount(&balance, "reserve_movement.balance"))
        .transpose()
        .map(Option::unwrap_or_default)
}

/// What a delegate may do after the last canonical event about it; none when it is none.
///
/// # Errors
/// When the database is out of reach.
pub async fn delegate(
    connection: &mut PgConnection,
    merchant: &Principal,
    delegate: &Principal,
    token: &Token,
) -> Result<Option<Delegate>, DbError> {
    let row = sqlx::query!(
        r#"select per_refund::text, per_period::text, period_blocks, period_start, spent::text, expires_at
             from reserve_delegate_change
            where merchant = $1 and delegate = $2 and coalesce(token, 'STX') = coalesce($3, 'STX') and canonical
            order by stacks_height desc, tx_index desc, ordinal desc
            limit 1"#,
        merchant.to_string(),
        delegate.to_string(),
        token_column(token),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (Some(per_refund), Some(per_period), Some(period), Some(period_start), Some(spent), Some(expires_at)) = (
        row.per_refund,
        row.per_period,
        row.period_blocks,
        row.period_start,
        row.spent,
        row.expires_at,
    ) else {
        return Ok(None);
    };
    Ok(Some(Delegate {
        per_refund: amount(&per_refund, "reserve_delegate_change.per_refund")?,
        per_period: amount(&per_period, "reserve_delegate_change.per_period")?,
        period: unsigned(period, "reserve_delegate_change.period_blocks")?,
        period_start: burn_height(period_start, "reserve_delegate_change.period_start")?,
        spent: amount(&spent, "reserve_delegate_change.spent")?,
        expires_at: burn_height(expires_at, "reserve_delegate_change.expires_at")?,
    }))
}
