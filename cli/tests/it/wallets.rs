//! Keys on disk, through the real binary.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::shop::{Home, WALLETS};

#[test]
fn a_new_wallet_can_be_imported_again_from_its_words() {
    let home = Home::new();
    let recoup = home.recoup();
    let made = recoup.command(["wallet", "new", "shop"]).run().unwrap();
    let words = made
        .stderr
        .lines()
        .find(|line| line.split_whitespace().count() == 24 && line.starts_with("  "));
    let address = made.stdout.trim();
    assert_eq!(home.import(&recoup, "again", words.unwrap()), address);
    let list: Value = recoup
        .command(["wallet", "list", "--json"])
        .run()
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(list["wallets"][0]["name"], "again");
    assert_eq!(list["wallets"][1]["address"], address);
}

#[test]
fn a_wallet_file_is_for_its_owner_alone_and_holds_no_secret() {
    let home = Home::new();
    home.import(&home.recoup(), "shop", WALLETS[1].2);
    let path = home.path().join("home/wallets/shop.json");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    for word in WALLETS[1].2.split(' ').chain(["local chain only"]) {
        assert!(
            !text.contains(&format!("\"{word}\"")) && !text.contains(&format!(" {word} ")),
            "{word}"
        );
    }
}

#[test]
fn never_replaces_a_wallet_and_never_asks_for_its_secret_before() {
    let home = Home::new();
    let recoup = home.recoup();
    home.import(&recoup, "shop", WALLETS[1].2);
    let before = fs::read(home.path().join("home/wallets/shop.json")).unwrap();
    for arguments in [["wallet", "new", "shop"], ["wallet", "import", "shop"]] {
        let finished = recoup.command(arguments).expect_code(2).run().unwrap();
        assert!(
            finished.stderr.contains("there is a wallet `shop` already"),
            "{}",
            finished.stderr
        );
    }
    assert_eq!(
        fs::read(home.path().join("home/wallets/shop.json")).unwrap(),
        before
    );
}

#[test]
fn wrong_words_are_refused_and_not_repeated() {
    let home = Home::new();
    let file = home.path().join("words");
    fs::write(&file, WALLETS[1].2.replace("sell", "hodl")).unwrap();
    let import = home
        .recoup()
        .command(["wallet", "import", "shop", "--from-file"])
        .arg(&file);
    let finished = import.expect_code(2).run().unwrap();
    assert!(
        finished.stderr.contains("not in the English BIP-39 list"),
        "{}",
        finished.stderr
    );
    assert!(!finished.stderr.contains("hodl") && !finished.stderr.contains("kitten"));
    assert!(!home.path().join("home/wallets/shop.json").exists());
}

#[test]
fn an_account_of_the_derivation_path_can_be_chosen() {
    let home = Home::new();
    let recoup = home.recoup();
    let first = home.import(&recoup, "first", WALLETS[1].2);
    let file = home.path().join("words");
    fs::write(&file, WALLETS[1].2).unwrap();
    let second = recoup
        .command(["wallet", "import", "second", "--account", "1", "--from-file"])
        .arg(&file);
    assert_ne!(second.run().unwrap().stdout.trim(), first);
}
