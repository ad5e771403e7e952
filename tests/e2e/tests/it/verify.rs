//! `recoup-indexer verify` against the contract as it runs in the local chain.

use std::process::Command;

use recoup_test_support::binary;
use serde_json::Value;
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
