//! What to type once the stack is up.

use anyhow::Result;
use recoup_test_support::binary;

use super::{StackFolder, StackRecord};
use crate::accounts::{ALICE, SHOP};
use crate::command_line::PASSPHRASE_FILE;

/// Commands that work as they stand, in the order in which they make sense.
///
/// # Errors
/// When the command line is not built.
pub fn next_steps(folder: &StackFolder, record: &StackRecord) -> Result<String> {
    let home = folder.home();
    let programs = binary("recoup", "recoup-cli")?;
    let programs = programs.parent().unwrap_or(&programs);
    Ok(format!(
        r#"The local stack is up.
  node      {node}
  indexer   {indexer}/api/v1/health
  database  {database}
  wallets   deployer, shop, alice, bob (funded with STX and a mock sBTC)

To use it from this shell:
  export PATH="{programs}:$PATH" RECOUP_HOME="{home}" RECOUP_PASSPHRASE_FILE="{passphrase}"

Then, one after the other:
  recoup --wallet {shop} invoice create --amount 100 --reference order-1 --memo "A bicycle" --yes
  recoup --wallet {alice} pay 1 --yes
  recoup --wallet {shop} refund create --invoice 1 --amount 30 --reference refund-1 --reason "Scratched frame" --yes
  recoup invoice show 1
  recoup refund list --merchant {merchant}

A Bitcoin block passes:  curl -sX POST {node}/devnet/v1/burn -d '{{"blocks":1}}'
To stop and remove it:   make down
"#,
        node = record.node,
        indexer = record.indexer,
        database = record.database,
        programs = programs.display(),
        home = home.display(),
        passphrase = home.join(PASSPHRASE_FILE).display(),
        shop = SHOP.wallet,
        alice = ALICE.wallet,
        merchant = SHOP.address,
    ))
}
