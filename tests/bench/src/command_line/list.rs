//! A long list, checked line by line before anything is signed.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Result, ensure};
use recoup_e2e::faults::{CoinKind, Shop, Stage};
use recoup_test_support::Relay;
use serde_json::Value;

use super::CommandLineScale;
use crate::program::watch;
use crate::table::{Line, Table, above, float, per_second};

const PAID: u128 = 100_000_000;
const QUESTION: &str = "get-refund-quote";

pub(super) fn measure(stage: &Stage, scale: &CommandLineScale, table: &mut Table) -> Result<()> {
    let mut shop = Shop::open(stage, 1)?;
    let invoice = shop.sell(CoinKind::Stx, &[(0, PAID)], None)?;
    let payer = shop.customer(0);
    // One line is there in any case: what is left is the list's own.
    let bare = check(stage, &shop, &one_a_line(invoice.0, &payer, 1)?)?;
    let all = check(stage, &shop, &one_a_line(invoice.0, &payer, scale.lines)?)?;
    let lines = u64::try_from(scale.lines)?;
    ensure!(
        all.questions == lines,
        "{} questions for {lines} lines",
        all.questions
    );
    let a_line = float(all.questions) / float(lines);
    let for_all = all.requests - all.questions;
    table.lines.push(Line {
        what: format!("list of {lines} lines checked: requests a line"),
        goal: "<= 1".to_owned(),
        measured: format!("{a_line:.4}, and {for_all} for all"),
        postgres: String::new(),
        ratio: None,
        missed_by: above(a_line, 1.0),
        note:
            "for all: a fee's estimate for each transaction of 200 lines, and what is the same for every line"
                .to_owned(),
    });
    table.lines.push(Line {
        what: format!("list of {lines} lines checked: time"),
        goal: "none".to_owned(),
        measured: format!("{:.2} s", all.seconds),
        postgres: format!("{:.2} s (one line)", bare.seconds),
        ratio: Some(all.seconds / bare.seconds.max(f64::EPSILON)),
        missed_by: None,
        note: format!(
            "{:.0} lines a second, of which a server in this process answers every question from memory",
            per_second(lines, std::time::Duration::from_secs_f64(all.seconds))
        ),
    });
    table.lines.push(Line {
        what: format!("list of {lines} lines checked: peak memory"),
        goal: "none".to_owned(),
        measured: format!("{:.1} MB", megabytes(all.peak_memory)),
        postgres: format!("{:.1} MB (one line)", megabytes(bare.peak_memory)),
        ratio: Some(float(all.peak_memory) / float(bare.peak_memory).max(1.0)),
        missed_by: None,
        note: format!(
            "{:.1} kB a line above that",
            float(all.peak_memory.saturating_sub(bare.peak_memory)) / float(lines) / 1_000.0
        ),
    });
    Ok(())
}

struct Checked {
    seconds: f64,
    peak_memory: u64,
    questions: u64,
    requests: u64,
}

fn one_a_line(invoice: u64, payer: &str, lines: usize) -> Result<String> {
    let mut text = "invoice,payer,amount,reference,reason\n".to_owned();
    for line in 1..=lines {
        writeln!(
            text,
            "{invoice},{payer},0.000001,bench {invoice}/{line},arrived late"
        )?;
    }
    Ok(text)
}

fn check(stage: &Stage, shop: &Shop<'_>, list: &str) -> Result<Checked> {
    let path = shop.folder().join("list.csv");
    fs::write(&path, list)?;
    let relay = Relay::replaying(stage.chain().url(), QUESTION)?;
    let recoup = shop.machine(0).recoup().clone();
    let recoup = recoup.with_env("RECOUP_NODE_URL", relay.url());
    let command = recoup.command(["refund", "batch", "--dry-run", "--json"]);
    let finished = watch(command.arg(&path).into_command(), "recoup")?;
    let plan: Value = serde_json::from_str(&finished.printed)?;
    let lines = plan.pointer("/plan/lines").and_then(Value::as_u64);
    ensure!(
        lines == Some(u64::try_from(list.lines().count())? - 1),
        "planned {lines:?} lines"
    );
    let requests = relay.take_requests();
    let questions = requests.iter().filter(|one| one.contains(QUESTION)).count();
    Ok(Checked {
        seconds: finished.time.as_secs_f64(),
        peak_memory: finished.peak_memory,
        questions: u64::try_from(questions)?,
        requests: u64::try_from(requests.len())?,
    })
}

fn megabytes(bytes: u64) -> f64 {
    float(bytes) / 1_000_000.0
}
