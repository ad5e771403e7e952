//! What the program says of itself.

use recoup_test_support::Recoup;

use crate::shop::Home;

fn help(arguments: &[&str]) -> String {
    Recoup::new(env!("CARGO_BIN_EXE_recoup"), "/nonexistent")
        .command(arguments)
        .run()
        .unwrap()
        .stdout
}

#[test]
fn help_of_the_commands_that_move_money() {
    insta::assert_snapshot!("help", help(&["--help"]));
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
