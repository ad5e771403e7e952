//! Reserves as they stand, and who refunded from them.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::api::ReserveDelegate;
use recoup_protocol::reads::Delegate;
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use crate::db::DbError;
use crate::db::convert::{amount, burn_height, parsed, token, unsigned};

/// What a merchant holds in reserve, STX first.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_merchant(
    connection: &mut PgConnection,
    merchant: &Principal,
) -> Result<Vec<(Token, BaseUnits)>, DbError> {
    let rows = sqlx::query!(
        r#"select token, balance::text as "balance!" from reserve where merchant = $1 order by token nulls first"#,
        merchant.to_string(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok((
                token(row.token.as_deref(), "reserve.token")?,
                amount(&row.balance, "reserve.balance")?,
            ))
        })
        .collect()
}

/// Who may refund from a merchant's reserves, by token and name.
///
/// # Errors
/// When the database is out of reach.
pub async fn delegates_of_merchant(
    connection: &mut PgConnection,
    merchant: &Principal,
    as_of: BurnHeight,
) -> Result<Vec<(Token, ReserveDelegate)>, DbError> {
    let rows = sqlx::query!(
        r#"select delegate, token, per_refund::text as "per_refund!", per_period::text as "per_period!", period_blocks,
                  period_start, spent::text as "spent!", expires_at
             from reserve_delegate
            where merchant = $1
            order by token nulls first, delegate"#,
        merchant.to_string(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let budget = Delegate {
                per_refund: amount(&row.per_refund, "reserve_delegate.per_refund")?,
                per_period: amount(&row.per_period, "reserve_delegate.per_period")?,
                period: unsigned(row.period_blocks, "reserve_delegate.period_blocks")?,
                period_start: burn_height(row.period_start, "reserve_delegate.period_start")?,
                spent: amount(&row.spent, "reserve_delegate.spent")?,
                expires_at: burn_height(row.expires_at, "reserve_delegate.expires_at")?,
            };
            let delegate = ReserveDelegate {
                delegate: parsed(&row.delegate, "reserve_delegate.delegate")?,
                per_refund: budget.per_refund,
                per_period: budget.per_period,
                period: budget.period,
                period_start: budget.period_start,
                spent: budget.spent,
                left: budget.left(as_of),
                expires_at: budget.expires_at,
            };
            Ok((token(row.token.as_deref(), "reserve_delegate.token")?, delegate))
        })
        .collect()
}
