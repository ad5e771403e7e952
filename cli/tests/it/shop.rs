//! A local chain with the contracts deployed by the command line itself, a merchant, and two payers.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use recoup_test_support::{LocalChain, LocalChainOptions, Recoup};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::json_page;

/// Published test phrases of Clarinet's devnet (settings/Devnet.toml). Never send real funds to them.
pub(crate) const WALLETS: [(&str, &str, &str); 4] = [
    (
        "deployer",
        "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
        "twice kind fence tip hidden tilt action fragile skin nothing glory cousin green tomorrow spring wrist shed \
         math olympic multiply hip blue scout claw",
    ),
    (
        "shop",
        "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5",
        "sell invite acquire kitten bamboo drastic jelly vivid peace spawn twice guilt pave pen trash pretty park cube \
         fragile unaware remain midnight betray rebuild",
    ),
    (
        "alice",
        "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG",
        "hold excess usual excess ring elephant install account glad dry fragile donkey gaze humble truck breeze nation \
         gasp vacuum limb head keep delay hospital",
    ),
    (
        "bob",
        "ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC",
        "cycle puppy glare enroll cost improve round trend wrist mushroom scorpion tower claim oppose clever elephant \
         dinosaur eight problem before frozen dune wagon high",
    ),
];

/// The folder of the command line's files, with a passphrase beside them.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("passphrase"), "local chain only\n").unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn recoup(&self) -> Recoup {
        Recoup::new(env!("CARGO_BIN_EXE_recoup"), self.path().join("home"))
            .with_env("RECOUP_PASSPHRASE_FILE", self.path().join("passphrase"))
            .with_env("TZ", "UTC")
    }

    pub(crate) fn import(&self, recoup: &Recoup, name: &str, secret: &str) -> String {
        let file = self.path().join("secret");
        fs::write(&file, secret).unwrap();
        let finished = recoup
            .command(["wallet", "import", name, "--from-file"])
            .arg(&file)
            .run()
            .unwrap();
        fs::remove_file(&file).unwrap();
        finished.stdout.trim().to_owned()
    }
}

/// Runs a command that has to end with this code. Its document, which is as docs/JSON.md says, and the same without what
/// differs from run to run.
pub(crate) fn document(recoup: &Recoup, code: i32, arguments: &[&str]) -> (Value, Value) {
    let command = recoup.command(arguments).arg("--json").expect_code(code);
    let document = command.run().unwrap().json().unwrap();
    let redacted = json_page::check(arguments, &document);
    (document, redacted)
}

/// The scene of all stories. They take turns on one chain, each with invoices of its own; a chain for each would take
/// minutes. It ends with the test binary.
pub(crate) struct Shop {
    pub(crate) chain: LocalChain,
    home: Home,
    recoup: Recoup,
}

impl Shop {
    /// Waits for its turn, and clears the faults of the story before.
    pub(crate) fn open() -> MutexGuard<'static, Self> {
        static SHOP: OnceLock<Mutex<Shop>> = OnceLock::new();
        let shop = SHOP.get_or_init(|| Mutex::new(Self::set_up()));
        let shop = shop.lock().unwrap_or_else(PoisonError::into_inner);
        shop.chain
            .faults(&json!({ "clear": true, "network_id": null }))
            .unwrap();
        shop
    }

    /// Blocks come by themselves.
    fn set_up() -> Self {
        let options = LocalChainOptions {
            mine_interval: Some(Duration::from_millis(100)),
            ..LocalChainOptions::default()
        };
        let chain = LocalChain::start(&options).unwrap();
        let home = Home::new();
        let recoup = home.recoup().with_env("RECOUP_NODE_URL", chain.url());
        for (name, address, phrase) in WALLETS {
            assert_eq!(home.import(&recoup, name, phrase), address);
        }
        let shop = Self { chain, home, recoup };
        shop.of("deployer")
            .command(["contracts", "deploy", "--mocks", "--yes"])
            .run()
            .unwrap();
        shop
    }

    /// The command line with this wallet.
    pub(crate) fn of(&self, wallet: &str) -> Recoup {
        self.recoup.clone().with_env("RECOUP_WALLET", wallet)
    }

    /// Runs a command that has to succeed, and gives its document.
    pub(crate) fn run(&self, wallet: &str, arguments: &[&str]) -> Value {
        self.run_to(0, wallet, arguments)
    }

    /// Runs a command that has to end with this code, and gives its document.
    pub(crate) fn run_to(&self, code: i32, wallet: &str, arguments: &[&str]) -> Value {
        document(&self.of(wallet), code, arguments).0
    }

    /// An invoice of 10 STX that alice paid. Its id.
    pub(crate) fn paid_invoice(&self) -> String {
        let invoice = self.run("shop", &["invoice", "create", "--amount", "10", "--yes"]);
        let id = invoice["invoice_id"].to_string();
        self.run("alice", &["pay", &id, "--yes"]);
        id
    }

    /// The refunds of an invoice, oldest first, as the contract keeps them.
    pub(crate) fn refunds(&self, invoice: &str) -> Vec<Value> {
        let list = self.run("shop", &["refund", "list", "--invoice", invoice]);
        list["refunds"].as_array().unwrap().clone()
    }

    /// Micro-STX of a wallet.
    pub(crate) fn balance(&self, wallet: &str) -> u128 {
        let balance = self.run(wallet, &["wallet", "balance"]);
        balance["balance"].as_str().unwrap().parse().unwrap()
    }

    /// The journal as it lies on disk.
    pub(crate) fn journal(&self) -> String {
        fs::read_to_string(self.home.path().join("home/journal/local.journal")).unwrap()
    }
}
