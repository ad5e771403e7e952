//! Every exit code, and what is said with it; nothing that could not be written down first is sent.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::shop::Shop;

fn refund<'text>(invoice: &'text str, more: &[&'text str]) -> Vec<&'text str> {
    [
        &["refund", "create", "--invoice", invoice, "--amount", "1", "--yes"],
        more,
    ]
    .concat()
}

#[test]
fn every_exit_code_is_reached_and_explained() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let kind = |code, arguments: &[&str]| {
        let document = shop.run_to(code, "shop", arguments);
        let error = &document["error"];
        assert!(
            error["message"].is_string() && error["hint"].is_string(),
            "{document}"
        );
        error["kind"].as_str().unwrap().to_owned()
    };
    shop.run("shop", &["refund", "status"]);
    assert_eq!(kind(2, &["--profile", "moon", "refund", "status"]), "usage");
    assert_eq!(kind(3, &["refund", "show", "999999"]), "refused");
    let faults = |faults: Value| shop.chain.faults(&faults).unwrap();
    // A first refusal frees the nonce: nothing of it was ever sent.
    for reason in [
        "TemporarilyBlacklisted",
        "ServerFailureDatabase",
        "TooMuchChaining",
    ] {
        faults(json!({ "reject": reason, "times": 1 }));
        assert_eq!(
            kind(4, &refund(&invoice, &["--reference", "codes"])),
            "rejected",
            "{reason}"
        );
    }
    faults(json!({ "broadcast": "fail", "times": 1 }));
    assert_eq!(kind(5, &refund(&invoice, &["--reference", "codes"])), "network");
    let sent = shop.run_to(
        6,
        "shop",
        &refund(&invoice, &["--reference", "codes", "--no-wait"]),
    );
    assert_eq!(sent["outcome"], "sent");
    shop.run("shop", &refund(&invoice, &["--reference", "codes"]));
    assert_eq!(shop.refunds(&invoice).len(), 1);
    // 1 is reached where the journal cannot be written, below.
}

#[test]
fn a_node_that_is_behind_is_not_trusted_with_a_refund() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    shop.chain.faults(&json!({ "is_fully_synced": false })).unwrap();
    let refused = shop.run_to(3, "shop", &refund(&invoice, &[]));
    let hint = refused["error"]["hint"].as_str().unwrap();
    assert!(
        hint.contains("--force") && hint.contains("--node-url"),
        "{refused}"
    );
    assert!(shop.refunds(&invoice).is_empty());
    let forced = shop.of("shop").command(refund(&invoice, &["--force"]));
    forced.expect_stderr("has not caught up").run().unwrap();
    assert_eq!(shop.refunds(&invoice).len(), 1);
}

/// The command line under a limit on the length of files, in 512-byte blocks: writing on fails, as on a full disk.
fn with_file_limit(shop: &Shop, blocks: usize, arguments: &[&str]) -> (i32, Value) {
    let recoup = shop.of("shop").command(arguments).arg("--json").into_command();
    let mut limited = Command::new("sh");
    limited
        .arg("-c")
        .arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
    limited.arg(recoup.get_program()).args(recoup.get_args());
    limited.env_clear();
    for (name, value) in recoup.get_envs() {
        if let Some(value) = value {
            limited.env(name, value);
        }
    }
    let output = limited.output().unwrap();
    let document = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap_or(-1), document)
}

#[test]
fn on_a_full_disk_nothing_is_sent_and_the_journal_stays_whole() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let journal = shop.journal();
    let path = shop.of("shop").home().join("journal/local.journal");
    // Full at once; and full within a line, which leaves a part of it.
    for blocks in [journal.len() / 512, journal.len() / 512 + 1] {
        let (code, failed) = with_file_limit(&shop, blocks, &refund(&invoice, &["--reference", "full disk"]));
        assert_eq!(code, 1, "{failed}");
        let error = &failed["error"];
        assert!(
            error["message"].as_str().unwrap().starts_with("cannot write"),
            "{failed}"
        );
        assert!(error["hint"].as_str().unwrap().contains("make room"), "{failed}");
        let left = fs::read_to_string(&path).unwrap();
        let added = left.strip_prefix(&journal).unwrap();
        assert!(!added.contains("\"signed\""), "{added}");
        assert!(shop.refunds(&invoice).is_empty());
    }
    let again = shop.run("shop", &refund(&invoice, &["--reference", "full disk"]));
    assert_eq!(again["outcome"], "included");
    assert_eq!(shop.refunds(&invoice).len(), 1);
}
