//! What a clerk sees on a terminal: a scripted session in a pseudo-terminal.

use std::process::Command;

use recoup_test_support::Recoup;
use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use serde_json::json;

use crate::shop::Shop;

/// Longer than anything takes on a busy machine, in milliseconds.
const PATIENCE: u64 = 120_000;
const PASSPHRASE: &str = "local chain only";

/// A command on a terminal of so many columns, where the passphrase is asked.
fn on_terminal(recoup: &Recoup, columns: u16, arguments: &[&str]) -> PtySession {
    let command = recoup.command(arguments).into_command();
    // A shell between them sets the width; the command itself gets the terminal for stdin, which the harness takes away.
    let mut shell = Command::new("sh");
    let script = format!("stty cols {columns} rows 24; exec \"$@\"");
    shell.args(["-c", &script, "sh"]).arg(command.get_program());
    shell.args(command.get_args()).env_clear().env("TERM", "xterm");
    shell.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    shell.env_remove("RECOUP_PASSPHRASE_FILE");
    spawn_command(shell, Some(PATIENCE)).unwrap()
}

/// All that comes until the process ends, and its exit code.
fn end(mut session: PtySession) -> (String, i32) {
    let rest = session.exp_eof().unwrap();
    let status = session.process().wait().unwrap();
    let code = match status {
        WaitStatus::Exited(_, code) => Some(code),
        _ => None,
    };
    (rest, code.unwrap())
}

fn refund<'a>(invoice: &'a str, amount: &'a str) -> [&'a str; 6] {
    ["refund", "create", "--invoice", invoice, "--amount", amount]
}

#[test]
fn a_clerk_reads_the_plan_says_yes_types_the_passphrase_and_sees_it_through() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let mut session = on_terminal(&shop.of("shop"), 100, &refund(&invoice, "1.5"));
    let plan = session.exp_string("Refund 1.5 STX on local? [y/N]").unwrap();
    assert!(
        plan.contains("refundable after") || plan.contains("left"),
        "{plan}"
    );
    session.send_line("y").unwrap();
    session.exp_string("Passphrase of wallet `shop`: ").unwrap();
    session.send_line(PASSPHRASE).unwrap();
    session.exp_string("waiting for a block").unwrap();
    let (rest, code) = end(session);
    assert_eq!(code, 0, "{rest}");
    assert!(!rest.contains(PASSPHRASE), "a passphrase is not shown: {rest}");
    assert!(rest.contains("included"), "{rest}");
    assert_eq!(shop.refunds(&invoice).len(), 1);
}

#[test]
fn a_no_signs_nothing_and_errors_are_red() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let journal = shop.journal();
    let mut session = on_terminal(&shop.of("shop"), 100, &refund(&invoice, "1"));
    session.exp_string("[y/N]").unwrap();
    session.send_line("no").unwrap();
    let (rest, code) = end(session);
    assert_eq!(code, 3, "{rest}");
    assert!(rest.contains("\u{1b}[1m\u{1b}[31merror:"), "{rest:?}");
    let colourless = shop.of("shop").with_env("NO_COLOR", "1");
    let mut session = on_terminal(&colourless, 100, &refund(&invoice, "1"));
    session.exp_string("[y/N]").unwrap();
    session.send_line("n").unwrap();
    let (rest, _) = end(session);
    assert!(
        rest.contains("error:") && !rest.contains("\u{1b}[31m"),
        "{rest:?}"
    );
    assert_eq!(shop.journal(), journal);
}

#[test]
fn ctrl_c_says_what_was_done_and_how_to_go_on() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let journal = shop.journal();
    let mut session = on_terminal(&shop.of("shop"), 100, &refund(&invoice, "1"));
    session.exp_string("[y/N]").unwrap();
    session.send_control('c').unwrap();
    let (rest, code) = end(session);
    assert_eq!(code, 130, "{rest}");
    assert!(rest.contains("interrupted: nothing is signed"), "{rest}");

    let mut session = on_terminal(&shop.of("shop"), 100, &refund(&invoice, "1"));
    session.exp_string("[y/N]").unwrap();
    session.send_line("y").unwrap();
    session.exp_string("Passphrase").unwrap();
    session.send_control('c').unwrap();
    let (rest, code) = end(session);
    assert_eq!((code, shop.journal()), (130, journal), "{rest}");

    // Miners leave it in the mempool.
    shop.chain.faults(&json!({ "minimum_fee": 100_000_000 })).unwrap();
    let mut session = on_terminal(&shop.of("shop"), 100, &refund(&invoice, "1"));
    session.exp_string("[y/N]").unwrap();
    session.send_line("y").unwrap();
    session.exp_string("Passphrase").unwrap();
    session.send_line(PASSPHRASE).unwrap();
    session.exp_string("waiting for a block").unwrap();
    session.send_control('c').unwrap();
    let (rest, code) = end(session);
    assert_eq!(code, 6, "{rest}");
    assert!(
        rest.contains("signed and not settled yet") && rest.contains("refund resume"),
        "{rest}"
    );
    shop.chain.faults(&json!({ "clear": true })).unwrap();
    let resumed = shop.run("shop", &["refund", "resume"]);
    assert!(resumed.to_string().contains("included"), "{resumed}");
    assert_eq!(shop.refunds(&invoice).len(), 1);
}

#[test]
fn a_narrow_terminal_breaks_lines_between_words() {
    let shop = Shop::open();
    let invoice = shop.paid_invoice();
    let reason = "the frame came scratched and the bell that was ordered with it was missing altogether";
    let mut arguments = refund(&invoice, "1").to_vec();
    arguments.extend(["--reason", reason, "--dry-run"]);
    let session = on_terminal(&shop.of("shop"), 60, &arguments);
    let (screen, code) = end(session);
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("altogether") && !screen.contains(reason),
        "{screen}"
    );
    // Addresses stay whole, whatever the width.
    let breakable = screen.lines().filter(|line| !line.contains("  ST"));
    let longest = breakable.map(|line| line.trim_end().chars().count()).max();
    assert!(longest.unwrap() <= 60, "{screen}");
}
