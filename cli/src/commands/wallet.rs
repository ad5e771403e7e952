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
use crate::help::Help;
use crate::keystore::{
    KeystoreError, MultiSigPolicy, PolicyError, Secret, SigningOrder, Stretching, WalletFile, WalletName,
};
use crate::output::{Fields, Output, Table};
use crate::secrets::ImportSource;
use crate::terminal;
use crate::token::TokenInfo;

/// Keys, encrypted on disk
///
/// A wallet is a file that only its owner can read, encrypted under a passphrase with a memory-hard function; or an address
/// whose key is elsewhere: on another machine, in a browser, with several people. Keys and words are never taken from the
/// command line or the environment. The passphrase is asked, or read with --passphrase-file or --passphrase-fd.
#[derive(Debug, Clone, Subcommand)]
#[command(after_long_help = Help::new()
    .example("Make one", "recoup wallet new shop")
    .example("Use it for all commands of this profile", "recoup config set wallet shop")
    .example("See what it owns", "recoup wallet balance"))]
pub enum WalletCommand {
    /// Make a wallet with 24 new words, which are shown once on stderr
    ///
    /// The words are the wallet (BIP-39, path m/44'/5757'/0'/0/0 as other wallets use it): write them down, away from this
    /// machine. stdout has the address alone.
    #[command(after_long_help = Help::new()
        .exit(2, "there is a wallet of that name: nothing was changed")
        .example("Make a wallet", "recoup wallet new shop")
        .example("In a script, with the passphrase in a file", "recoup wallet new shop --passphrase-file passphrase"))]
    New(NewWallet),
    /// Import a wallet from its words or its private key, from a file, standard input or a prompt
    ///
    /// 12 to 24 words, or a private key in hexadecimal (32 bytes, or 33 with 01 at the end). On a terminal they are asked
    /// and not shown.
    #[command(after_long_help = Help::new()
        .exit(2, "there is a wallet of that name: nothing was changed")
        .example("Type the words", "recoup wallet import shop")
        .example("From a password manager, over a pipe", "pass show shop | recoup wallet import shop")
        .example("The second account of the words in a file",
            "recoup wallet import till --from-file words --account 1"))]
    Import(ImportWallet),
    /// Store another account of the words of a wallet under a name of its own
    ///
    /// The same words, another address. It has a file and a passphrase of its own.
    #[command(after_long_help = Help::new()
        .needs("the passphrase of the wallet with the words")
        .example("The second account of the words of `shop`", "recoup wallet account till --of shop --account 1"))]
    Account(NextAccount),
    /// Store an address without its key: for plans, and for transactions that are signed elsewhere
    ///
    /// Every command that only looks works with it; whatever is to be signed is written to a file with --unsigned.
    #[command(after_long_help = Help::new()
        .example("Watch the shop's account", "recoup wallet watch shop ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5"))]
    Watch {
        /// Its name
        name: WalletName,
        /// The address
        address: Address,
    },
    /// Store the address of a browser's wallet, which signs whatever this wallet sends
    ///
    /// Opens a page on this machine alone (random port, used once), which asks the wallet in the browser for its address.
    /// Later, each transaction is handed to it in the same way.
    #[command(after_long_help = Help::new()
        .needs("a browser on this machine with a Stacks wallet in it")
        .exit(3, "the browser refused, or nobody answered in time")
        .example("Under the name `browser`", "recoup wallet connect")
        .example("Then refund with it", "recoup --wallet browser refund create --invoice 1 --full --reference refund-1"))]
    Connect {
        /// Its name
        #[arg(default_value = "browser")]
        name: WalletName,
        /// Wait at most so long for the browser
        #[arg(long, value_name = "SECONDS", default_value_t = 300)]
        timeout: u64,
    },
    /// Store an account of several keys, which are elsewhere
    ///
    /// Its address follows from the keys, how many of them must sign, and whether in sequence (SIP-005) or in any order
    /// (SIP-027). What it sends is written to a file, signed by as many as it wants, and sent from there.
    #[command(after_long_help = Help::new()
        .example("Two of two, in sequence", "recoup wallet multisig board --required 2 \\\n      \
             --public-key 03ef788b3830c00abe8f64f62dc32fc863bc0b2cafeb073b6c8e1c7657d9c2c3ab \\\n      \
             --public-key 02c4b5eacb71a27be633ed970dcbc41c00440364bc04ba38ae4683ac24e708bf33")
        .example("Where each key comes from", "recoup --wallet anna wallet export --public"))]
    Multisig(NewMultisig),
    /// Show a wallet's secret: its words or its private key; or its public key
    ///
    /// Asks first. Whoever sees the words or the private key can spend all that the wallet owns.
    #[command(after_long_help = Help::new()
        .needs("the wallet's passphrase")
        .example("The words, to write them down", "recoup wallet export shop")
        .example("The public key, for an account of several keys", "recoup wallet export shop --public"))]
    Export(Export),
    /// List the wallets
    ///
    /// Names, sorts and addresses as the profile's network writes them. Needs no passphrase.
    #[command(after_long_help = Help::new()
        .example("List them", "recoup wallet list")
        .example("Their addresses on mainnet", "recoup --profile mainnet wallet list"))]
    List,
    /// Show a wallet's address
    ///
    /// As the profile's network writes it. Needs no passphrase.
    #[command(after_long_help = Help::new()
        .example("Of the profile's wallet", "recoup wallet address")
        .example("Of another one", "recoup wallet address shop"))]
    Address {
        /// Which wallet [default: the profile's]
        name: Option<WalletName>,
    },
    /// Show what a wallet owns in STX
    ///
    /// What it can spend, what is locked by stacking, and its next nonce, at the node's tip.
    #[command(after_long_help = Help::new()
        .needs("a node; no key")
        .example("Of the profile's wallet", "recoup wallet balance")
        .example("Of another one, for a program", "recoup wallet balance shop --json"))]
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
