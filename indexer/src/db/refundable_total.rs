//! Table `refundable_total`: what the payers of each merchant can still get back, at the burn height of the tip.

use std::collections::BTreeSet;

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::sum::Sum;
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use super::DbError;
use super::convert::{bigint, column, parsed};
use crate::accounting::Refundable;

/// Enters that a part of the totals was one thing and is another now.
///
/// # Errors
/// When the database is out of reach.
pub async fn change(
    connection: &mut PgConnection,
    before: &Refundable,
    after: &Refundable,
) -> Result<(), DbError> {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let changed: Vec<_> = keys
        .into_iter()
        .filter(|key| before.get(key) != after.get(key))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let sums = |of: &Refundable| {
        column(&changed, |key| {
            of.get(*key).copied().unwrap_or_default().to_string()
        })
    };
    sqlx::query!(
        "insert into refundable_total (merchant, token, amount)
         select merchant, token, after::numeric - before::numeric
           from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as changed (merchant, token, before, after)
         on conflict (merchant, token) do update set amount = refundable_total.amount + excluded.amount",
        &column(&changed, |(merchant, _)| merchant.to_string()),
        &column(&changed, |(_, token)| token.to_string()),
        &sums(before),
        &sums(after),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes off what cannot be refunded any more when the Bitcoin tip rises. It never falls.
///
/// # Errors
/// When the database is out of reach.
pub async fn lapse(
    connection: &mut PgConnection,
    before: BurnHeight,
    now: BurnHeight,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into refundable_total (merchant, token, amount)
         select merchant, coalesce(token, 'STX'), -sum(paid::numeric - refunded::numeric)
           from payer_ledger
           join invoice on invoice.invoice_id = payer_ledger.invoice_id and invoice.canonical
          where deadline > $1 and deadline <= $2 and refunded < paid
          group by merchant, coalesce(token, 'STX')
         on conflict (merchant, token) do update set amount = refundable_total.amount + excluded.amount",
        bigint(before.get(), "burn height")?,
        bigint(now.get(), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a merchant's payers can still get back, by token, where it is anything.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_merchant(
    connection: &mut PgConnection,
    merchant: &Principal,
) -> Result<Vec<(Token, BaseUnits)>, DbError> {
    let rows = sqlx::query!(
        r#"select token, amount::text as "amount!" from refundable_total where merchant = $1 and amount <> 0"#,
        merchant.to_string(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let _: Sum = parsed(&row.amount, "refundable_total.amount")?;
            // Only a token that nobody can hold so much of makes the sum too large.
            let amount = row.amount.parse().map_or(BaseUnits(u128::MAX), BaseUnits);
            Ok((parsed(&row.token, "refundable_total.token")?, amount))
        })
        .collect()
}
