//! Single refunds.

use recoup_protocol::api::Refund;
use recoup_protocol::ids::RefundId;
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
