//! Exports: all rows, in both forms, safe, at constant memory, and never a part taken for the whole.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::api::{ROOT, followed, story};
use crate::harness::TestIndexer;
use crate::synthetic::{CORE, MERCHANT, PAYER};

/// Fills the table without a chain; the refunds are real rows of one block, with hostile reasons.
const MANY: &str = "
    set session_replication_role = replica;
    insert into block (index_block_hash, block_hash, parent_index_block_hash, stacks_height, election_burn_block_hash,
                       election_burn_height, is_nakamoto, block_time, attached, canonical, inbox_id)
    select sha256('block'), sha256('header'), sha256('parent'), 100, sha256('burn'), 100, true, now(), true, true, 1;
    insert into refund (index_block_hash, txid, ordinal, stacks_height, tx_index, refund_id, invoice_id, merchant,
                        issuer, payer, token, amount, reason, payer_paid, payer_refunded, deadline, burn_height, status)
    select sha256('block'), sha256(int4send(id)), 0, 100, id, id, 1 + id / 10, 'ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5',
           'ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5', 'ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG', null, id,
           '=cmd' || repeat(' padding', 20), 1000000, id, 5000, 100, 'final'
      from generate_series(1, 60000) as id;
    set session_replication_role = origin;";

fn text(indexer: &TestIndexer, path: &str) -> String {
    let (status, text) = indexer.get_text(path);
    assert_eq!(status, 200, "{path}: {text}");
    text
}

#[test]
fn both_forms_hold_what_the_list_holds_and_no_formula() {
    let (chain, _) = story();
    let indexer = followed(&chain);
    insta::assert_snapshot!("csv", text(&indexer, "/export/refunds.csv?order=oldest"));
    let listed = indexer.get_ok(&format!("/refunds?merchant={MERCHANT}"));
    let exported = text(&indexer, &format!("/export/refunds.jsonl?merchant={MERCHANT}"));
    let exported: Vec<Value> = exported
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(Value::from(exported), listed["items"]);
    assert_eq!(text(&indexer, "/export/refunds.jsonl?status=orphaned"), "");
    assert_eq!(
        text(&indexer, "/export/refunds.csv?status=orphaned")
            .lines()
            .count(),
        1
    );
    for wrong in ["limit=1", "cursor=x", "payer=x", "q=a"] {
        assert_eq!(
            indexer.get(&format!("/export/refunds.csv?{wrong}")).0,
            400,
            "{wrong}"
        );
    }
}

/// A process that answers the API and does nothing else.
struct ApiProcess {
    child: Child,
    api: String,
}

impl ApiProcess {
    fn start(database_url: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_recoup-indexer"))
            .args([
                "run",
                "--no-observer",
                "--no-ingest",
                "--api-listen",
                "127.0.0.1:0",
            ])
            .args(["--network", "testnet", "--core-contract", CORE])
            .env("RECOUP_DATABASE_URL", database_url)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut ready)
            .unwrap();
        let ready: Value = serde_json::from_str(&ready).unwrap();
        let api = ready["api"].as_str().unwrap().to_owned();
        Self { child, api }
    }

    /// Memory in kB: now, or the most so far.
    fn memory(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for ApiProcess {
    fn drop(&mut self) {
        // It is gone already when it failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn many_rows_stream_at_constant_memory_and_each_comes_once() {
    let indexer = TestIndexer::start(ROOT);
    indexer.execute(MANY);
    let process = ApiProcess::start(indexer.database_url());
    let url = format!("http://{}/api/v1/export/refunds.csv?payer={PAYER}", process.api);
    let response = ureq::get(url).call().unwrap();
    let mut lines = BufReader::new(response.into_body().into_reader()).lines();
    assert!(
        lines
            .next()
            .unwrap()
            .unwrap()
            .starts_with("refund_id,invoice_id,status,")
    );
    let mut before = 60_001;
    let (mut bytes, mut early) = (0, 0);
    for line in lines {
        let line = line.unwrap();
        bytes += line.len();
        let id: u64 = line.split(',').next().unwrap().parse().unwrap();
        assert_eq!(id, before - 1);
        before = id;
        if id == 58_000 {
            early = process.memory("VmRSS:");
        }
    }
    assert_eq!(before, 1);
    let most = process.memory("VmHWM:");
    assert!(bytes > 30_000_000, "{bytes}");
    assert!(
        most < early + 12_000,
        "{bytes} bytes were sent, and memory grew from {early} to {most} kB"
    );
}

#[test]
fn an_export_that_fails_on_the_way_has_no_end() {
    let indexer = TestIndexer::start(ROOT);
    indexer.execute(MANY);
    let response = ureq::get(indexer.api_url("/export/refunds.jsonl"))
        .call()
        .unwrap();
    let mut reader = response.into_body().into_reader();
    let mut first = [0; 1000];
    reader.read_exact(&mut first).unwrap();
    // The export waits for its reader soon, if it does not yet.
    let is_ended = || {
        let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                      where datname = current_database() and state like 'idle in transaction%'";
        thread::sleep(Duration::from_millis(100));
        indexer.count(ended) == 1
    };
    assert!((0..300).any(|_| is_ended()));
    let mut rest = Vec::new();
    let error = reader.read_to_end(&mut rest).unwrap_err();
    assert!(
        rest.len() < 30_000_000,
        "{} bytes came before {error}",
        rest.len()
    );
}

#[test]
fn only_so_many_exports_run_at_once() {
    let indexer = TestIndexer::start(ROOT);
    indexer.execute(MANY);
    let ask = || {
        let request = ureq::get(indexer.api_url("/export/refunds.csv"))
            .config()
            .http_status_as_error(false)
            .build();
        request.call().unwrap()
    };
    let running: Vec<_> = (0..4).map(|_| ask()).collect();
    assert!(running.iter().all(|response| response.status() == 200));
    assert_eq!(ask().status(), 429);
    assert_eq!(
        indexer.get_ok("/refunds?limit=1")["items"][0]["refund_id"],
        60_000
    );
}
