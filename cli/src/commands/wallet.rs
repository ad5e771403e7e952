//! `recoup wallet`: keys, encrypted on disk.

use clap::{Args, Subcommand};
use recoup_protocol::amount::BaseUnits;
use recoup_stacks::address::Address;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::keystore::{Secret, Stretching, WalletFile, WalletName};
use crate::output::{Fields, Output, Table};
use crate::secrets::ImportSource;
use crate::terminal;
use crate::token::TokenInfo;

/// Keys, encrypted on disk
#[derive(Debug, Clone, Subcommand)]
pub enum WalletCommand {
    /// Make a wallet with 24 new words, which are shown once on stderr
    New(NewWallet),
    /// Import a wallet from its words or its private key, from a file, standard input or a prompt
    Import(ImportWallet),
    /// List the wallets
    List,
    /// Show a wallet's address
    Address {
        /// Which wallet [default: the profile's]
        name: Option<WalletName>,
    },
    /// Show what a wallet owns in STX
    Balance {
        /// Which wallet [default: the profile's]
        name: Option<WalletName>,
    },
}

/// Arguments of `recoup wallet new`.
#[derive(Debug, Clone, Args)]
pub struct NewWallet {
    /// Its name
    name: WalletName,
    /// Last step of the derivation path m/44'/5757'/0'/0/N
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..0x8000_0000))]
    account: u32,
}

/// Arguments of `recoup wallet import`.
#[derive(Debug, Clone, Args)]
pub struct ImportWallet {
    #[command(flatten)]
    wallet: NewWallet,
    #[command(flatten)]
    source: ImportSource,
}

#[derive(Serialize)]
struct WalletDocument {
    name: WalletName,
    address: Address,
}

#[derive(Serialize)]
struct BalanceDocument {
    name: WalletName,
    address: Address,
    /// Unlocked, in micro-STX.
    balance: BaseUnits,
    /// Locked, in micro-STX.
    locked: BaseUnits,
    nonce: u64,
}

/// Runs the command.
///
/// # Errors
/// When a wallet cannot be made or read, or the node does not answer.
pub async fn run(context: &Context, command: WalletCommand) -> Result<Output, Failure> {
    match command {
        WalletCommand::New(new) => {
            refuse_taken(context, &new.name)?;
            let secret = Secret::generate(new.account)?;
            let output = store(context, &new.name, &secret)?;
            show_words(&secret)?;
            Ok(output)
        }
        WalletCommand::Import(ImportWallet { wallet, source }) => {
            refuse_taken(context, &wallet.name)?;
            let secret = Secret::parse(&source.read()?, wallet.account)?;
            store(context, &wallet.name, &secret)
        }
        WalletCommand::List => list(context),
        WalletCommand::Address { name } => {
            let wallet = context.with_wallet(name).wallet()?;
            let text = format!("{}\n", wallet.address);
            Output::new(
                &WalletDocument {
                    name: wallet.name,
                    address: wallet.address,
                },
                text,
            )
        }
        WalletCommand::Balance { name } => balance(&context.with_wallet(name)).await,
    }
}

/// Before anything is asked or derived: a passphrase typed for nothing is an annoyance.
fn refuse_taken(context: &Context, name: &WalletName) -> Result<(), Failure> {
    if context.keystore.contains(name) {
        return Err(crate::keystore::KeystoreError::Exists(name.clone()).into());
    }
    Ok(())
}

fn store(context: &Context, name: &WalletName, secret: &Secret) -> Result<Output, Failure> {
    let passphrase = context.passphrase.read_new(&name.to_string())?;
    let file = WalletFile::seal(secret, &passphrase, Stretching::STANDARD)?;
    let path = context.keystore.create(name, &file)?;
    let address = file.address(context.profile.network.network());
    terminal::note(&format!("stored wallet `{name}` in {}", path.display()));
    let text = format!("{address}\n");
    Output::new(
        &WalletDocument {
            name: name.clone(),
            address,
        },
        text,
    )
}

/// Only after the wallet is stored: words of a wallet that does not exist would be written down for nothing.
fn show_words(secret: &Secret) -> Result<(), Failure> {
    if let Some(words) = secret.words()? {
        eprintln!(
            "Write these words down and keep them safe. They are shown only now, and they are the money:"
        );
        eprintln!();
        eprintln!("  {}", *words);
        eprintln!();
    }
    Ok(())
}

fn list(context: &Context) -> Result<Output, Failure> {
    let mut documents = Vec::new();
    let mut table = Table::new(&["wallet", "address"]);
    for name in context.keystore.names()? {
        let address = context
            .keystore
            .load(&name)?
            .address(context.profile.network.network());
        table.push(&[name.to_string(), address.to_string()]);
        documents.push(WalletDocument { name, address });
    }
    Output::new(&serde_json::json!({ "wallets": documents }), table.to_text())
}

async fn balance(context: &Context) -> Result<Output, Failure> {
    let wallet = context.wallet()?;
    let view = context.node.view().await?;
    let account = view.account(&wallet.address.into()).await?;
    let document = BalanceDocument {
        name: wallet.name,
        address: wallet.address,
        balance: BaseUnits(account.balance),
        locked: BaseUnits(account.locked),
        nonce: account.nonce,
    };
    let fields = Fields::new()
        .row("wallet", &document.name)
        .row("address", document.address)
        .row("balance", TokenInfo::Stx.show(document.balance))
        .row("locked", TokenInfo::Stx.show(document.locked))
        .row("nonce", document.nonce);
    Output::new(&document, fields.to_text())
}
