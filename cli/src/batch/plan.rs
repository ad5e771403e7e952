//! What paying a list takes.

use std::collections::BTreeMap;

use recoup_protocol::amount::BaseUnits;
use recoup_stacks::address::Address;

use super::check::Due;
use super::sequence::Balances;
use super::split::{Budget, split};
use super::transaction::{BYTES_BESIDE_LINES, bytes, outgoing, sum};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::node::View;
use crate::refund::{ensure_funds, read_funds};
use crate::send::price;
use crate::token::TokenInfo;

/// The due lines in their transactions, and what they cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The transactions, in their order.
    pub groups: Vec<Vec<Due>>,
    /// What leaves the issuer, by token.
    pub sums: Vec<Sum>,
    /// All transactions' fees, in micro-STX, as long as none fails.
    pub fee: u64,
    /// The node estimates more; the profile's ceiling cut it.
    pub is_fee_cut: bool,
}

/// What leaves the issuer in one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The token.
    pub token: TokenInfo,
    /// So many refunds.
    pub lines: usize,
    /// So much together.
    pub amount: BaseUnits,
}

/// Splits the due lines, chooses the fees and checks the balances at the view's block. One request a transaction, one or two
/// a token.
///
/// # Errors
/// When no fee fits, the balance is too low, or the node does not answer.
pub async fn plan(
    context: &Context,
    view: &View<'_>,
    issuer: Address,
    list: &str,
    dues: Vec<Due>,
    (per_transaction, fee): (usize, Option<u64>),
) -> Result<Plan, Failure> {
    let sums = sums(&dues)?;
    let least_fee = fee.unwrap_or(context.profile.max_fee);
    let budget = Budget {
        lines: per_transaction,
        bytes: least_fee.saturating_sub(BYTES_BESIDE_LINES),
    };
    let groups = split(dues, |due| (due.refund.token.clone(), due.failed), bytes, budget);
    let mut plan = Plan {
        groups,
        sums,
        fee: 0,
        is_fee_cut: false,
    };
    let balances = Balances::before(plan.groups.iter().flatten());
    for group in &plan.groups {
        let Some(token) = group.first().map(|due| &due.token) else {
            continue;
        };
        let outgoing = outgoing(context, issuer, list, token, balances.sequence(group))?;
        let fee = price(context, &outgoing.transaction, fee).await?;
        plan.fee = plan.fee.saturating_add(fee.micro_stx);
        plan.is_fee_cut |= fee.is_cut;
    }
    for sum in &plan.sums {
        let (funds, _) = read_funds(view, &sum.token, issuer).await?;
        ensure_funds(&sum.token, sum.amount, plan.fee, funds, issuer)?;
    }
    Ok(plan)
}

fn sums(dues: &[Due]) -> Result<Vec<Sum>, Failure> {
    let mut by_token: BTreeMap<_, Vec<&Due>> = BTreeMap::new();
    for due in dues {
        by_token.entry(&due.refund.token).or_default().push(due);
    }
    let total = |dues: Vec<&Due>| {
        let first = dues
            .first()
            .ok_or_else(|| Failure::new(Kind::Internal, "a token without lines"))?;
        let amount = sum(dues.iter().map(|due| &due.refund))?;
        Ok(Sum {
            token: first.token.clone(),
            lines: dues.len(),
            amount,
        })
    };
    by_token.into_values().map(total).collect()
}
