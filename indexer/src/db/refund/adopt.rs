//! How refunds come onto the chain, become final and leave it.

use recoup_protocol::events::RefundProcessed;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use crate::db::DbError;
use crate::db::contract_event::StoredEvent;
use crate::db::convert::{bigint, integer, optional_bigint, storable, token_column};

/// Makes a refund canonical: a new one is inserted, one that left the chain comes back.
///
/// # Errors
/// When the database is out of reach.
pub async fn adopt(
    connection: &mut PgConnection,
    stored: &StoredEvent,
    refund: &RefundProcessed,
    disagreement: Option<&str>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into refund (
             index_block_hash, txid, ordinal, stacks_height, tx_index, refund_id, invoice_id, merchant, issuer, payer,
             token, amount, reason, reference, payer_paid, payer_refunded, deadline, burn_height, disagreement, status)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::numeric, $13, $14, $15::text::numeric,
                 $16::text::numeric, $17, $18, $19, 'seen')
         on conflict (index_block_hash, txid, ordinal) do update set status = 'seen'",
        stored.id.block.as_bytes(),
        stored.id.txid.as_bytes(),
        integer(stored.id.ordinal, "ordinal")?,
        bigint(stored.stacks_height.get(), "stacks height")?,
        integer(stored.tx_index, "transaction index")?,
        bigint(refund.refund_id.0, "refund id")?,
        bigint(refund.invoice_id.0, "invoice id")?,
        refund.merchant.to_string(),
        refund.issuer.to_string(),
        refund.payer.to_string(),
        token_column(&refund.token),
        refund.amount.to_string(),
        refund.reason.as_ref().map(|reason| storable(reason.as_str())),
        refund.reference.as_ref().map(|reference| reference.as_str().to_owned()),
        refund.payer_paid.to_string(),
        refund.payer_refunded.to_string(),
        bigint(refund.deadline.get(), "burn height")?,
        bigint(refund.burn_height.get(), "burn height")?,
        disagreement,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the refunds of these blocks off the chain.
///
/// # Errors
/// When the database is out of reach.
pub async fn orphan(connection: &mut PgConnection, blocks: &[Vec<u8>]) -> Result<(), DbError> {
    sqlx::query!(
        "update refund set status = 'orphaned' where index_block_hash = any($1) and canonical",
        blocks
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes canonical refunds final whose block's burn view is at most `final_burn_height`, and others seen again (that
/// happens when the configured depth grew), and records both in their history.
///
/// # Errors
/// When the database is out of reach.
pub async fn update_finality(
    connection: &mut PgConnection,
    final_burn_height: Option<BurnHeight>,
    burn_tip: Option<BurnHeight>,
) -> Result<(), DbError> {
    let limit = optional_bigint(final_burn_height.map(BurnHeight::get), "burn height")?.unwrap_or(-1);
    let burn_tip = optional_bigint(burn_tip.map(BurnHeight::get), "burn height")?;
    sqlx::query!(
        "with changed as (
             update refund set status = 'final'
               from block
              where block.index_block_hash = refund.index_block_hash
                and refund.status = 'seen' and block.burn_view_height <= $1
             returning refund.index_block_hash, refund.txid, refund.ordinal)
         insert into refund_status_change (index_block_hash, txid, ordinal, status, burn_height)
         select index_block_hash, txid, ordinal, 'final', $2 from changed",
        limit,
        burn_tip,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "with changed as (
             update refund set status = 'seen'
               from block
              where block.index_block_hash = refund.index_block_hash
                and refund.status = 'final' and block.canonical and block.burn_view_height > $1
             returning refund.index_block_hash, refund.txid, refund.ordinal)
         insert into refund_status_change (index_block_hash, txid, ordinal, status, burn_height)
         select index_block_hash, txid, ordinal, 'seen', $2 from changed",
        limit,
        burn_tip,
    )
    .execute(connection)
    .await?;
    Ok(())
}
