//! `recoup wallet`: keys, encrypted on disk.

use std::time::Duration;

use clap::{Args, Subcommand};
use recoup_protocol::amount::BaseUnits;
use recoup_stacks::address::Address;
use recoup_stacks::hex;
use recoup_stacks::keys::PublicKey;
use serde::Serialize;
use zeroize::Zeroizing;

use super::in_browser;
use crate::context::{Context, Wallet};
use crate::failure::{Failure, Kind};
use crate::keystore::{
    KeystoreError, MultiSigPolicy, PolicyError, Secret, SigningOrder, Stretching, WalletFile, WalletName,
};
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
    /// Store another account of the words of a wallet under a name of its own
    Account(NextAccount),
    /// Store an address without its key: for plans, and for transactions that are signed elsewhere
    Watch {
        /// Its name
        name: WalletName,
        /// The address
        address: Address,
    },
    /// Store the address of a browser's wallet, which signs whatever this wallet sends
    Connect {
        /// Its name
        #[arg(default_value = "browser")]
        name: WalletName,
        /// Wait at most so long for the browser
        #[arg(long, value_name = "SECONDS", default_value_t = 300)]
        timeout: u64,
    },
    /// Store an account of several keys, which are elsewhere
    Multisig(NewMultisig),
    /// Show a wallet's secret: its words or its private key; or its public key
    Export(Export),
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

/// Arguments of `recoup wallet account`.
#[derive(Debug, Clone, Args)]
pub struct NextAccount {
    #[command(flatten)]
    wallet: NewWallet,
    /// The wallet whose words are used
    #[arg(long, value_name = "WALLET")]
    of: WalletName,
}

/// Arguments of `recoup wallet multisig`.
#[derive(Debug, Clone, Args)]
pub struct NewMultisig {
    /// Its name
    name: WalletName,
    /// How many must sign
    #[arg(long, value_name = "N")]
    required: u16,
    /// A public key, compressed, in hexadecimal (`recoup wallet export --public`); once for each, in the address's order
    #[arg(long, value_name = "KEY", required = true)]
    public_key: Vec<String>,
    /// Whether signatures build on each other in the order of the keys, or are made in any order
    #[arg(long, value_enum, default_value_t = SigningOrder::Sequential)]
    order: SigningOrder,
}

/// Arguments of `recoup wallet export`.
#[derive(Debug, Clone, Args)]
pub struct Export {
    /// Which wallet [default: the profile's]
    name: Option<WalletName>,
    /// The public key alone
    #[arg(long)]
    public: bool,
    /// Do not ask: show it
    #[arg(long, short)]
    yes: bool,
}

#[derive(Serialize)]
struct WalletDocument {
    name: WalletName,
    address: Address,
    /// `words`, `key`, `watch-only` or `multi-signature`.
    sort: &'static str,
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
        WalletCommand::Account(next) => {
            refuse_taken(context, &next.wallet.name)?;
            store(context, &next.wallet.name, &account_of(context, &next)?)
        }
        WalletCommand::Watch { name, address } => store_file(context, &name, &WalletFile::watching(&address)),
        WalletCommand::Connect { name, timeout } => {
            refuse_taken(context, &name)?;
            let address = in_browser::connect(context, Duration::from_secs(timeout)).await?;
            store_file(context, &name, &WalletFile::in_browser(&address))
        }
        WalletCommand::Multisig(new) => {
            let keys = new.public_key.iter().map(|text| PublicKey::from_hex(text));
            let keys = keys.collect::<Result<Vec<_>, _>>().map_err(PolicyError::from);
            let policy = keys.and_then(|keys| MultiSigPolicy::new(new.required, new.order, keys));
            let policy = policy.map_err(KeystoreError::from)?;
            store_file(context, &new.name, &WalletFile::multi_sig(policy))
        }
        WalletCommand::Export(arguments) => export(&context.with_wallet(arguments.name.clone()), &arguments),
        WalletCommand::List => list(context),
        WalletCommand::Address { name } => {
            let wallet = context.with_wallet(name).wallet()?;
            let text = format!("{}\n", wallet.address);
            Output::new(&document(&wallet), text)
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
    store_file(
        context,
        name,
        &WalletFile::seal(secret, &passphrase, Stretching::STANDARD)?,
    )
}

fn store_file(context: &Context, name: &WalletName, file: &WalletFile) -> Result<Output, Failure> {
    let path = context.keystore.create(name, file)?;
    let address = file.address(context.profile.network.network());
    terminal::note(&format!("stored wallet `{name}` in {}", path.display()));
    let text = format!("{address}\n");
    Output::new(
        &WalletDocument {
            name: name.clone(),
            address,
            sort: file.sort(),
        },
        text,
    )
}

fn document(wallet: &Wallet) -> WalletDocument {
    WalletDocument {
        name: wallet.name.clone(),
        address: wallet.address,
        sort: wallet.sort(),
    }
}

/// The same words, another account of theirs.
fn account_of(context: &Context, next: &NextAccount) -> Result<Secret, Failure> {
    let wallet = context.with_wallet(Some(next.of.clone())).wallet()?;
    match wallet.open(&context.passphrase)? {
        Secret::Phrase { entropy, .. } => Ok(Secret::Phrase {
            entropy,
            account: next.wallet.account,
        }),
        Secret::Key(_) => {
            let message = format!("wallet `{}` is a single key: it has no other accounts", next.of);
            Err(Failure::new(Kind::Usage, message).hint("name a wallet that was made from words"))
        }
    }
}

/// Shows what must never be seen: only when it was asked for twice, and only on stdout.
fn export(context: &Context, arguments: &Export) -> Result<Output, Failure> {
    let wallet = context.wallet()?;
    if arguments.public {
        let key = wallet.unlock(&context.passphrase)?.public_key();
        let key = hex::encode(key.compressed());
        let document = serde_json::json!({ "name": wallet.name, "public_key": key });
        return Output::new(&document, format!("{key}\n"));
    }
    terminal::warn("whoever sees this secret has the money: no one else must see the screen or the output");
    let question = format!("Show the secret of wallet {}?", wallet.name);
    if !arguments.yes && !terminal::confirm(&question)? {
        return Err(Failure::new(Kind::Refused, "not confirmed").hint("nothing was shown"));
    }
    let secret = wallet.open(&context.passphrase)?;
    if let Some(words) = secret.words()? {
        let document = serde_json::json!({ "name": wallet.name, "words": *words });
        return Output::new(&document, format!("{}\n", *words));
    }
    let key = Zeroizing::new(hex::encode(&*secret.key()?.expose()));
    let document = serde_json::json!({ "name": wallet.name, "private_key": *key });
    Output::new(&document, format!("{}\n", *key))
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
    let mut table = Table::new(&["wallet", "address", "sort"]);
    for name in context.keystore.names()? {
        let wallet = context.with_wallet(Some(name)).wallet()?;
        let document = document(&wallet);
        table.push(&[
            document.name.to_string(),
            document.address.to_string(),
            document.sort.to_owned(),
        ]);
        documents.push(document);
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
