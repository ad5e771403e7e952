//! Totals, series, and what became of invoices: what auditors ask of the whole.

use serde_json::{Value, json};

use crate::api::{followed, story};
use crate::audit::{amounts, field};
use crate::synthetic::{MERCHANT, OTHER_PAYER, PAYER, TOKEN};

#[test]
fn totals_are_as_of_the_height_asked_for() {
    let (chain, _, _) = amounts();
    let indexer = followed(&chain);
    let totals = |path: &str| indexer.get_ok(path)["totals"].clone();
    let now = totals(&format!("/merchants/{MERCHANT}"));
    assert_eq!(
        now[0],
        json!({
            "token": TOKEN, "paid": "1000", "refunded": "500", "payments": 1, "refunds": 1, "rate": "0.500000"
        })
    );
    assert_eq!(
        (&now[1]["token"], &now[1]["refunded"], &now[1]["refunds"]),
        (&json!("STX"), &json!("45"), &json!(9))
    );
    assert_eq!(now[2], Value::Null);
    let before = totals(&format!("/payers/{PAYER}?as_of_burn_height=100"));
    assert_eq!(
        (&before[1]["refunded"], &before[1]["rate"]),
        (&json!("21"), &json!("0.021000"))
    );
    assert_eq!(
        totals(&format!("/payers/{PAYER}?as_of_burn_height=99")),
        json!([])
    );
    assert_eq!(totals(&format!("/payers/{OTHER_PAYER}")), json!([]));
    let merchant = indexer.get_ok(&format!("/merchants/{MERCHANT}?as_of_burn_height=100"));
    assert_eq!(merchant["recent_refunds"][0]["refund_id"], 7);
    assert_eq!(
        indexer
            .get(&format!("/merchants/{MERCHANT}?as_of_burn_height=102"))
            .0,
        400
    );
}

#[test]
fn series_add_up_to_the_totals() {
    let (chain, _, _) = amounts();
    let indexer = followed(&chain);
    let buckets = |query: &str| -> Vec<String> {
        let stats = indexer.get_ok(&format!("/stats?{query}"));
        let buckets = stats["buckets"].as_array().unwrap();
        let shown = |bucket: &Value| {
            format!(
                "{} {} {} {}",
                bucket["from_burn_height"], bucket["from_time"], bucket["paid"], bucket["refunded"]
            )
            .replace('"', "")
        };
        buckets.iter().map(shown).collect()
    };
    assert_eq!(
        buckets("bucket=burn&from_burn_height=99&size=1"),
        ["99 null 0 0", "100 null 1000 21", "101 null 0 24"]
    );
    assert_eq!(
        buckets(&format!("bucket=burn&from_burn_height=90&size=11&token={TOKEN}")),
        ["90 null 1000 500", "101 null 0 0"]
    );
    assert_eq!(
        buckets(&format!(
            "bucket=burn&from_burn_height=0&size=1000&merchant={PAYER}"
        )),
        ["0 null 0 0"]
    );
    assert_eq!(
        buckets("from_day=2025-10-08&to_day=2025-10-10"),
        [
            "null 2025-10-08T00:00:00Z 0 0",
            "null 2025-10-09T00:00:00Z 1000 45",
            "null 2025-10-10T00:00:00Z 0 0"
        ]
    );
    assert_eq!(buckets("").len(), 30);
    assert_eq!(buckets("").last().unwrap(), "null 2025-10-09T00:00:00Z 1000 45");
}

#[test]
fn invoices_are_listed_and_their_story_is_told_in_order() {
    let (chain, _) = story();
    let indexer = followed(&chain);
    let of = |query: &str| field(&indexer.get_ok(&format!("/invoices?{query}")), "invoice_id");
    assert_eq!(of(""), ["3", "2", "1"]);
    assert_eq!(of(&format!("merchant={MERCHANT}&status=refunded")), ["3"]);
    assert_eq!(of(&format!("merchant={MERCHANT}&status=open")), ["2"]);
    assert_eq!(
        of(&format!("merchant={MERCHANT}&status=expired")),
        Vec::<String>::new()
    );
    assert_eq!(of(&format!("merchant={MERCHANT}&reference=order-2")), ["2"]);
    assert_eq!(of(&format!("payer={PAYER}")), ["3", "1"]);
    assert_eq!(of(&format!("payer={OTHER_PAYER}")), ["1"]);
    let first = indexer.get_ok("/invoices?limit=2");
    let next = first["next_cursor"].as_str().unwrap();
    assert_eq!(of(&format!("limit=2&cursor={next}")), ["1"]);

    let timeline = indexer.get_ok("/invoices/1/timeline");
    let expected = [
        "invoice-created",
        "payment-received",
        "payment-received",
        "refund-processed",
        "refund-window-extended",
    ];
    assert_eq!(field(&timeline, "event"), expected);
    assert_eq!(field(&timeline, "amount_refunded"), ["0", "0", "0", "15", "15"]);
    let first = indexer.get_ok("/invoices/1/timeline?limit=3");
    let next = first["next_cursor"].as_str().unwrap();
    let rest = indexer.get_ok(&format!("/invoices/1/timeline?limit=3&cursor={next}"));
    assert_eq!(field(&rest, "event"), expected[3..]);
    assert_eq!(indexer.get(&format!("/invoices/2/timeline?cursor={next}")).0, 400);
}
