//! Completions, manual pages and a first configuration.

use std::fs;

use crate::shop::Home;

#[test]
fn completions_know_every_shell() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = home
            .recoup()
            .command(["completions", shell])
            .run()
            .unwrap()
            .stdout;
        assert!(script.contains("refund") && script.contains("dry-run"), "{shell}");
    }
    home.recoup()
        .command(["completions", "csh"])
        .expect_code(2)
        .run()
        .unwrap();
}

#[test]
fn there_is_a_page_for_every_command() {
    let home = Home::new();
    let page = home.recoup().command(["man"]).run().unwrap().stdout;
    assert!(
        page.contains(".TH recoup 1") && page.contains(".SH \"EXIT CODES\""),
        "{page}"
    );
    let folder = home.path().join("pages/man1");
    home.recoup()
        .command(["man", "--folder"])
        .arg(&folder)
        .run()
        .unwrap();
    let page = fs::read_to_string(folder.join("recoup-refund-create.1")).unwrap();
    // As typed: one line, not filled with its neighbours.
    let example = "    $ recoup refund create \\-\\-invoice 1 \\-\\-full \\-\\-dry\\-run\n";
    assert!(
        page.contains("reference") && page.contains(".SH EXAMPLES\n.nf\n") && page.contains(example),
        "{page}"
    );
}

#[test]
fn a_first_configuration_is_written_once_and_works() {
    let home = Home::new();
    let recoup = home.recoup().with_env("RECOUP_PROFILE", "shop");
    let init = [
        "config",
        "init",
        "--network",
        "testnet",
        "--node-url",
        "http://127.0.0.1:9",
        "--yes",
    ];
    recoup.command(init).run().unwrap();
    let shown: serde_json::Value = home
        .recoup()
        .command(["config", "show", "--json"])
        .run()
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(shown["name"], "shop");
    assert_eq!(shown["network"], "testnet");
    assert_eq!(shown["node"], "http://127.0.0.1:9");
    recoup.command(init).expect_code(2).run().unwrap();
    let unasked = home.recoup().with_env("RECOUP_PROFILE", "second");
    let unasked = unasked.command(["config", "init"]).expect_code(2).run().unwrap();
    assert!(
        unasked.stderr.contains("no terminal to ask on"),
        "{}",
        unasked.stderr
    );
}
