//! Table `operator_change`: whom merchants let act for them.

use chrono::{DateTime, Utc};
use recoup_protocol::api::{Operator, Position};
use recoup_protocol::events::OperatorSet;
use recoup_stacks::address::Principal;
use sqlx::PgConnection;

use super::DbError;
use super::contract_event::StoredEvent;
use super::convert::{bigint, burn_height, hash, parsed, place, stacks_height};
use super::satellite_event::Place;

/// Makes a change canonical: a new one is inserted, one that left the chain comes back.
///
/// # Errors
/// When the database is out of reach.
pub async fn adopt(
    connection: &mut PgConnection,
    stored: &StoredEvent,
    set: &OperatorSet,
) -> Result<(), DbError> {
    let place = Place::new(&stored.id, stored.stacks_height, stored.tx_index)?;
    sqlx::query!(
        "insert into operator_change (
             index_block_hash, txid, ordinal, stacks_height, tx_index, merchant, operator, may_refund, may_invoice,
             burn_height, canonical)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, true)
         on conflict (index_block_hash, txid, ordinal) do update set canonical = true",
        place.block,
        place.txid,
        place.ordinal,
        place.stacks_height,
        place.tx_index,
        set.merchant.to_string(),
        set.operator.to_string(),
        set.may_refund,
        set.may_invoice,
        bigint(set.burn_height.get(), "burn height")?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the changes of these blocks off the chain.
///
/// # Errors
/// When the database is out of reach.
pub async fn orphan(connection: &mut PgConnection, blocks: &[Vec<u8>]) -> Result<(), DbError> {
    sqlx::query!(
        "update operator_change set canonical = false where index_block_hash = any($1) and canonical",
        blocks
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Who may act for a merchant now, by name.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_merchant(
    connection: &mut PgConnection,
    merchant: &Principal,
) -> Result<Vec<Operator>, DbError> {
    let rows = sqlx::query_as!(
        OperatorRow,
        r#"select last.index_block_hash as "index_block_hash!", txid as "txid!", ordinal as "ordinal!",
                  last.stacks_height as "stacks_height!", operator as "operator!", may_refund as "may_refund!",
                  may_invoice as "may_invoice!", last.burn_height as "burn_height!", block_time
             from (select distinct on (operator)
                          index_block_hash, txid, ordinal, stacks_height, operator, may_refund, may_invoice, burn_height
                     from operator_change
                    where merchant = $1 and canonical
                    order by operator, stacks_height desc, tx_index desc, ordinal desc) as last
             join block on block.index_block_hash = last.index_block_hash
            where may_refund or may_invoice
            order by operator"#,
        merchant.to_string(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(OperatorRow::operator).collect()
}

struct OperatorRow {
    index_block_hash: Vec<u8>,
    txid: Vec<u8>,
    ordinal: i32,
    stacks_height: i64,
    operator: String,
    may_refund: bool,
    may_invoice: bool,
    burn_height: i64,
    block_time: Option<DateTime<Utc>>,
}

impl OperatorRow {
    fn operator(self) -> Result<Operator, DbError> {
        Ok(Operator {
            operator: parsed(&self.operator, "operator_change.operator")?,
            may_refund: self.may_refund,
            may_invoice: self.may_invoice,
            position: Position {
                txid: hash(&self.txid, "operator_change.txid")?,
                ordinal: place(self.ordinal, "operator_change.ordinal")?,
                index_block_hash: hash(&self.index_block_hash, "operator_change.index_block_hash")?,
                stacks_height: stacks_height(self.stacks_height, "operator_change.stacks_height")?,
                burn_height: burn_height(self.burn_height, "operator_change.burn_height")?,
                block_time: self.block_time,
            },
        })
    }
}
