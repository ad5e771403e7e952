//! A refund's plan, as the merchant sees it before anything is signed.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::text::{Reference, Text};
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::BurnHeight;
use serde::Serialize;

use crate::burn_time;
use crate::output::Fields;
use crate::profile::Chain;
use crate::refund::Plan;
use crate::token::TokenInfo;

/// The plan in the command's JSON document.
#[derive(Serialize)]
pub(super) struct PlanDocument {
    network: Chain,
    invoice_id: InvoiceId,
    merchant: Principal,
    issuer: Principal,
    /// Who signs for the reserve.
    #[serde(skip_serializing_if = "Option::is_none")]
    delegate: Option<Principal>,
    /// What the merchant's reserve holds afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    reserve_after: Option<BaseUnits>,
    /// What the delegate may still refund in this period afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_after: Option<BaseUnits>,
    payer: Principal,
    token: Token,
    symbol: String,
    decimals: u8,
    amount: BaseUnits,
    expected_refunded: BaseUnits,
    /// What the payer can still get back afterwards.
    left_after: BaseUnits,
    /// First burn height at which it is refused.
    deadline: BurnHeight,
    /// The burn height of the plan.
    burn_height: BurnHeight,
    reference: Option<Reference>,
    reason: Option<Text>,
    /// In micro-STX.
    fee: String,
    /// Whether the post-condition is exactly the amount.
    is_fence_exact: bool,
    warnings: Vec<String>,
}

impl PlanDocument {
    pub(super) fn new(plan: &Plan, chain: Chain, fee: u64) -> Self {
        let intent = plan.intent.clone();
        Self {
            network: chain,
            invoice_id: intent.invoice_id,
            merchant: intent.merchant,
            issuer: intent.issuer,
            delegate: intent.delegate,
            reserve_after: plan.reserve.as_ref().map(|reserve| reserve.balance_after),
            budget_after: plan.reserve.as_ref().map(|reserve| reserve.budget_after),
            payer: intent.payer,
            token: intent.token,
            symbol: plan.token.symbol().to_owned(),
            decimals: plan.token.decimals(),
            amount: intent.amount,
            expected_refunded: intent.expected_refunded,
            left_after: plan.left_after,
            deadline: plan.deadline,
            burn_height: plan.burn_height,
            reference: intent.reference,
            reason: intent.reason,
            fee: fee.to_string(),
            is_fence_exact: plan.fence.is_exact,
            warnings: plan.warnings.clone(),
        }
    }
}

/// The plan as a table.
pub(super) fn plan_text(plan: &Plan, chain: Chain, fee: u64, wallet: &str) -> String {
    let deadline = burn_time::until(plan.deadline, plan.burn_height);
    text(plan, chain, fee, wallet, &deadline)
}

fn text(plan: &Plan, chain: Chain, fee: u64, wallet: &str, deadline: &str) -> String {
    let intent = &plan.intent;
    let fields = Fields::new()
        .row("invoice", intent.invoice_id)
        .row("refund", plan.token.show(intent.amount))
        .optional("token", plan.token.contract())
        .row("to payer", &intent.payer)
        .row(
            "from",
            match &intent.delegate {
                Some(delegate) => format!("the merchant's reserve (delegate {delegate}, wallet {wallet})"),
                None => format!("{} (wallet {wallet})", intent.issuer),
            },
        )
        .optional(
            "reserve after",
            plan.reserve
                .as_ref()
                .map(|reserve| plan.token.show(reserve.balance_after)),
        )
        .optional(
            "your budget after",
            plan.reserve
                .as_ref()
                .map(|reserve| plan.token.show(reserve.budget_after)),
        )
        .row("refunded before", plan.token.show(intent.expected_refunded))
        .row("left after", plan.token.show(plan.left_after))
        .row("deadline", deadline)
        .optional("reference", intent.reference.as_ref())
        .optional("reason (public for ever)", intent.reason.as_ref())
        .row("fee", TokenInfo::Stx.show(BaseUnits(fee.into())))
        .row("network", chain);
    format!("Refund\n{}", fields.to_text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::RefundIntent;

    fn plan(reason: Option<Text>) -> Plan {
        let issuer = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
        let amount = BaseUnits(1_500_000);
        Plan {
            intent: RefundIntent {
                core: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core"
                    .parse()
                    .unwrap(),
                invoice_id: InvoiceId(7),
                merchant: issuer.parse().unwrap(),
                issuer: issuer.parse().unwrap(),
                delegate: None,
                payer: "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG".parse().unwrap(),
                token: Token::Stx,
                asked: "25%".to_owned(),
                amount,
                expected_refunded: BaseUnits(0),
                reference: reason.as_ref().map(|_| "order-7".parse().unwrap()),
                reason,
            },
            token: TokenInfo::Stx,
            fence: TokenInfo::Stx.fence(issuer.parse().unwrap(), amount),
            left_after: BaseUnits(4_500_000),
            deadline: BurnHeight(154),
            burn_height: BurnHeight(64),
            reserve: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn shows_who_gets_what_and_what_is_left() {
        insta::assert_snapshot!(text(&plan(None), Chain::Local, 300, "shop", "soon"));
    }

    #[test]
    fn a_reason_cannot_forge_lines_of_the_plan() {
        let reason = "late\n  refund  999 STX\u{1b}[1A".parse().unwrap();
        insta::assert_snapshot!(text(&plan(Some(reason)), Chain::Mainnet, 300, "shop", "soon"));
    }
}
