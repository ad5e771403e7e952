//! One day in a shop with `--json`: what each command prints is what docs/JSON.md says, and looks as it did.
//!
//! All other stories compare what they get with the page, too ([`crate::shop`]).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use clap::CommandFactory as _;
use recoup_cli::arguments::Arguments;
use recoup_test_support::{Manual, Recoup};

use crate::json_page;
use crate::shop::{Home, Shop, WALLETS, document};

/// What this day has no use for; where it is looked at.
const ELSEWHERE: [(&str, &str); 11] = [
    ("wallet connect", "tests/browser: it needs one"),
    ("refund approve", "approvals.rs"),
    ("tx combine", "offline.rs"),
    ("subscription pay", "satellites.rs"),
    ("reserve withdraw", "satellites.rs"),
    ("reserve delegate", "satellites.rs"),
    ("reserve revoke", "satellites.rs"),
    ("history", "tests/e2e: it needs an indexer"),
    ("history audit", "tests/e2e: it needs an indexer"),
    ("refund verify", "tests/e2e: it needs an indexer"),
    ("refund receipt", "tests/e2e: it needs an indexer"),
];

/// It does something by itself, and has a command below it.
const LISTS_TOO: &str = "recoup history";

/// The day's protocol: commands and what they printed.
#[derive(Default)]
struct Day {
    commands: BTreeSet<String>,
    text: String,
}

impl Day {
    /// Runs a command; its document goes into the protocol without what differs from run to run.
    fn run(&mut self, recoup: &Recoup, code: i32, arguments: &[&str]) -> serde_json::Value {
        let (printed, redacted) = document(recoup, code, arguments);
        let is_number = |word: &&str| word.bytes().all(|byte| byte.is_ascii_digit());
        let words: Vec<&str> = arguments
            .iter()
            .filter(|word| !word.starts_with('/'))
            .map(|word| if is_number(word) { "N" } else { word })
            .collect();
        let _ = writeln!(
            self.text,
            "$ recoup {}  # {code}\n{redacted:#}\n",
            words.join(" ")
        );
        self.commands.insert(arguments.join(" "));
        printed
    }

    fn has(&self, command: &str) -> bool {
        let start = format!("{command} ");
        self.commands
            .iter()
            .any(|typed| typed == command || typed.starts_with(&start))
    }
}

/// Commands that do something by themselves.
fn leaves() -> Vec<String> {
    let tree = Manual::of(Arguments::command()).tree();
    let paths: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_once(": ").map(|(path, _)| path))
        .collect();
    paths
        .iter()
        .filter(|path| {
            **path == LISTS_TOO || !paths.iter().any(|other| other.starts_with(&format!("{path} ")))
        })
        .filter_map(|path| path.strip_prefix("recoup ").map(str::to_owned))
        .collect()
}

#[test]
fn the_page_has_an_object_for_every_command() {
    let leaves = leaves();
    for command in json_page::commands() {
        let is_of = |leaf: &String| command == leaf || command.starts_with(&format!("{leaf} --"));
        assert!(
            leaves.iter().any(is_of),
            "docs/JSON.md has `{command}`, which is none"
        );
    }
    for leaf in leaves {
        let is_of = |command: &str| command == leaf || command.starts_with(&format!("{leaf} --"));
        let prints_anothers = leaf == "tx build";
        assert!(
            prints_anothers || json_page::commands().any(is_of),
            "docs/JSON.md has no object of `{leaf}`"
        );
    }
}

#[test]
fn every_command_prints_what_the_page_says() {
    let shop = Shop::open();
    let mut day = Day::default();
    let home = Home::new();
    let recoup = home.recoup().with_env("RECOUP_NODE_URL", shop.chain.url());
    wallets_and_profiles(&mut day, &home, &recoup);
    let invoice = sale(&mut day, &shop);
    refunds(&mut day, &shop, &invoice);
    lists_and_files(&mut day, &shop, &home, &invoice);
    satellites(&mut day, &shop);
    day.run(&shop.of("deployer"), 0, &["contracts", "info"]);
    day.run(&shop.of("deployer"), 0, &["contracts", "deploy", "--yes"]);
    insta::assert_snapshot!("json", day.text);
    // What these say depends on the stories before.
    for (code, arguments) in [
        (0, &["doctor"][..]),
        (0, &["operator", "list"]),
        (0, &["reserve", "show"]),
        (3, &["tx", "bump", "1", "--yes"]),
        (0, &["refund", "resume"]),
        (0, &["tx", "status"]),
    ] {
        day.run(&shop.of("shop"), code, arguments);
    }
    for leaf in leaves() {
        let is_elsewhere = ELSEWHERE.iter().any(|(command, _)| *command == leaf);
        assert!(
            is_elsewhere != day.has(&leaf),
            "`recoup {leaf}` was not typed once"
        );
    }
}

fn wallets_and_profiles(day: &mut Day, home: &Home, recoup: &Recoup) {
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let words = file("words", WALLETS[1].2);
    let key = file("key", &"01".repeat(32));
    day.run(recoup, 0, &["wallet", "import", "shop", "--from-file", &words]);
    day.run(recoup, 2, &["wallet", "import", "shop", "--from-file", &words]);
    day.run(recoup, 0, &["wallet", "import", "key", "--from-file", &key]);
    day.run(
        recoup,
        0,
        &["wallet", "account", "till", "--of", "shop", "--account", "1"],
    );
    day.run(recoup, 0, &["wallet", "watch", "alice", WALLETS[2].1]);
    let exported = day.run(recoup, 0, &["wallet", "export", "shop", "--public"]);
    let keys = [
        exported,
        day.run(recoup, 0, &["wallet", "export", "key", "--public"]),
    ];
    let [one, two] = keys.map(|key| key["public_key"].as_str().unwrap().to_owned());
    let board = ["wallet", "multisig", "board", "--required", "1", "--public-key"];
    day.run(recoup, 0, &[&board[..], &[&one, "--public-key", &two]].concat());
    day.run(recoup, 0, &["wallet", "list"]);
    day.run(recoup, 0, &["wallet", "address", "shop"]);
    day.run(recoup, 0, &["wallet", "balance", "shop"]);
    day.run(recoup, 0, &["wallet", "new", "fresh"]);
    day.run(recoup, 2, &["wallet", "balance", "nobody"]);

    let init = [
        "config",
        "init",
        "--profile",
        "mine",
        "--network",
        "testnet",
        "--yes",
    ];
    day.run(recoup, 0, &init);
    day.run(recoup, 0, &["config", "set", "wallet", "shop"]);
    day.run(recoup, 0, &["config", "show"]);
    day.run(recoup, 0, &["completions", "bash"]);
    day.run(recoup, 0, &["man"]);
    let pages = home.path().join("pages").display().to_string();
    day.run(recoup, 0, &["man", "--folder", &pages]);
    day.run(recoup, 2, &["refund", "create"]);
}

/// An invoice of 10 STX that alice paid.
fn sale(day: &mut Day, shop: &Shop) -> String {
    let (merchant, alice) = (&shop.of("shop"), &shop.of("alice"));
    let create = [
        "invoice",
        "create",
        "--amount",
        "10",
        "--reference",
        "json-1",
        "--memo",
        "A bell",
    ];
    day.run(merchant, 0, &[&create[..], &["--dry-run"]].concat());
    let created = day.run(merchant, 0, &[&create[..], &["--yes"]].concat());
    let invoice = created["invoice_id"].to_string();
    day.run(alice, 0, &["pay", &invoice, "--yes"]);
    day.run(merchant, 0, &["invoice", "show", &invoice]);
    day.run(merchant, 0, &["invoice", "list", "--newest", "1"]);
    day.run(merchant, 3, &["invoice", "cancel", &invoice, "--yes"]);
    day.run(
        merchant,
        0,
        &["invoice", "extend-window", &invoice, "8640", "--yes"],
    );
    invoice
}

fn refunds(day: &mut Day, shop: &Shop, invoice: &str) {
    let merchant = &shop.of("shop");
    let create = [
        "refund",
        "create",
        "--invoice",
        invoice,
        "--amount",
        "25%",
        "--reference",
        "json-1",
    ];
    let create = [&create[..], &["--reason", "No sound"]].concat();
    day.run(merchant, 0, &[&create[..], &["--dry-run"]].concat());
    day.run(merchant, 0, &[&create[..], &["--yes"]].concat());
    day.run(merchant, 0, &[&create[..], &["--yes"]].concat());
    day.run(merchant, 0, &["refund", "show", "--reference", "json-1"]);
    day.run(merchant, 0, &["refund", "list", "--invoice", invoice]);
    day.run(merchant, 0, &["refund", "status", "json-1"]);
    let too_much = ["refund", "create", "--invoice", invoice, "--amount", "8", "--yes"];
    day.run(merchant, 3, &too_much);
}

fn lists_and_files(day: &mut Day, shop: &Shop, home: &Home, invoice: &str) {
    let merchant = &shop.of("shop");
    let list = home.path().join("list.csv");
    let line = format!("{invoice},{},1,json-2,\n", WALLETS[2].1);
    fs::write(
        &list,
        format!("invoice,payer,amount,reference,reason\n{line}{line}"),
    )
    .unwrap();
    let path = list.display().to_string();
    day.run(merchant, 3, &["refund", "batch", &path, "--yes"]);
    fs::write(&list, format!("invoice,payer,amount,reference,reason\n{line}")).unwrap();
    day.run(merchant, 0, &["refund", "batch", &path, "--dry-run"]);
    day.run(merchant, 0, &["refund", "batch", &path, "--yes"]);
    let shared = [
        "refund",
        "create",
        "--invoice",
        invoice,
        "--all-payers",
        "--amount",
        "1",
        "--yes",
    ];
    day.run(merchant, 0, &[&shared[..], &["--reference", "json-3"]].concat());

    let file = home.path().join("refund.tx").display().to_string();
    let create = [
        "refund",
        "create",
        "--invoice",
        invoice,
        "--full",
        "--reference",
        "json-4",
    ];
    // `--json` before the words of the other command: they go on to the end.
    let build = [&["--json", "tx", "build", "--unsigned", &file], &create[..]].concat();
    let built = merchant.command(&build).run().unwrap().json().unwrap();
    json_page::check(&create, &built);
    day.commands.insert("tx build".to_owned());
    day.run(merchant, 0, &["tx", "sign", &file, "--yes"]);
    day.run(merchant, 0, &["tx", "broadcast", &file, "--yes"]);
}

fn satellites(day: &mut Day, shop: &Shop) {
    let (merchant, bob) = (&shop.of("shop"), &shop.of("bob"));
    day.run(
        merchant,
        0,
        &["operator", "set", "subscriptions", "--may-invoice", "--yes"],
    );
    let offer = [
        "subscription",
        "plan",
        "create",
        "--amount",
        "3",
        "--interval",
        "1000",
        "--yes",
    ];
    let plan = day.run(merchant, 0, &offer)["id"].to_string();
    day.run(merchant, 0, &["subscription", "plan", "show", &plan]);
    let subscription = day.run(bob, 0, &["subscription", "subscribe", &plan, "--yes"])["id"].to_string();
    day.run(bob, 0, &["subscription", "list", "--newest", "1"]);
    day.run(bob, 0, &["subscription", "cancel", &subscription, "--yes"]);
    day.run(merchant, 0, &["subscription", "plan", "close", &plan, "--yes"]);
    day.run(merchant, 0, &["operator", "revoke", "subscriptions", "--yes"]);
    day.run(merchant, 0, &["reserve", "deposit", "5", "--dry-run"]);
}
