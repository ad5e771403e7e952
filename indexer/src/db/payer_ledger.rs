//! Table `payer_ledger`: what each payer paid and was refunded on each canonical invoice.

use recoup_protocol::api::PayerLedger;
use recoup_protocol::ids::InvoiceId;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use super::DbError;
use super::convert::{amount, bigint, bigints, burn_height, column, parsed, unsigned};
use crate::accounting::{Books, Ledger};

/// The ledgers of these invoices and payers, as far as they exist; the two lists go in pairs.
///
/// # Errors
/// When the database is out of reach.
pub async fn find(
    connection: &mut PgConnection,
    invoices: &[i64],
    payers: &[String],
) -> Result<Vec<((InvoiceId, Principal), Ledger)>, DbError> {
    let rows = sqlx::query!(
        r#"select ledger.invoice_id, ledger.payer, ledger.paid::text as "paid!",
                  ledger.refunded::text as "refunded!", ledger.first_paid_at
             from unnest($1::bigint[], $2::text[]) as wanted (invoice_id, payer)
             join payer_ledger as ledger using (invoice_id, payer)"#,
        invoices,
        payers,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let key = (
                InvoiceId(unsigned(row.invoice_id, "payer_ledger.invoice_id")?),
                parsed(&row.payer, "payer_ledger.payer")?,
            );
            let ledger = Ledger {
                paid: amount(&row.paid, "payer_ledger.paid")?,
                refunded: amount(&row.refunded, "payer_ledger.refunded")?,
                first_paid_at: burn_height(row.first_paid_at, "payer_ledger.first_paid_at")?,
            };
            Ok((key, ledger))
        })
        .collect()
}

/// Writes the ledgers of books, with deadlines for those of known invoices.
///
/// # Errors
/// When the database is out of reach.
pub async fn upsert(connection: &mut PgConnection, books: &Books) -> Result<(), DbError> {
    let ledgers = &books.ledgers;
    if ledgers.is_empty() {
        return Ok(());
    }
    let deadlines = column(ledgers, |((id, _), ledger)| {
        let deadline = books.accounts.get(id)?.deadline(ledger).get();
        Some(i64::try_from(deadline).unwrap_or(i64::MAX))
    });
    sqlx::query!(
        "insert into payer_ledger (invoice_id, payer, paid, refunded, first_paid_at, deadline)
         select invoice_id, payer, paid::numeric, refunded::numeric, first_paid_at, deadline
           from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
             as ledger (invoice_id, payer, paid, refunded, first_paid_at, deadline)
         on conflict (invoice_id, payer)
         do update set paid = excluded.paid, refunded = excluded.refunded, first_paid_at = excluded.first_paid_at,
                       deadline = excluded.deadline",
        &bigints(ledgers, "invoice id", |((id, _), _)| id.0)?,
        &column(ledgers, |((_, payer), _)| payer.to_string()),
        &column(ledgers, |(_, ledger)| ledger.paid.to_string()),
        &column(ledgers, |(_, ledger)| ledger.refunded.to_string()),
        &bigints(ledgers, "burn height", |(_, ledger)| ledger.first_paid_at.get())?,
        &deadlines as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Who paid any of these canonical invoices: invoices and payers, in pairs.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_invoices(
    connection: &mut PgConnection,
    invoices: &[i64],
) -> Result<Vec<(i64, String)>, DbError> {
    if invoices.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        "select invoice_id, payer from payer_ledger where invoice_id = any($1)",
        invoices
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.invoice_id, row.payer)).collect())
}

/// Removes ledgers; the two lists go in pairs.
///
/// # Errors
/// When the database is out of reach.
pub async fn delete(
    connection: &mut PgConnection,
    invoices: &[i64],
    payers: &[String],
) -> Result<(), DbError> {
    sqlx::query!(
        "delete from payer_ledger
          using unnest($1::bigint[], $2::text[]) as gone (invoice_id, payer)
          where payer_ledger.invoice_id = gone.invoice_id and payer_ledger.payer = gone.payer",
        invoices,
        payers,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The ledgers of a canonical invoice beyond a payer, by name. The deadlines follow the invoice's window, which may have
/// grown since the payments.
///
/// # Errors
/// When the database is out of reach.
pub async fn page(
    connection: &mut PgConnection,
    invoice: InvoiceId,
    refund_window: u64,
    after: Option<&Principal>,
    limit: u32,
) -> Result<Vec<PayerLedger>, DbError> {
    let rows = sqlx::query!(
        r#"select payer, paid::text as "paid!", refunded::text as "refunded!", first_paid_at
             from payer_ledger
            where invoice_id = $1 and ($2::text is null or payer > $2)
            order by payer limit $3"#,
        bigint(invoice.0, "invoice id")?,
        after.map(ToString::to_string),
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let first_paid_at = unsigned(row.first_paid_at, "payer_ledger.first_paid_at")?;
            Ok(PayerLedger {
                payer: parsed(&row.payer, "payer_ledger.payer")?,
                paid: amount(&row.paid, "payer_ledger.paid")?,
                refunded: amount(&row.refunded, "payer_ledger.refunded")?,
                deadline: BurnHeight(first_paid_at.saturating_add(refund_window)),
            })
        })
        .collect()
}
