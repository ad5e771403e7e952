//! One database for one chain, one writer for one database, and an orderly end.

use std::process::{Command, Stdio};
use std::time::Duration;

use recoup_indexer::db::DbError;
use recoup_indexer::ingest::RootRule;
use recoup_indexer::server::{Server, ServerError};
use recoup_stacks::address::Network;
use recoup_stacks::hash::StacksHeight;
use recoup_test_support::{TestDatabase, wait_until};

use crate::harness::{TestIndexer, assert_same, config};
use crate::synthetic::{Chain, random_chain};

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
fn a_database_that_was_begun_elsewhere_is_refused() {
    let (chain, _) = Chain::new();
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&chain.messages);
    let other = config(indexer.database_url(), RootRule::Height(StacksHeight(90)));
    let error = indexer.block_on(Server::start(other)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("from Stacks height 100 on, not from 90"),
        "{error}"
    );
}

#[test]
fn status_is_what_health_says() {
    let (chain, _) = Chain::new();
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&chain.messages);
    let status = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recoup-indexer"));
        command
            .arg("status")
            .env("RECOUP_DATABASE_URL", indexer.database_url())
            .output()
            .unwrap()
    };
    let mut printed: serde_json::Value = serde_json::from_slice(&status().stdout).unwrap();
    let mut health = indexer.get_ok("/health");
    assert_eq!(health["process"]["is_writer"], true);
    assert_eq!(
        printed["process"],
        serde_json::Value::Null,
        "no process was asked"
    );
    for told in [&mut printed, &mut health] {
        told["process"].take();
        told["writer_seen_at"].take();
    }
    assert_eq!(printed, health);

    indexer.execute("delete from indexed_chain");
    let output = status();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("this database is new")
    );
}

#[test]
fn a_second_writer_stands_by_until_the_first_ends() {
    let chain = random_chain(2, 10);
    let (first_half, second_half) = chain.messages.split_at(chain.messages.len() / 2);
    let expected = {
        let indexer = TestIndexer::start(ROOT);
        indexer.post_all(&chain.messages);
        indexer.dump()
    };
    let mut indexer = TestIndexer::start(ROOT);
    indexer.post_all(first_half);
    let standby = indexer
        .block_on(Server::start(config(indexer.database_url(), ROOT)))
        .unwrap();
    let writers = "select count(*) from pg_locks where locktype = 'advisory' and granted
        and database = (select oid from pg_database where datname = current_database())";
    assert_eq!(indexer.count(writers), 1);
    indexer.stop_server();
    for message in second_half {
        let url = format!("http://{}{}", standby.observer_address().unwrap(), message.path);
        assert_eq!(
            ureq::post(url).send(message.body.to_string()).unwrap().status(),
            200
        );
    }
    indexer.settle();
    assert_same(&indexer.dump(), &expected, "at the end");
    indexer.block_on(standby.stop());
}

#[test]
fn broken_connections_are_made_anew() {
    let chain = random_chain(4, 15);
    let expected = {
        let indexer = TestIndexer::start(ROOT);
        indexer.post_all(&chain.messages);
        indexer.dump()
    };
    let indexer = TestIndexer::start(ROOT);
    for (number, message) in chain.messages.iter().enumerate() {
        if number % 10 == 5 {
            // As a restart of the database does; the node repeats what was not acknowledged.
            indexer.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity
                  where datname = current_database() and pid <> pg_backend_pid()",
            );
        }
        wait_until("the message to be taken", Duration::from_secs(60), || {
            let status = indexer.post_bytes(message.path, message.body.to_string().as_bytes());
            Ok((status == 200).then_some(()))
        })
        .unwrap();
    }
    indexer.settle();
    assert_same(&indexer.dump(), &expected, "at the end");
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
