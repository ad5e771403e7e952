//! Single refunds, and those of one invoice.

use recoup_protocol::api::Refund;
use recoup_protocol::ids::{InvoiceId, RefundId};
use sqlx::PgConnection;

use super::row::{RefundRow, select_refunds};
use crate::db::DbError;
use crate::db::convert::{bigint, unsigned};

/// The canonical refund of an id.
///
/// # Errors
/// When the database is out of reach.
pub async fn find(connection: &mut PgConnection, id: RefundId) -> Result<Option<Refund>, DbError> {
    let row = select_refunds!("refund_id = $1 and refund.canonical"; bigint(id.0, "refund id")?)
        .fetch_optional(connection)
        .await?;
    row.map(RefundRow::refund).transpose()
}

/// The refunds of a canonical invoice, in the chain's order.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_invoice(connection: &mut PgConnection, id: InvoiceId) -> Result<Vec<Refund>, DbError> {
    let rows = select_refunds!(
        "invoice_id = $1 and refund.canonical order by refund.stacks_height, tx_index, ordinal";
        bigint(id.0, "invoice id")?
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(RefundRow::refund).collect()
}

/// How many canonical refunds are unproven.
///
/// # Errors
/// When the database is out of reach.
pub async fn count_unproven(connection: &mut PgConnection) -> Result<u64, DbError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from refund where canonical and disagreement is not null"#
    )
    .fetch_one(connection)
    .await?;
    unsigned(count, "count of refund")
}
