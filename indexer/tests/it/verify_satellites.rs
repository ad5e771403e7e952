//! `verify` names whatever is changed in the rows of subscriptions, reserve and operators.

use crate::harness::TestIndexer;
use crate::satellite_story::{ROOT, beginning, left_branch, right_branch};
use crate::verify::differences;

/// The tables that are tampered with, in an order in which they can be filled again.
const KEEP: &str = "
    create schema kept;
    create table kept.satellite_event as table satellite_event;
    create table kept.operator_change as table operator_change;
    create table kept.subscription_plan as table subscription_plan;
    create table kept.subscription as table subscription;
    create table kept.subscription_change as table subscription_change;
    create table kept.reserve_movement as table reserve_movement;
    create table kept.reserve_delegate_change as table reserve_delegate_change;
    create table kept.reserve as table reserve;
    create table kept.reserve_delegate as table reserve_delegate;";
const RESTORE: &str = "
    truncate satellite_event, operator_change, subscription_plan, subscription, subscription_change, reserve_movement,
             reserve_delegate_change, reserve, reserve_delegate;
    insert into satellite_event table kept.satellite_event;
    insert into operator_change table kept.operator_change;
    insert into subscription_plan table kept.subscription_plan;
    insert into subscription table kept.subscription;
    insert into subscription_change table kept.subscription_change;
    insert into reserve_movement table kept.reserve_movement;
    insert into reserve_delegate_change table kept.reserve_delegate_change;
    insert into reserve table kept.reserve;
    insert into reserve_delegate table kept.reserve_delegate;";

/// A subscription of two periods, a reserve of which a delegate refunded, and operators; and another branch, once
/// followed, on which the subscription was cancelled and the delegate revoked.
fn followed() -> TestIndexer {
    let (mut scripted, base) = beginning();
    right_branch(&mut scripted, &base);
    let (left, mut burn) = left_branch(&mut scripted, &base);
    for _ in 0..3 {
        burn = scripted.chain.burn(&burn);
    }
    scripted.chain.block(&left, &burn, Vec::new(), left.shop.clone());
    let mut indexer = TestIndexer::start(ROOT);
    indexer.post_all(&scripted.chain.messages);
    indexer.stop_server();
    indexer
}

/// What is done to the tables, and what must stand in one of the lines that tell it.
type Case = (&'static str, &'static [&'static [&'static str]]);

const EDITED: &[Case] = &[
    (
        "update subscription_plan set amount = 101 where canonical",
        &[&["subscription_plan ", " amount: \"100\" not \"101\""]],
    ),
    (
        "update subscription set payer = merchant where canonical",
        &[&["subscription ", " payer: "]],
    ),
    (
        "update subscription_change set next_due = 121 where canonical and payments = 2",
        &[&["subscription_change ", " next_due: \"120\" not \"121\""]],
    ),
    (
        "update subscription_change set payments = 3 where canonical and payments = 2",
        &[
            &["subscription_change ", " payments: \"2\" not \"3\""],
            &[
                "subscription 1: payments are the periods that were paid",
                "\"2\" not \"3\"",
            ],
        ],
    ),
    (
        "update subscription_change set disagreement = 'nobody found this' where canonical and payments = 2",
        &[&[
            "subscription_change ",
            " disagreement: null not \"nobody found this\"",
        ]],
    ),
    (
        "update reserve_movement set amount = 41 where canonical and kind = 'refund'",
        &[
            &["reserve_movement ", " amount: \"40\" not \"41\""],
            &[
                "reserve ",
                " STX: a balance is the sum of the movements",
                "\"459\" not \"460\"",
            ],
        ],
    ),
    (
        "update reserve_movement set canonical = true where kind = 'withdrawal'",
        &[&[
            "reserve_movement ",
            "canonical is the block's",
            "\"false\" not \"true\"",
        ]],
    ),
    (
        "update reserve_delegate_change set spent = 41 where canonical and spent = 40",
        &[&["reserve_delegate_change ", " spent: \"40\" not \"41\""]],
    ),
    (
        "update reserve set balance = 461",
        &[
            &["reserve ", " STX balance: \"460\" not \"461\""],
            &["a balance is the sum of the movements"],
        ],
    ),
    (
        "update reserve_delegate set per_refund = 51",
        &[&["reserve_delegate ", " STX per_refund: \"50\" not \"51\""]],
    ),
    (
        "update operator_change set may_invoice = true where canonical and may_refund",
        &[&["operator_change ", " may_invoice: \"false\" not \"true\""]],
    ),
    (
        "update satellite_event set raw_value = '\\x0d00000000' where canonical and name = 'plan-created'",
        &[
            &["satellite_event ", " name: null not \"plan-created\""],
            &["subscription_plan ", "null not \"a row\""],
        ],
    ),
    (
        "update satellite_event set canonical = false where canonical and name = 'reserve-deposited'",
        &[
            &[
                "satellite_event ",
                "canonical is the block's",
                "\"true\" not \"false\"",
            ],
            &[
                "reserve_movement ",
                " disagreement: \"balance is not the sum of movements\" not null",
            ],
        ],
    ),
];

const MISSING: &[Case] = &[
    (
        "delete from subscription_plan where canonical",
        &[&["subscription_plan ", "\"a row\" not null"]],
    ),
    (
        "delete from subscription where canonical",
        &[&["subscription ", "\"a row\" not null"]],
    ),
    (
        "delete from subscription_change where canonical and payments = 2",
        &[
            &["subscription_change ", "\"a row\" not null"],
            &["an invoice by the subscriptions contract is a period of a subscription"],
        ],
    ),
    (
        "delete from reserve_movement where canonical and kind = 'refund'",
        &[
            &["reserve_movement ", "\"a row\" not null"],
            &["refund 1: a refund by the reserve is a movement of it"],
        ],
    ),
    (
        "delete from reserve_delegate_change where canonical and spent = 40",
        &[&["reserve_delegate_change ", "\"a row\" not null"]],
    ),
    (
        "delete from reserve",
        &[&["reserve ", " STX: \"a row\" not null"]],
    ),
    (
        "delete from reserve_delegate",
        &[&["reserve_delegate ", " STX: \"a row\" not null"]],
    ),
    (
        "delete from operator_change where canonical and may_refund",
        &[&["operator_change ", "\"a row\" not null"]],
    ),
];

/// Rows that no event speaks of: copies under the identity of another event, or of somebody else.
const ADDED: &[Case] = &[
    (
        "insert into subscription_plan
         select (jsonb_populate_record(plan, jsonb_build_object('plan_id', 2, 'txid', event.txid, 'ordinal', event.ordinal,
                'index_block_hash', event.index_block_hash))).*
           from subscription_plan as plan, satellite_event as event
          where plan.canonical and event.canonical and event.name = 'delegate-set'",
        &[&["subscription_plan ", "null not \"a row\""]],
    ),
    (
        "insert into subscription
         select (jsonb_populate_record(subscription, jsonb_build_object('subscription_id', 2, 'txid', event.txid,
                'ordinal', event.ordinal, 'index_block_hash', event.index_block_hash))).*
           from subscription, satellite_event as event
          where subscription.canonical and event.canonical and event.name = 'delegate-set'",
        &[&["subscription ", "null not \"a row\""]],
    ),
    (
        "insert into subscription_change
         select (jsonb_populate_record(change, jsonb_build_object('invoice_id', 77, 'txid', event.txid,
                'ordinal', event.ordinal, 'index_block_hash', event.index_block_hash))).*
           from subscription_change as change, satellite_event as event
          where change.canonical and change.payments = 2 and event.canonical and event.name = 'delegate-set'",
        &[&["subscription_change ", "null not \"a row\""]],
    ),
    (
        "insert into reserve_movement
         select (jsonb_populate_record(movement, jsonb_build_object('txid', event.txid, 'ordinal', event.ordinal,
                'index_block_hash', event.index_block_hash))).*
           from reserve_movement as movement, satellite_event as event
          where movement.canonical and movement.kind = 'deposit' and event.canonical and event.name = 'delegate-set'",
        &[
            &["reserve_movement ", "null not \"a row\""],
            &["a balance is the sum of the movements", "\"960\" not \"460\""],
        ],
    ),
    (
        "insert into reserve_delegate_change
         select (jsonb_populate_record(change, jsonb_build_object('txid', event.txid, 'ordinal', event.ordinal,
                'index_block_hash', event.index_block_hash))).*
           from reserve_delegate_change as change, satellite_event as event
          where change.canonical and change.spent = 0 and event.canonical and event.name = 'plan-created'",
        &[&["reserve_delegate_change ", "null not \"a row\""]],
    ),
    (
        "insert into reserve values ('ST000000000000000000002AMW42H', null, 5)",
        &[&["reserve ST000000000000000000002AMW42H STX: null not \"a row\""]],
    ),
    (
        "insert into reserve_delegate select 'ST000000000000000000002AMW42H', delegate, token, per_refund, per_period,
                period_blocks, period_start, spent, expires_at from reserve_delegate",
        &[&["reserve_delegate ST000000000000000000002AMW42H ", "null not \"a row\""]],
    ),
    (
        "insert into operator_change
         select (jsonb_populate_record(change, jsonb_build_object('txid', event.txid, 'ordinal', event.ordinal,
                'index_block_hash', event.index_block_hash))).*
           from operator_change as change, contract_event as event
          where change.canonical and change.may_refund and event.canonical and event.name = 'refund-processed'",
        &[&["operator_change ", "null not \"a row\""]],
    ),
];

#[test]
fn rows_beside_core_that_are_changed_gone_or_made_up_are_named() {
    let indexer = followed();
    assert_eq!(differences(&indexer), Vec::<String>::new(), "as ingest wrote it");
    indexer.execute(KEEP);
    for (change, told) in [EDITED, MISSING, ADDED].concat() {
        indexer.execute(change);
        let found = differences(&indexer);
        for words in told {
            assert!(
                found
                    .iter()
                    .any(|line| words.iter().all(|word| line.contains(word))),
                "{change}\nis not told by {words:?} in\n{found:#?}"
            );
        }
        indexer.execute(RESTORE);
    }
    assert_eq!(differences(&indexer), Vec::<String>::new(), "as it was");
}

#[test]
fn a_reference_that_names_two_things_is_named() {
    let (mut scripted, base) = beginning();
    left_branch(&mut scripted, &base);
    let mut indexer = TestIndexer::start(ROOT);
    indexer.post_all(&scripted.chain.messages);
    indexer.stop_server();
    indexer.execute("update invoice set reference = 'order-1' where canonical");
    let found = differences(&indexer);
    assert!(
        found.iter().any(|line| {
            line.starts_with("invoice reference order-1 of ")
                && line.ends_with("a reference names one thing of its merchant: \"one\" not \"3\"")
        }),
        "{found:#?}"
    );
}
