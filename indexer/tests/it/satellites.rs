//! Subscriptions, reserves and operators: what is told of them, on which fork, and what does not agree.

use recoup_indexer::server::Server;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::api::{
    Health, HealthStatus, Invoice, Operators, Page, PaidFrom, Refund, Reserves, Subscription,
    SubscriptionHistory,
};
use recoup_protocol::contracts::Contract;
use recoup_protocol::events::{ReserveEvent, SubscriptionsEvent};
use recoup_protocol::ids::{InvoiceId, SubscriptionId};
use recoup_protocol::status::SubscriptionStatus;
use recoup_stacks::clarity::Value as ClarityValue;
use recoup_stacks::hash::StacksHeight;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::harness::{TestIndexer, assert_same, config};
use crate::satellite_story::{
    DELEGATE, INTERVAL, ROOT, Script, beginning, left_branch, moved, operators_invoice, paid,
    refund_of_reserve, right_branch, satellite, subscription,
};
use crate::synthetic::{MERCHANT, PAYER, principal};

/// A body as its readers understand it, with nothing lost on the way.
fn body<T: DeserializeOwned + Serialize>(indexer: &TestIndexer, path: &str) -> T {
    let sent = indexer.get_ok(path);
    let understood: T = serde_json::from_value(sent.clone()).unwrap();
    assert_eq!(serde_json::to_value(&understood).unwrap(), sent);
    understood
}

fn shown<T: DeserializeOwned + Serialize>(indexer: &TestIndexer, path: &str) -> String {
    serde_json::to_string_pretty(&body::<T>(indexer, path)).unwrap()
}

#[test]
fn bodies_are_as_documented() {
    let (mut scripted, base) = beginning();
    left_branch(&mut scripted, &base);
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&scripted.chain.messages);
    let history = shown::<SubscriptionHistory>(&indexer, "/subscriptions/1");
    insta::assert_snapshot!("subscription", history);
    let reserves = shown::<Reserves>(&indexer, &format!("/reserves/{MERCHANT}"));
    insta::assert_snapshot!("reserves", reserves);
    let operators = shown::<Operators>(&indexer, &format!("/operators/{MERCHANT}"));
    insta::assert_snapshot!("operators", operators);

    let refund: Refund = body(&indexer, "/refunds/1");
    assert_eq!(
        (refund.paid_from, refund.delegate, refund.proven),
        (PaidFrom::Reserve, Some(principal(DELEGATE)), true)
    );
    for path in [format!("/refunds?merchant={MERCHANT}"), "/refunds".to_owned()] {
        let page: Page<Refund> = body(&indexer, &path);
        assert_eq!(page.items[0].paid_from, PaidFrom::Reserve, "{path}");
    }
    let invoice: Invoice = body(&indexer, "/invoices/1");
    assert_eq!(invoice.refunds[0].delegate, Some(principal(DELEGATE)));

    let health: Health = body(&indexer, "/health");
    assert_eq!(health.status, HealthStatus::Ok, "{health:?}");
}

#[test]
fn only_the_subscriptions_contract_says_which_invoice_is_a_subscriptions() {
    let (scripted, _) = beginning();
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&scripted.chain.messages);
    let told = |id: u64| {
        let invoice: Invoice = body(&indexer, &format!("/invoices/{id}"));
        (invoice.subscription_id, invoice.subscription_proven)
    };
    assert_eq!(told(1), (Some(SubscriptionId(1)), true));
    assert_eq!(told(2), (Some(SubscriptionId(1)), false));
    let history: SubscriptionHistory = body(&indexer, "/subscriptions/1");
    let invoices: Vec<_> = history
        .payments
        .items
        .iter()
        .map(|payment| payment.invoice_id)
        .collect();
    assert_eq!(invoices, [InvoiceId(1)]);
}

#[test]
fn lists_turn_pages_and_refuse_what_they_do_not_know() {
    let (mut scripted, base) = beginning();
    left_branch(&mut scripted, &base);
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&scripted.chain.messages);
    for filter in [
        String::new(),
        format!("?merchant={MERCHANT}"),
        format!("?payer={PAYER}"),
    ] {
        let page: Page<Subscription> = body(&indexer, &format!("/subscriptions{filter}"));
        assert_eq!((page.items.len(), page.next_cursor), (1, None), "{filter}");
    }
    let of_another: Page<Subscription> = body(&indexer, &format!("/subscriptions?payer={MERCHANT}"));
    assert!(of_another.items.is_empty());
    let newest: SubscriptionHistory = body(&indexer, "/subscriptions/1?limit=1");
    assert_eq!(newest.payments.items[0].number, 2);
    let cursor = newest.payments.next_cursor.unwrap();
    let older: SubscriptionHistory = body(&indexer, &format!("/subscriptions/1?limit=1&cursor={cursor}"));
    assert_eq!(
        (older.payments.items[0].number, older.payments.next_cursor),
        (1, None)
    );
    for (path, status) in [
        ("/subscriptions/2", 404),
        ("/subscriptions/0", 404),
        ("/subscriptions/340282366920938463463374607431768211455", 404),
        ("/subscriptions?plan=1", 400),
        ("/subscriptions?cursor=18446744073709551615", 400),
        ("/subscriptions/1?limit=0", 400),
        ("/reserves/nobody", 400),
        ("/operators/nobody", 400),
        ("/operators/nobody?x=1", 400),
    ] {
        assert_eq!(indexer.get(path).0, status, "{path}");
    }
}

#[test]
fn a_fork_takes_payment_and_refund_away_and_brings_them_back() {
    let (mut scripted, base) = beginning();
    let (left, left_burn) = left_branch(&mut scripted, &base);
    let forked_from = scripted.chain.messages.len();
    right_branch(&mut scripted, &base);
    let switched = scripted.chain.messages.len();
    let mut burn = left_burn;
    for _ in 0..3 {
        burn = scripted.chain.burn(&burn);
    }
    scripted.chain.block(&left, &burn, Vec::new(), left.shop.clone());
    let messages = &scripted.chain.messages;

    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&messages[..forked_from]);
    let history: SubscriptionHistory = body(&indexer, "/subscriptions/1");
    assert_eq!(history.payments.items.len(), 2);
    let reserves: Reserves = body(&indexer, &format!("/reserves/{MERCHANT}"));
    assert_eq!(reserves.reserves[0].balance, BaseUnits(460));
    assert_eq!(reserves.reserves[0].delegates[0].spent, BaseUnits(40));

    indexer.post_all(&messages[forked_from..switched]);
    let history: SubscriptionHistory = body(&indexer, "/subscriptions/1");
    assert_eq!(history.payments.items.len(), 1);
    assert_eq!(history.subscription.status, SubscriptionStatus::Cancelled);
    let reserves: Reserves = body(&indexer, &format!("/reserves/{MERCHANT}"));
    assert_eq!(reserves.reserves[0].balance, BaseUnits(400));
    assert!(reserves.reserves[0].delegates.is_empty());
    assert_eq!(indexer.get("/refunds/1").0, 404);
    let alone = TestIndexer::start(ROOT);
    let left_messages = 2; // its Bitcoin block and its Stacks block
    alone.post_all(&messages[..forked_from - left_messages]);
    alone.post_all(&messages[forked_from..switched]);
    assert_same(&indexer.dump(), &alone.dump(), "on the other branch");

    indexer.post_all(&messages[switched..]);
    let history: SubscriptionHistory = body(&indexer, "/subscriptions/1");
    assert_eq!(history.payments.items.len(), 2);
    let refund: Refund = body(&indexer, "/refunds/1");
    assert_eq!(refund.delegate, Some(principal(DELEGATE)));
    let alone = TestIndexer::start(ROOT);
    alone.post_all(&messages[..forked_from]);
    alone.post_all(&messages[switched..]);
    assert_same(&indexer.dump(), &alone.dump(), "back on the first branch");
    let health: Health = body(&indexer, "/health");
    assert_eq!(health.unproven_satellite_events, 0);
}

/// Each with the reason that the database gives for it.
#[test]
fn what_does_not_agree_is_kept_and_flagged() {
    let (mut scripted, base) = beginning();
    let burn = scripted.chain.burn(&base.tenure);
    let mut shop = base.shop.clone();
    let reserve = satellite(Contract::Reserve).to_string();
    let (other, created, payment) = operators_invoice(&mut shop, Contract::Reserve, 101);
    let jumped = subscription(2, 100 + 2 * INTERVAL, SubscriptionStatus::Active);
    let (refund, _) = refund_of_reserve(&mut shop, 1, 40, 101);
    let mut alone = refund.clone();
    alone.0.truncate(1);
    let scripts = vec![
        // A deposit that nobody transferred.
        Script::default().reserve(ReserveEvent::ReserveDeposited(moved(7, 507, 101))),
        // A balance that jumps.
        Script::default()
            .reserve(ReserveEvent::ReserveWithdrawn(moved(7, 499, 101)))
            .transfer(&reserve, MERCHANT, 7),
        // A period paid by somebody else's invoice.
        Script::default()
            .subscriptions(SubscriptionsEvent::SubscriptionPaid(paid(other, 101, jumped)))
            .core(created)
            .core(payment),
        // A refund that core does not know.
        alone,
    ];
    scripted.block(&base, &burn, scripts, shop);
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&scripted.chain.messages);
    let flagged = indexer.lines(
        "select disagreement from reserve_movement where disagreement is not null
          union all select disagreement from subscription_change where disagreement is not null order by 1",
    );
    assert_eq!(
        flagged,
        [
            "balance is not the sum of movements",
            "balance is not the sum of movements",
            "the invoice's issuer is not the subscriptions contract",
            "the transaction holds no such token transfer",
        ]
    );
    let health: Health = body(&indexer, "/health");
    assert_eq!(
        (health.status, health.unproven_satellite_events),
        (HealthStatus::Degraded, 4)
    );
    let history: SubscriptionHistory = body(&indexer, "/subscriptions/1");
    assert!(!history.payments.items[0].proven);
    let invoice: Invoice = body(&indexer, &format!("/invoices/{other}"));
    assert!(!invoice.subscription_proven);
}

#[test]
fn what_is_no_event_of_theirs_is_a_problem_and_of_others_is_nothing() {
    let (mut scripted, base) = beginning();
    let burn = scripted.chain.burn(&base.tenure);
    let mut state = subscription(u64::MAX, 100, SubscriptionStatus::Active);
    state.subscription_id = SubscriptionId(u128::MAX);
    let too_large = SubscriptionsEvent::SubscriptionPaid(paid(9, 101, state));
    let deposit = ReserveEvent::ReserveDeposited(moved(1, 501, 101)).to_value();
    let mut foreign = Script::default().reserve(ReserveEvent::ReserveDeposited(moved(1, 501, 101)));
    foreign.0[0]["contract_event"]["contract_identifier"] = json!(format!("{DELEGATE}.recoup-reserve"));
    let scripts = vec![
        Script::default().subscriptions(too_large),
        Script::default().print(Contract::Subscriptions, &deposit),
        Script::default().print(Contract::Reserve, &ClarityValue::UInt(1)),
        foreign,
    ];
    scripted.block(&base, &burn, scripts, base.shop.clone());
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&scripted.chain.messages);
    let health: Health = body(&indexer, "/health");
    assert_eq!((health.undecodable_events, health.quarantined), (3, 0));
    let reserves: Reserves = body(&indexer, &format!("/reserves/{MERCHANT}"));
    assert_eq!(reserves.reserves[0].balance, BaseUnits(500));
}

#[test]
fn a_database_of_other_satellites_is_refused_and_an_older_one_says_what_it_lacks() {
    let (mut scripted, base) = beginning();
    let begun = scripted.chain.messages.len();
    left_branch(&mut scripted, &base);
    let mut indexer = TestIndexer::start(ROOT);
    indexer.post_all(&scripted.chain.messages[..begun]);
    let mut other = config(indexer.database_url(), ROOT);
    other.ingest.satellites.reserve = format!("{DELEGATE}.recoup-reserve").parse().unwrap();
    let error = indexer.block_on(Server::start(other)).unwrap_err();
    assert!(
        error.to_string().contains(&format!("{DELEGATE}.recoup-reserve")),
        "{error}"
    );
    let health: Health = body(&indexer, "/health");
    assert_eq!(health.satellites_from, None);

    // As a version before these contracts left it.
    indexer.stop_server();
    indexer.execute(
        "truncate satellite_event, operator_change, subscription_plan, subscription, subscription_change,
                  reserve_movement, reserve_delegate_change, reserve, reserve_delegate;
         update indexed_chain set subscriptions_contract = null, reserve_contract = null",
    );
    indexer.start_server();
    let health: Health = body(&indexer, "/health");
    assert_eq!(health.satellites_from, Some(StacksHeight(102)));
    assert_eq!(health.reserve_contract, Some(satellite(Contract::Reserve)));
    indexer.post_all(&scripted.chain.messages[begun..]);
    let refund: Refund = body(&indexer, "/refunds/1");
    assert_eq!(refund.paid_from, PaidFrom::Reserve);
    assert_eq!(
        indexer.count("select count(*) from satellite_event where canonical"),
        2
    );
}
