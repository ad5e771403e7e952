//! What the node says: itself, its clock, the contracts, the wallet's balance.

use chrono::{DateTime, Utc};
use recoup_protocol::amount::BaseUnits;
use recoup_stacks::address::Address;
use recoup_stacks::rpc::NodeInfo;

use crate::commands::contracts::{self, Deployed};
use crate::context::Context;
use crate::doctor::{Finding, Report};
use crate::node::View;
use crate::token::TokenInfo;

/// Clocks that differ by less are as good as equal, in seconds.
const CLOCK_TOLERANCE: u64 = 60;

/// The chain at the node's tip, if the node answers and follows the profile's chain.
pub(super) async fn node<'context>(
    context: &'context Context,
    report: &mut Report,
) -> Option<View<'context>> {
    let (info, date) = match context.node.client().info_and_date().await {
        Ok(answer) => answer,
        Err(error) => {
            report.add(Finding::failed("node", crate::node::failure(error)));
            report.add(Finding::skipped("clock", "needs the node"));
            return None;
        }
    };
    let view = match context.node.view_at(&info) {
        Ok(view) => {
            report.add(progress(&info));
            Some(view)
        }
        Err(failure) => {
            report.add(Finding::failed("node", failure));
            None
        }
    };
    report.add(clock(date.as_deref(), Utc::now()));
    view
}

fn progress(info: &NodeInfo) -> Finding {
    let detail = format!(
        "{} at Stacks height {}, burn height {}",
        info.server_version, info.stacks_tip_height, info.burn_block_height
    );
    if info.is_fully_synced {
        Finding::ok("node", detail)
    } else {
        Finding::wrong(
            "node",
            format!("{detail}, not synchronised yet"),
            "wait until it has caught up: deadlines and balances that it tells now are old",
        )
    }
}

fn clock(date: Option<&str>, now: DateTime<Utc>) -> Finding {
    let Some(date) = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) else {
        return Finding::skipped("clock", "the node's answer carries no date");
    };
    let off = now.signed_duration_since(date).num_seconds();
    if off.unsigned_abs() <= CLOCK_TOLERANCE {
        return Finding::ok("clock", "agrees with the node's");
    }
    let direction = if off > 0 { "ahead of" } else { "behind" };
    Finding::warning(
        "clock",
        format!(
            "this machine is {} seconds {direction} the node",
            off.unsigned_abs()
        ),
        "set this machine's clock; no refund depends on it, but the times in the journal and in receipts do",
    )
}

/// Whether the deployed contracts are those that were tested.
pub(super) async fn contracts(context: &Context, view: &View<'_>) -> Finding {
    const CHECK: &str = "contracts";
    let core = match context.core() {
        Ok(core) => core,
        Err(failure) => return Finding::failed(CHECK, failure),
    };
    let deployed = match contracts::compare(view, core).await {
        Ok(deployed) => deployed,
        Err(failure) => return Finding::failed(CHECK, failure),
    };
    let with = |status| {
        let ids = deployed.iter().filter(move |(_, found)| *found == status);
        ids.map(|(id, _)| id.to_string()).collect::<Vec<_>>().join(", ")
    };
    let (missing, other) = (with(Deployed::Missing), with(Deployed::Other));
    if !other.is_empty() {
        return Finding::wrong(
            CHECK,
            format!("not the released source: {other}"),
            "do not use it; name the right contract with --contract or `recoup config set contract`",
        );
    }
    if !missing.is_empty() {
        return Finding::wrong(
            CHECK,
            format!("not on this chain: {missing}"),
            "deploy with `recoup contracts deploy`, or check --contract and --profile",
        );
    }
    Finding::ok(CHECK, format!("{core} and what it needs, as released"))
}

/// Whether the wallet can pay a fee.
pub(super) async fn balance(view: &View<'_>, address: Option<&Address>) -> Finding {
    const CHECK: &str = "balance";
    let Some(address) = address else {
        return Finding::skipped(CHECK, "needs a wallet");
    };
    let account = match view.account(&(*address).into()).await {
        Ok(account) => account,
        Err(failure) => return Finding::failed(CHECK, failure),
    };
    let locked = match account.locked {
        0 => String::new(),
        locked => format!(
            " ({} more are locked until burn height {})",
            TokenInfo::Stx.show(BaseUnits(locked)),
            account.unlock_height
        ),
    };
    let detail = format!("{} free{locked}", TokenInfo::Stx.show(BaseUnits(account.balance)));
    if account.balance == 0 {
        Finding::wrong(
            CHECK,
            detail,
            format!("send STX to {address}: every transaction pays a fee"),
        )
    } else {
        Finding::ok(CHECK, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_clock_may_differ_by_a_minute() {
        let now = DateTime::parse_from_rfc3339("2026-11-21T02:07:44Z")
            .unwrap()
            .to_utc();
        let verdict = |date| clock(date, now).verdict;
        assert_eq!(verdict(Some("Sat, 21 Nov 2026 02:07:44 GMT")), Verdict::Ok);
        assert_eq!(verdict(Some("Sat, 21 Nov 2026 02:06:44 GMT")), Verdict::Ok);
        assert_eq!(verdict(Some("Sat, 21 Nov 2026 02:06:43 GMT")), Verdict::Warning);
        assert_eq!(verdict(Some("Sat, 21 Nov 2026 02:08:45 GMT")), Verdict::Warning);
        assert_eq!(verdict(Some("yesterday")), Verdict::Skipped);
        assert_eq!(verdict(None), Verdict::Skipped);
    }
}
