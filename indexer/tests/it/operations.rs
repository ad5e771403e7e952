//! What an operator sees: numbers, logs, and a manual that says what the program says.

use std::collections::BTreeSet;
use std::fs;

use recoup_block_tree::{Dense, Scenario, Shape};
use recoup_indexer::diagnosis::Condition;
use recoup_test_support::{TestDatabase, repository, scratch_folder, wait_until};
use serde_json::Value;

use crate::program::{LIMIT, Program, execute, lines, settle};

#[test]
fn every_number_has_a_name_a_type_and_a_help() {
    let scenario = Scenario::draw(81, &Shape::of(10));
    let database = TestDatabase::create().unwrap();
    let program = Program::new(database.url());
    let running = program.start();
    program.deliver(&scenario.payloads);
    settle(database.url());
    running.wait_until_ready();
    let (status, text) = running.ask_text("/metrics").unwrap();
    assert_eq!(status, 200);
    assert!(text.ends_with("# EOF\n"));
    let (head, samples): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("# "));
    insta::assert_snapshot!("metrics", head.join("\n"));
    let helped: BTreeSet<&str> = head
        .iter()
        .filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next())
        .collect();
    for sample in &samples {
        assert!(helped.iter().any(|name| sample.starts_with(name)), "{sample}");
    }
    let value = |name: &str| -> f64 {
        let sample = samples.iter().find(|sample| {
            sample
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(' '))
        });
        let sample = sample.unwrap_or_else(|| panic!("no {name} in\n{text}"));
        sample.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let tip = scenario.canonical().blocks.last().unwrap().block.height;
    assert_eq!(
        value("recoup_indexer_stacks_height"),
        f64::from(u32::try_from(tip).unwrap())
    );
    assert_eq!(value("recoup_indexer_is_writer"), 1.0);
    assert_eq!(value("recoup_indexer_ready"), 1.0);
    assert_eq!(value("recoup_indexer_inbox_messages"), 0.0);
    assert!(value("recoup_indexer_reorgs") > 0.0);
    assert_eq!(
        value("recoup_indexer_reorg_depth_blocks_count"),
        value("recoup_indexer_reorgs")
    );
    let sent = u32::try_from(scenario.payloads.len()).unwrap();
    assert_eq!(
        value("recoup_indexer_observer_messages_total{outcome=\"stored\"}"),
        f64::from(sent)
    );
    assert_eq!(
        value("recoup_indexer_ingest_duration_seconds_count"),
        f64::from(sent)
    );
    assert!(value("recoup_indexer_http_requests_total{route=\"/api/v1/ready\",status=\"200\"}") > 0.0);
    assert_eq!(value("recoup_indexer_condition{code=\"open-gaps\"}"), 0.0);
    // Strangers' paths are no labels.
    running.ask("/a-path-of-a-stranger").unwrap();
    let (_, text) = running.ask_text("/metrics").unwrap();
    assert!(!text.contains("stranger") && text.contains("route=\"(none)\""));
}

#[test]
fn the_manual_lists_the_conditions_of_the_program() {
    let path = repository().join("docs/OPERATIONS.md");
    let manual = fs::read_to_string(&path).unwrap();
    let rows: Vec<String> = Condition::ALL
        .iter()
        .map(|condition| {
            let ready = if condition.blocks_ready() { "503" } else { "200" };
            format!(
                "| `{}` | {ready} | {} | {} |",
                condition.code(),
                condition.meaning(),
                condition.remedy()
            )
        })
        .collect();
    assert!(
        manual.contains(&rows.join("\n")),
        "{} must hold these rows:\n{}",
        path.display(),
        rows.join("\n")
    );
}

#[test]
fn every_log_line_is_json_and_none_tells_a_secret() {
    let scenario = Scenario::draw(82, &Shape::of(4));
    let database = TestDatabase::create().unwrap();
    assert!(database.url().contains("user=recoup"), "{}", database.url());
    let secrets = scratch_folder("secrets").unwrap();
    let token = secrets.path().join("token");
    fs::write(&token, "hush-token\n").unwrap();
    let mut program = Program::new(
        &database
            .url()
            .replace("user=recoup", "user=recoup&password=hush-password"),
    )
    .with(&[
        "--log-format",
        "json",
        "--log",
        "trace",
        "--observer-path-prefix",
        "hush-prefix",
        "--node-url",
        "http://127.0.0.1:9",
        "--node-auth-token-file",
        token.to_str().unwrap(),
        "--repair-interval-ms",
        "50",
    ]);
    program.database_read = Some(
        database
            .url()
            .replace("user=recoup", "user=recoup&password=hush-reader"),
    );
    let running = program.start();
    let mut prefixed = scenario.payloads.clone();
    for message in &mut prefixed {
        message.path = if message.path == "/new_block" {
            "/hush-prefix/new_block"
        } else {
            "/hush-prefix/new_burn_block"
        };
    }
    program.deliver(&prefixed);
    assert_eq!(program.post(&scenario.payloads[0]), Some(404));
    settle(database.url());
    running.wait_for("/health", |_, body| {
        body["conditions"]
            .as_array()
            .is_some_and(|list| list.iter().any(|found| found["code"] == "repair-failing"))
    });
    running.ask("/refunds?limit=1").unwrap();
    // Failures are logged, too.
    execute(database.url(), "alter table chain_tip rename to chain_tip_away");
    running.wait_until_not_ready("ingest-failing");
    execute(database.url(), "alter table chain_tip_away rename to chain_tip");
    running.wait_until_ready();
    let log = running.process.stderr().unwrap();
    let levels: BTreeSet<String> = log
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            line["level"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(levels.contains("TRACE") && levels.contains("ERROR"), "{levels:?}");
    let told: Vec<&str> = log.lines().filter(|line| line.contains("hush")).collect();
    assert!(told.is_empty(), "{} lines, such as {}", told.len(), told[0]);
    let everything: BTreeSet<String> = [running.ask_text("/health"), running.ask_text("/metrics")]
        .into_iter()
        .map(|answer| answer.unwrap().1)
        .collect();
    assert!(everything.iter().all(|text| !text.contains("hush")));
}

#[test]
fn a_start_that_fails_is_told_in_json_too() {
    let program =
        Program::new("postgres://me:hush-password@127.0.0.1:9/nowhere").with(&["--log-format", "json"]);
    let mut running = program.spawn();
    wait_until("the end", LIMIT, || running.process.exit_status()).unwrap();
    let log = running.process.stderr().unwrap();
    assert!(!log.is_empty() && !log.contains("hush"), "{log}");
    for line in log.lines() {
        let _: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

/// What docs/OPERATIONS.md says of sizes: `cargo test -p recoup-indexer --test it -- --ignored --nocapture sizes`.
#[test]
#[ignore = "measures, for the manual"]
fn sizes() {
    let database = TestDatabase::create().unwrap();
    let program = Program::new(database.url());
    let folder = scratch_folder("sizes").unwrap();
    let archive = folder.path().join("dense.tsv");
    let mut file = fs::File::create(&archive).unwrap();
    let written = Dense::of(150, 100).write(&mut file).unwrap();
    let imported = program.command("import").arg(&archive).output().unwrap();
    assert!(imported.status.success(), "{imported:?}");
    let bytes: u64 = lines(
        database.url(),
        "select sum(pg_total_relation_size(oid))::text from pg_class
          where relkind = 'r' and relnamespace = 'public'::regnamespace",
    )[0]
    .parse()
    .unwrap();
    println!(
        "a refund with its invoice, payment and events: {} bytes",
        bytes / written.refunds
    );

    let observed = TestDatabase::create().unwrap();
    let program = Program::new(observed.url());
    let running = program.start();
    let scenario = Scenario::draw(83, &Shape::of(300));
    program.deliver(&scenario.payloads);
    settle(observed.url());
    let inbox = lines(
        observed.url(),
        "select (sum(pg_total_relation_size(format('inbox_from_%s', from_id)::regclass))
            + pg_total_relation_size('inbox_digest'))::text from inbox_partition",
    );
    let sent: usize = scenario
        .payloads
        .iter()
        .map(|message| message.body.to_string().len())
        .sum();
    let status = fs::read_to_string(format!("/proc/{}/status", running.process.id())).unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    println!(
        "inbox: {} messages of {sent} bytes take {}",
        scenario.payloads.len(),
        inbox[0]
    );
    println!("memory: {peak}");
}
