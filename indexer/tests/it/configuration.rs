//! One database for one chain, one writer for one database, and an orderly end.

use std::process::{Command, Stdio};
use std::time::Duration;

use recoup_indexer::db::DbError;
use recoup_indexer::ingest::RootRule;
use recoup_indexer::server::{Server, ServerError};
use recoup_stacks::address::Network;
use recoup_stacks::hash::StacksHeight;
use recoup_test_support::TestDatabase;

use crate::harness::{TestIndexer, config};
use crate::synthetic::random_chain;

const ROOT: RootRule = RootRule::Height(StacksHeight(100));

#[test]
fn a_database_of_another_chain_is_refused() {
    let indexer = TestIndexer::start(ROOT);
    let mut other = config(indexer.database_url(), ROOT);
    other.ingest.core_contract = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG.recoup-core"
        .parse()
        .unwrap();
    let error = indexer.block_on(Server::start(other)).unwrap_err();
    assert!(
        matches!(error, ServerError::Db(DbError::OtherChain { .. })),
        "{error}"
    );
    let mut other = config(indexer.database_url(), ROOT);
    other.network = Network::Mainnet;
    let error = indexer.block_on(Server::start(other)).unwrap_err();
    assert!(error.to_string().contains(&indexer.core().to_string()), "{error}");
}

#[test]
fn a_second_writer_stands_by_until_the_first_ends() {
    let chain = random_chain(2, 10);
    let mut indexer = TestIndexer::start(ROOT);
    indexer.post_all(&chain.messages);
    let standby = config(indexer.database_url(), ROOT);
    let (server, dump) = {
        let start = Server::start(standby);
        let mut start = std::pin::pin!(start);
        let early =
            indexer.block_on(async { tokio::time::timeout(Duration::from_millis(500), &mut start).await });
        assert!(early.is_err(), "it must not write beside the first");
        let dump = indexer.dump();
        indexer.stop_server();
        (indexer.block_on(start).unwrap(), dump)
    };
    assert_eq!(indexer.dump(), dump);
    indexer.block_on(server.stop());
}

#[test]
fn the_program_says_when_it_listens_and_ends_when_told() {
    let database = TestDatabase::create().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_recoup-indexer"))
        .args([
            "run",
            "--network",
            "testnet",
            "--core-contract",
            crate::synthetic::CORE,
        ])
        .args([
            "--observer-listen",
            "127.0.0.1:0",
            "--api-listen",
            "127.0.0.1:0",
            "--log-format",
            "json",
        ])
        .env("RECOUP_DATABASE_URL", database.url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = child.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["ready"], true);
    assert_ne!(ready["api"], ready["observer"]);

    let told = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(told.success());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    for line in String::from_utf8(output.stderr).unwrap().lines() {
        let logged: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(logged["level"], "INFO", "{line}");
    }
}

#[test]
fn what_is_wrong_with_the_configuration_is_said_before_anything_is_connected() {
    let output = Command::new(env!("CARGO_BIN_EXE_recoup-indexer"))
        .args([
            "run",
            "--network",
            "mainnet",
            "--core-contract",
            crate::synthetic::CORE,
        ])
        .env("RECOUP_DATABASE_URL", "postgres://me:hush@127.0.0.1:1/nowhere")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("is no address of mainnet"), "{stderr}");
    assert!(!stderr.contains("hush"), "{stderr}");
}
