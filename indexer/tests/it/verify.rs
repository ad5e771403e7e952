//! `verify` finds whatever is changed in the tables and names it, finds nothing in what ingest wrote, and says when it
//! cannot compare.

use std::process::{Command, Stdio};
use std::sync::Arc;

use recoup_block_tree::{Fork, Scenario, Shape};
use recoup_indexer::ingest::RootRule;
use recoup_stacks::hash::StacksHeight;
use serde_json::Value;

use crate::checkpoints::final_span;
use crate::fake_node::{FakeNode, Faults};
use crate::harness::TestIndexer;

const ROOT: RootRule = RootRule::Height(StacksHeight(100));

/// How the program ended, what it reported, and what it complained of.
pub(crate) fn verify(indexer: &TestIndexer, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_recoup-indexer"))
        .args(["verify", "--json"])
        .args(arguments)
        .env("RECOUP_DATABASE_URL", indexer.database_url())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let complaint = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), report, complaint)
}

/// The differences, one line each.
pub(crate) fn differences(indexer: &TestIndexer) -> Vec<String> {
    let (code, report, complaint) = verify(indexer, &["--tables-only"]);
    let expected = if report["same"] == true { 0 } else { 1 };
    assert_eq!(code, Some(expected), "{complaint}");
    let found = report["first_differences"].as_array().unwrap();
    assert_eq!(report["differences"], found.len());
    found
        .iter()
        .map(|difference| {
            format!(
                "{}: {} not {}",
                difference["place"].as_str().unwrap(),
                difference["expected"],
                difference["found"]
            )
        })
        .collect()
}

/// Forks, flips back and what lies off the chain, with several refunds.
fn followed() -> TestIndexer {
    let scenario = (3..)
        .map(|seed| Scenario::draw(seed, &Shape::of(30)))
        .find(|scenario| {
            let dump = scenario.dump();
            let of = |kind: &str| dump.iter().filter(|row| row.starts_with(kind)).count();
            of("refund ") >= 4 && of("payer_ledger ") >= 4 && final_span(scenario) >= 3
        })
        .unwrap();
    let mut indexer = TestIndexer::start(ROOT);
    indexer.post_all(&scenario.payloads);
    indexer.stop_server();
    indexer
}

#[test]
fn what_ingest_wrote_has_no_difference() {
    let indexer = followed();
    assert_eq!(differences(&indexer), Vec::<String>::new());
    let (code, report, _) = verify(&indexer, &["--tables-only"]);
    assert_eq!(code, Some(0));
    assert_eq!(report["contract_compared"], false);
    assert_eq!(
        report["invoices"],
        indexer.count("select count(*) from invoice where canonical")
    );
    assert!(report["values"].as_u64().unwrap() > 100, "{report}");
    for selection in [
        &["--sample", "2", "--seed", "5"][..],
        &["--invoice", "1", "--invoice", "2"],
        &["--from-invoice", "2", "--to-invoice", "3"],
    ] {
        let (code, report, complaint) = verify(&indexer, &[&["--tables-only"], selection].concat());
        assert_eq!(code, Some(0), "{complaint}");
        assert_eq!(report["invoices"], 2, "{selection:?}");
    }
}

#[test]
fn every_kind_of_change_is_found_and_named() {
    let indexer = followed();
    // Each beside those before, in rows of its own as far as there are.
    let changes: [(&'static str, &str, &str); 25] = [
        (
            "update checkpoint set frontier = decode(repeat('ab', length(frontier)), 'hex')
              where burn_height = (select max(burn_height) from checkpoint where superseded_at is null)",
            "checkpoint ",
            " frontier: ",
        ),
        (
            "update checkpoint set refunds = refunds + 1
              where burn_height = (select min(burn_height) from checkpoint where superseded_at is null)",
            "checkpoint ",
            " refunds: ",
        ),
        (
            "update checkpoint_total set refunded = refunded + 1
              where burn_height = (select min(burn_height) from checkpoint where superseded_at is null)",
            "checkpoint ",
            " totals: ",
        ),
        (
            "alter table checkpoint_total drop constraint checkpoint_total_checkpoint_fkey;
             update checkpoint set root = decode(repeat('ab', 32), 'hex')
              where burn_height = (select max(burn_height) from checkpoint where superseded_at is null)",
            "checkpoint ",
            " root: ",
        ),
        (
            "update refund set deadline = deadline + 1
              where refund_id = (select min(refund_id) from refund where status = 'final')",
            "checkpoint ",
            " root: ",
        ),
        (
            "update refund set amount = abs(amount - 1) where refund_id = 1 and canonical",
            "refund ",
            " amount: ",
        ),
        (
            "update refund set reason = 'nobody said this' where refund_id = 2 and canonical",
            " reason: ",
            "nobody said this",
        ),
        (
            "update refund set refund_id = 1000 where refund_id = 3 and canonical",
            "refund ids count up",
            "\"3\" not \"1000\"",
        ),
        (
            "update payment set payer_paid = abs(payer_paid - 1) where ctid = (select min(ctid) from payment where canonical)",
            "payment ",
            " payer_paid: ",
        ),
        (
            "update invoice set amount_paid = abs(amount_paid - 1)
              where canonical and invoice_id = (select max(invoice_id) from invoice where canonical)",
            "invoice ",
            " amount_paid, the sum of its payments: ",
        ),
        (
            "update payer_ledger set refunded = abs(refunded - 1) where ctid = (select min(ctid) from payer_ledger)",
            "payer_ledger ",
            " refunded: ",
        ),
        (
            "update refundable_total set amount = amount + 1 where ctid = (select max(ctid) from refundable_total)",
            "refundable_total ",
            "the sum of open ledgers",
        ),
        (
            "update payer_ledger set deadline = deadline + 1 where ctid = (select min(ctid) from payer_ledger)",
            "payer_ledger ",
            " deadline: ",
        ),
        (
            "update invoice set derived_status = case derived_status when 3 then status else 3 end
              where canonical and invoice_id = (select min(invoice_id) from invoice where canonical and status in (0, 1))",
            "invoice ",
            " derived_status: ",
        ),
        (
            "delete from payer_ledger where ctid = (select max(ctid) from payer_ledger)",
            "payer_ledger ",
            "\"a row\" not null",
        ),
        (
            "insert into payer_ledger values (1, 'ST000000000000000000002AMW42H', 5, 0, 100)",
            "payer_ledger ST000000000000000000002AMW42H",
            "null not \"a row\"",
        ),
        (
            "update refund set status = 'final' where refund_id = (select max(refund_id) from refund where status = 'seen')
                and status = 'seen'",
            "status is that of the block",
            "\"seen\" not \"final\"",
        ),
        (
            "delete from refund_status_change where refund_status_change_id =
                (select min(refund_status_change_id) from refund_status_change)",
            "the history",
            "refund",
        ),
        (
            "update running_total set refunded = refunded + 1
              where ctid = (select max(ctid) from running_total where scope = 'merchant')",
            "running_total merchant",
            "totals are the sums",
        ),
        (
            "delete from running_total where ctid = (select min(ctid) from running_total where scope = 'payer')",
            "running_total payer",
            "not \"nothing\"",
        ),
        (
            "update contract_event set canonical = not canonical
              where ctid = (select max(ctid) from contract_event where name = 'invoice-created')",
            "contract_event ",
            "canonical is the block's",
        ),
        (
            "update contract_event set raw_value = '\\x0d00000000'
              where ctid = (select min(ctid) from contract_event where canonical and name = 'payment-received')",
            " raw_value: ",
            "\"an event of core\"",
        ),
        (
            "update block set burn_view_hash = decode(repeat('ab', 32), 'hex')
              where ctid = (select min(ctid) from block where canonical)",
            "block ",
            " burn_view_hash: ",
        ),
        (
            "update block set attached = false where ctid = (select max(ctid) from block where attached and not canonical)",
            "block ",
            " attached: \"true\" not \"false\"",
        ),
        (
            "update block set canonical = false where stacks_height = 101 and canonical",
            "block ",
            " canonical: \"true\" not \"false\"",
        ),
    ];
    let mut known = Vec::new();
    for (change, what, how) in changes {
        indexer.execute(change);
        let found = differences(&indexer);
        let is_named = |line: &&String| line.contains(what) && line.contains(how) && !known.contains(*line);
        assert!(
            found.iter().any(|line| is_named(&line)),
            "{change}\nis not told by {what:?} and {how:?} in\n{found:#?}"
        );
        known = found;
    }
}

#[test]
fn a_row_that_is_gone_is_missed_and_one_too_many_is_named() {
    let indexer = followed();
    indexer.execute(
        "create temporary table gone as select index_block_hash, txid, ordinal from refund where refund_id = 2 and canonical;
         delete from refund_status_change using gone where refund_status_change.index_block_hash = gone.index_block_hash
            and refund_status_change.txid = gone.txid and refund_status_change.ordinal = gone.ordinal;
         delete from refund using gone where refund.index_block_hash = gone.index_block_hash
            and refund.txid = gone.txid and refund.ordinal = gone.ordinal",
    );
    let found = differences(&indexer);
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("refund ") && line.ends_with("\"a row\" not null")),
        "{found:#?}"
    );
    assert!(
        found.iter().any(|line| line.contains("the sum of its refunds")),
        "{found:#?}"
    );

    // One that no event speaks of: a copy under the identity of another event of the same block.
    let indexer = followed();
    indexer.execute(
        "insert into payment select (jsonb_populate_record(payment, jsonb_build_object('ordinal', contract_event.ordinal,
                'txid', contract_event.txid))).*
           from payment join contract_event using (index_block_hash)
          where payment.canonical and contract_event.name = 'invoice-created' limit 1",
    );
    let found = differences(&indexer);
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("payment ") && line.ends_with("null not \"a row\"")),
        "{found:#?}"
    );
}

#[test]
fn a_node_behind_or_on_another_fork_is_no_difference() {
    let fork = Fork {
        depth: 3,
        branches: 2,
        refunds: 4,
    };
    let (scenario, turns) = fork.draw(5);
    let scenario = Arc::new(scenario);
    let node = FakeNode::start(&scenario, 5, Faults::default());
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&scenario.chain.messages[..turns[0]]);
    let settings = node.settings();
    let url = settings.client.base_url();
    let cases = [
        (
            turns[0] - 2,
            "cannot compare: the node is behind, at Stacks height",
        ),
        (turns[1], "cannot compare: the node is on another fork"),
    ];
    for (told, complaint) in cases {
        node.follow(told);
        let (code, report, stderr) = verify(&indexer, &["--node-url", url]);
        assert_eq!(code, Some(2), "that is no difference");
        assert!(stderr.contains(complaint), "{stderr}");
        assert_eq!(report, Value::Null, "nothing is reported");
    }
    let (code, _, stderr) = verify(&indexer, &[]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("--node-url is needed"), "{stderr}");
}
