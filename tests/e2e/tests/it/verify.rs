//! `recoup-indexer verify` against the contract as it runs in the local chain.

use std::process::Command;

use recoup_e2e::accounts::{ALICE, Account, BOB, SHOP};
use recoup_e2e::participant::Participant;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{
    Call, CreatePlan, Delegation, PaidIn, PeriodPayment, RefundOrder, ReserveCall, SubscriptionsCall,
};
use recoup_protocol::contracts::Contract;
use recoup_protocol::ids::{InvoiceId, PlanId, SubscriptionId};
use recoup_protocol::text::Reference;
use recoup_protocol::token::Token;
use recoup_test_support::binary;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;

use crate::world::{Trade, World};

/// Two sales; of the first, a part was refunded twice.
fn world_with_refunds() -> World {
    let world = World::with_contracts();
    let mut trade = Trade::new(world.scene.node(), 0);
    let sale = trade.sell(&world.scene).unwrap();
    trade.sell(&world.scene).unwrap();
    world.mine(1);
    for nth in 0..2 {
        trade.refund(&world.scene, sale, nth).unwrap();
        world.scene.chain().burn(1).unwrap();
    }
    world.scene.wait_until_followed().unwrap();
    world
}

/// How the program ended, and what it reported.
fn verify(world: &World, arguments: &[&str]) -> (bool, Value) {
    let output = Command::new(binary("recoup-indexer", "recoup-indexer").unwrap())
        .args(["verify", "--json", "--node-requests-per-second", "1000"])
        .args(["--node-url", world.scene.chain().url()])
        .args(arguments)
        .env("RECOUP_DATABASE_URL", world.database.url())
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .map_err(|_| String::from_utf8_lossy(&output.stderr))
        .unwrap();
    (output.status.success(), report)
}

fn execute(world: &World, statements: &'static str) {
    Runtime::new().unwrap().block_on(async {
        let mut connection = PgConnection::connect(world.database.url()).await.unwrap();
        sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn the_tables_are_what_the_contract_holds_and_a_refund_taken_out_of_all_of_them_is_missed() {
    let world = world_with_refunds();
    for selection in [&[][..], &["--sample", "1"], &["--invoice", "1"]] {
        let (success, report) = verify(&world, selection);
        assert!(success, "{report:#}");
        assert_eq!(report["contract_compared"], true);
        assert_eq!(
            report["invoices"],
            if selection.is_empty() { 2 } else { 1 },
            "{report:#}"
        );
    }

    // As if it had never been: the tables agree with each other.
    execute(
        &world,
        "delete from refund_status_change using refund
          where refund.refund_id = 2 and refund_status_change.index_block_hash = refund.index_block_hash
            and refund_status_change.txid = refund.txid and refund_status_change.ordinal = refund.ordinal;
         update invoice set amount_refunded = invoice.amount_refunded - refund.amount
           from refund where refund.refund_id = 2 and invoice.invoice_id = refund.invoice_id;
         update payer_ledger set refunded = payer_ledger.refunded - refund.amount
           from refund where refund.refund_id = 2 and payer_ledger.invoice_id = refund.invoice_id
            and payer_ledger.payer = refund.payer;
         update refundable_total set amount = refundable_total.amount + refund.amount
           from refund where refund.refund_id = 2 and refundable_total.merchant = refund.merchant
            and refundable_total.token = coalesce(refund.token, 'STX');
         delete from running_total using refund
          where refund.refund_id = 2 and running_total.index_block_hash = refund.index_block_hash;
         with gone as (delete from refund where refund_id = 2 returning index_block_hash, txid, ordinal)
         select set_config('recoup.txid', encode(txid, 'hex'), false) from gone;
         delete from contract_event where encode(txid, 'hex') = current_setting('recoup.txid')",
    );
    let (success, report) = verify(&world, &["--tables-only"]);
    assert!(success, "{report:#}");
    let (success, report) = verify(&world, &[]);
    assert!(!success);
    let places: Vec<&str> = report["first_differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|difference| difference["place"].as_str().unwrap())
        .collect();
    let expected = [
        "last-refund-id, the number of rows",
        "invoice 1 amount_refunded",
        "refund 2",
    ];
    for place in expected {
        assert!(places.contains(&place), "{place} is not in {places:?}");
    }
    assert!(
        places
            .iter()
            .any(|place| place.starts_with("payer_ledger 1 ") && place.ends_with(" refunded")),
        "{places:?}"
    );
    assert_eq!(places.len(), 4, "{places:?}");
}

/// The shop lets both contracts act for it; Alice has a subscription of two periods, Bob refunded her from the reserve.
fn world_with_satellites() -> World {
    let world = world_with_refunds();
    world.deploy(&[
        ("recoup-subscriptions", "contracts/recoup-subscriptions.clar"),
        ("recoup-reserve", "contracts/recoup-reserve.clar"),
    ]);
    let (scene, node) = (&world.scene, world.scene.node());
    let core = scene.contract();
    let [subscriptions, reserve] =
        [Contract::Subscriptions, Contract::Reserve].map(|contract| contract.beside(core));
    let participant = |account: Account| Participant::new(node, account).unwrap();
    let (mut shop, mut alice, mut bob) = (participant(SHOP), participant(ALICE), participant(BOB));
    for (operator, may_refund) in [(&subscriptions, false), (&reserve, true)] {
        let set = Call::SetOperator {
            operator: operator.clone().into(),
            may_refund,
            may_invoice: !may_refund,
        };
        shop.call(node, core, &set).unwrap();
    }
    let plan = CreatePlan {
        token: Token::Stx,
        amount: BaseUnits(100),
        interval: 144,
        refund_window: None,
    };
    shop.call(node, &subscriptions, &SubscriptionsCall::CreatePlan(plan))
        .unwrap();
    let deposit = PaidIn {
        order: BaseUnits(500),
        token: None,
    };
    shop.call(node, &reserve, &ReserveCall::Deposit(deposit)).unwrap();
    let delegation = Delegation {
        delegate: bob.principal(),
        token: Token::Stx,
        per_refund: BaseUnits(50),
        per_period: BaseUnits(80),
        period: 20,
        expires_in: 1_000,
    };
    shop.call(node, &reserve, &ReserveCall::SetDelegate(delegation))
        .unwrap();
    world.mine(1);
    let payment = PeriodPayment {
        merchant: shop.principal(),
        amount: BaseUnits(100),
        token: None,
    };
    let subscribe = SubscriptionsCall::Subscribe {
        plan_id: PlanId(1),
        payment: payment.clone(),
    };
    alice.call(node, &subscriptions, &subscribe).unwrap();
    world.mine(1);
    let pay = SubscriptionsCall::Pay {
        subscription_id: SubscriptionId(1),
        payment,
    };
    alice.call(node, &subscriptions, &pay).unwrap();
    let order = RefundOrder {
        invoice_id: InvoiceId(1),
        payer: alice.principal(),
        amount: BaseUnits(10),
        expected_refunded: BaseUnits(20),
        reference: Some(Reference::new("from-reserve").unwrap()),
        reason: None,
    };
    bob.call(
        node,
        &reserve,
        &ReserveCall::Refund(PaidIn { order, token: None }),
    )
    .unwrap();
    world.mine(1);
    world.scene.wait_until_followed().unwrap();
    world
}

fn places(report: &Value) -> Vec<String> {
    let found = report["first_differences"].as_array().unwrap();
    let place = |difference: &Value| {
        format!(
            "{} {}: {} not {}",
            difference["against"].as_str().unwrap(),
            difference["place"].as_str().unwrap(),
            difference["expected"],
            difference["found"]
        )
    };
    found.iter().map(place).collect()
}

/// A lie that the tables tell alike, with how it is undone, and a line that tells it.
const LIES: [(&str, &str, &str); 9] = [
    (
        "update subscription_plan set amount = 101",
        "update subscription_plan set amount = 100",
        "contract subscription_plan 1 amount: \"100\" not \"101\"",
    ),
    (
        "update subscription set subscription_id = 2",
        "update subscription set subscription_id = 1",
        "contract subscription 1: \"a row\" not null",
    ),
    (
        "update subscription_change set next_due = next_due + 1 where payments = 2",
        "update subscription_change set next_due = next_due - 1 where payments = 2",
        "contract subscription 1 next_due: ",
    ),
    (
        "update reserve set balance = 491",
        "update reserve set balance = 490",
        "contract reserve SHOP balance: \"490\" not \"491\"",
    ),
    (
        "update reserve_delegate set spent = 0",
        "update reserve_delegate set spent = 10",
        "contract reserve_delegate SHOP BOB spent: \"10\" not \"0\"",
    ),
    (
        "update operator_change set may_refund = false, may_invoice = true where may_refund",
        "update operator_change set may_refund = true, may_invoice = false where operator like '%.recoup-reserve'",
        "contract operator SHOP CORE-recoup-reserve may_refund: \"true\" not \"false\"",
    ),
    (
        "insert into reserve select merchant, 'ST000000000000000000002AMW42H.x', 5 from reserve",
        "delete from reserve where token is not null",
        "contract reserve SHOP ST000000000000000000002AMW42H.x: null not \"a row\"",
    ),
    (
        "update refund set reference = 'another' where refund_id = 1",
        "update refund set reference = 'refund-1-0' where refund_id = 1",
        "contract refund-references SHOP another: null not \"1\"",
    ),
    (
        "update invoice set reference = 'order-1' where invoice_id = 2",
        "update invoice set reference = 'order-2' where invoice_id = 2",
        "contract invoice-references SHOP order-1: \"1\" not \"2\"",
    ),
];

#[test]
fn subscriptions_reserves_operators_and_references_are_what_the_contracts_hold() {
    let world = world_with_satellites();
    let (success, report) = verify(&world, &[]);
    assert!(success, "{report:#}");
    let expected = json!({"plans": 1, "subscriptions": 1, "reserves": 2, "delegates": 1, "operators": 2});
    assert_eq!(report["satellites"], expected, "{report:#}");
    let deployer = world.scene.contract().address.to_string();
    for (lie, truth, told) in LIES {
        execute(&world, lie);
        let (success, report) = verify(&world, &[]);
        let found = places(&report);
        let told = told
            .replace("SHOP", SHOP.address)
            .replace("BOB", BOB.address)
            .replace("CORE-", &format!("{deployer}."));
        assert!(
            !success && found.iter().any(|line| line.starts_with(&told)),
            "{lie}\nis not told by {told} in\n{found:#?}"
        );
        execute(&world, truth);
    }
    // As if nobody had ever heard of the reserve's operator, nor of its events.
    execute(
        &world,
        "delete from operator_change where operator like '%.recoup-reserve';
         delete from contract_event as event where name = 'operator-set' and not exists (
                select from operator_change as change where change.txid = event.txid)",
    );
    let (success, report) = verify(&world, &["--tables-only"]);
    assert!(success, "{report:#}");
    let (_, report) = verify(&world, &[]);
    let told = format!(
        "contract operator {} {deployer}.recoup-reserve: \"a row\" not null",
        SHOP.address
    );
    assert_eq!(places(&report), [told]);
}
