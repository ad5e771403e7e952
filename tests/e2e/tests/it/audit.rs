//! `recoup history audit`: whatever is changed in an indexer's table of refunds is detected, and named by a second indexer
//! and by the chain.

use std::env;
use std::fs;
use std::process::Command;
use std::time::Duration;

use recoup_e2e::accounts::{BOB, SHOP};
use recoup_e2e::docs::{Step, situations};
use recoup_test_support::{
    CHECKPOINT_INTERVAL, IndexerOptions, IndexerProcess, TestDatabase, binary, free_port, repository,
    wait_until,
};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;

use crate::json_page;
use crate::sources::payloads;
use crate::world::PaidInvoice;

const DIFFERS: i32 = 3;
const LIMIT: Duration = Duration::from_secs(90);

/// A shop that refunded four times over several burn blocks, two indexers that tell the same of it, and what an audit
/// saved.
struct Stage {
    paid: PaidInvoice,
    twin: IndexerProcess,
    saved: String,
    // The twin lets go of it before it is dropped.
    _database: TestDatabase,
}

impl Stage {
    fn set_up() -> Self {
        let paid = PaidInvoice::new();
        for (amount, reference) in [("1", "one"), ("2", "two"), ("3", "three"), ("4", "four")] {
            let create = ["refund", "create", "--invoice", PaidInvoice::ID, "--force"];
            let details = [
                "--amount",
                amount,
                "--reference",
                reference,
                "--reason",
                reference,
            ];
            paid.send(SHOP, &[&create[..], &details].concat());
            paid.world.scene.chain().burn(2).unwrap();
        }
        // Until all of it is final, and a block says so.
        for _ in 0..3 {
            paid.world.scene.chain().burn(6).unwrap();
        }
        paid.world.scene.wait_until_followed().unwrap();
        let (twin, database) = twin(&paid);
        let saved = paid.world.scene.chain().folder().join("saved.json");
        let stage = Self {
            paid,
            twin,
            saved: saved.display().to_string(),
            _database: database,
        };
        let report = stage.audit(0, &["--save", &stage.saved]);
        assert_eq!(
            report["compared_with"],
            serde_json::json!(["checkpoint"]),
            "{report:#}"
        );
        assert_eq!(report["refunds"], 4, "{report:#}");
        stage
    }

    fn audit(&self, code: i32, arguments: &[&str]) -> Value {
        let shop = self.paid.shop();
        let command = shop.command(["history", "audit", "--json"].iter().chain(arguments));
        let document = command.expect_code(code).run().unwrap().json().unwrap();
        json_page::check(&["history", "audit"], &document);
        document
    }

    /// With all that there is to compare with.
    fn full_audit(&self, code: i32) -> Value {
        self.audit(
            code,
            &[
                "--saved",
                &self.saved,
                "--against",
                self.twin.client().base(),
                "--chain",
            ],
        )
    }

    fn execute(&self, statements: &str) {
        let statements = sqlx::AssertSqlSafe(statements.to_owned());
        Runtime::new().unwrap().block_on(async {
            let mut connection = PgConnection::connect(self.paid.world.database.url())
                .await
                .unwrap();
            sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        });
    }
}

/// A second indexer, which hears what the first one heard.
fn twin(paid: &PaidInvoice) -> (IndexerProcess, TestDatabase) {
    let database = TestDatabase::create().unwrap();
    let options = IndexerOptions {
        database_url: database.url().to_owned(),
        observer_port: free_port().unwrap(),
        api_port: free_port().unwrap(),
        ..paid.world.scene.indexer_options().clone()
    };
    let twin = IndexerProcess::start(&options).unwrap();
    for payload in payloads(paid.world.database.url()) {
        let url = format!("http://127.0.0.1:{}{}", options.observer_port, payload.path);
        ureq::post(url).send(&payload.body).unwrap();
    }
    let tip = paid.world.scene.health().unwrap().tip;
    wait_until("the second indexer", LIMIT, || {
        let health: recoup_protocol::api::Health = twin.client().get("/api/v1/health")?;
        Ok((health.inbox_depth == 0 && health.tip == tip).then_some(()))
    })
    .unwrap();
    (twin, database)
}

/// What the differences against a side are about, with the refund.
fn named(report: &Value, side: &str) -> Vec<String> {
    let differences = report["first_differences"].as_array().unwrap();
    differences
        .iter()
        .filter(|difference| difference["against"] == side)
        .map(|difference| {
            format!(
                "{} {}",
                difference["refund_id"],
                difference["what"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn every_change_of_a_row_is_detected_and_named() {
    let stage = Stage::set_up();
    let report = stage.full_audit(0);
    assert_eq!(report["agrees"], true, "{report:#}");
    let sides = serde_json::json!(["checkpoint", "saved", "indexer", "chain"]);
    assert_eq!(report["compared_with"], sides, "{report:#}");

    // Rows refer to each other; whoever can write to the table can stop that, too.
    stage.execute(
        "alter table refund drop constraint refund_event_fkey;
         alter table refund_status_change drop constraint refund_status_change_refund_fkey;
         create table kept as select * from refund",
    );
    const COLUMNS: &str = "index_block_hash, txid, ordinal, stacks_height, tx_index, refund_id, invoice_id, merchant, issuer,
        payer, token, amount, reason, reference, payer_paid, payer_refunded, deadline, burn_height, disagreement, status";
    let address = BOB.address;
    let other_hash = "decode(repeat('ab', 32), 'hex')";
    // What is changed of the second refund, what the second indexer says of it, and what the chain says.
    let changes = [
        ("refund_id = 1000".to_owned(), "2 refund", Some("2 refund")),
        ("invoice_id = 5".to_owned(), "2 invoice_id", Some("2 invoice_id")),
        (
            format!("merchant = '{address}'"),
            "2 merchant",
            Some("2 merchant"),
        ),
        (format!("issuer = '{address}'"), "2 issuer", Some("2 issuer")),
        (format!("payer = '{address}'"), "2 payer", Some("2 payer")),
        (format!("token = '{address}.x'"), "2 token", Some("2 token")),
        ("amount = amount + 1".to_owned(), "2 amount", Some("2 amount")),
        ("reason = 'never said'".to_owned(), "2 reason", Some("2 reason")),
        ("reason = null".to_owned(), "2 reason", Some("2 reason")),
        (
            "reference = 'other'".to_owned(),
            "2 reference",
            Some("2 reference"),
        ),
        ("payer_paid = payer_paid + 1".to_owned(), "2 payer_paid", None),
        (
            "payer_refunded = payer_refunded + 1".to_owned(),
            "2 payer_refunded",
            None,
        ),
        ("deadline = deadline + 1".to_owned(), "2 deadline", None),
        (
            "burn_height = burn_height + 1".to_owned(),
            "2 burn_height",
            Some("2 burn_height"),
        ),
        ("disagreement = 'made up'".to_owned(), "2 proven", None),
        ("status = 'orphaned'".to_owned(), "2 refund", Some("2 refund")),
        (format!("txid = {other_hash}"), "2 txid", None),
        ("ordinal = ordinal + 1".to_owned(), "2 ordinal", None),
        (
            "index_block_hash = (select index_block_hash from kept where refund_id = 1)".to_owned(),
            "2 index_block_hash",
            None,
        ),
        (
            "stacks_height = stacks_height + 1".to_owned(),
            "2 stacks_height",
            None,
        ),
    ];
    let mut statements: Vec<(String, &str, Option<&str>)> = changes
        .into_iter()
        .map(|(change, indexer, chain)| {
            (
                format!("update refund set {change} where refund_id = 2"),
                indexer,
                chain,
            )
        })
        .collect();
    statements.push((
        "delete from refund where refund_id = 2".to_owned(),
        "2 refund",
        Some("2 refund"),
    ));
    statements.push((
        "delete from refund where refund_id = 4".to_owned(),
        "4 refund",
        Some("4 refund"),
    ));
    statements.push((
        format!(
            "insert into refund ({COLUMNS}) select {} from kept where refund_id = 4",
            COLUMNS
                .replacen("ordinal", "ordinal + 1", 1)
                .replacen("refund_id", "5", 1)
        ),
        "5 refund",
        Some("5 refund"),
    ));
    for (statement, indexer, chain) in statements {
        stage.execute(&statement);
        let report = stage.full_audit(DIFFERS);
        assert_eq!(report["agrees"], false, "{statement}: {report:#}");
        let of_saved = named(&report, "saved");
        assert!(
            of_saved.contains(&"null root".to_owned()),
            "{statement}: {report:#}"
        );
        let of_checkpoint = named(&report, "checkpoint");
        assert!(
            of_checkpoint.contains(&"null root".to_owned()),
            "{statement}: {report:#}"
        );
        assert!(
            named(&report, "indexer").contains(&indexer.to_owned()),
            "{statement}: {report:#}"
        );
        match chain {
            Some(chain) => assert!(
                named(&report, "chain").contains(&chain.to_owned()),
                "{statement}: {report:#}"
            ),
            None => assert_eq!(
                named(&report, "chain"),
                Vec::<String>::new(),
                "{statement}: {report:#}"
            ),
        }
        stage.execute(&format!(
            "truncate refund; insert into refund ({COLUMNS}) select {COLUMNS} from kept"
        ));
    }
    stage.full_audit(0);

    // A part begins where a checkpoint ended, and goes on from its tree.
    let newest = stage.audit(0, &[])["to"].as_u64().unwrap();
    let first: Value = stage
        .paid
        .world
        .scene
        .indexer()
        .unwrap()
        .get("/api/v1/refunds?order=oldest&limit=1")
        .unwrap();
    let first = first["items"][0]["position"]["burn_height"].as_u64().unwrap();
    let from = (first.div_ceil(CHECKPOINT_INTERVAL) * CHECKPOINT_INTERVAL + 1).to_string();
    let to = newest.to_string();
    let part = stage.audit(0, &["--from", &from, "--to", &to, "--chain"]);
    assert_eq!(
        part["compared_with"],
        serde_json::json!(["checkpoint", "chain"]),
        "{part:#}"
    );
    assert!(part["refunds"].as_u64().unwrap() < 4, "{part:#}");
    stage.execute("update refund set deadline = 1 where refund_id = 4");
    stage.audit(DIFFERS, &["--from", &from, "--to", &to]);
    stage.execute("update refund set deadline = kept.deadline from kept where refund.refund_id = 4 and kept.refund_id = 4");

    // What is no question.
    let root = stage.audit(0, &[])["root"].as_str().unwrap().to_owned();
    stage.audit(0, &["--root", &root]);
    stage.audit(DIFFERS, &["--root", &root.replace("0x", "0xff")[..66]]);
    stage.audit(2, &["--save", &stage.saved]);
    stage.audit(2, &["--saved", &stage.saved, "--to", "1"]);
    stage.audit(2, &["--saved", "/nonexistent"]);
    stage.audit(DIFFERS, &["--to", "99999999"]);
}

#[test]
fn the_audit_of_the_manual_works_as_written() {
    let stage = Stage::set_up();
    let document = fs::read_to_string(repository().join("docs/CHECKPOINTS.md")).unwrap();
    let situations = situations(&document).unwrap();
    assert!(!situations.is_empty());
    let folder = stage.paid.world.scene.chain().folder().join("auditor");
    fs::create_dir(&folder).unwrap();
    let program = binary("recoup", "recoup-cli").unwrap();
    let path = env::var("PATH").unwrap();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    let mut wrong = Vec::new();
    for step in situations.iter().flat_map(|situation| &situation.steps) {
        match step {
            Step::Event(event) => {
                assert_eq!(event, "somebody edits a refund");
                stage.execute("update refund set amount = amount + 1 where refund_id = 2");
            }
            Step::Command(shown) => {
                let typed = shown
                    .command
                    .replace("https://indexer.example", stage.twin.client().base());
                let recoup = stage.paid.shop().command(Vec::<&str>::new()).into_command();
                let mut shell = Command::new("sh");
                shell
                    .args(["-c", &format!("exec 2>&1; {typed}")])
                    .current_dir(&folder)
                    .env_clear();
                for (name, value) in recoup.get_envs() {
                    shell.env(name, value.unwrap_or_default());
                }
                let output = shell.env("PATH", &path).output().unwrap();
                let printed = String::from_utf8_lossy(&output.stdout).into_owned();
                wrong.extend(shown.objection(output.status.code(), &printed));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}
