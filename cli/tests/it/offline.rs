//! Transactions that are signed where no node is, by one key or several, and sent by somebody else.

use std::fs;
use std::path::{Path, PathBuf};

use recoup_test_support::Recoup;
use serde_json::{Value, json};

use crate::json_page;
use crate::shop::{Home, Shop, WALLETS};

const DEAD_NODE: &str = "http://127.0.0.1:1";

/// A signer's machine: keys, and no node.
fn signer(keys: &[&str]) -> (Home, Recoup) {
    let home = Home::new();
    let recoup = home.recoup().with_env("RECOUP_NODE_URL", DEAD_NODE);
    for (index, key) in keys.iter().enumerate() {
        home.import(&recoup, &format!("key-{index}"), key);
    }
    (home, recoup)
}

/// The planner's machine: a node, and no keys.
fn planner(shop: &Shop) -> (Home, Recoup) {
    let home = Home::new();
    let recoup = home
        .recoup()
        .with_env("RECOUP_NODE_URL", shop.chain.url())
        .with_env("RECOUP_CONTRACT", format!("{}.recoup-core", WALLETS[0].1));
    (home, recoup)
}

fn run(recoup: &Recoup, code: i32, arguments: &[&str]) -> Value {
    let command = recoup.command(arguments).arg("--json").expect_code(code);
    // A warning of an export is meant.
    let command = if code == 0 {
        command.expect_stderr("")
    } else {
        command
    };
    let document = command.run().unwrap().json().unwrap();
    json_page::check(arguments, &document);
    document
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn one_key_signs_without_a_node_and_the_refund_is_paid_once() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let (planner_home, planner) = planner(&shop);
    run(&planner, 0, &["wallet", "watch", "shop", WALLETS[1].1]);
    let file = planner_home.path().join("refund.tx");
    let refund = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--amount",
        "2",
        "--reference",
        "offline-1",
    ];
    let mut build = vec!["tx", "build", "--unsigned", text(&file)];
    build.extend(refund);
    // `--json` before the words of the other command: they go on to the end.
    let mut words = vec!["--json"];
    words.extend(&build);
    let built: Value = planner.command(&words).run().unwrap().json().unwrap();
    assert_eq!(built["outcome"], "unsigned");
    assert_eq!(
        run(&planner, 2, &build[4..])["error"]["kind"],
        "usage",
        "it holds no key"
    );
    planner
        .command(&build)
        .expect_code(2)
        .expect_stderr("never overwritten")
        .run()
        .unwrap();

    let (signer_home, signer) = signer(&[WALLETS[1].2]);
    let unsigned = fs::read_to_string(&file).unwrap();
    assert_eq!(
        run(&planner, 3, &["tx", "broadcast", text(&file), "--yes"])["error"]["kind"],
        "refused"
    );
    let shown = signer
        .command(["tx", "sign", text(&file), "--yes"])
        .run()
        .unwrap()
        .stderr;
    for told in [
        "refund-stx",
        "expected-refunded",
        "u2000000",
        "exactly 2 STX",
        "nothing else may move",
        WALLETS[2].1,
    ] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let again = run(&signer, 3, &["tx", "sign", text(&file), "--yes"]);
    assert!(
        again["error"]["message"]
            .as_str()
            .unwrap()
            .contains("all 1 signatures"),
        "{again}"
    );

    let sent = run(&planner, 0, &["tx", "broadcast", text(&file), "--yes"]);
    assert_eq!(
        (&sent["outcome"], &sent["resumed"]),
        (&json!("included"), &json!(false))
    );
    let sent = run(&planner, 0, &["tx", "broadcast", text(&file), "--yes"]);
    assert_eq!(
        (&sent["outcome"], &sent["resumed"]),
        (&json!("included"), &json!(true))
    );
    assert_eq!(shop.refunds(&invoice).len(), 1);

    // The same plan, signed once more, finds its nonce used.
    let stale = signer_home.path().join("stale.tx");
    fs::write(&stale, unsigned).unwrap();
    run(&signer, 0, &["tx", "sign", text(&stale), "--yes"]);
    let (_other_home, elsewhere) = self::planner(&shop);
    let refused = run(&elsewhere, 3, &["tx", "broadcast", text(&stale), "--yes"]);
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("is used already"),
        "{refused}"
    );
}

#[test]
fn a_file_that_was_changed_is_not_sent() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let (home, planner) = planner(&shop);
    run(&planner, 0, &["wallet", "watch", "shop", WALLETS[1].1]);
    let file = home.path().join("refund.tx");
    let refund = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--amount",
        "2",
        "--unsigned",
        text(&file),
    ];
    run(&planner, 0, &refund);
    let (_home, signer) = signer(&[WALLETS[1].2]);
    run(&signer, 0, &["tx", "sign", text(&file), "--yes"]);
    let mut content: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    // The contract's argument: 2,000,000 micro-STX made 2,000,001.
    let (asked, forged) = ("000000000000001e8480", "000000000000001e8481");
    let bytes = content["transaction"].as_str().unwrap().replace(asked, forged);
    content["transaction"] = json!(bytes);
    fs::write(&file, content.to_string()).unwrap();
    let refused = run(&planner, 3, &["tx", "broadcast", text(&file), "--yes"]);
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("signatures"),
        "{refused}"
    );
    assert!(shop.refunds(&invoice).is_empty());
}

#[test]
fn two_of_three_keys_refund_in_order_and_in_any_order() {
    let shop = Shop::open();
    let keys = ["11", "22", "33"].map(|byte| byte.repeat(32));
    let (_signers, signer) = signer(&keys.each_ref().map(String::as_str));
    let public: Vec<String> = (0..3)
        .map(|index| {
            let name = format!("key-{index}");
            let shown = run(&signer, 0, &["wallet", "export", &name, "--public"]);
            shown["public_key"].as_str().unwrap().to_owned()
        })
        .collect();
    for (order, signers) in [("sequential", [0, 2]), ("any", [2, 0])] {
        let (home, planner) = planner(&shop);
        let mut account = vec!["wallet", "multisig", "firm", "--required", "2", "--order", order];
        public
            .iter()
            .for_each(|key| account.extend(["--public-key", key.as_str()]));
        let address = run(&planner, 0, &account)["address"].as_str().unwrap().to_owned();
        assert!(address.starts_with("SN"), "{address}");
        let fund = json!({ "address": address, "amount": "50000000" });
        shop.chain
            .client()
            .post::<Value>("/devnet/v1/fund", &fund)
            .unwrap();
        let sign_and_send = |arguments: &[&str], name: &str| {
            let path = |tag: &str| -> PathBuf { home.path().join(format!("{name}{tag}.tx")) };
            let file = path("");
            let mut unsigned = arguments.to_vec();
            unsigned.extend(["--unsigned", text(&file)]);
            run(&planner, 0, &unsigned);
            let sign = |index: usize, file: &Path, out: &Path| {
                let wallet = format!("key-{index}");
                let (file, out) = (text(file), text(out));
                run(
                    &signer,
                    0,
                    &["tx", "sign", file, "--out", out, "--wallet", &wallet, "--yes"],
                )
            };
            let whole = path("-whole");
            if order == "any" {
                // Side by side, then joined.
                let parts = signers.map(|index| path(&format!("-{index}")));
                for (index, part) in signers.into_iter().zip(&parts) {
                    assert_eq!(sign(index, &file, part)["complete"], false);
                }
                let combined = run(
                    &signer,
                    0,
                    &[
                        "tx",
                        "combine",
                        text(&parts[0]),
                        text(&parts[1]),
                        "--out",
                        text(&whole),
                    ],
                );
                assert_eq!(combined["complete"], true);
            } else {
                let half = path("-half");
                assert_eq!(sign(signers[0], &file, &half)["signatures"], 1);
                assert_eq!(sign(signers[1], &half, &whole)["complete"], true);
            }
            run(&planner, 0, &["tx", "broadcast", text(&whole), "--yes"])
        };
        let reference = format!("firm-{order}");
        let create = ["invoice", "create", "--amount", "10", "--reference", &reference];
        assert_eq!(sign_and_send(&create, "invoice")["outcome"], "included");
        let invoice =
            run(&planner, 0, &["invoice", "show", "--reference", &reference])["invoice_id"].to_string();
        shop.run("alice", &["pay", &invoice, "--merchant", &address, "--yes"]);
        let refund = ["refund", "create", "--invoice", &invoice, "--amount", "25%"];
        assert_eq!(sign_and_send(&refund, "refund")["outcome"], "included");
        let refunds = shop.refunds(&invoice);
        assert_eq!(
            (refunds.len(), refunds[0]["amount"].as_str()),
            (1, Some("2500000"))
        );
        assert_eq!(refunds[0]["issuer"], json!(address));
    }
}

#[test]
fn a_wallet_gives_up_its_secret_only_when_asked_and_makes_more_accounts() {
    let home = Home::new();
    let recoup = home.recoup();
    home.import(&recoup, "shop", WALLETS[1].2);
    recoup
        .command(["wallet", "export"])
        .expect_code(2)
        .expect_stderr("confirmation")
        .run()
        .unwrap();
    let shown = recoup.command(["wallet", "export", "--yes", "--json"]);
    let shown: Value = shown
        .expect_stderr("whoever sees this secret")
        .run()
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(
        shown["words"],
        WALLETS[1].2.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    let second = run(
        &recoup,
        0,
        &["wallet", "account", "second", "--of", "shop", "--account", "1"],
    );
    assert_ne!(second["address"], json!(WALLETS[1].1));
    // Another wallet program's account 1 of the same words.
    let imported = {
        let other = Home::new();
        let file = other.path().join("words");
        fs::write(&file, WALLETS[1].2).unwrap();
        let import = [
            "wallet",
            "import",
            "second",
            "--account",
            "1",
            "--from-file",
            text(&file),
        ];
        run(&other.recoup(), 0, &import)
    };
    assert_eq!(second["address"], imported["address"]);
    let list = run(&recoup, 0, &["wallet", "list"]);
    assert_eq!(list["wallets"].as_array().unwrap().len(), 2);
}
