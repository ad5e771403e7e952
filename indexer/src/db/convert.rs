//! Between the chain's types and columns.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::SubscriptionId;
use recoup_protocol::status::{InvoiceStatus, SubscriptionStatus};
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::{BurnHeight, StacksHeight};

use super::DbError;

/// A height, id or count for a bigint column.
pub(super) fn bigint(value: u64, what: &'static str) -> Result<i64, DbError> {
    i64::try_from(value).map_err(|_| DbError::OutOfRange { what, value })
}

pub(super) fn optional_bigint(value: Option<u64>, what: &'static str) -> Result<Option<i64>, DbError> {
    value.map(|value| bigint(value, what)).transpose()
}

/// One column of rows that are written together.
pub(super) fn column<R, T>(rows: impl IntoIterator<Item = R>, field: impl FnMut(R) -> T) -> Vec<T> {
    rows.into_iter().map(field).collect()
}

/// A bigint column of rows that are written together.
pub(super) fn bigints<R>(
    rows: impl IntoIterator<Item = R>,
    what: &'static str,
    mut field: impl FnMut(R) -> u64,
) -> Result<Vec<i64>, DbError> {
    rows.into_iter().map(|row| bigint(field(row), what)).collect()
}

/// An integer column of rows that are written together.
pub(super) fn integers<R>(
    rows: impl IntoIterator<Item = R>,
    what: &'static str,
    mut field: impl FnMut(R) -> u32,
) -> Result<Vec<i32>, DbError> {
    rows.into_iter().map(|row| integer(field(row), what)).collect()
}

/// A place within a block or transaction for an integer column.
pub(super) fn integer(value: u32, what: &'static str) -> Result<i32, DbError> {
    i32::try_from(value).map_err(|_| DbError::OutOfRange {
        what,
        value: u64::from(value),
    })
}

/// A height, id or count from a bigint column.
pub(super) fn unsigned(value: i64, column: &'static str) -> Result<u64, DbError> {
    u64::try_from(value).map_err(|_| DbError::Corrupt { column })
}

pub(super) fn burn_height(value: i64, column: &'static str) -> Result<BurnHeight, DbError> {
    unsigned(value, column).map(BurnHeight)
}

pub(super) fn stacks_height(value: i64, column: &'static str) -> Result<StacksHeight, DbError> {
    unsigned(value, column).map(StacksHeight)
}

/// A place within a block or transaction from an integer column.
pub(super) fn place(value: i32, column: &'static str) -> Result<u32, DbError> {
    u32::try_from(value).map_err(|_| DbError::Corrupt { column })
}

/// A hash from a bytea column.
pub(super) fn hash<H>(bytes: &[u8], column: &'static str) -> Result<H, DbError>
where
    H: for<'a> TryFrom<&'a [u8]>,
{
    H::try_from(bytes).map_err(|_| DbError::Corrupt { column })
}

pub(super) fn optional_hash<H>(bytes: Option<&[u8]>, column: &'static str) -> Result<Option<H>, DbError>
where
    H: for<'a> TryFrom<&'a [u8]>,
{
    bytes.map(|bytes| hash(bytes, column)).transpose()
}

/// A principal, contract id or other text type from a text column.
pub(super) fn parsed<T: std::str::FromStr>(text: &str, column: &'static str) -> Result<T, DbError> {
    text.parse().map_err(|_| DbError::Corrupt { column })
}

pub(super) fn optional_principal(
    text: Option<&str>,
    column: &'static str,
) -> Result<Option<Principal>, DbError> {
    text.map(|text| parsed(text, column)).transpose()
}

/// An amount from a numeric column that was selected as text: no Rust number type holds 39 digits and travels as numeric.
pub(super) fn amount(text: &str, column: &'static str) -> Result<BaseUnits, DbError> {
    parsed(text, column)
}

/// The id of a subscription of the contract that counts from 1; others' numbers fit no column and never come here.
pub(super) fn subscription_column(id: SubscriptionId) -> Result<i64, DbError> {
    i64::try_from(id.0).map_err(|_| DbError::OutOfRange {
        what: "subscription id",
        value: u64::try_from(id.0).unwrap_or(u64::MAX),
    })
}

/// An invoice's status, stored or derived, from its column.
pub(super) fn invoice_status(code: i16, column: &'static str) -> Result<InvoiceStatus, DbError> {
    let status = u128::try_from(code).ok().and_then(InvoiceStatus::from_code);
    status.ok_or(DbError::Corrupt { column })
}

/// A subscription's status from its column.
pub(super) fn subscription_status(code: i16) -> Result<SubscriptionStatus, DbError> {
    let status = u128::try_from(code).ok().and_then(SubscriptionStatus::from_code);
    status.ok_or(DbError::Corrupt {
        column: "subscription_change.status",
    })
}

/// A token from its column: null is STX.
pub(super) fn token(contract: Option<&str>, column: &'static str) -> Result<Token, DbError> {
    optional_principal(contract, column).map(Token::from_contract)
}

/// What the token's column holds.
pub(super) fn token_column(token: &Token) -> Option<String> {
    token.contract().map(ToString::to_string)
}

/// PostgreSQL's text cannot hold U+0000, which Clarity's can: it is written `\u{0}`. The exact text stays in the event.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\\u{0}")
}
