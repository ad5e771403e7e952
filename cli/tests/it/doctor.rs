//! `recoup doctor`: each thing that can be wrong is broken once, found, and named with what to do.

use std::fs;

use chrono::{TimeDelta, Utc};
use recoup_test_support::Recoup;
use serde_json::{Value, json};

use crate::fake_server;
use crate::shop::{Home, Shop, WALLETS};

fn examine(code: i32, recoup: &Recoup) -> Value {
    let command = recoup.command(["doctor", "--json"]).expect_code(code);
    command.run().unwrap().json().unwrap()
}

/// The finding of a check, as `verdict: detail`, and what it says to do.
fn finding(report: &Value, check: &str) -> (String, String) {
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["check"] == check);
    let text = |field: &str| found.unwrap()[field].as_str().unwrap_or_default().to_owned();
    (format!("{}: {}", text("verdict"), text("detail")), text("hint"))
}

fn assert_finding(report: &Value, check: &str, start: &str, hint: &str) {
    let (found, to_do) = finding(report, check);
    assert!(found.starts_with(start), "{check}: {found}");
    assert!(to_do.contains(hint), "{check}: {to_do}");
}

fn now() -> String {
    Utc::now().to_rfc2822()
}

pub(crate) fn health(core: &str, height: u64, status: &str) -> String {
    let hash = format!("0x{}", "ab".repeat(32));
    json!({
        "status": status, "ready": true, "conditions": [], "core_contract": core,
        "tip": {
            "index_block_hash": hash, "stacks_height": height, "burn_block_hash": hash, "burn_height": 1,
        },
        "burn_height": 1, "lag_burn_blocks": 0, "root_stacks_height": 1, "inbox_depth": 0, "quarantined": 0,
        "undecodable_events": 0, "unproven_refunds": 0, "unproven_satellite_events": 0, "open_gaps": 0, "reorgs": 0,
    })
    .to_string()
}

#[test]
fn all_is_well() {
    let shop = Shop::open();
    let core = format!("{}.recoup-core", WALLETS[0].1);
    let indexer = fake_server::always(&now(), &health(&core, u64::from(u32::MAX), "ok"));
    let recoup = shop.of("shop").with_env("RECOUP_INDEXER_URL", indexer);
    let report = examine(0, &recoup);
    for check in [
        "configuration",
        "wallet",
        "node",
        "clock",
        "contracts",
        "balance",
        "indexer",
    ] {
        assert_finding(&report, check, "ok: ", "");
    }
    let text = recoup.command(["doctor"]).run().unwrap().stdout;
    assert!(text.contains("contracts      ok"), "{text}");
}

#[test]
fn a_node_that_is_down_behind_or_of_another_chain() {
    let shop = Shop::open();
    let recoup = shop.of("shop");
    let down = recoup.clone().with_env("RECOUP_NODE_URL", "http://127.0.0.1:1");
    let report = examine(3, &down);
    assert_finding(&report, "node", "wrong: ", "check that the node runs");
    assert_finding(&report, "contracts", "skipped: ", "");

    shop.chain.faults(&json!({ "is_fully_synced": false })).unwrap();
    assert_finding(
        &examine(3, &recoup),
        "node",
        "wrong: ",
        "wait until it has caught up",
    );
    shop.chain
        .faults(&json!({ "clear": true, "network_id": 1 }))
        .unwrap();
    assert_finding(&examine(3, &recoup), "node", "wrong: ", "choose the profile");
}

#[test]
fn contracts_that_are_missing_or_others() {
    let shop = Shop::open();
    let recoup = |contract: &str| {
        let id = format!("{}.{contract}", WALLETS[0].1);
        shop.of("shop").with_env("RECOUP_CONTRACT", id)
    };
    let report = examine(3, &recoup("nothing-here"));
    assert_finding(
        &report,
        "contracts",
        "wrong: not on this chain",
        "recoup contracts deploy",
    );
    let report = examine(3, &recoup("mock-sbtc"));
    assert_finding(
        &report,
        "contracts",
        "wrong: not the released source",
        "do not use it",
    );
}

#[test]
fn an_indexer_that_is_away_behind_or_of_another_contract() {
    let shop = Shop::open();
    let recoup = |url: &str| shop.of("shop").with_env("RECOUP_INDEXER_URL", url);
    let core = format!("{}.recoup-core", WALLETS[0].1);
    let report = examine(0, &recoup("http://127.0.0.1:1"));
    assert_finding(&report, "indexer", "warning: no answer", "check that it runs");
    shop.chain.mine(20).unwrap();
    let report = examine(0, &recoup(&fake_server::always(&now(), &health(&core, 1, "ok"))));
    assert_finding(&report, "indexer", "warning: at Stacks height 1, ", "is old");
    let degraded = health(&core, u64::from(u32::MAX), "degraded");
    let report = examine(0, &recoup(&fake_server::always(&now(), &degraded)));
    assert_finding(&report, "indexer", "warning: ", "/api/v1/health");
    let other = health(&format!("{}.recoup-core", WALLETS[1].1), 1, "ok");
    let report = examine(3, &recoup(&fake_server::always(&now(), &other)));
    assert_finding(&report, "indexer", "wrong: follows ", "--indexer-url");
}

#[test]
fn a_wallet_that_is_missing_empty_or_locked() {
    let shop = Shop::open();
    let report = examine(3, &shop.of("nobody"));
    assert_finding(&report, "wallet", "wrong: there is no wallet", "wallet list");
    assert_finding(&report, "balance", "skipped: ", "");

    let home = Home::new();
    let recoup = home.recoup().with_env("RECOUP_NODE_URL", shop.chain.url());
    home.import(&recoup, "new", &"11".repeat(32));
    assert_finding(&examine(3, &recoup), "balance", "wrong: 0 STX", "send STX to ST");

    let empty = home.path().join("empty");
    fs::write(&empty, "not this").unwrap();
    let wrong = recoup.clone().with_env("RECOUP_PASSPHRASE_FILE", &empty);
    assert_finding(
        &examine(3, &wrong),
        "wallet",
        "wrong: new ST",
        "nothing was signed",
    );
    let unasked = Recoup::new(env!("CARGO_BIN_EXE_recoup"), recoup.home())
        .with_env("RECOUP_NODE_URL", shop.chain.url());
    assert_finding(
        &examine(3, &unasked),
        "wallet",
        "warning: new ST",
        "--passphrase-file",
    );
}

#[test]
fn a_clock_that_is_off() {
    let shop = Shop::open();
    let info: Value = shop.chain.client().get("/v2/info").unwrap();
    let an_hour_ago = (Utc::now() - TimeDelta::hours(1)).to_rfc2822();
    let node = fake_server::always(&an_hour_ago, &info.to_string());
    let report = examine(3, &shop.of("shop").with_env("RECOUP_NODE_URL", node));
    assert_finding(
        &report,
        "clock",
        "warning: this machine is 36",
        "set this machine's clock",
    );
}

#[test]
fn files_that_cannot_be_read() {
    let home = Home::new();
    let recoup = home.recoup().with_env("RECOUP_NODE_URL", "http://127.0.0.1:1");
    let journal = recoup.home().join("journal/local.journal");
    fs::create_dir_all(journal.parent().unwrap()).unwrap();
    fs::write(&journal, "not a journal\n").unwrap();
    assert_finding(&examine(3, &recoup), "journal", "wrong: ", "nothing is signed");
    fs::write(recoup.home().join("config.toml"), "profiles = 7").unwrap();
    assert_finding(&examine(3, &recoup), "configuration", "wrong: ", "");
}
