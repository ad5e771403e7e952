//! One transaction for several lines.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{Call, PaidIn};
use recoup_stacks::address::Address;

use super::check::Due;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::journal::{BatchIntent, BatchLine, Intent, RefundIntent};
use crate::send::Outgoing;
use crate::token::TokenInfo;

/// What a transaction takes beside its lines: authorisation, names, post-condition.
pub(super) const BYTES_BESIDE_LINES: u64 = 1_000;

/// The sum of refunds of one token.
///
/// # Errors
/// When it is more than any token can hold.
pub fn sum<'refund>(refunds: impl IntoIterator<Item = &'refund RefundIntent>) -> Result<BaseUnits, Failure> {
    let sum = refunds
        .into_iter()
        .try_fold(BaseUnits::ZERO, |sum, refund| sum.checked_add(refund.amount));
    sum.ok_or_else(|| {
        Failure::new(Kind::Refused, "the sum is more than any token can hold").hint("check the amounts")
    })
}

/// The transaction that pays these lines, all or none, and lets exactly their sum leave the issuer.
pub(super) fn outgoing(
    context: &Context,
    issuer: Address,
    list: &str,
    token: &TokenInfo,
    lines: Vec<BatchLine>,
) -> Result<Outgoing, Failure> {
    let Some(core) = lines.first().map(|line| line.refund.core.clone()) else {
        return Err(Failure::new(Kind::Internal, "a transaction without lines"));
    };
    let fence = token.fence(issuer, sum(lines.iter().map(|line| &line.refund))?);
    let orders = lines.iter().map(|line| line.refund.order()).collect();
    let call = Call::RefundMany(PaidIn {
        order: orders,
        token: token.contract().cloned(),
    });
    let intent = Intent::RefundMany(BatchIntent {
        list: list.to_owned(),
        lines,
    });
    Ok(context
        .outgoing(&core, &call, intent)
        .fenced(vec![fence.post_condition]))
}

/// Bytes that a line takes in its transaction.
pub(super) fn bytes(due: &Due) -> u64 {
    let call = Call::RefundMany(PaidIn {
        order: vec![due.refund.order()],
        token: None,
    });
    let length = call
        .arguments()
        .iter()
        .map(|argument| argument.encode().len())
        .sum::<usize>();
    u64::try_from(length).unwrap_or(u64::MAX)
}
