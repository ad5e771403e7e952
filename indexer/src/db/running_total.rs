//! Table `running_total`: totals as of every canonical block that moved them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use recoup_protocol::api::{StatsBucket, TokenTotals};
use recoup_protocol::sum::Sum;
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::{BurnHeight, IndexBlockHash};
use sqlx::PgConnection;

use super::DbError;
use super::convert::{optional_bigint, parsed, unsigned};

/// Tokens in one answer: anybody can make tokens and refund in them.
pub const TOKEN_LIMIT: u32 = 500;

/// Whose totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Everybody's.
    All,
    /// Of a merchant.
    Merchant(&'a Principal),
    /// Of a payer.
    Payer(&'a Principal),
}

impl Scope<'_> {
    fn columns(self) -> (&'static str, String) {
        match self {
            Self::All => ("all", String::new()),
            Self::Merchant(merchant) => ("merchant", merchant.to_string()),
            Self::Payer(payer) => ("payer", payer.to_string()),
        }
    }
}

/// A query about what payments and refunds of these blocks moved, block by block: what goes on after `of_block`.
macro_rules! of_blocks {
    ($tail:literal; $blocks:expr) => {
        sqlx::query!(
            "with movement as (
                 select index_block_hash, stacks_height, burn_height, merchant, payer, coalesce(token, 'STX') as token,
                        amount::numeric as paid, 0::numeric as refunded, 1 as payments, 0 as refunds
                   from payment where index_block_hash = any($1)
                 union all
                 select index_block_hash, stacks_height, burn_height, merchant, payer, coalesce(token, 'STX'),
                        0, amount::numeric, 0, 1
                   from refund where index_block_hash = any($1)),
             of_block as (
                 select scope, subject, token, stacks_height, index_block_hash, max(burn_height) as burn_height,
                        sum(paid) as paid, sum(refunded) as refunded, sum(payments) as payments,
                        sum(refunds) as refunds
                   from movement
                  cross join lateral (values ('all', ''), ('merchant', merchant), ('payer', payer))
                     as concerned (scope, subject)
                  group by scope, subject, token, stacks_height, index_block_hash)" + $tail,
            $blocks,
        )
    };
}

/// Writes the totals after each of these blocks, which have just become canonical with their payments and refunds.
///
/// # Errors
/// When the database is out of reach.
pub async fn extend(connection: &mut PgConnection, blocks: &BTreeSet<IndexBlockHash>) -> Result<(), DbError> {
    if blocks.is_empty() {
        return Ok(());
    }
    let blocks: Vec<Vec<u8>> = blocks.iter().map(|id| id.as_bytes().to_vec()).collect();
    of_blocks!(
        ",
         so_far as (
             select scope, subject, token, stacks_height, index_block_hash, burn_height,
                    sum(paid) over so_far as paid, sum(refunded) over so_far as refunded,
                    sum(payments) over so_far as payments, sum(refunds) over so_far as refunds
               from of_block
             window so_far as (partition by scope, subject, token order by stacks_height)),
         subject_before as (
             select concerned.scope, concerned.subject, concerned.token, last.paid, last.refunded, last.payments,
                    last.refunds
               from (select scope, subject, token, min(stacks_height) as stacks_height
                       from of_block group by scope, subject, token) as concerned
              cross join lateral (
                    select total.paid, total.refunded, total.payments, total.refunds
                      from running_total as total
                     where total.scope = concerned.scope and total.subject = concerned.subject
                       and total.token = concerned.token and total.stacks_height < concerned.stacks_height
                     order by total.burn_height desc, total.stacks_height desc
                     limit 1) as last)
         insert into running_total
             (scope, subject, token, burn_height, stacks_height, index_block_hash, paid, refunded, payments, refunds)
         select scope, subject, token, so_far.burn_height, so_far.stacks_height, so_far.index_block_hash,
                so_far.paid + coalesce(subject_before.paid, 0), so_far.refunded + coalesce(subject_before.refunded, 0),
                so_far.payments + coalesce(subject_before.payments, 0),
                so_far.refunds + coalesce(subject_before.refunds, 0)
           from so_far left join subject_before using (scope, subject, token)";
        &blocks
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the totals after each of these blocks, which leave the chain with all that came after them.
///
/// # Errors
/// When the database is out of reach.
pub async fn orphan(connection: &mut PgConnection, blocks: &[Vec<u8>]) -> Result<(), DbError> {
    of_blocks!(
        "
         delete from running_total using of_block
          where running_total.scope = of_block.scope and running_total.subject = of_block.subject
            and running_total.token = of_block.token and running_total.burn_height = of_block.burn_height
            and running_total.stacks_height = of_block.stacks_height
            and running_total.index_block_hash = of_block.index_block_hash";
        blocks
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The totals of each token, by its name, as of a burn height or now; at most [`TOKEN_LIMIT`] and one more.
///
/// # Errors
/// When the database is out of reach.
pub async fn find(
    connection: &mut PgConnection,
    scope: Scope<'_>,
    as_of: Option<BurnHeight>,
) -> Result<Vec<TokenTotals>, DbError> {
    let (scope, subject) = scope.columns();
    let rows = sqlx::query!(
        r#"with recursive held as (
               (select token from running_total where scope = $1 and subject = $2 order by token limit 1)
               union all
               select (select next.token from running_total as next
                        where next.scope = $1 and next.subject = $2 and next.token > held.token
                        order by next.token limit 1)
                 from held where held.token is not null)
           select held.token as "token!", last.paid::text as "paid!", last.refunded::text as "refunded!",
                  last.payments as "payments!", last.refunds as "refunds!",
                  case when last.paid > 0 then trunc(last.refunded / last.paid, 6)::text end as rate
             from held
            cross join lateral (
                  select total.paid, total.refunded, total.payments, total.refunds
                    from running_total as total
                   where total.scope = $1 and total.subject = $2 and total.token = held.token
                     and ($3::bigint is null or total.burn_height <= $3)
                   order by total.burn_height desc, total.stacks_height desc
                   limit 1) as last
            limit $4"#,
        scope,
        subject,
        optional_bigint(as_of.map(BurnHeight::get), "burn height")?,
        i64::from(TOKEN_LIMIT).saturating_add(1),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(TokenTotals {
                token: parsed(&row.token, "running_total.token")?,
                paid: sum(&row.paid)?,
                refunded: sum(&row.refunded)?,
                payments: unsigned(row.payments, "running_total.payments")?,
                refunds: unsigned(row.refunds, "running_total.refunds")?,
                rate: row.rate,
            })
        })
        .collect()
}

/// Where a bucket of a series begins or ends: after the last block at or below both heights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boundary {
    /// Burn height.
    pub burn_height: i64,
    /// Stacks height; the greatest number where only the burn height bounds.
    pub stacks_height: i64,
}

/// What moved between each two boundaries that follow each other.
///
/// # Errors
/// When the database is out of reach.
pub async fn series(
    connection: &mut PgConnection,
    scope: Scope<'_>,
    token: &Token,
    boundaries: &[Boundary],
) -> Result<Vec<StatsBucket>, DbError> {
    let (scope, subject) = scope.columns();
    let burn_heights: Vec<i64> = boundaries.iter().map(|boundary| boundary.burn_height).collect();
    let stacks_heights: Vec<i64> = boundaries.iter().map(|boundary| boundary.stacks_height).collect();
    let rows = sqlx::query!(
        r#"with reached as (
               select place, coalesce(last.paid, 0) as paid, coalesce(last.refunded, 0) as refunded,
                      coalesce(last.payments, 0) as payments, coalesce(last.refunds, 0) as refunds
                 from unnest($4::bigint[], $5::bigint[]) with ordinality as boundary (burn_height, stacks_height, place)
                 left join lateral (
                      select total.paid, total.refunded, total.payments, total.refunds
                        from running_total as total
                       where total.scope = $1 and total.subject = $2 and total.token = $3
                         and (total.burn_height, total.stacks_height) <= (boundary.burn_height, boundary.stacks_height)
                       order by total.burn_height desc, total.stacks_height desc
                       limit 1) as last on true)
           select (next.paid - reached.paid)::text as "paid!", (next.refunded - reached.refunded)::text as "refunded!",
                  next.payments - reached.payments as "payments!", next.refunds - reached.refunds as "refunds!"
             from reached join reached as next on next.place = reached.place + 1
            order by reached.place"#,
        scope,
        subject,
        token.to_string(),
        &burn_heights,
        &stacks_heights,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(StatsBucket {
                from_burn_height: None,
                from_time: None,
                paid: sum(&row.paid)?,
                refunded: sum(&row.refunded)?,
                payments: unsigned(row.payments, "running_total.payments")?,
                refunds: unsigned(row.refunds, "running_total.refunds")?,
            })
        })
        .collect()
}

/// The last canonical blocks before these times, as boundaries.
///
/// # Errors
/// When the database is out of reach.
pub async fn boundaries_at(
    connection: &mut PgConnection,
    times: &[DateTime<Utc>],
) -> Result<Vec<Boundary>, DbError> {
    let rows = sqlx::query!(
        r#"select coalesce(last.burn_height, -1) as "burn_height!", coalesce(last.stacks_height, -1) as "stacks_height!"
             from unnest($1::timestamptz[]) with ordinality as boundary (time, place)
             left join lateral (
                  select coalesce(burn_view_height, election_burn_height) as burn_height, stacks_height
                    from block where canonical and block_time < boundary.time
                   order by block_time desc, stacks_height desc
                   limit 1) as last on true
            order by place"#,
        times,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Boundary {
            burn_height: row.burn_height,
            stacks_height: row.stacks_height,
        })
        .collect())
}

fn sum(text: &str) -> Result<Sum, DbError> {
    parsed(text, "running_total")
}
