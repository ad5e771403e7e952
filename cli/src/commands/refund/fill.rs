//! Filling the nonces that nobody uses and that a transaction waits behind: the plan, the question, the signatures.

use clap::Args;
use recoup_protocol::amount::BaseUnits;
use recoup_stacks::address::{Address, ContractId};
use recoup_stacks::rpc::Account;

use crate::context::{Context, Wallet};
use crate::failure::{Failure, Kind};
use crate::journal::Entry;
use crate::output::Fields;
use crate::refund::{Funds, ensure_funds};
use crate::send::{
    Fee, MOST_FILLERS, Nonces, ensure_current, filler, gap, price, record_fillers, show_nonces,
};
use crate::terminal;
use crate::token::TokenInfo;

/// Options of commands that fill such nonces.
#[derive(Debug, Clone, Args)]
pub struct FillOptions {
    /// Do not ask before nonces that nobody uses are filled, at a fee each
    #[arg(long, short)]
    yes: bool,
    /// Fee of each of those in micro-STX [default: the least that nodes take]
    #[arg(long, value_name = "MICRO_STX")]
    fee: Option<u64>,
}

/// Whether the way of a transaction is free.
pub(super) enum Way {
    /// Nothing is in front of it that the journal does not know.
    Free,
    /// Nonces in front of it stay unused, and why.
    Blocked(Failure),
}

/// Looks for nonces that nobody uses in front of an entry, and fills them as far as the user agrees. Fillers are in the
/// journal then, and not sent: that is done with the entry itself, in the order of their nonces.
///
/// # Errors
/// When the node does not answer, or the journal cannot be written.
pub(super) async fn clear_the_way(
    context: &Context,
    entry: &Entry,
    options: &FillOptions,
) -> Result<Way, Failure> {
    match fill(context, entry, options).await {
        Ok(()) => Ok(Way::Free),
        Err(failure) if matches!(failure.kind, Kind::Network | Kind::Internal) => Err(failure),
        Err(failure) => Ok(Way::Blocked(failure)),
    }
}

async fn fill(context: &Context, entry: &Entry, options: &FillOptions) -> Result<(), Failure> {
    let sender = entry.transaction.sender;
    let view = context.node.view().await?;
    let account = view.account(&sender.into()).await?;
    let unused = gap(&*context.journal.read()?, entry, account.nonce);
    if unused.is_empty() {
        return Ok(());
    }
    let nonces = Nonces::read(context, sender, account.nonce).await?;
    let unused: Vec<u64> = unused.into_iter().filter(|nonce| !nonces.waits(*nonce)).collect();
    if unused.is_empty() {
        return Ok(());
    }
    ensure_current(context, &view, false).map_err(|failure| blocked(entry, &unused, failure))?;
    if unused.len() > MOST_FILLERS {
        return Err(too_wide(entry, account.nonce));
    }
    let (wallet, core) = signer(context, sender).map_err(|failure| blocked(entry, &unused, failure))?;
    let fee = choose_fee(context, core, options, (&account, &unused), sender)
        .await
        .map_err(|failure| blocked(entry, &unused, failure))?;
    show(context, entry, &unused, core, fee, &wallet);
    if !options.yes {
        agree(context, &unused).map_err(|failure| blocked(entry, &unused, failure))?;
    }
    let key = wallet
        .unlock(&context.passphrase)
        .map_err(|failure| blocked(entry, &unused, failure))?;
    let count = record_fillers(context, (entry, &unused), account.nonce, core, &key, fee)?;
    if count < unused.len() {
        terminal::note("another process filled some of them meanwhile, or they are needed no more");
    }
    Ok(())
}

/// What is wrong, with what it means for the entry above it.
fn blocked(entry: &Entry, unused: &[u64], failure: Failure) -> Failure {
    let transaction = &entry.transaction;
    failure.context(format!(
        "transaction {} (nonce {}) cannot be included while nobody uses {}",
        transaction.txid,
        transaction.nonce,
        show_nonces(unused)
    ))
}

fn too_wide(entry: &Entry, account_nonce: u64) -> Failure {
    let transaction = &entry.transaction;
    let message = format!(
        "the account's next nonce is {account_nonce} by the node's word, and transaction {} has {}: more than \
         {MOST_FILLERS} unused nonces in between are not filled",
        transaction.txid, transaction.nonce
    );
    Failure::new(Kind::Refused, message).hint(
        "ask another node with --node-url: this one may be wrong or of another chain. If it is right, send other \
         transactions from this wallet first; each takes the first unused nonce",
    )
}

/// The wallet that can sign for the entry's account, and the contract that refuses the filler.
fn signer(context: &Context, sender: Address) -> Result<(Wallet, &ContractId), Failure> {
    let wallet = context.wallet()?;
    if wallet.address != sender {
        let message = format!(
            "{sender} signed it, and wallet {} is {}",
            wallet.name, wallet.address
        );
        return Err(
            Failure::new(Kind::Refused, message).hint("name the wallet that signed it, with --wallet")
        );
    }
    if !wallet.has_key() {
        let message = format!("wallet {} does not sign by itself", wallet.name);
        return Err(Failure::new(Kind::Refused, message)
            .hint("any other transaction of this account takes the first unused nonce: build and sign one"));
    }
    Ok((wallet, context.core()?))
}

async fn choose_fee(
    context: &Context,
    core: &ContractId,
    options: &FillOptions,
    (account, unused): (&Account, &[u64]),
    sender: Address,
) -> Result<Fee, Failure> {
    let transaction = filler(context, core);
    let least = u64::try_from(transaction.encoded_length()).unwrap_or(u64::MAX);
    let fee = price(context, &transaction, Some(options.fee.unwrap_or(least))).await?;
    let count = u64::try_from(unused.len()).unwrap_or(u64::MAX);
    let balance = BaseUnits(account.balance);
    let funds = Funds {
        micro_stx: balance,
        token: balance,
    };
    let all = fee.micro_stx.saturating_mul(count);
    ensure_funds(&TokenInfo::Stx, BaseUnits::ZERO, all, funds, sender)?;
    Ok(fee)
}

fn show(context: &Context, entry: &Entry, unused: &[u64], core: &ContractId, fee: Fee, wallet: &Wallet) {
    let transaction = &entry.transaction;
    let plan = Fields::new()
        .row(
            "waiting",
            format!("{} (nonce {})", entry.intent.describe(), transaction.nonce),
        )
        .row("unused before it", show_nonces(unused))
        .row(
            "fill",
            format!("each by a call of {core} that is certain to fail: it moves nothing"),
        )
        .row(
            "fee",
            format!("{} each", TokenInfo::Stx.show(BaseUnits(fee.micro_stx.into()))),
        )
        .row("wallet", &wallet.name)
        .row("network", context.profile.network);
    terminal::show(&format!("Nonces that nobody uses\n{}", plan.to_text()));
}

fn agree(context: &Context, unused: &[u64]) -> Result<(), Failure> {
    let left = |message: &str| {
        Failure::new(Kind::Pending, message)
            .hint("`recoup refund resume --yes` fills the gap; so does any other transaction of this wallet")
    };
    if !terminal::can_ask() {
        return Err(left(
            "nobody agreed to fill the gap, and there is no terminal to ask on",
        ));
    }
    let question = format!("Fill {} on {}?", show_nonces(unused), context.profile.network);
    if terminal::confirm(&question)? {
        Ok(())
    } else {
        Err(left("not confirmed"))
    }
}
