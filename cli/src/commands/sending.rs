//! What all commands share that send a transaction.

use std::time::Duration;

use clap::Args;
use recoup_stacks::hash::Txid;
use serde::Serialize;

use crate::context::{Context, Wallet};
use crate::failure::{Failure, Kind};
use crate::journal::{Book, Entry, Inclusion};
use crate::output::Fields;
use crate::profile::Chain;
use crate::send::{Ending, Fee, Outgoing, Patience, Recorded, carry_out, price, record};
use crate::terminal;

/// Options of commands that send a transaction.
#[derive(Debug, Clone, Args)]
pub struct SendOptions {
    /// Do not ask: do it
    #[arg(long, short)]
    pub yes: bool,
    /// Stop after the plan; nothing is signed
    #[arg(long)]
    pub dry_run: bool,
    /// Do not wait for a block (ends with exit code 6: sent, not confirmed)
    #[arg(long)]
    pub no_wait: bool,
    /// Wait at most so long for a block
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub timeout: u64,
    /// Fee in micro-STX [default: the node's estimate]
    #[arg(long, value_name = "MICRO_STX")]
    pub fee: Option<u64>,
}

impl SendOptions {
    pub(super) const fn patience(&self) -> Patience {
        Patience {
            wait: !self.no_wait,
            limit: Duration::from_secs(self.timeout),
        }
    }
}

/// A transaction in a command's JSON document.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TransactionDocument {
    txid: Txid,
    nonce: u64,
    /// In micro-STX.
    fee: String,
    /// The journal's word for where it stands.
    state: &'static str,
    /// Its entry in the journal.
    journal_entry: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    explorer: Option<String>,
}

impl TransactionDocument {
    pub(super) fn new(context: &Context, entry: &Entry) -> Self {
        let txid = entry.transaction.txid;
        let chain = context.profile.network;
        let is_public = chain != Chain::Local;
        Self {
            txid,
            nonce: entry.transaction.nonce,
            fee: entry.transaction.fee.to_string(),
            state: entry.state.as_str(),
            journal_entry: entry.number,
            explorer: is_public.then(|| format!("https://explorer.hiro.so/txid/{txid}?chain={chain}")),
        }
    }

    pub(super) fn fields(&self, fields: Fields) -> Fields {
        fields
            .row("transaction", self.txid)
            .row("state", self.state)
            .optional("explorer", self.explorer.as_ref())
    }
}

/// How a command that sends something ended, as its JSON document says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// Only planned.
    DryRun,
    /// The node has it; no block yet.
    Sent,
    /// Its effect stands on chain.
    Included,
    /// It stood on chain before.
    AlreadyDone,
}

impl Outcome {
    pub(super) const fn of(ending: &Ending) -> Self {
        match ending {
            Ending::Sent(_) => Self::Sent,
            Ending::Included(..) => Self::Included,
        }
    }

    /// The exit code's kind, when it is not 0.
    pub(super) const fn exit(self) -> Option<Kind> {
        match self {
            Self::Sent => Some(Kind::Pending),
            Self::DryRun | Self::Included | Self::AlreadyDone => None,
        }
    }
}

/// Where the effect was seen, if it was.
pub(super) const fn inclusion(ending: &Ending) -> Option<&Inclusion> {
    match ending {
        Ending::Sent(_) => None,
        Ending::Included(_, inclusion) => Some(inclusion),
    }
}

/// A transaction whose plan was shown.
pub(super) struct Planned {
    pub(super) outgoing: Outgoing,
    pub(super) fee: Fee,
    pub(super) account_nonce: u64,
    /// The question to ask.
    pub(super) question: String,
}

/// What carrying out led to.
pub(super) struct Finished {
    pub(super) ending: Ending,
    /// The transaction had been signed by an earlier run.
    pub(super) resumed: bool,
}

/// Chooses the fee, and says so when the ceiling cut it.
pub(super) async fn choose_fee(
    context: &Context,
    outgoing: &Outgoing,
    options: &SendOptions,
) -> Result<Fee, Failure> {
    let fee = price(context, &outgoing.transaction, options.fee).await?;
    if fee.is_cut {
        terminal::warn(
            "the node estimates a higher fee than the profile's ceiling: this may take long to be included",
        );
    }
    Ok(fee)
}

/// Asks, unlocks, signs, journals, sends and waits.
pub(super) async fn finish(
    context: &Context,
    wallet: &Wallet,
    options: &SendOptions,
    planned: Planned,
    recheck: impl FnOnce(&Book) -> Result<Option<u64>, Failure>,
) -> Result<Finished, Failure> {
    if !options.yes && !terminal::confirm(&planned.question)? {
        return Err(Failure::new(Kind::Refused, "not confirmed").hint("nothing was signed"));
    }
    let key = wallet.unlock(&context.passphrase)?;
    let Planned {
        outgoing,
        fee,
        account_nonce,
        ..
    } = planned;
    match record(context, outgoing, &key, fee, account_nonce, recheck)? {
        Recorded::Signed(entry) => {
            drop(key); // wiped before the long wait
            let ending = carry_out(context, entry, true, options.patience()).await?;
            Ok(Finished {
                ending,
                resumed: false,
            })
        }
        Recorded::Resume(entry) => resume(context, options, entry).await,
    }
}

/// Carries out what an earlier run signed.
pub(super) async fn resume(
    context: &Context,
    options: &SendOptions,
    entry: u64,
) -> Result<Finished, Failure> {
    terminal::note("an earlier run of this command signed it already: finishing that one");
    let ending = carry_out(context, entry, false, options.patience()).await?;
    Ok(Finished {
        ending,
        resumed: true,
    })
}
