//! The command line with a home of its own, pointed at a scene, with the funded accounts as wallets.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use recoup_test_support::{Recoup, binary};

use crate::accounts::{ACCOUNTS, Account, DEPLOYER};
use crate::scene::Scene;

/// The file in the home that holds the wallets' passphrase.
pub const PASSPHRASE_FILE: &str = "passphrase";

/// Protects keys that everybody knows.
const PASSPHRASE: &str = "local chain only";

/// The command line in its home.
#[derive(Debug)]
pub struct CommandLine {
    recoup: Recoup,
}

impl CommandLine {
    /// Makes the home, names the scene's node and indexer in its configuration, and imports the wallets.
    ///
    /// # Errors
    /// When the command line refuses.
    pub fn set_up(home: PathBuf, scene: &Scene) -> Result<Self> {
        fs::create_dir_all(&home)?;
        let (passphrase_file, key_file) = (home.join(PASSPHRASE_FILE), home.join("key"));
        fs::write(&passphrase_file, PASSPHRASE)?;
        let recoup = Recoup::new(binary("recoup", "recoup-cli")?, home);
        let recoup = recoup.with_env("RECOUP_PASSPHRASE_FILE", &passphrase_file);
        for (setting, value) in [
            ("node", scene.node().base()),
            ("indexer", scene.indexer()?.base()),
        ] {
            recoup.command(["config", "set", setting, value]).run()?;
        }
        for account in ACCOUNTS {
            fs::write(&key_file, account.key)?;
            let import = recoup.command(["wallet", "import", account.wallet, "--from-file"]);
            let imported = import.arg(&key_file).run()?;
            ensure!(
                imported.stdout.trim() == account.address,
                "imported {}",
                imported.stdout
            );
        }
        fs::remove_file(&key_file)?;
        Ok(Self { recoup })
    }

    /// Without a wallet named.
    #[must_use]
    pub fn recoup(&self) -> &Recoup {
        &self.recoup
    }

    /// As this account's owner uses it.
    #[must_use]
    pub fn of(&self, account: Account) -> Recoup {
        self.recoup.clone().with_env("RECOUP_WALLET", account.wallet)
    }

    /// Deploys all contracts, and hands out some of the mock token.
    ///
    /// # Errors
    /// When the command line or the chain refuses.
    pub fn deploy_contracts(&self, scene: &Scene) -> Result<()> {
        self.of(DEPLOYER)
            .command(["contracts", "deploy", "--mocks", "--yes"])
            .run()?;
        scene.fund_tokens()
    }
}
