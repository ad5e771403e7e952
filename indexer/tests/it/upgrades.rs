//! A database that an earlier version filled is brought up to date with nothing lost, and holds what a new one holds.

use recoup_block_tree::{Scenario, Shape};

use crate::api::ROOT;
use crate::harness::{TestIndexer, assert_same};
use crate::verify::{differences, verify};

/// Takes back what migrations 11 and 12 did, down to the totals of blocks off the chain.
const BEFORE_EXPIRY: &str = "
    alter table invoice drop column derived_status;
    drop index invoice_expiry_idx;
    create index invoice_merchant_status_idx on invoice (merchant, status, invoice_id) where canonical;
    create index invoice_payable_idx on invoice (merchant, status, expires_at) where canonical and status in (0, 1);
    create index invoice_refundable_idx on invoice (merchant, token, (expires_at + refund_window))
        where canonical and amount_refunded < amount_paid;
    alter table payer_ledger drop column deadline;
    drop view canonical_dump;
    drop table refundable_total;
    create view canonical_dump as
        select kind, key, content from core_dump union all select kind, key, content from satellite_dump;
    insert into running_total
    select distinct on (scope, subject, token) scope, subject, token, burn_height, orphan.stacks_height, orphan.index_block_hash, paid, refunded, payments,
           refunds
      from running_total, (select * from block where not canonical limit 1) as orphan;
    delete from _sqlx_migrations where version >= 11;";

#[test]
fn what_time_changed_is_derived_for_what_is_there() {
    let scenario = (0..)
        .map(|seed| Scenario::draw(seed, &Shape::of(30)))
        .find(|scenario| {
            let dump = scenario.dump();
            let has = |part: &str| dump.iter().any(|row| row.contains(part));
            has("\"derived_status\": 3") && has("refundable_total ")
        })
        .unwrap();
    let mut indexer = TestIndexer::start(ROOT);
    indexer.post_all(&scenario.payloads);
    indexer.stop_server();
    let followed = indexer.dump();
    assert!(indexer.count("select count(*) from block where not canonical") > 0);

    indexer.execute(BEFORE_EXPIRY);
    let (code, _, complaint) = verify(&indexer, &["--tables-only"]);
    assert_eq!(code, Some(2), "tables of another version are not read");
    assert!(complaint.contains("migrate"), "{complaint}");

    indexer.start_server();
    assert_same(&indexer.dump(), &followed, "brought up to date");
    assert_eq!(differences(&indexer), Vec::<String>::new());
}
