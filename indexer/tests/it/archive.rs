//! Event archives: however a chain is written down, importing it gives what the observer gave.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use recoup_block_tree::{Arrival, Scenario, Shape, archive_row, write_archive};
use recoup_indexer::ingest::RootRule;
use recoup_stacks::hash::StacksHeight;
use recoup_test_support::{scratch_folder, wait_until};
use serde_json::Value;

use crate::harness::{CHECKPOINT_INTERVAL, TestIndexer, assert_same, cases};
use crate::synthetic::{CORE, Posted, Random, random_chain};

const ROOT: RootRule = RootRule::Height(StacksHeight(100));
const LIMIT: Duration = Duration::from_secs(120);

fn tsv<'a>(messages: impl IntoIterator<Item = &'a Posted>) -> Vec<u8> {
    let mut text = Vec::new();
    write_archive(&mut text, messages).unwrap();
    text
}

/// An archive in a folder of its own.
pub(crate) struct Archive {
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

impl Archive {
    pub(crate) fn new(bytes: &[u8]) -> Self {
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
        .env("RECOUP_CHECKPOINT_INTERVAL", CHECKPOINT_INTERVAL.to_string())
        .stdin(Stdio::null());
    command
}

fn summary(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn import(indexer: &TestIndexer, archive: &Path) -> Value {
    summary(&import_command(indexer, archive, "100").output().unwrap())
}

/// An empty database.
pub(crate) fn stopped_indexer() -> TestIndexer {
    let mut indexer = TestIndexer::start(ROOT);
    indexer.stop_server();
    indexer
}

#[test]
fn every_form_of_an_archive_ends_in_the_tables_of_the_oracle() {
    let scenario = Scenario::draw(31, &Shape::of(25).arriving(Arrival::rough()));
    let expected = scenario.dump();
    let text = tsv(&scenario.payloads);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&text).unwrap();
    let forms = [
        ("plain", text.clone()),
        ("gzip", gzip.finish().unwrap()),
        ("zstd", zstd::encode_all(text.as_slice(), 1).unwrap()),
    ];
    for (form, bytes) in forms {
        let archive = Archive::new(&bytes);
        let indexer = stopped_indexer();
        let summary = import(&indexer, &archive.path);
        assert_eq!(summary["rows"], scenario.payloads.len());
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
        assert_eq!(summary_rows(&output), scenario.payloads.len());
        assert_same(&piped.dump(), &expected, form);
    }
}

fn summary_rows(output: &Output) -> usize {
    usize::try_from(summary(output)["rows"].as_u64().unwrap()).unwrap()
}

#[test]
fn disorder_duplicates_and_damage_change_nothing() {
    let chain = random_chain(32, 25);
    let expected = chain.canonical(&chain.messages).dump();
    let mut messages = [chain.messages.clone(), chain.messages].concat();
    Random::new(5).shuffle(&mut messages);
    let mut text = String::from_utf8(tsv(&messages)).unwrap();
    text.push_str("cut off in the mid\n");
    text.push_str(&archive_row(1, "/new_mempool_tx", "[]"));
    text.push_str(&archive_row(2, "/new_block", "{"));
    text.push_str(&archive_row(2, "/new_block", "{"));
    let mut too_high = messages
        .iter()
        .find(|message| message.path == "/new_block")
        .unwrap()
        .body
        .clone();
    too_high["block_height"] = serde_json::json!(u64::MAX);
    too_high["index_block_hash"] = serde_json::json!(format!("0x{}", "ee".repeat(32)));
    text.push_str(&archive_row(3, "/new_block", &too_high.to_string()));

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
fn an_import_that_is_killed_anywhere_continues() {
    for seed in 0..u64::from(cases(3)) {
        let scenario = Scenario::draw(seed + 330, &Shape::of(30).arriving(Arrival::rough()));
        let archive = Archive::new(&tsv(&scenario.payloads));
        let indexer = stopped_indexer();
        let kills = kill_on_the_way(&indexer, &archive, &scenario, seed);
        assert!(kills >= 3, "seed {seed}: {kills} kills hit");
        let last = summary(&import_command(&indexer, &archive.path, "100").output().unwrap());
        assert!(
            last["rows_skipped"].as_u64().unwrap() > 0,
            "seed {seed}: nothing was left to continue: {last}"
        );
        assert_eq!(last["rows"], scenario.payloads.len());
        assert_same(
            &indexer.dump(),
            &scenario.dump(),
            &format!("seed {seed} after {kills} kills"),
        );
    }
}

/// Kills one import after the other, each when it has followed a few rows more than the one before; answers how often.
fn kill_on_the_way(indexer: &TestIndexer, archive: &Archive, scenario: &Scenario, seed: u64) -> usize {
    let mut random = Random::new(seed);
    let rows = i64::try_from(scenario.payloads.len()).unwrap();
    let imported = || indexer.count("select coalesce(max(row_count), 0)::bigint from archive_import");
    let mut kills = 0;
    while kills < 5 && imported() < rows - 20 {
        let target = imported() + 1 + i64::try_from(random.below(15)).unwrap();
        let mut command = import_command(indexer, &archive.path, "100");
        let mut child = command
            .args(["--batch-rows", "2"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ended = wait_until("some rows", LIMIT, || {
            let ended = child.try_wait().unwrap().is_some();
            Ok((ended || imported() >= target).then_some(ended))
        });
        thread::sleep(Duration::from_micros(random.next() % 10_000));
        child.kill().unwrap();
        child.wait().unwrap();
        kills += usize::from(!ended.unwrap());
    }
    kills
}

#[test]
fn what_was_imported_is_skipped_and_what_was_appended_is_not() {
    let chain = random_chain(34, 30);
    let expected = chain.canonical(&chain.messages).dump();
    // More rows than a batch holds, so that the first part ends with a batch of its own.
    let half = chain.messages.len() / 2;
    let archive = Archive::new(&tsv(&chain.messages[..half]));
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
    let expected = chain.canonical(&chain.messages).dump();
    let (past, live) = chain.messages.split_at(chain.messages.len() / 2);
    let archive = Archive::new(&tsv(past));
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
    let rows = (0..).zip(text.lines()).map(|(id, line)| {
        let record: Value = serde_json::from_str(line).unwrap();
        archive_row(id, record["path"].as_str().unwrap(), &record["body"].to_string())
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
    let compressed = zstd::encode_all(tsv(&chain.messages).as_slice(), 1).unwrap();
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

#[test]
fn an_archive_that_is_cut_in_a_row_loses_nothing_when_the_rest_comes() {
    let chain = random_chain(37, 20);
    let expected = chain.canonical(&chain.messages).dump();
    let text = tsv(&chain.messages);
    let blocks: Vec<usize> = text
        .windows(10)
        .enumerate()
        .filter(|(_, window)| *window == b"/new_block")
        .map(|(place, _)| place)
        .collect();
    // In the path of a row, at its end, within its body, before its last byte and without its line end.
    let row = blocks[blocks.len() / 2];
    let end = row + text[row..].iter().position(|byte| *byte == b'\n').unwrap();
    let indexer = stopped_indexer();
    for (length, is_error) in [
        (row + 4, true),
        (row + 10, true),
        (row + 200, true),
        (end - 1, true),
        (end, false),
        (end + 1, false),
    ] {
        let archive = Archive::new(&text[..length]);
        let output = import_command(&indexer, &archive.path, "100").output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), !is_error, "{length}: {stderr}");
        assert_eq!(
            stderr.contains("in the middle of row"),
            is_error,
            "{length}: {stderr}"
        );
        assert_eq!(indexer.count("select count(*) from quarantine"), 0);
    }
    let last = import(&indexer, &Archive::new(&text).path);
    assert!(last["rows_skipped"].as_u64().unwrap() > 0, "{last}");
    assert_same(&indexer.dump(), &expected, "in pieces");
}
