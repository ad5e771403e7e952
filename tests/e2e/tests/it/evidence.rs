//! `recoup refund verify` and the indexer's proofs, against an honest chain and against each liar.

use std::fs;
use std::path::PathBuf;

use recoup_e2e::accounts::{ALICE, BOB, SHOP};
use recoup_e2e::docs::{Step, situations, type_in};
use recoup_e2e::participant::Participant;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{Call, PaidIn, RefundOrder};
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::text::{Reference, Text};
use recoup_test_support::{Answered, Asked, Server, repository};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;

use crate::json_page;
use crate::world::PaidInvoice;

/// The local chain's default `connection_options.auth_token`.
const NODE_TOKEN: &str = "12345";
/// What a merchant could write to mislead whoever reads a receipt.
const HOSTILE: &str = "<img src=x onerror=alert(1)>\u{202e}\0 & \"you\" owe 'us'\n";

/// Refund 1 by the shop, 2 and 3 in one call, 4 by a delegate from the reserve, 5 by an operator who is none any more.
struct Refunds {
    paid: PaidInvoice,
    token_file: PathBuf,
}

impl Refunds {
    fn new() -> Self {
        let paid = PaidInvoice::new();
        let world = &paid.world;
        world.deploy(&[("recoup-reserve", "contracts/recoup-reserve.clar")]);
        let refund = ["refund", "create", "--invoice", PaidInvoice::ID, "--amount"];
        let by = |account, more: &[&str]| paid.send(account, &[&refund[..], more].concat());
        by(
            SHOP,
            &["15", "--reference", "order-1", "--reason", "one lamp broken"],
        );

        let (node, core) = (world.scene.node(), world.scene.contract());
        let order = |amount: u128, so_far: u128, reference: &str, reason: &str| RefundOrder {
            invoice_id: InvoiceId(1),
            payer: ALICE.address.parse().unwrap(),
            amount: BaseUnits(amount),
            expected_refunded: BaseUnits(so_far),
            reference: Some(Reference::new(reference).unwrap()),
            reason: Some(Text::new(reason).unwrap()),
        };
        let many = PaidIn {
            order: vec![
                order(2_000_000, 15_000_000, "order-2", "two"),
                order(2_000_000, 17_000_000, "order-3", HOSTILE),
            ],
            token: None,
        };
        let mut shop = Participant::new(node, SHOP).unwrap();
        shop.call(node, core, &Call::RefundMany(many)).unwrap();
        world.mine(1);

        paid.send(SHOP, &["operator", "set", "reserve", "--may-refund"]);
        paid.send(SHOP, &["reserve", "deposit", "20"]);
        let budget = ["--per-refund", "3", "--per-period", "5"];
        paid.send(
            SHOP,
            &[&["reserve", "delegate", BOB.address][..], &budget].concat(),
        );
        by(BOB, &["3", "--from-reserve", "--reference", "order-4"]);
        paid.send(SHOP, &["operator", "set", BOB.address, "--may-refund"]);
        by(BOB, &["1", "--reference", "order-5"]);
        paid.send(SHOP, &["operator", "revoke", BOB.address]);
        world.scene.wait_until_followed().unwrap();

        let token_file = world.scene.chain().folder().join("token");
        fs::write(&token_file, format!("{NODE_TOKEN}\n")).unwrap();
        Self { paid, token_file }
    }

    /// The command's document, and what it says to people.
    fn run(&self, code: i32, command: &str, arguments: &[&str]) -> (Value, String) {
        let shop = self.paid.shop();
        let typed = ["refund", command];
        let command = shop.command(typed).arg("--json").expect_code(code);
        let finished = arguments
            .iter()
            .fold(command, |command, one| command.arg(one))
            .run();
        let finished = finished.unwrap();
        let document = finished.json().unwrap();
        json_page::check(&typed, &document);
        (document, finished.stderr)
    }

    fn verify(&self, code: i32, arguments: &[&str]) -> Value {
        self.run(code, "verify", arguments).0
    }

    /// With the node's token.
    fn verify_all(&self, code: i32, arguments: &[&str]) -> Value {
        let token = ["--node-auth-token-file", self.token_file.to_str().unwrap()];
        self.verify(code, &[arguments, &token[..]].concat())
    }

    /// Who differs, when the node at this address is asked of refund 1.
    fn liars_before(
        &self,
        change: impl Fn(&Asked, Answered) -> Answered + Send + Sync + 'static,
    ) -> Vec<String> {
        let liar = Server::before(self.paid.world.scene.node().base(), change).unwrap();
        let document = self.verify_all(3, &["1", "--node", &liar.url()]);
        assert_eq!(document["verified"], false);
        named(&document, "differs")
    }

    fn txid(&self, refund: u32) -> String {
        let path = format!("/api/v1/refunds/{refund}");
        let row: Value = self.paid.world.scene.indexer().unwrap().get(&path).unwrap();
        row["position"]["txid"].as_str().unwrap().to_owned()
    }

    fn execute(&self, statement: &'static str) {
        Runtime::new().unwrap().block_on(async {
            let url = self.paid.world.database.url();
            let mut connection = PgConnection::connect(url).await.unwrap();
            let done = sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
            assert_eq!(done.rows_affected(), 1, "{statement}");
            connection.close().await.unwrap();
        });
    }
}

/// Checks that ended so.
fn named(document: &Value, result: &str) -> Vec<String> {
    let checks = document["checks"].as_array().unwrap().iter();
    checks
        .filter(|check| check["result"] == result)
        .map(|check| check["check"].as_str().unwrap().to_owned())
        .collect()
}

/// Changes an answer in JSON when the path has this part.
fn edited(asked: &Asked, answered: Answered, part: &str, edit: impl Fn(&mut Value)) -> Answered {
    if !asked.path.contains(part) || answered.status != 200 {
        return answered;
    }
    let mut body: Value = serde_json::from_slice(&answered.body).unwrap();
    edit(&mut body);
    Answered::json(&body)
}

/// The first event of this sort in a block that was run again.
fn event<'a>(replay: &'a mut Value, sort: &str) -> Option<&'a mut Value> {
    let transactions = replay["transactions"].as_array_mut().unwrap().iter_mut();
    let mut events = transactions.flat_map(|one| one["events"].as_array_mut().unwrap());
    events.find(|event| event["type"] == sort)
}

const ALL: [&str; 5] = ["transaction", "event", "transfer", "map", "indexer"];

#[test]
fn honest_sources_agree_and_each_liar_is_named() {
    let refunds = Refunds::new();
    honest(&refunds);
    batches(&refunds);
    without_token_or_indexer(&refunds);
    lying_nodes(&refunds);
    proofs_of_the_indexer(&refunds);
    receipts(&refunds);
    lying_indexer(&refunds);
    documented(&refunds);
}

/// docs/PROOFS.md, typed as it stands there.
fn documented(refunds: &Refunds) {
    let document = fs::read_to_string(repository().join("docs/PROOFS.md")).unwrap();
    let [story] = situations(&document).unwrap().try_into().unwrap();
    let folder = refunds.token_file.parent().unwrap();
    let mut commands = 0;
    for step in story.steps {
        match step {
            Step::Event(event) => {
                assert_eq!(event, "the-indexer-lies");
                refunds.execute("update refund set amount = amount + 1 where refund_id = 1");
            }
            Step::Command(shown) => {
                let (exit, printed) = type_in(&refunds.paid.shop(), folder, &shown.command).unwrap();
                let objection = shown.objection(exit, &printed);
                assert!(objection.is_none(), "{}", objection.unwrap_or_default());
                commands += 1;
            }
        }
    }
    assert!(commands >= 4, "{commands} commands were typed");
}

/// For a customer: the data of the chain, whatever a merchant wrote.
fn receipts(refunds: &Refunds) {
    let receipt = |format: &str| {
        let shop = refunds.paid.shop();
        let command = shop.command(["refund", "receipt", "3", "--format", format]);
        command.run().unwrap().stdout
    };
    let document: Value = serde_json::from_str(&receipt("json")).unwrap();
    assert_eq!(
        (
            &document["amount_text"],
            &document["reference"],
            &document["event"]["from"]
        ),
        (&json!("2 STX"), &json!("order-3"), &json!("indexer"))
    );
    assert!(
        document["block"]["time"].as_str().unwrap().ends_with('Z'),
        "{document:#}"
    );
    assert_eq!(document["block"]["time_from"], "indexer");
    let page = receipt("html");
    assert!(
        page.contains("&lt;img src=x onerror=alert(1)&gt;\\u{202e}\\u{0}"),
        "{page}"
    );
    for raw in ["<img", "\u{202e}", "\0"] {
        assert!(!page.contains(raw), "{raw:?} in {page}");
    }
    // What the receipt says to type does what it says.
    let verify = document["verify"].as_str().unwrap();
    let (exit, printed) =
        type_in(&refunds.paid.shop(), refunds.token_file.parent().unwrap(), verify).unwrap();
    assert_eq!(exit, Some(0), "{printed}");
}

fn honest(refunds: &Refunds) {
    for (id, signer) in [
        ("1", "signed by the merchant"),
        ("3", "signed by the merchant"),
        ("4", "signed by delegate"),
        ("5", "signed by operator"),
    ] {
        let document = refunds.verify_all(0, &[id]);
        assert_eq!(named(&document, "agrees"), ALL, "{document:#}");
        assert_eq!(document["verified"], true);
        let detail = document["checks"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(signer), "{detail}");
        // The local chain has no state tries: nothing may sound as if there had been a proof.
        assert_eq!(document["proof"]["state"], "not-offered");
        assert_eq!(document["proof"]["detail"], "no proof offered by this node");
        let trusted = document["trusted"].to_string();
        assert!(
            trusted.contains("the contract's maps: the node's word"),
            "{trusted}"
        );
    }
    let document = refunds.verify_all(0, &[&refunds.txid(1)]);
    assert_eq!(document["refund_id"], 1);
    let refund = &document["refund"];
    assert_eq!(
        (&refund["amount"], &refund["reason"], &refund["payer"]),
        (
            &json!("15000000"),
            &json!("one lamp broken"),
            &json!(ALICE.address)
        )
    );
}

fn batches(refunds: &Refunds) {
    let txid = refunds.txid(2);
    assert_eq!(txid, refunds.txid(3));
    let (document, said) = refunds.run(2, "verify", &[&txid]);
    assert!(said.contains("made 2 refunds: 2, 3"), "{said}");
    assert_eq!(document["error"]["kind"], "usage");
    refunds.verify_all(0, &["2", "--txid", &txid]);
    // A refund of another transaction.
    let document = refunds.verify_all(3, &["1", "--txid", &txid]);
    let liars = named(&document, "differs");
    assert!(
        liars.starts_with(&["transaction".to_owned(), "event".to_owned()]),
        "{document:#}"
    );
    refunds.verify(3, &["99"]);
    refunds.verify(3, &[&format!("0x{}", "ab".repeat(32))]);
}

fn without_token_or_indexer(refunds: &Refunds) {
    let document = refunds.verify(0, &["1"]);
    assert_eq!(named(&document, "agrees"), ["transaction", "map", "indexer"]);
    assert_eq!(named(&document, "not-checked"), ["event", "transfer"]);
    assert_eq!(document["checks"][1]["from"], "indexer");
    let detail = document["checks"][1]["detail"].as_str().unwrap();
    assert!(detail.contains("only with its token"), "{detail}");

    let txid = refunds.txid(1);
    let nobody = ["--indexer-url", "http://127.0.0.1:9"];
    let document = refunds.verify(0, &[&["1", "--txid", &txid][..], &nobody].concat());
    assert_eq!(named(&document, "agrees"), ["transaction", "map"]);
    assert_eq!(named(&document, "not-checked"), ["event", "transfer", "indexer"]);
    let (document, said) = refunds.run(5, "verify", &[&["1"][..], &nobody].concat());
    assert_eq!(document["error"]["kind"], "network");
    assert!(said.contains("hint: name the transaction with --txid"), "{said}");
}

fn lying_nodes(refunds: &Refunds) {
    // Another transaction's bytes, and bytes that are none.
    let other = refunds.txid(4);
    let node = refunds.paid.world.scene.node();
    let stored: Value = node
        .get(&format!("/v3/transaction/{}", other.trim_start_matches("0x")))
        .unwrap();
    let bytes = stored["tx"].clone();
    let liars = refunds.liars_before(move |asked, answered| {
        let bytes = bytes.clone();
        edited(asked, answered, "/v3/transaction/", |body| {
            body["tx"] = bytes.clone()
        })
    });
    assert_eq!(liars, ["transaction"]);
    let liars = refunds.liars_before(|asked, answered| {
        edited(asked, answered, "/v3/transaction/", |body| {
            body["tx"] = json!("00ff")
        })
    });
    assert_eq!(liars, ["transaction"]);
    // The same bytes with another amount: then the id is another, too.
    let liars = refunds.liars_before(|asked, answered| {
        edited(asked, answered, "/v3/transaction/", |body| {
            let amount = |micro_stx: u128| format!("01{micro_stx:032x}");
            let bytes = body["tx"].as_str().unwrap();
            let changed = bytes.replacen(&amount(15_000_000), &amount(16_000_000), 1);
            assert_ne!(changed, bytes);
            body["tx"] = json!(changed);
        })
    });
    assert_eq!(liars, ["transaction"]);
    let liars = refunds.liars_before(|asked, answered| {
        edited(asked, answered, "/v3/transaction/", |body| {
            body["result"] = json!("(err u1024)")
        })
    });
    assert_eq!(liars, ["transaction"]);
    let liars = refunds.liars_before(|asked, answered| {
        edited(asked, answered, "/v3/blocks/replay/", |body| {
            let printed = &mut event(body, "contract_event").unwrap()["contract_event"]["raw_value"];
            let amount = |micro_stx: u128| format!("01{micro_stx:032x}");
            let changed = printed
                .as_str()
                .unwrap()
                .replace(&amount(15_000_000), &amount(16_000_000));
            *printed = json!(changed);
        })
    });
    // The event that it made up has no transfer.
    assert_eq!(liars, ["event", "transfer"]);
    let liars = refunds.liars_before(|asked, answered| {
        edited(asked, answered, "/v3/blocks/replay/", |body| {
            event(body, "stx_transfer_event").unwrap()["stx_transfer_event"]["amount"] = json!("14999999");
        })
    });
    assert_eq!(liars, ["transfer"]);
    let liars = refunds.liars_before(|asked, answered| {
        edited(asked, answered, "/recoup-core/refunds?", |body| {
            let amount = |micro_stx: u128| format!("01{micro_stx:032x}");
            let entry = body["data"].as_str().unwrap();
            body["data"] = json!(entry.replacen(&amount(15_000_000), &amount(1), 1));
        })
    });
    assert_eq!(liars, ["map"]);
    // A refund that the ledger knows nothing of.
    let liars = refunds.liars_before(|asked, answered| {
        edited(asked, answered, "/recoup-core/ledger?", |body| {
            body["data"] = json!("0x09");
        })
    });
    assert_eq!(liars, ["map"]);
    // A proof that proves nothing.
    let honest = refunds.paid.world.scene.node().base().to_owned();
    let liars = refunds.liars_before(move |asked, answered| {
        if !asked.path.contains("/recoup-core/refunds?proof=1") {
            return answered;
        }
        let path = asked.path.replace("proof=1", "proof=0");
        let entry = ureq::post(format!("{honest}{path}"))
            .content_type("application/json")
            .send(&asked.body[..]);
        let mut body: Value = entry.unwrap().body_mut().read_json().unwrap();
        body["proof"] = json!(format!("0x00000001{}", "00".repeat(50)));
        Answered::json(&body)
    });
    assert_eq!(liars, ["map"]);
}

fn proofs_of_the_indexer(refunds: &Refunds) {
    let indexer = refunds.paid.world.scene.indexer().unwrap();
    let proof: Value = indexer.get("/api/v1/refunds/3/proof").unwrap();
    assert_eq!(proof["refund"]["refund_id"], 3);
    assert_eq!(proof["transaction"]["txid"], json!(refunds.txid(3)));
    assert_eq!(proof["transfer"]["found"], true);
    assert_eq!(proof["node"]["state"], "not-configured");
    let node = refunds.paid.world.scene.node();
    let block = proof["block"]["index_block_hash"]
        .as_str()
        .unwrap()
        .trim_start_matches("0x");
    let replay: Value = node
        .get_authorized(&format!("/v3/blocks/replay/{block}"), NODE_TOKEN)
        .unwrap();
    assert!(
        replay
            .to_string()
            .contains(proof["event"]["raw_value"].as_str().unwrap()),
        "the event is not as the node tells it"
    );
}

fn lying_indexer(refunds: &Refunds) {
    for (lie, truth, field) in [
        (
            "update refund set amount = amount + 1 where refund_id = 1",
            "update refund set amount = amount - 1 where refund_id = 1",
            "amount",
        ),
        (
            "update refund set reason = 'a gift' where refund_id = 1",
            "update refund set reason = 'one lamp broken' where refund_id = 1",
            "reason",
        ),
        (
            "update refund set deadline = deadline + 1 where refund_id = 1",
            "update refund set deadline = deadline - 1 where refund_id = 1",
            "deadline",
        ),
    ] {
        refunds.execute(lie);
        let (document, said) = refunds.run(3, "verify", &["1"]);
        assert_eq!(named(&document, "differs"), ["indexer"], "{document:#}");
        assert_eq!(named(&document, "agrees"), ["transaction", "map"]);
        assert!(said.contains("indexer differs") && said.contains(field), "{said}");
        refunds.execute(truth);
        refunds.verify(0, &["1"]);
    }
    refunds.execute("update refund set amount = amount + 1 where refund_id = 1");
    let (document, said) = refunds.run(3, "verify", &["1"]);
    let difference = &document["checks"][4]["differences"][0];
    assert_eq!(
        (
            &difference["field"],
            &difference["here"],
            &difference["elsewhere"]
        ),
        (
            &json!("amount, against its own event"),
            &json!("15000001"),
            &json!("15000000")
        ),
        "{document:#}"
    );
    let both = "indexer: amount is 15000001, expected 15000000 (by transaction, map)";
    assert!(said.contains(both), "{said}");
    refunds.execute("update refund set amount = amount - 1 where refund_id = 1");
}
