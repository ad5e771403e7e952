//! Lists of refunds: every line is paid once, whatever happens on the way.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use recoup_test_support::{Fork, Orphans, Relay};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shop::{Shop, WALLETS};

const ALICE: &str = WALLETS[2].1;
const BOB: &str = WALLETS[3].1;
const HEADING: &str = "invoice,payer,amount,reference,reason\n";

/// A folder with a list, and beside it what became of it.
struct List {
    folder: TempDir,
}

impl List {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("list.csv"), text).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("list.csv")
    }

    /// The result file, by line.
    fn results(&self) -> BTreeMap<u64, Value> {
        let text = fs::read_to_string(self.folder.path().join("list.csv.results.jsonl")).unwrap_or_default();
        let result = |line: &str| {
            let result: Value = serde_json::from_str(line).unwrap();
            (result["line"].as_u64().unwrap(), result)
        };
        text.lines().map(result).collect()
    }

    fn count(&self, status: &str) -> usize {
        self.results()
            .values()
            .filter(|line| line["status"] == status)
            .count()
    }

    fn arguments<'text>(path: &'text str, more: &[&'text str]) -> Vec<&'text str> {
        [&["refund", "batch", path, "--yes"], more].concat()
    }

    fn pay(&self, shop: &Shop, code: i32, more: &[&str]) -> Value {
        let path = self.path().display().to_string();
        shop.run_to(code, "shop", &Self::arguments(&path, more))
    }

    fn start(&self, shop: &Shop, more: &[&str]) -> Child {
        let path = self.path().display().to_string();
        let mut command = shop
            .of("shop")
            .command(Self::arguments(&path, more))
            .into_command();
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

/// An invoice that alice paid in full, of so many STX. Its id.
fn paid_invoice(shop: &Shop, amount: &str) -> String {
    let invoice =
        shop.run("shop", &["invoice", "create", "--amount", amount, "--yes"])["invoice_id"].to_string();
    shop.run("alice", &["pay", &invoice, "--yes"]);
    invoice
}

/// So many refunds of 1 STX to alice. All stories have one merchant: references name the invoice, too.
fn ones(invoice: &str, count: usize) -> String {
    (0..count).fold(HEADING.to_owned(), |mut text, index| {
        let _ = writeln!(text, "{invoice},{ALICE},1,batch {invoice}/{index},");
        text
    })
}

/// How many refunds of an invoice the contract keeps, and how many references they have.
fn refunds(shop: &Shop, invoice: &str) -> (usize, usize) {
    let refunds = shop.refunds(invoice);
    let mut references: Vec<&str> = refunds
        .iter()
        .map(|refund| refund["reference"].as_str().unwrap())
        .collect();
    references.sort_unstable();
    references.dedup();
    (refunds.len(), references.len())
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn hundreds_of_lines_are_paid_once_however_often_the_list_is_run() {
    let shop = Shop::open();
    let invoice = paid_invoice(&shop, "1000");
    let list = List::new(&ones(&invoice, 300));
    let before = shop.balance("alice");
    let plan = list.pay(&shop, 0, &["--dry-run"]);
    assert_eq!(
        (&plan["plan"]["lines"], &plan["plan"]["transactions"]),
        (&json!(300), &json!(2))
    );
    assert_eq!(plan["plan"]["sums"][0]["amount"], "300000000");
    assert_eq!(shop.balance("alice"), before, "a dry run pays nothing");
    let paid = list.pay(&shop, 0, &[]);
    assert_eq!(
        (&paid["outcome"], &paid["lines"]["included"]),
        (&json!("done"), &json!(300))
    );
    assert_eq!(paid["list_sha256"], plan["list_sha256"]);
    assert_eq!(shop.balance("alice"), before + 300_000_000);
    let results = list.results();
    assert_eq!(results.len(), 300);
    let first = results[&2]["refund_id"].as_u64().unwrap();
    for (line, refund_id) in (2..=301).zip(first..) {
        let result = &results[&line];
        assert_eq!(
            (&result["status"], &result["refund_id"]),
            (&json!("included"), &json!(refund_id))
        );
    }
    let journal = shop.journal();
    let again = list.pay(&shop, 0, &[]);
    assert_eq!(again["lines"]["already_done"], 300);
    assert_eq!(list.results()[&7]["txid"], results[&7]["txid"]);
    assert_eq!(shop.journal(), journal, "nothing new was signed");
    assert_eq!(shop.balance("alice"), before + 300_000_000);
}

#[test]
fn killed_at_any_moment_and_run_again_each_line_is_paid_once() {
    let shop = Shop::open();
    let invoice = paid_invoice(&shop, "100");
    let list = List::new(&ones(&invoice, 40));
    let before = shop.balance("alice");
    let slices = ["--per-transaction", "4"];
    for paid in [1, 10, 20] {
        let mut run = list.start(&shop, &slices);
        wait_until("some lines are paid", || {
            run.try_wait().unwrap().is_some() || list.count("included") + list.count("already-done") >= paid
        });
        run.kill().unwrap();
        run.wait().unwrap();
    }
    for pause in [400, 700, 1000, 1500] {
        let mut run = list.start(&shop, &slices);
        thread::sleep(Duration::from_millis(pause));
        run.kill().unwrap();
        run.wait().unwrap();
    }
    assert_eq!(list.pay(&shop, 0, &slices)["outcome"], "done");
    assert_eq!(list.count("included") + list.count("already-done"), 40);
    assert_eq!(refunds(&shop, &invoice), (40, 40));
    assert_eq!(shop.balance("alice"), before + 40_000_000);
}

#[test]
fn a_line_that_fails_on_chain_is_found_in_halves_and_the_rest_is_paid() {
    let shop = Shop::open();
    let invoice = paid_invoice(&shop, "100");
    let create = [
        "invoice",
        "create",
        "--amount",
        "10",
        "--refund-window",
        "144",
        "--yes",
    ];
    let late = shop.run("shop", &create)["invoice_id"].to_string();
    shop.run("alice", &["pay", &late, "--yes"]);
    let shown = shop.run("shop", &["invoice", "show", &late]);
    let left = shown["payers"][0]["deadline"].as_u64().unwrap() - shown["burn_height"].as_u64().unwrap();
    shop.chain
        .pass_burn_blocks(u32::try_from(left - 2).unwrap())
        .unwrap();
    let mut text = ones(&invoice, 9);
    let _ = write!(
        text,
        "{late},{ALICE},1,{late}one,\n{late},{ALICE},full,{late}rest,\n"
    );
    let _ = writeln!(text, "{invoice},{ALICE},2,{invoice}last,");
    let list = List::new(&text);
    let before = shop.balance("alice");
    // Every line is checked before the wallet is unlocked; the passphrase comes when the deadline has passed.
    let passphrase = list.folder.path().join("passphrase");
    assert!(
        Command::new("mkfifo")
            .arg(&passphrase)
            .status()
            .unwrap()
            .success()
    );
    let path = passphrase.display().to_string();
    let mut run = list.start(&shop, &["--force", "--passphrase-file", &path]);
    let mut writer = OpenOptions::new().write(true).open(&passphrase).unwrap();
    shop.chain.pass_burn_blocks(3).unwrap();
    writer.write_all(b"local chain only\n").unwrap();
    drop(writer);
    assert_eq!(run.wait().unwrap().code(), Some(4));
    assert_eq!((list.count("included"), list.count("failed")), (10, 2));
    let results = list.results();
    let error = results[&11]["error"].as_str().unwrap();
    assert!(error.contains("ERR_WINDOW_EXPIRED"), "{error}");
    assert_eq!(
        results[&12]["status"], "failed",
        "what is left in full is not what was agreed to"
    );
    assert_eq!(shop.balance("alice"), before + 11_000_000);
    assert_eq!(
        (refunds(&shop, &invoice), refunds(&shop, &late)),
        ((10, 10), (0, 0))
    );
    let again = list.pay(&shop, 3, &["--force"]);
    assert_eq!(again["problems"].as_array().unwrap().len(), 2, "{again}");
    assert_eq!(again["problems"][0]["line"], 11);
}

#[test]
fn a_list_can_be_sent_without_waiting_and_is_seen_through_by_the_next_run() {
    let shop = Shop::open();
    let invoice = paid_invoice(&shop, "10");
    let list = List::new(&ones(&invoice, 6));
    let before = shop.balance("alice");
    // Each transaction expects that those before it count, although none is in a block yet.
    let sent = list.pay(&shop, 6, &["--per-transaction", "2", "--no-wait"]);
    assert_eq!(
        (&sent["outcome"], sent["transactions"].as_array().unwrap().len()),
        (&json!("sent"), 3)
    );
    let journal = shop.journal().matches("\"signed\"").count();
    assert_eq!(list.pay(&shop, 0, &["--per-transaction", "2"])["outcome"], "done");
    assert_eq!(
        shop.journal().matches("\"signed\"").count(),
        journal,
        "nothing was signed anew"
    );
    assert_eq!(refunds(&shop, &invoice), (6, 6));
    assert_eq!(shop.balance("alice"), before + 6_000_000);
}

#[test]
fn one_report_names_every_bad_line_and_nothing_is_sent() {
    let shop = Shop::open();
    let invoice = paid_invoice(&shop, "10");
    let used = format!("{invoice}used");
    shop.run(
        "shop",
        &[
            "refund",
            "create",
            "--invoice",
            &invoice,
            "--amount",
            "1",
            "--reference",
            &used,
            "--yes",
        ],
    );
    let journal = shop.journal();
    let text = format!(
        "{HEADING}{invoice},{ALICE},4,{invoice}a,\n{invoice},{ALICE},50%,{invoice}b,\n{invoice},{ALICE},0.5,{invoice}c,\n\
         999999,{ALICE},1,{invoice}d,\n{invoice},{BOB},1,{invoice}e,\n{invoice},{ALICE},0.0000001,{invoice}f,\n\
         {invoice},{ALICE},2,{used},\nx,{ALICE},1,{invoice}a,\n{invoice},{ALICE},1,{invoice}b,\n\
         {invoice},SP000000000000000000002Q6VF78,1,{invoice}g,\n"
    );
    let list = List::new(&text);
    let refused = list.pay(&shop, 3, &[]);
    assert_eq!(refused["outcome"], "refused");
    let problems = refused["problems"].as_array().unwrap();
    let place = |problem: &Value| format!("{} {}", problem["line"], problem["column"].as_str().unwrap());
    let places: Vec<String> = problems.iter().map(place).collect();
    // Line 4 asks for more than lines 2 and 3 leave.
    let expected = "4 invoice,5 invoice,6 payer,7 amount,8 reference,9 invoice,10 reference,11 payer";
    assert_eq!(places.join(","), expected);
    assert!(
        problems
            .iter()
            .all(|problem| problem["hint"].as_str().unwrap().len() > 5)
    );
    assert_eq!(shop.journal(), journal);
    assert!(list.results().is_empty());
}

#[test]
fn several_lines_of_one_payer_expect_each_other_and_tokens_go_apart() {
    let shop = Shop::open();
    let token = format!("{}.mock-sbtc", WALLETS[0].1);
    shop.chain.fund_token(ALICE, &token, 1_000_000).unwrap();
    let stx = paid_invoice(&shop, "10");
    let create = [
        "invoice", "create", "--amount", "0.01", "--token", &token, "--yes",
    ];
    let sbtc = shop.run("shop", &create)["invoice_id"].to_string();
    shop.run("alice", &["pay", &sbtc, "--yes"]);
    let before = shop.balance("alice");
    let line = |invoice: &str, amount: &str, reference: &str| {
        let reference = format!("{stx} {reference}");
        json!({ "invoice": invoice, "payer": ALICE, "amount": amount, "reference": reference, "reason": "late" })
            .to_string()
    };
    let lines = [
        line(&stx, "25%", "one"),
        line(&sbtc, "0.001", "two"),
        line(&stx, "1.5", "three"),
        line(&sbtc, "full", "four"),
        line(&stx, "full", "five"),
    ];
    let list = List::new(&lines.join("\n"));
    let paid = list.pay(&shop, 0, &[]);
    assert_eq!(
        paid["transactions"].as_array().unwrap().len(),
        2,
        "one for each token"
    );
    let amounts = |invoice: &str| -> Vec<String> {
        let refunds = shop.refunds(invoice);
        refunds
            .iter()
            .map(|refund| refund["amount"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(amounts(&stx), ["2500000", "1500000", "6000000"]);
    assert_eq!(amounts(&sbtc), ["100000", "900000"]);
    assert_eq!(shop.balance("alice"), before + 10_000_000);
    assert_eq!(list.pay(&shop, 0, &[])["lines"]["already_done"], 5);
}

#[test]
fn what_a_fork_undid_or_a_node_forgot_is_sent_again_and_counts_once() {
    let shop = Shop::open();
    let invoice = paid_invoice(&shop, "100");
    shop.chain.burn(1).unwrap(); // a tenure of its own: a fork takes it as a whole
    let list = List::new(&ones(&invoice, 6));
    let before = shop.balance("alice");
    shop.chain
        .faults(&json!({ "broadcast": "accept-then-forget", "times": 1 }))
        .unwrap();
    let forgotten = list.pay(&shop, 6, &["--timeout", "1"]);
    assert_eq!((&forgotten["outcome"], list.count("sent")), (&json!("sent"), 6));
    assert_eq!(list.pay(&shop, 0, &[])["outcome"], "done");
    let fork = Fork {
        depth: 1,
        build: 2,
        orphans: Orphans::Drop,
        is_burn_fork: true,
    };
    shop.chain.fork(&fork).unwrap();
    assert!(shop.refunds(&invoice).is_empty(), "the fork dropped them");
    assert_eq!(list.pay(&shop, 0, &[])["lines"]["already_done"], 6);
    assert_eq!(refunds(&shop, &invoice), (6, 6));
    assert_eq!(shop.balance("alice"), before + 6_000_000);
}

#[test]
fn the_same_list_in_three_windows_at_once_is_paid_once() {
    let shop = Shop::open();
    let invoice = paid_invoice(&shop, "100");
    let list = List::new(&ones(&invoice, 12));
    let before = shop.balance("alice");
    let mut windows: Vec<Child> = (0..3)
        .map(|_| list.start(&shop, &["--per-transaction", "3"]))
        .collect();
    for window in &mut windows {
        window.wait().unwrap();
    }
    list.pay(&shop, 0, &[]);
    assert_eq!(refunds(&shop, &invoice), (12, 12));
    assert_eq!(shop.balance("alice"), before + 12_000_000);
}

#[test]
fn ten_thousand_lines_are_checked_with_one_request_each() {
    let shop = Shop::open();
    let invoice = paid_invoice(&shop, "10000");
    let list = List::new(&ones(&invoice, 10_000));
    let question = "get-refund-quote";
    let relay = Relay::replaying(shop.chain.url(), question).unwrap();
    let (node, path) = (relay.url(), list.path().display().to_string());
    let arguments = [
        "--node-url",
        &node,
        "--json",
        "refund",
        "batch",
        &path,
        "--dry-run",
    ];
    let plan: Value = shop.of("shop").command(arguments).run().unwrap().json().unwrap();
    assert_eq!(
        (&plan["plan"]["lines"], &plan["plan"]["transactions"]),
        (&json!(10_000), &json!(50))
    );
    assert_eq!(plan["plan"]["sums"][0]["amount"], "10000000000");
    let requests = relay.take_requests();
    let quotes = requests.iter().filter(|one| one.contains(question)).count();
    let others = requests.len() - quotes;
    assert_eq!(quotes, 10_000);
    assert!(
        others < 70,
        "{others} requests beside: a fee for each transaction, and a few for all"
    );
}

#[test]
fn the_list_itself_is_never_taken_for_its_results() {
    let shop = Shop::open();
    let invoice = paid_invoice(&shop, "10");
    let list = List::new(&ones(&invoice, 1));
    let path = list.path().display().to_string();
    let text = fs::read_to_string(&path).unwrap();
    list.pay(&shop, 2, &["--results", &path]);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert!(shop.refunds(&invoice).is_empty());
}
