//! The questions of docs/API.md: asked of a small history as they stand there, and their answers compared.

use std::fs;
use std::process::Command;

use recoup_e2e::accounts::{ALICE, Account, BOB, SHOP};
use recoup_e2e::docs::{Step, situations};
use recoup_test_support::{Fork, Orphans, binary, repository};

use crate::world::PaidInvoice;

const CHAPTER: &str = "## Ten questions of auditors";
/// What the document writes for things that every history has elsewhere.
const API: &str = "http://127.0.0.1:3780";
const HEIGHT: &str = "912345";

/// What the document says happened: five refunds, of which a fork took the last.
fn history() -> PaidInvoice {
    let paid = PaidInvoice::new();
    let token = paid.world.scene.token();
    let say = |account: Account, words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        // A space within a word is written as an underscore.
        let words: Vec<String> = words.iter().map(|word| word.replace('_', " ")).collect();
        paid.send(account, &words.iter().map(String::as_str).collect::<Vec<_>>());
    };
    let (shop, bob) = (SHOP.address, BOB.address);
    say(
        SHOP,
        &format!("invoice create --amount 0.003 --token {token} --min-payment 0.001 --reference order-2"),
    );
    say(ALICE, &format!("pay 2 --merchant {shop} --amount 0.001"));
    say(BOB, &format!("pay 2 --merchant {shop} --amount 0.002"));
    let refund = "refund create --force --invoice";
    say(
        SHOP,
        &format!("{refund} 1 --amount 30 --reference R-1001 --reason one_lamp_broken"),
    );
    say(
        SHOP,
        &format!("{refund} 2 --payer {bob} --amount 0.0015 --reference R-1002 --reason late"),
    );
    say(SHOP, &format!("operator set {bob} --may-refund"));
    say(BOB, &format!("{refund} 1 --amount 5 --reference R-1003"));
    say(
        SHOP,
        &format!("{refund} 1 --amount 2.5 --reference R-1004 --reason lamp,_second_part"),
    );
    // A fork of Bitcoin takes whole tenures: this one holds the last refund alone.
    paid.world.scene.chain().pass_burn_blocks(1).unwrap();
    say(SHOP, &format!("{refund} 1 --amount 1 --reference R-1005"));
    paid.world.scene.wait_until_followed().unwrap();
    let fork = Fork {
        depth: 1,
        build: 1,
        orphans: Orphans::Drop,
        is_burn_fork: true,
    };
    paid.world.scene.chain().fork(&fork).unwrap();
    paid.world.scene.wait_until_followed().unwrap();
    paid
}

/// The document's words and what stands for them here.
fn words(paid: &PaidInvoice) -> Vec<(&'static str, String)> {
    let scene = &paid.world.scene;
    let tip = scene.health().unwrap().tip.unwrap().burn_height;
    vec![
        (API, scene.indexer().unwrap().base().to_owned()),
        (HEIGHT, tip.to_string()),
    ]
}

fn type_in(paid: &PaidInvoice, words: &[(&str, String)], command: &str) -> (Option<i32>, String) {
    let command = words.iter().fold(command.to_owned(), |command, (word, real)| {
        command.replace(word, real)
    });
    let recoup = paid.shop().command(Vec::<&str>::new()).into_command();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec 2>&1; {command}")]).env_clear();
    for (name, value) in recoup.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let programs = binary("recoup", "recoup-cli").unwrap();
    let path = std::env::var("PATH").unwrap();
    shell.env("PATH", format!("{}:{path}", programs.parent().unwrap().display()));
    let output = shell.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), printed)
}

#[test]
fn ten_questions_have_the_documented_answers() {
    for program in ["curl", "jq"] {
        if Command::new(program).arg("--version").output().is_err() {
            eprintln!("skipped: the document's commands need {program}");
            return;
        }
    }
    let document = fs::read_to_string(repository().join("docs/API.md")).unwrap();
    let (_, rest) = document.split_once(CHAPTER).unwrap();
    let questions = situations(rest.split("\n## ").next().unwrap()).unwrap();
    assert_eq!(questions.len(), 10);
    let paid = history();
    let words = words(&paid);
    let mut wrong = Vec::new();
    for question in &questions {
        let (mut by_curl, mut by_recoup) = (0, 0);
        for step in &question.steps {
            let Step::Command(shown) = step else {
                wrong.push(format!("{}: nothing happens in a question", question.name));
                continue;
            };
            by_curl += usize::from(shown.command.starts_with("curl"));
            by_recoup += usize::from(shown.command.starts_with("recoup"));
            let (exit, printed) = type_in(&paid, &words, &shown.command);
            wrong.extend(shown.objection(exit, &printed));
        }
        assert!(
            by_curl > 0 && by_recoup > 0,
            "{} is asked in one way only",
            question.name
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}
