//! What the endpoint answers a node, and what it keeps.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use recoup_indexer::ingest::RootRule;
use recoup_stacks::hash::StacksHeight;
use recoup_test_support::wait_until;

use crate::harness::{TestIndexer, assert_same};
use crate::synthetic::{Chain, random_chain};

const ROOT: RootRule = RootRule::Height(StacksHeight(100));

#[test]
fn every_path_and_every_body_is_answered_200_and_kept() {
    let indexer = TestIndexer::start(ROOT);
    let bodies: [(&str, &[u8]); 7] = [
        ("/new_block", b"not json"),
        ("/new_block", br#"{"block_height": 1}"#),
        ("/new_burn_block", &[0xff, 0x00, 0x80]),
        ("/new_block", b""),
        ("/attachments/new", b"[]"),
        ("/drop_mempool_tx", b"{}"),
        ("/whatever/a/later/node/sends", b"\x00"),
    ];
    for (path, body) in bodies {
        assert_eq!(indexer.post_bytes(path, body), 200, "{path}");
    }
    indexer.settle();
    assert_eq!(indexer.count("select count(*) from inbox"), 7);
    assert_eq!(
        indexer.lines("select path from quarantine order by inbox_id"),
        ["/new_block", "/new_block", "/new_burn_block", "/new_block"]
    );
    assert_eq!(indexer.get_ok("/health")["quarantined"], 4);
}

#[test]
fn what_cannot_be_read_or_stored_holds_up_nothing() {
    let (chain, _) = Chain::new();
    let mut too_high = chain.messages[2].clone();
    too_high.body["block_height"] = serde_json::json!(u64::MAX);
    too_high.body["index_block_hash"] = serde_json::json!(format!("0x{}", "ee".repeat(32)));
    let indexer = TestIndexer::start(ROOT);
    indexer.post_bytes("/new_block", b"{");
    indexer.post(&too_high);
    indexer.post_all(&chain.messages);
    assert!(indexer.tip().starts_with("100 "));
    assert_eq!(indexer.count("select count(*) from quarantine"), 2);
    let reasons = indexer.lines("select reason from quarantine order by inbox_id");
    assert!(reasons[1].contains("does not fit its column"), "{reasons:?}");
}

#[test]
fn the_answer_is_one_that_the_node_takes() {
    let indexer = TestIndexer::start(ROOT);
    let url = indexer.observer_url("");
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    // As in tests/fixtures/regtest/observer-request-headers.txt.
    let request = "POST /new_mempool_tx HTTP/1.1\r\nHost: observer\r\nConnection: close\r\nContent-Type: application/json\r\n\
                   Content-Length: 2\r\n\r\n[]";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let answer = answer.to_lowercase();
    assert!(answer.starts_with("http/1.1 200 ok\r\n"), "{answer}");
    assert_eq!(answer.matches("content-length: 0\r\n").count(), 1, "{answer}");
    assert!(!answer.contains("content-type"), "{answer}");
}

#[test]
fn the_secret_prefix_is_demanded_and_left_out_of_what_is_kept() {
    let indexer = TestIndexer::start_with(ROOT, |config| {
        config.observer.path_prefix = Some("hush".to_owned())
    });
    assert_eq!(indexer.post_bytes("/new_mempool_tx", b"[]"), 404);
    assert_eq!(indexer.post_bytes("/hush2/new_mempool_tx", b"[]"), 404);
    assert_eq!(indexer.post_bytes("/hush/new_mempool_tx", b"[]"), 200);
    assert_eq!(indexer.lines("select path from inbox"), ["/new_mempool_tx"]);
}

#[test]
fn a_full_inbox_tells_the_node_to_wait_and_loses_nothing() {
    let chain = random_chain(3, 12);
    let expected = {
        let indexer = TestIndexer::start(ROOT);
        indexer.post_all(&chain.messages);
        indexer.dump()
    };
    let indexer = TestIndexer::start_with(ROOT, |config| config.observer.inbox_limit = 2);
    let mut refused = 0;
    for message in &chain.messages {
        let body = message.body.to_string();
        wait_until("room in the inbox", Duration::from_secs(60), || {
            let status = indexer.post_bytes(message.path, body.as_bytes());
            assert!(matches!(status, 200 | 503), "{status}");
            refused += usize::from(status == 503);
            Ok((status == 200).then_some(()))
        })
        .unwrap();
    }
    indexer.settle();
    assert_same(&indexer.dump(), &expected, &format!("after {refused} refusals"));
}

#[test]
fn a_body_above_the_limit_is_refused_and_not_kept() {
    let indexer = TestIndexer::start_with(ROOT, |config| config.observer.body_limit = 1000);
    assert_eq!(indexer.post_bytes("/new_block", &[b' '; 1001]), 413);
    assert_eq!(indexer.post_bytes("/new_mempool_tx", &[b' '; 1000]), 200);
    assert_eq!(indexer.count("select count(*) from inbox"), 1);
}

#[test]
fn without_the_table_the_node_is_told_to_wait() {
    let indexer = TestIndexer::start(ROOT);
    indexer.execute("alter table inbox rename to inbox_away");
    assert_eq!(indexer.post_bytes("/new_mempool_tx", b"[]"), 503);
    indexer.execute("alter table inbox_away rename to inbox");
    assert_eq!(indexer.post_bytes("/new_mempool_tx", b"[]"), 200);
}

#[test]
fn a_failure_half_way_leaves_no_half_state() {
    let chain = random_chain(5, 15);
    let expected = {
        let indexer = TestIndexer::start(ROOT);
        indexer.post_all(&chain.messages);
        indexer.dump()
    };
    let indexer = TestIndexer::start(ROOT);
    // The last statement of a message's transaction fails, as if the connection broke there.
    indexer.execute(
        "create function fail() returns trigger language plpgsql as $$ begin raise 'broken' using errcode = '57P01'; end $$;
         create trigger fail before update of inbox_id on chain_tip for each row execute function fail();",
    );
    for message in &chain.messages {
        indexer.post(message);
    }
    wait_until("ingest to have tried", Duration::from_secs(60), || {
        // Neither a block nor an event may be visible however often it was tried.
        let stored = indexer.count("select (select count(*) from block) + (select count(*) from burn_block)");
        assert_eq!(stored, 0);
        let tries = indexer.count(
            "select coalesce(sum(xact_rollback), 0)::bigint from pg_stat_database where datname = current_database()",
        );
        Ok((tries >= 2).then_some(()))
    })
    .unwrap();
    indexer.execute("drop trigger fail on chain_tip");
    indexer.settle();
    assert_same(&indexer.dump(), &expected, "at the end");
}
