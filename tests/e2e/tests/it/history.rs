//! `recoup history`: what the indexer tells, as people and programs read it.

use std::fs;

use recoup_e2e::accounts::{ALICE, BOB, SHOP};
use recoup_test_support::Finished;
use serde_json::Value;

use crate::json_page;
use crate::world::PaidInvoice;

/// A formula for a spreadsheet, an order to the terminal, and a change of direction.
const HOSTILE: &str = "=1+1 \u{1b}[2Jgone \u{202e}txet";
/// More than a page of the API.
const MANY: usize = 510;
const USAGE: i32 = 2;
const REFUSED: i32 = 3;

/// Three refunds to Alice, of 1.5, 2 and 0.25 STX.
fn refunded() -> PaidInvoice {
    let paid = PaidInvoice::new();
    for (amount, reference, reason) in [
        ("1.5", "order-1", HOSTILE),
        ("2", "order-2", "broken"),
        ("0.25", "order-3", "late"),
    ] {
        let create = ["refund", "create", "--invoice", PaidInvoice::ID];
        let details = [
            "--amount",
            amount,
            "--reference",
            reference,
            "--reason",
            reason,
            "--force",
        ];
        paid.send(SHOP, &[&create[..], &details].concat());
    }
    paid.world.scene.wait_until_followed().unwrap();
    paid
}

fn history(paid: &PaidInvoice, arguments: &[&str]) -> Finished {
    paid.shop()
        .command(["history"].iter().chain(arguments))
        .run()
        .unwrap()
}

fn document(paid: &PaidInvoice, arguments: &[&str]) -> Value {
    let document = history(paid, &[arguments, &["--json"]].concat()).json().unwrap();
    json_page::check(&["history"], &document);
    document
}

fn ids(document: &Value) -> Vec<u64> {
    let refunds = document["refunds"].as_array().unwrap();
    refunds
        .iter()
        .map(|refund| refund["refund_id"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_shop_reads_what_it_refunded() {
    let paid = refunded();
    let table = history(&paid, &["--merchant", SHOP.address]).stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("refund  time"), "{table}");
    assert!(
        !lines[0].contains("merchant") && lines[0].contains("payer"),
        "{table}"
    );
    for (line, words) in [
        (lines[1], ["3 ", " UTC ", "0.25 STX"]),
        (lines[2], ["2 ", " UTC ", "2 STX"]),
        (lines[3], ["1 ", "order-1", "\\u{1b}[2Jgone \\u{202e}txet"]),
        (lines[5], ["total  3.75 STX", "3 refunds", "STX"]),
    ] {
        assert!(words.iter().all(|word| line.contains(word)), "{line}");
    }
    assert!(lines[1].contains(ALICE.address), "{table}");
    assert!(!table.contains(['\u{1b}', '\u{202e}']), "{table:?}");

    let document = document(&paid, &["--merchant", SHOP.address, "--order", "oldest"]);
    assert_eq!(ids(&document), [1, 2, 3]);
    assert_eq!(document["refunds"][0]["reason"], HOSTILE);
    assert_eq!(document["refunds"][0]["symbol"], "STX");
    assert_eq!(document["totals"][0]["refunded"], "3750000");
    assert_eq!(document["totals"][0]["refunds"], 3);
    assert_eq!(document["next_cursor"], Value::Null);
    let contract = paid.world.scene.contract().to_string();
    assert_eq!(document["indexer"]["core_contract"], contract);
    assert_eq!(document["indexer"]["blocks_behind"], 0);
}

#[test]
fn filters_pages_and_files_say_the_same() {
    let paid = refunded();
    let second = &document(&paid, &["--order", "oldest", "--all"])["refunds"][1];
    let (height, time) = (
        second["position"]["burn_height"].to_string(),
        second["position"]["block_time"].as_str().unwrap(),
    );
    let beyond = (second["position"]["burn_height"].as_u64().unwrap() + 1_000).to_string();
    for (filter, expected) in [
        (&["--payer", ALICE.address][..], &[3, 2, 1][..]),
        (&["--payer", BOB.address], &[]),
        (&["--invoice", PaidInvoice::ID, "--from", &height], &[3, 2, 1]),
        (&["--token", "STX", "--order", "largest"], &[2, 1, 3]),
        (
            &["--token", "STX", "--order", "smallest", "--max-amount", "1.5"],
            &[3, 1],
        ),
        (&["--merchant", SHOP.address, "--reference", "order-2"], &[2]),
        (&["--merchant", SHOP.address, "--words", "broken"], &[2]),
        (&["--from", &beyond], &[]),
        (&["--to", "2009-01-03"], &[]),
        (&["--status", "orphaned"], &[]),
    ] {
        let all = document(&paid, &[filter, &["--all"]].concat());
        let expected: Vec<u64> = expected.to_vec();
        // Blocks of the local chain may stand at one burn height and in one second.
        assert_eq!(ids(&all), expected, "{filter:?}");
        let first = document(&paid, &[filter, &["--limit", "1"]].concat());
        assert_eq!(ids(&first), expected.get(..1).unwrap_or_default(), "{filter:?}");
        if let Some(cursor) = first["next_cursor"].as_str() {
            let rest = document(&paid, &[filter, &["--cursor", cursor]].concat());
            assert_eq!(ids(&rest), expected[1..], "{filter:?}");
        } else {
            assert!(expected.len() < 2, "{filter:?}");
        }
    }
    let before = document(&paid, &["--to", time]);
    assert!(!ids(&before).contains(&2), "{before:#}");
    assert!(
        history(&paid, &["--payer", BOB.address])
            .stdout
            .ends_with("no refunds\n")
    );

    let csv = history(&paid, &["--invoice", PaidInvoice::ID, "--csv"]).stdout;
    let mut rows = csv.lines();
    assert!(rows.next().unwrap().starts_with("refund_id,invoice_id,"), "{csv}");
    assert_eq!(rows.clone().count(), 3, "{csv}");
    assert!(rows.any(|row| row.contains("'=1+1 \\u{1b}[2J")), "{csv}");
    let lines = history(
        &paid,
        &["--invoice", PaidInvoice::ID, "--jsonl", "--order", "oldest"],
    )
    .stdout;
    let reasons: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["reason"].clone())
        .collect();
    assert_eq!(reasons, [HOSTILE, "broken", "late"]);
}

#[test]
fn a_list_is_read_to_its_end_page_by_page() {
    let paid = PaidInvoice::new();
    let mut list = String::from("invoice,payer,amount,reference\n");
    for line in 0..MANY {
        list.push_str(&format!("1,{},0.000001,many-{line}\n", ALICE.address));
    }
    let path = paid.world.scene.chain().folder().join("many.csv");
    fs::write(&path, list).unwrap();
    let path = path.display().to_string();
    paid.send(SHOP, &["refund", "batch", &path, "--force"]);
    paid.world.mine(2);
    paid.world.scene.wait_until_followed().unwrap();
    let all = document(&paid, &["--merchant", SHOP.address, "--all", "--order", "oldest"]);
    let expected: Vec<u64> = (1..=u64::try_from(MANY).unwrap()).collect();
    assert_eq!(ids(&all), expected);
    assert_eq!(all["totals"][0]["refunded"], MANY.to_string());
    let table = history(&paid, &["--merchant", SHOP.address, "--all"]).stdout;
    assert_eq!(table.lines().count(), MANY + 3, "{table}");
}

#[test]
fn what_cannot_be_answered_is_said() {
    let paid = PaidInvoice::new();
    let refused = |arguments: &[&str], code: i32, words: &str| {
        let finished = paid
            .shop()
            .command(["history"].iter().chain(arguments))
            .expect_code(code)
            .run()
            .unwrap();
        assert!(finished.stderr.contains(words), "{}", finished.stderr);
        assert!(finished.stdout.is_empty(), "{}", finished.stdout);
    };
    let other = format!("{}.recoup-core", BOB.address);
    refused(&["--contract", &other], REFUSED, "follows");
    refused(&["--payer", ALICE.address, "--token", "STX"], USAGE, "index");
    refused(&["--from", "yesterday"], USAGE, "burn height, a day like");
    refused(&["--as-of", "999999999"], USAGE, "the chain has reached");
    refused(&["--csv", "--limit", "1"], USAGE, "cannot be used with");
    let nobody = ["--indexer-url", "http://127.0.0.1:1"];
    refused(&nobody, 5, "no answer from the indexer");
}
