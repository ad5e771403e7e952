//! What the program says of itself.

use std::fs;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use recoup_cli::arguments::{Arguments, Command};
use recoup_cli::commands::tx::TxCommand;
use recoup_test_support::{Manual, Recoup, repository};

use crate::shop::Home;

fn help(arguments: &[&str]) -> String {
    Recoup::new(env!("CARGO_BIN_EXE_recoup"), "/nonexistent")
        .command(arguments)
        .run()
        .unwrap()
        .stdout
}

/// As the program reads its arguments.
fn parse(words: &[String]) -> Result<(), String> {
    let arguments = Arguments::try_parse_from(words).map_err(|error| error.to_string())?;
    match arguments.command {
        Command::Tx(TxCommand::Build(build)) => build
            .into_command(&arguments.global)
            .map(drop)
            .map_err(|failure| failure.to_text()),
        _ => Ok(()),
    }
}

#[test]
fn the_help_is_a_manual_whose_examples_can_be_typed() {
    let manual = Manual::of(Arguments::command());
    insta::assert_snapshot!("commands", manual.tree());
    let complaints = manual.complaints(parse);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Commands in code spans and blocks, with what stands for a name or number in capitals.
fn commands_in(document: &str) -> Vec<String> {
    let text = document.replace("\\\n", " ");
    let spans = text.split('`').skip(1).step_by(2);
    let blocks = text.split("```").skip(1).step_by(2).flat_map(str::lines);
    spans
        .chain(blocks)
        .flat_map(|code| code.split(" | ").collect::<Vec<_>>())
        .map(|code| {
            code.trim_start_matches("$ ")
                .split(" # ")
                .next()
                .unwrap_or_default()
                .trim()
        })
        .filter(|code| code.starts_with("recoup ") && !code.contains(['\n', '(']))
        .map(str::to_owned)
        .collect()
}

/// Whether a command exists with the options that are written; it need not be whole, and what stands in capitals is no value.
fn can_be_typed(command: &str) -> Result<(), String> {
    let command = command.replace('>', " ").replace('<', "");
    let words = shlex::split(&command).ok_or("no shell understands it")?;
    let is_capital = |word: &String| {
        word.len() > 1
            && word
                .chars()
                .all(|letter| letter.is_ascii_uppercase() || letter == '_')
    };
    let has_placeholder = words.iter().any(is_capital);
    let error = match Arguments::try_parse_from(words.iter().filter(|word| word.as_str() != "..")) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion => Ok(()),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation if has_placeholder => Ok(()),
        // An option is named, not used.
        ErrorKind::InvalidValue if error.to_string().contains("none was supplied") => Ok(()),
        _ => Err(error.to_string()),
    }
}

#[test]
fn every_command_that_the_documents_name_can_be_typed() {
    let root = repository();
    let mut documents = vec![root.join("README.md"), root.join("SECURITY.md")];
    for folder in ["docs", "docs/operations"] {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        documents.extend(entries.map(|entry| entry.unwrap().path()));
    }
    let (mut count, mut wrong) = (0, String::new());
    for path in documents
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
    {
        for command in commands_in(&fs::read_to_string(path).unwrap()) {
            count += 1;
            if let Err(error) = can_be_typed(&command) {
                wrong.push_str(&format!("{}: `{command}`\n{error}\n", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 100, "only {count} commands found");
}

#[test]
fn help_of_the_commands_that_move_money() {
    insta::assert_snapshot!("help", help(&["--help"]));
    insta::assert_snapshot!("help_short", help(&["-h"]));
    insta::assert_snapshot!("help_refund_batch", help(&["refund", "batch", "--help"]));
    insta::assert_snapshot!("help_refund_create", help(&["refund", "create", "--help"]));
    insta::assert_snapshot!("help_invoice_create", help(&["invoice", "create", "--help"]));
    insta::assert_snapshot!("help_pay", help(&["pay", "--help"]));
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_meant() {
    let home = Home::new();
    for arguments in [
        vec!["refund", "create"],
        vec!["refund", "create", "--invoice", "0", "--full"],
        vec!["refund", "create", "--invoice", "1", "--full", "--amount", "1"],
        vec![
            "refund",
            "create",
            "--invoice",
            "1",
            "--full",
            "--payer",
            "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AH",
        ],
        vec!["refund", "create", "--invoice", "1", "--full", "--reference", ""],
        vec!["refund", "verify", "nonsense"],
        vec!["wallet", "new", "../outside"],
        vec!["--profile", "moon", "wallet", "list"],
        vec!["invoice", "show"],
    ] {
        let finished = home.recoup().command(&arguments).expect_code(2).run().unwrap();
        assert!(
            finished.stdout.is_empty() && finished.stderr.contains("error:"),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_server_that_is_not_there_ends_with_5_and_a_hint() {
    let home = Home::new();
    home.import(&home.recoup(), "shop", crate::shop::WALLETS[1].2);
    // Port 1 of loopback: nothing listens there.
    let recoup = home.recoup().with_env("RECOUP_NODE_URL", "http://127.0.0.1:1");
    let finished = recoup
        .command(["wallet", "balance", "--json"])
        .expect_code(5)
        .run()
        .unwrap();
    assert!(
        finished.stderr.contains("hint: check that the node runs"),
        "{}",
        finished.stderr
    );
    let document: serde_json::Value = finished.json().unwrap();
    assert_eq!(document["error"]["kind"], "network");
}
