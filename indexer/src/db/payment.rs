//! Table `payment`: payments that are, or once were, on the canonical chain.

use recoup_protocol::api::{Payment, Position, Tier};
use recoup_protocol::events::PaymentReceived;
use recoup_protocol::ids::InvoiceId;
use sqlx::PgConnection;

use super::DbError;
use super::contract_event::StoredEvent;
use super::convert::{
    amount, bigint, bigints, burn_height, column, hash, integers, parsed, place, stacks_height, token_column,
    unsigned,
};
use super::place::{AfterColumns, Place};

/// A payment that comes onto the chain.
#[derive(Debug, Clone, Copy)]
pub struct AdoptedPayment<'a> {
    /// Where its event stands.
    pub stored: &'a StoredEvent,
    /// The event.
    pub payment: &'a PaymentReceived,
    /// What does not agree in it.
    pub disagreement: Option<&'static str>,
}

/// Makes payments canonical: new ones are inserted, those that left the chain come back.
///
/// # Errors
/// When the database is out of reach.
pub async fn adopt(connection: &mut PgConnection, payments: &[AdoptedPayment<'_>]) -> Result<(), DbError> {
    if payments.is_empty() {
        return Ok(());
    }
    let stored = || payments.iter().map(|adopted| adopted.stored);
    let events = || payments.iter().map(|adopted| adopted.payment);
    sqlx::query!(
        "insert into payment (
             index_block_hash, txid, ordinal, stacks_height, tx_index, invoice_id, merchant, payer, token, amount,
             payer_paid, payer_refunded, deadline, burn_height, disagreement, canonical)
         select index_block_hash, txid, ordinal, stacks_height, tx_index, invoice_id, merchant, payer, token,
                amount::numeric, payer_paid::numeric, payer_refunded::numeric, deadline, burn_height, disagreement,
                true
           from unnest(
                $1::bytea[], $2::bytea[], $3::integer[], $4::bigint[], $5::integer[], $6::bigint[], $7::text[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[],
                $15::text[])
             as new (
                index_block_hash, txid, ordinal, stacks_height, tx_index, invoice_id, merchant, payer, token, amount,
                payer_paid, payer_refunded, deadline, burn_height, disagreement)
         on conflict (index_block_hash, txid, ordinal) do update set canonical = true",
        &column(stored(), |stored| stored.id.block.as_bytes().as_slice()) as _,
        &column(stored(), |stored| stored.id.txid.as_bytes().as_slice()) as _,
        &integers(stored(), "ordinal", |stored| stored.id.ordinal)?,
        &bigints(stored(), "stacks height", |stored| stored.stacks_height.get())?,
        &integers(stored(), "transaction index", |stored| stored.tx_index)?,
        &bigints(events(), "invoice id", |payment| payment.invoice_id.0)?,
        &column(events(), |payment| payment.merchant.to_string()),
        &column(events(), |payment| payment.payer.to_string()),
        &column(events(), |payment| token_column(&payment.token)) as _,
        &column(events(), |payment| payment.amount.to_string()),
        &column(events(), |payment| payment.payer_paid.to_string()),
        &column(events(), |payment| payment.payer_refunded.to_string()),
        &bigints(events(), "burn height", |payment| payment.deadline.get())?,
        &bigints(events(), "burn height", |payment| payment.burn_height.get())?,
        &column(payments, |adopted| adopted.disagreement) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the payments of these blocks off the chain.
///
/// # Errors
/// When the database is out of reach.
pub async fn orphan(connection: &mut PgConnection, blocks: &[Vec<u8>]) -> Result<(), DbError> {
    sqlx::query!(
        "update payment set canonical = false where index_block_hash = any($1) and canonical",
        blocks
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The payments of a canonical invoice beyond a place, in the chain's order, each with its own.
///
/// # Errors
/// When the database is out of reach.
pub async fn page(
    connection: &mut PgConnection,
    invoice: InvoiceId,
    after: Option<Place>,
    limit: u32,
) -> Result<Vec<(Place, Payment)>, DbError> {
    let after = AfterColumns::of(after)?;
    let rows = sqlx::query!(
        r#"select payment.index_block_hash, txid, ordinal, payment.stacks_height, tx_index, payer, amount::text as "amount!",
                  payer_paid::text as "payer_paid!", deadline, payment.burn_height, disagreement, block_time,
                  coalesce(burn_view_height <= final_burn_height, false) as "is_final!"
             from payment
             join block on block.index_block_hash = payment.index_block_hash
            cross join chain_tip
            where invoice_id = $1 and payment.canonical
              and ($2::bigint is null or (payment.stacks_height, tx_index, ordinal) > ($2, $3, $4))
            order by payment.stacks_height, tx_index, ordinal limit $5"#,
        bigint(invoice.0, "invoice id")?,
        after.stacks_height,
        after.tx_index,
        after.ordinal,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let key = Place {
                stacks_height: unsigned(row.stacks_height, "payment.stacks_height")?,
                tx_index: place(row.tx_index, "payment.tx_index")?,
                ordinal: place(row.ordinal, "payment.ordinal")?,
                block: hash(&row.index_block_hash, "payment.index_block_hash")?,
            };
            let payment = Payment {
                payer: parsed(&row.payer, "payment.payer")?,
                amount: amount(&row.amount, "payment.amount")?,
                payer_paid: amount(&row.payer_paid, "payment.payer_paid")?,
                deadline: burn_height(row.deadline, "payment.deadline")?,
                proven: row.disagreement.is_none(),
                disagreement: row.disagreement,
                status: if row.is_final { Tier::Final } else { Tier::Seen },
                position: Position {
                    txid: hash(&row.txid, "payment.txid")?,
                    ordinal: place(row.ordinal, "payment.ordinal")?,
                    index_block_hash: hash(&row.index_block_hash, "payment.index_block_hash")?,
                    stacks_height: stacks_height(row.stacks_height, "payment.stacks_height")?,
                    burn_height: burn_height(row.burn_height, "payment.burn_height")?,
                    block_time: row.block_time,
                },
            };
            Ok((key, payment))
        })
        .collect()
}
