//! Event archives: however a chain is written down, importing it gives what the observer gave.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use recoup_indexer::ingest::RootRule;
use recoup_stacks::hash::StacksHeight;
use recoup_test_support::{scratch_folder, wait_until};
use serde_json::Value;

use crate::harness::{TestIndexer, assert_same};
use crate::synthetic::{CORE, Posted, Random, random_chain};

const ROOT: RootRule = RootRule::Height(StacksHeight(100));
const LIMIT: Duration = Duration::from_secs(120);

/// What the observer makes of these messages.
fn observed(messages: &[Posted]) -> Vec<String> {
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(messages);
    indexer.dump()
}

/// As PostgreSQL's COPY writes it.
fn tsv_row(id: usize, path: &str, body: &str) -> String {
    let body = body
        .replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n");
    format!("{id}\t2026-01-02 03:04:05.678+00\t{path}\t{body}\n")
}

fn tsv(messages: &[Posted]) -> String {
    let row = |(id, message): (usize, &Posted)| tsv_row(id, message.path, &message.body.to_string());
    messages.iter().enumerate().map(row).collect()
}

/// An archive in a folder of its own.
struct Archive {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Archive {
    fn new(bytes: &[u8]) -> Self {
        let folder = scratch_folder("archive").unwrap();
        let path = folder.path().join("events.tsv");
        fs::write(&path, bytes).unwrap();
        Self {
            _folder: folder,
            path,
        }
    }
}

/// The program's `import`, into an empty database of the indexer, whose server stands still.
fn import_command(indexer: &TestIndexer, archive: &Path, root: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recoup-indexer"));
    command
        .args(["import", "--network", "testnet", "--core-contract", CORE])
        .args(["--start-block", root])
        .arg(archive)
        .env("RECOUP_DATABASE_URL", indexer.database_url())
        .stdin(Stdio::null());
    command
}

fn summary(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn import(indexer: &TestIndexer, archive: &Path) -> Value {
    summary(&import_command(indexer, archive, "100").output().unwrap())
}

fn stopped_indexer() -> TestIndexer {
    let mut indexer = TestIndexer::start(ROOT);
    indexer.stop_server();
    indexer
}

#[test]
fn every_form_of_an_archive_gives_what_the_observer_gave() {
    let chain = random_chain(31, 25);
    let expected = observed(&chain.messages);
    let text = tsv(&chain.messages);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let forms = [
        ("plain", text.clone().into_bytes()),
        ("gzip", gzip.finish().unwrap()),
        ("zstd", zstd::encode_all(text.as_bytes(), 1).unwrap()),
    ];
    for (form, bytes) in forms {
        let archive = Archive::new(&bytes);
        let indexer = stopped_indexer();
        let summary = import(&indexer, &archive.path);
        assert_eq!(summary["rows"], chain.messages.len());
        assert_same(&indexer.dump(), &expected, form);
        assert_eq!(
            indexer.count("select count(*) from inbox"),
            0,
            "the archive is the copy"
        );

        let piped = stopped_indexer();
        let mut command = import_command(&piped, Path::new("-"), "100");
        let output = command
            .stdin(File::open(&archive.path).unwrap())
            .output()
            .unwrap();
        assert_eq!(summary_rows(&output), chain.messages.len());
        assert_same(&piped.dump(), &expected, form);
    }
}

fn summary_rows(output: &Output) -> usize {
    usize::try_from(summary(output)["rows"].as_u64().unwrap()).unwrap()
}

#[test]
fn disorder_duplicates_and_damage_change_nothing() {
    let chain = random_chain(32, 25);
    let expected = observed(&chain.messages);
    let mut messages = [chain.messages.clone(), chain.messages].concat();
    Random::new(5).shuffle(&mut messages);
    let mut text = tsv(&messages);
    text.push_str("cut off in the mid\n");
    text.push_str(&tsv_row(1, "/new_mempool_tx", "[]"));
    text.push_str(&tsv_row(2, "/new_block", "{"));
    text.push_str(&tsv_row(2, "/new_block", "{"));
    let mut too_high = messages
        .iter()
        .find(|message| message.path == "/new_block")
        .unwrap()
        .body
        .clone();
    too_high["block_height"] = serde_json::json!(u64::MAX);
    too_high["index_block_hash"] = serde_json::json!(format!("0x{}", "ee".repeat(32)));
    text.push_str(&tsv_row(3, "/new_block", &too_high.to_string()));

    let indexer = stopped_indexer();
    import(&indexer, &Archive::new(text.as_bytes()).path);
    assert_same(&indexer.dump(), &expected, "shuffled, twice each");
    let kept = indexer.lines(
        "select source || ' ' || path || ' ' || (octet_length(body) > 0) from quarantine order by path, inbox_id",
    );
    assert_eq!(
        kept,
        [
            "archive (archive row) true",
            "archive /new_block true",
            "archive /new_block true"
        ]
    );
}

#[test]
fn an_import_that_is_killed_again_and_again_continues() {
    let chain = random_chain(33, 60);
    let expected = observed(&chain.messages);
    let archive = Archive::new(tsv(&chain.messages).as_bytes());
    let indexer = stopped_indexer();
    let small_batches = || {
        let mut command = import_command(&indexer, &archive.path, "100");
        command.args(["--batch-rows", "2"]);
        command
    };
    for pause in [0, 60, 120, 180, 240] {
        let mut child = small_batches()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last = summary(&small_batches().output().unwrap());
    assert!(
        last["rows_skipped"].as_u64().unwrap() > 0,
        "nothing was left to continue: {last}"
    );
    assert_eq!(last["rows"], chain.messages.len());
    assert_same(&indexer.dump(), &expected, "after five kills");
}

#[test]
fn what_was_imported_is_skipped_and_what_was_appended_is_not() {
    let chain = random_chain(34, 30);
    let expected = observed(&chain.messages);
    // More rows than a batch holds, so that the first part ends with a batch of its own.
    let half = chain.messages.len() / 2;
    let archive = Archive::new(tsv(&chain.messages[..half]).as_bytes());
    let indexer = stopped_indexer();
    assert_eq!(import(&indexer, &archive.path)["rows_skipped"], 0);
    fs::write(&archive.path, tsv(&chain.messages)).unwrap();
    let second = import(&indexer, &archive.path);
    assert_eq!(
        (&second["rows_skipped"], &second["rows"]),
        (&half.into(), &chain.messages.len().into())
    );
    assert_same(&indexer.dump(), &expected, "in two parts");

    // One that begins alike and differs later is no continuation.
    let mut changed = chain.messages.clone();
    changed[half].body["sent_again"] = serde_json::json!(true);
    fs::write(&archive.path, tsv(&changed)).unwrap();
    let refused = import_command(&indexer, &archive.path, "100").output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--from-start"));
    let mut from_start = import_command(&indexer, &archive.path, "100");
    assert_eq!(
        summary(&from_start.arg("--from-start").output().unwrap())["rows_skipped"],
        0
    );
    assert_same(&indexer.dump(), &expected, "once more");
}

#[test]
fn an_import_beside_a_running_indexer_is_followed_by_it() {
    let chain = random_chain(35, 24);
    let expected = observed(&chain.messages);
    let (past, live) = chain.messages.split_at(chain.messages.len() / 2);
    let archive = Archive::new(tsv(past).as_bytes());
    let indexer = TestIndexer::start(ROOT);
    thread::scope(|scope| {
        scope.spawn(|| import(&indexer, &archive.path));
        live.iter().for_each(|message| indexer.post(message));
    });
    indexer.settle();
    assert_same(
        &indexer.dump(),
        &expected,
        "the past imported, the present pushed",
    );
}

#[test]
fn the_recorded_node_ends_at_the_same_tip() {
    let text = include_str!("../../../tests/fixtures/regtest/events.jsonl");
    let rows = text.lines().enumerate().map(|(id, line)| {
        let record: Value = serde_json::from_str(line).unwrap();
        tsv_row(id, record["path"].as_str().unwrap(), &record["body"].to_string())
    });
    let archive = Archive::new(rows.collect::<String>().as_bytes());
    let indexer = TestIndexer::start(RootRule::FirstReceived);
    let output = import_command(&indexer, &archive.path, "first").output().unwrap();
    assert_eq!(summary_rows(&output), 439);
    assert!(indexer.tip().starts_with("187 0x7ee3aaa4"), "{}", indexer.tip());
    assert_eq!(indexer.count("select count(*) from block where canonical"), 187);
    assert_eq!(indexer.count("select count(*) from quarantine"), 0);
}

#[test]
fn half_an_archive_is_an_error() {
    let chain = random_chain(36, 12);
    let indexer = stopped_indexer();
    let compressed = zstd::encode_all(tsv(&chain.messages).as_bytes(), 1).unwrap();
    let mut command = import_command(&indexer, Path::new("-"), "100");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&compressed[..compressed.len() / 2]).unwrap();
    drop(pipe);
    let status = wait_until("the import to end", LIMIT, || Ok(child.try_wait().unwrap())).unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(!status.success(), "half an archive is no archive");
    assert!(stderr.contains("cannot read the archive"), "{stderr}");
}
