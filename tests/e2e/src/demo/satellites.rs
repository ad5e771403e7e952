//! What happens through the contracts beside `recoup-core`: a subscription, and a delegate's refund from the reserve.

use anyhow::Result;
use recoup_protocol::error::ContractError;

use super::narrator::Narrator;
use crate::accounts::{ALICE, BOB, SHOP};

/// The plan, and its first subscription.
const FIRST: &str = "1";
/// The invoice that the subscription's first payment makes.
const SUBSCRIPTION_INVOICE: &str = "4";
/// Has a refund window that is open now and not at the end of the demo.
const SHORT_INVOICE: &str = "3";

/// Alice subscribes, and gets a part of the first period back.
pub(super) fn subscription(narrator: &Narrator<'_>) -> Result<()> {
    narrator.chapter("A subscription: Alice pays its first period, and the shop refunds a part of it");
    narrator.say("The shop lets the subscriptions contract invoice for it, and offers 10 STX a day.");
    for command in [
        ["operator", "set", "subscriptions", "--may-invoice", "--yes"].as_slice(),
        &[
            "subscription",
            "plan",
            "create",
            "--amount",
            "10",
            "--interval",
            "144",
            "--yes",
        ],
    ] {
        narrator.run(SHOP, command)?;
    }
    narrator.run(ALICE, &["subscription", "subscribe", FIRST, "--yes"])?;
    narrator.run(
        SHOP,
        &[
            "refund",
            "create",
            "--invoice",
            SUBSCRIPTION_INVOICE,
            "--amount",
            "4",
            "--reference",
            "refund-5",
            "--reason",
            "Started late",
            "--yes",
        ],
    )?;
    Ok(())
}

/// Bob refunds what the shop owes, within the budget that it gives him.
pub(super) fn reserve(narrator: &Narrator<'_>) -> Result<()> {
    narrator.chapter(
        "The reserve: Bob helps out in the shop, and refunds with his own key from the shop's reserve",
    );
    for command in [
        ["operator", "set", "reserve", "--may-refund", "--yes"].as_slice(),
        &["reserve", "deposit", "20", "--yes"],
        &[
            "reserve",
            "delegate",
            BOB.address,
            "--per-refund",
            "3",
            "--per-period",
            "5",
            "--yes",
        ],
    ] {
        narrator.run(SHOP, command)?;
    }
    let refund = |amount| {
        [
            "refund",
            "create",
            "--invoice",
            SHORT_INVOICE,
            "--amount",
            amount,
            "--from-reserve",
            "--reference",
            "refund-6",
            "--yes",
        ]
    };
    narrator.say("More at once than the shop lets Bob refund:");
    narrator.refused(BOB, &refund("4"), ContractError::AboveLimit.name())?;
    narrator.say("Within the limit:");
    narrator.run(BOB, &refund("2"))?;
    narrator.run(SHOP, &["reserve", "show", "--delegate", BOB.address])?;
    Ok(())
}
