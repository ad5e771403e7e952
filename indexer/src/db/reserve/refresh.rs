//! What holds now, from the last canonical events.

use sqlx::PgConnection;

use crate::db::DbError;

/// Writes `reserve` and `reserve_delegate` anew for all that these blocks' events are about, whether the blocks came or
/// left.
///
/// # Errors
/// When the database is out of reach.
pub async fn refresh(connection: &mut PgConnection, blocks: &[Vec<u8>]) -> Result<(), DbError> {
    sqlx::query!(
        "delete from reserve
          using (select distinct merchant, token from reserve_movement where index_block_hash = any($1)) as touched
          where reserve.merchant = touched.merchant and reserve.token is not distinct from touched.token",
        blocks
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into reserve (merchant, token, balance)
         select touched.merchant, touched.token, last.balance
           from (select distinct merchant, token from reserve_movement where index_block_hash = any($1)) as touched
          cross join lateral (
                select balance
                  from reserve_movement as movement
                 where movement.merchant = touched.merchant
                   and coalesce(movement.token, 'STX') = coalesce(touched.token, 'STX') and canonical
                 order by stacks_height desc, tx_index desc, ordinal desc
                 limit 1) as last",
        blocks
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from reserve_delegate
          using (select distinct merchant, delegate, token
                   from reserve_delegate_change where index_block_hash = any($1)) as touched
          where reserve_delegate.merchant = touched.merchant and reserve_delegate.delegate = touched.delegate
            and reserve_delegate.token is not distinct from touched.token",
        blocks
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into reserve_delegate (
             merchant, delegate, token, per_refund, per_period, period_blocks, period_start, spent, expires_at)
         select touched.merchant, touched.delegate, touched.token, last.per_refund, last.per_period, last.period_blocks,
                last.period_start, last.spent, last.expires_at
           from (select distinct merchant, delegate, token
                   from reserve_delegate_change where index_block_hash = any($1)) as touched
          cross join lateral (
                select per_refund, per_period, period_blocks, period_start, spent, expires_at
                  from reserve_delegate_change as change
                 where change.merchant = touched.merchant and change.delegate = touched.delegate
                   and coalesce(change.token, 'STX') = coalesce(touched.token, 'STX') and canonical
                 order by stacks_height desc, tx_index desc, ordinal desc
                 limit 1) as last
          where last.per_refund is not null",
        blocks
    )
    .execute(connection)
    .await?;
    Ok(())
}
