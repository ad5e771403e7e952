//! What else is on the chain. None of it may change a row.

use serde_json::{Value, json};

use crate::random::Random;
use crate::shop::{MERCHANT, PAYER, SILENT_TOKEN, Shop, TOKEN, random_intents};
use crate::transaction::{Outcome, Transaction};

/// Contracts that look like core.
pub const LOOK_ALIKES: [&str; 6] = [
    "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core2",
    "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.Recoup-core",
    "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-cor",
    "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core::x",
    "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG.recoup-core",
    "SP1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRP7V1RN.recoup-core",
];
/// Numbers of transactions that are nobody's wish.
const FOREIGN: u64 = 1 << 32;

/// Puts other people's transactions among ours, and other events into ours.
pub(crate) fn mix_in(
    random: &mut Random,
    transactions: &mut Vec<Transaction>,
    shop: &Shop,
    burn_height: u64,
) {
    for _ in 0..random.below(3) {
        let place = random.below(transactions.len() + 1);
        let number = FOREIGN + (random.next() >> 32);
        transactions.insert(place, foreign(random, number, shop, burn_height));
    }
    for transaction in transactions.iter_mut() {
        if random.percent(20) {
            *transaction = transaction.clone().after(events(random));
        }
    }
}

/// A transaction with events that would be refunds, if they were core's, and had happened.
fn foreign(random: &mut Random, number: u64, shop: &Shop, burn_height: u64) -> Transaction {
    let mut scratch = shop.clone();
    let intents = random_intents(random, shop, number, true);
    let acts = scratch.execute(&intents, burn_height).unwrap_or_default();
    let transaction = Transaction::new(number, acts);
    match random.below(6) {
        0 => transaction.aborted(),
        1 => transaction.ending(Outcome::AbortByPostCondition),
        2 => transaction.ending(Outcome::Skipped),
        3 => transaction.under_topic("prints"),
        _ => transaction.printed_by(random.pick(&LOOK_ALIKES).unwrap()),
    }
}

/// Events of every kind, some of them of tokens that nobody knows.
fn events(random: &mut Random) -> Vec<Value> {
    let most = u128::MAX.to_string();
    let all = [
        json!({"type": "stx_transfer_event",
            "stx_transfer_event": {"sender": PAYER, "recipient": MERCHANT, "amount": most, "memo": "00"}}),
        json!({"type": "stx_burn_event", "stx_burn_event": {"sender": PAYER, "amount": most}}),
        json!({"type": "stx_lock_event", "stx_lock_event": {
            "locked_amount": "1", "unlock_height": "1", "locked_address": PAYER, "contract_identifier": "ST000000000000000000002AMW42H.pox-4"}}),
        json!({"type": "ft_transfer_event", "ft_transfer_event": {
            "asset_identifier": format!("{TOKEN}-nobody-knows::\u{202e}coin"), "sender": MERCHANT, "recipient": PAYER, "amount": most}}),
        json!({"type": "ft_mint_event", "ft_mint_event": {
            "asset_identifier": format!("{SILENT_TOKEN}::coin"), "recipient": PAYER, "amount": "0"}}),
        json!({"type": "nft_transfer_event", "nft_transfer_event": {
            "asset_identifier": format!("{TOKEN}::art"), "sender": MERCHANT, "recipient": PAYER, "raw_value": "0x0c00000000"}}),
        json!({"type": "contract_event", "contract_event": {
            "contract_identifier": TOKEN, "topic": "print", "raw_value": "0x0d000000026869", "value": {"UInt": 1e39}}}),
        json!({"type": "an_event_of_a_later_node", "an_event_of_a_later_node": {"amount": -1}}),
    ];
    (0..=random.below(3))
        .filter_map(|_| random.pick(&all).cloned())
        .collect()
}
