//! Table `payment`: payments that are, or once were, on the canonical chain.

use recoup_protocol::api::{Payment, Position, Tier};
use recoup_protocol::events::PaymentReceived;
use recoup_protocol::ids::InvoiceId;
use sqlx::PgConnection;

use super::DbError;
use super::contract_event::StoredEvent;
use super::convert::{
    amount, bigint, burn_height, hash, integer, parsed, place, stacks_height, token_column,
};

/// Makes a payment canonical: a new one is inserted, one that left the chain comes back.
///
/// # Errors
/// When the database is out of reach.
pub async fn adopt(
    connection: &mut PgConnection,
    stored: &StoredEvent,
    payment: &PaymentReceived,
    disagreement: Option<&str>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into payment (
             index_block_hash, txid, ordinal, stacks_height, tx_index, invoice_id, merchant, payer, token, amount,
             payer_paid, payer_refunded, deadline, burn_height, disagreement, canonical)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::numeric, $11::text::numeric, $12::text::numeric, $13,
                 $14, $15, true)
         on conflict (index_block_hash, txid, ordinal) do update set canonical = true",
        stored.id.block.as_bytes(),
        stored.id.txid.as_bytes(),
        integer(stored.id.ordinal, "ordinal")?,
        bigint(stored.stacks_height.get(), "stacks height")?,
        integer(stored.tx_index, "transaction index")?,
        bigint(payment.invoice_id.0, "invoice id")?,
        payment.merchant.to_string(),
        payment.payer.to_string(),
        token_column(&payment.token),
        payment.amount.to_string(),
        payment.payer_paid.to_string(),
        payment.payer_refunded.to_string(),
        bigint(payment.deadline.get(), "burn height")?,
        bigint(payment.burn_height.get(), "burn height")?,
        disagreement,
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

/// The payments of a canonical invoice, in the chain's order.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_invoice(connection: &mut PgConnection, invoice: InvoiceId) -> Result<Vec<Payment>, DbError> {
    let rows = sqlx::query!(
        r#"select payment.index_block_hash, txid, ordinal, payment.stacks_height, payer, amount::text as "amount!",
                  payer_paid::text as "payer_paid!", deadline, payment.burn_height, disagreement, block_time,
                  coalesce(burn_view_height <= final_burn_height, false) as "is_final!"
             from payment
             join block on block.index_block_hash = payment.index_block_hash
            cross join chain_tip
            where invoice_id = $1 and payment.canonical
            order by payment.stacks_height, tx_index, ordinal"#,
        bigint(invoice.0, "invoice id")?,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Payment {
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
            })
        })
        .collect()
}
