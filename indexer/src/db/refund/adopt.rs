//! How refunds come onto the chain, become final and leave it.

use recoup_protocol::events::RefundProcessed;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use crate::db::DbError;
use crate::db::contract_event::StoredEvent;
use crate::db::convert::{bigint, bigints, column, integers, optional_bigint, storable, token_column};
use crate::db::refund::RefundStatus;

/// A refund that comes onto the chain.
#[derive(Debug, Clone, Copy)]
pub struct AdoptedRefund<'a> {
    /// Where its event stands.
    pub stored: &'a StoredEvent,
    /// The event.
    pub refund: &'a RefundProcessed,
    /// What does not agree in it.
    pub disagreement: Option<&'static str>,
    /// Seen, or final at once.
    pub status: RefundStatus,
}

/// Makes refunds canonical: new ones are inserted, those that left the chain come back.
///
/// # Errors
/// When the database is out of reach.
pub async fn adopt(connection: &mut PgConnection, refunds: &[AdoptedRefund<'_>]) -> Result<(), DbError> {
    if refunds.is_empty() {
        return Ok(());
    }
    let stored = || refunds.iter().map(|adopted| adopted.stored);
    let events = || refunds.iter().map(|adopted| adopted.refund);
    sqlx::query!(
        "insert into refund (
             index_block_hash, txid, ordinal, stacks_height, tx_index, refund_id, invoice_id, merchant, issuer, payer,
             token, amount, reason, reference, payer_paid, payer_refunded, deadline, burn_height, disagreement, status)
         select index_block_hash, txid, ordinal, stacks_height, tx_index, refund_id, invoice_id, merchant, issuer,
                payer, token, amount::numeric, reason, reference, payer_paid::numeric, payer_refunded::numeric,
                deadline, burn_height, disagreement, status
           from unnest(
                $1::bytea[], $2::bytea[], $3::integer[], $4::bigint[], $5::integer[], $6::bigint[], $7::bigint[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
                $15::text[], $16::text[], $17::bigint[], $18::bigint[], $19::text[], $20::text[])
             as new (
                index_block_hash, txid, ordinal, stacks_height, tx_index, refund_id, invoice_id, merchant, issuer,
                payer, token, amount, reason, reference, payer_paid, payer_refunded, deadline, burn_height,
                disagreement, status)
         on conflict (index_block_hash, txid, ordinal) do update set status = excluded.status",
        &column(stored(), |stored| stored.id.block.as_bytes().as_slice()) as _,
        &column(stored(), |stored| stored.id.txid.as_bytes().as_slice()) as _,
        &integers(stored(), "ordinal", |stored| stored.id.ordinal)?,
        &bigints(stored(), "stacks height", |stored| stored.stacks_height.get())?,
        &integers(stored(), "transaction index", |stored| stored.tx_index)?,
        &bigints(events(), "refund id", |refund| refund.refund_id.0)?,
        &bigints(events(), "invoice id", |refund| refund.invoice_id.0)?,
        &column(events(), |refund| refund.merchant.to_string()),
        &column(events(), |refund| refund.issuer.to_string()),
        &column(events(), |refund| refund.payer.to_string()),
        &column(events(), |refund| token_column(&refund.token)) as _,
        &column(events(), |refund| refund.amount.to_string()),
        &column(events(), |refund| refund
            .reason
            .as_ref()
            .map(|reason| storable(reason.as_str()))) as _,
        &column(events(), |refund| refund
            .reference
            .as_ref()
            .map(|reference| reference.as_str().to_owned())) as _,
        &column(events(), |refund| refund.payer_paid.to_string()),
        &column(events(), |refund| refund.payer_refunded.to_string()),
        &bigints(events(), "burn height", |refund| refund.deadline.get())?,
        &bigints(events(), "burn height", |refund| refund.burn_height.get())?,
        &column(refunds, |adopted| adopted.disagreement) as _,
        &column(refunds, |adopted| adopted.status.as_str()) as _,
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

/// Makes canonical refunds final whose block's burn view is at most `limit` and above `known`, below which all are,
/// and records it in their history.
///
/// # Errors
/// When the database is out of reach.
pub async fn make_final(
    connection: &mut PgConnection,
    known: Option<BurnHeight>,
    limit: BurnHeight,
    burn_tip: Option<BurnHeight>,
) -> Result<(), DbError> {
    sqlx::query!(
        "with changed as (
             update refund set status = 'final'
               from block
              where block.index_block_hash = refund.index_block_hash and block.canonical
                and block.burn_view_height > $1 and block.burn_view_height <= $2 and refund.status = 'seen'
             returning refund.index_block_hash, refund.txid, refund.ordinal)
         insert into refund_status_change (index_block_hash, txid, ordinal, status, burn_height)
         select index_block_hash, txid, ordinal, 'final', $3 from changed",
        optional_bigint(known.map(BurnHeight::get), "burn height")?.unwrap_or(-1),
        bigint(limit.get(), "burn height")?,
        optional_bigint(burn_tip.map(BurnHeight::get), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes final refunds seen again whose block's burn view is above `limit` (that happens when the configured depth
/// grew), and records it in their history.
///
/// # Errors
/// When the database is out of reach.
pub async fn make_seen(
    connection: &mut PgConnection,
    limit: Option<BurnHeight>,
    burn_tip: Option<BurnHeight>,
) -> Result<(), DbError> {
    sqlx::query!(
        "with changed as (
             update refund set status = 'seen'
               from block
              where block.index_block_hash = refund.index_block_hash
                and refund.status = 'final' and block.canonical and block.burn_view_height > $1
             returning refund.index_block_hash, refund.txid, refund.ordinal)
         insert into refund_status_change (index_block_hash, txid, ordinal, status, burn_height)
         select index_block_hash, txid, ordinal, 'seen', $2 from changed",
        optional_bigint(limit.map(BurnHeight::get), "burn height")?.unwrap_or(-1),
        optional_bigint(burn_tip.map(BurnHeight::get), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}
