//! What all commands share that send a transaction.
//!
//! A command that sends one contract call does this, and nothing else by itself:
//!
//! 1. It reads what it needs through one [`View`], and makes an [`Intent`](crate::journal::Intent) of it: all that is
//!    needed to recognise the same wish in the journal and its effect on chain. A new sort of intent has an arm in
//!    `Intent::describe` and in `send::effect::find`; the compiler asks for both.
//! 2. It calls [`Sender::send`] with two closures. `find_open` looks in the journal for an entry that does the same and is
//!    not settled: that one is finished in place of a second. `propose` makes the contract's checks and then the
//!    transaction ([`Context::outgoing`]), its post-conditions ([`Outgoing::fenced`]), and the plan's rows.
//! 3. `send` chooses the fee, shows the plan with fee and network, stops there in a dry run, asks, unlocks the wallet, signs,
//!    writes the journal, sends, and follows into a block.
//! 4. It makes its JSON document and text of what came out.
//!
//! `recoup pay` is the shortest example. A command with checks that need the fee (`refund create`) calls
//! [`Sender::price`] and [`Sender::finish`] itself.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use recoup_protocol::amount::BaseUnits;
use recoup_stacks::hash::Txid;
use recoup_stacks::rpc::Account;
use recoup_stacks::transaction::Transaction;
use serde::Serialize;

use super::in_browser;
use crate::context::{Context, Wallet};
use crate::failure::{Failure, Kind};
use crate::home::Existing;
use crate::journal::{Book, Entry, Inclusion, SignedTransaction, State};
use crate::keystore::MultiSigPolicy;
use crate::node::View;
use crate::offline::TransactionFile;
use crate::output::Fields;
use crate::profile::Chain;
use crate::send::{
    Ending, Fee, Nonces, Outgoing, Patience, Recorded, Start, carry_out, price, record, record_signed,
};
use crate::terminal;
use crate::token::TokenInfo;

/// Options of commands that send a transaction.
#[derive(Debug, Clone, Args)]
pub struct SendOptions {
    /// Do not ask: do it
    #[arg(long, short)]
    pub yes: bool,
    /// Stop after the plan; nothing is signed
    #[arg(long)]
    pub dry_run: bool,
    /// Write the transaction into this file in place of signing it: for `recoup tx sign`, here or on another machine
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub unsigned: Option<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print the comment as help")]
    pub wait: Patiently,
    /// Fee in micro-STX [default: the node's estimate]
    #[arg(long, value_name = "MICRO_STX")]
    pub fee: Option<u64>,
}

/// How long to wait for a block.
#[derive(Debug, Clone, Args)]
pub struct Patiently {
    /// Do not wait for a block (ends with exit code 6: sent, not confirmed)
    #[arg(long)]
    pub no_wait: bool,
    /// Wait at most so long for a block
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub timeout: u64,
}

impl Patiently {
    pub(super) const fn patience(&self) -> Patience {
        Patience {
            wait: !self.no_wait,
            limit: Duration::from_secs(self.timeout),
        }
    }
}

impl SendOptions {
    /// Stops after the plan, whether or not it is written to a file.
    pub(super) const fn plans_only(&self) -> Option<Outcome> {
        match (self.dry_run, &self.unsigned) {
            (true, _) => Some(Outcome::DryRun),
            (false, Some(_)) => Some(Outcome::Unsigned),
            (false, None) => None,
        }
    }

    pub(super) const fn patience(&self) -> Patience {
        self.wait.patience()
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
    /// The same with other fees: one of all is ever included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alternatives: Vec<Txid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explorer: Option<String>,
}

impl TransactionDocument {
    /// Where the fee was raised, the transaction is the one in a block as far as that is known, else the one with the highest
    /// fee; the others are the alternatives.
    pub(super) fn new(context: &Context, entry: &Entry) -> Self {
        let (State::Included(Inclusion { txid, .. }) | State::Final(Inclusion { txid, .. })) = &entry.state
        else {
            return Self::of(context, entry, &entry.transaction);
        };
        let is_included = |one: &&SignedTransaction| Some(one.txid) == *txid;
        let shown = entry.alternatives().find(is_included);
        Self::of(context, entry, shown.unwrap_or(&entry.transaction))
    }

    fn of(context: &Context, entry: &Entry, shown: &SignedTransaction) -> Self {
        let alternatives = entry.alternatives().map(|one| one.txid);
        Self {
            txid: shown.txid,
            nonce: shown.nonce,
            fee: shown.fee.to_string(),
            state: entry.state.as_str(),
            journal_entry: entry.number,
            alternatives: alternatives.filter(|txid| *txid != shown.txid).collect(),
            explorer: explorer(context, &shown.txid),
        }
    }

    pub(super) fn fields(&self, fields: Fields) -> Fields {
        fields
            .row("transaction", self.txid)
            .row("state", self.state)
            .optional("explorer", self.explorer.as_ref())
    }
}

/// Where a public chain's transactions can be looked at.
pub(super) fn explorer(context: &Context, txid: &Txid) -> Option<String> {
    let chain = context.profile.network;
    (chain != Chain::Local).then(|| format!("https://explorer.hiro.so/txid/{txid}?chain={chain}"))
}

/// How a command that sends something ended, as its JSON document says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// Only planned.
    DryRun,
    /// Written to a file, to be signed elsewhere.
    Unsigned,
    /// Planned; a second person has to agree before it is signed.
    AwaitingApproval,
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

    /// Nothing was sent, nor is it on chain.
    pub(super) const fn is_planned(self) -> bool {
        matches!(self, Self::DryRun | Self::Unsigned | Self::AwaitingApproval)
    }

    /// The exit code's kind, when it is not 0.
    pub(super) const fn exit(self) -> Option<Kind> {
        match self {
            Self::Sent | Self::AwaitingApproval => Some(Kind::Pending),
            Self::DryRun | Self::Unsigned | Self::Included | Self::AlreadyDone => None,
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

/// Who sends, by which options, seeing the chain at which block.
#[derive(Clone, Copy)]
pub(super) struct Sender<'run> {
    pub(super) context: &'run Context,
    pub(super) wallet: &'run Wallet,
    pub(super) view: &'run View<'run>,
    pub(super) options: &'run SendOptions,
}

/// A transaction that passed the command's checks.
pub(super) struct Proposal {
    pub(super) outgoing: Outgoing,
    /// The plan's heading.
    pub(super) title: &'static str,
    /// The plan's rows; those of fee and network are added.
    pub(super) plan: Fields,
    /// What the user has to say yes to, without "on which network".
    pub(super) question: String,
}

/// How far [`Sender::send`] went.
#[expect(clippy::large_enum_variant, reason = "one a command")]
pub(super) enum Sent {
    /// The plan was shown, and written to a file if that was asked; nothing was signed.
    DryRun,
    /// The transaction was handed to the node.
    Done(Finished),
}

/// A transaction whose fee is chosen.
pub(super) struct Priced {
    pub(super) outgoing: Outgoing,
    pub(super) fee: Fee,
    /// The sender's account at the view's block.
    pub(super) account: Account,
    /// What is known of the sender's nonces.
    pub(super) nonces: Nonces,
}

/// What carrying out led to.
pub(super) struct Finished {
    pub(super) ending: Ending,
    /// The transaction had been signed by an earlier run.
    pub(super) resumed: bool,
}

impl Sender<'_> {
    /// Finishes what is open in the journal, or plans, asks, signs, journals, sends and follows.
    ///
    /// # Errors
    /// When a check, the user, the journal or the node says no.
    pub(super) async fn send(
        self,
        find_open: impl Fn(&Book) -> Result<Option<u64>, Failure>,
        propose: impl FnOnce() -> Result<Proposal, Failure>,
    ) -> Result<Sent, Failure> {
        let book = self.context.journal.read()?;
        if let Some(entry) = find_open(&book)? {
            return self.resume(entry).await.map(Sent::Done);
        }
        let Proposal {
            outgoing,
            title,
            plan,
            question,
        } = propose()?;
        let priced = self.price(outgoing).await?;
        let network = self.context.profile.network;
        let plan = plan
            .row("fee", TokenInfo::Stx.show(BaseUnits(priced.fee.micro_stx.into())))
            .row("network", network);
        terminal::show(&format!("{title}\n{}", plan.to_text()));
        self.write_unsigned(&priced)?;
        if self.options.plans_only().is_some() {
            return Ok(Sent::DryRun);
        }
        self.finish(priced, &question, find_open).await.map(Sent::Done)
    }

    /// Chooses the fee, and says so when the ceiling cut it. Two requests, one when the user named the fee.
    pub(super) async fn price(self, outgoing: Outgoing) -> Result<Priced, Failure> {
        let account = self.view.account(&self.wallet.address.into()).await?;
        let extra_length = self.wallet.policy().map_or(0, MultiSigPolicy::extra_length);
        let outgoing = Outgoing {
            transaction: outgoing.transaction.with_extra_length(extra_length),
            ..outgoing
        };
        let fee = price(self.context, &outgoing.transaction, self.options.fee).await?;
        if fee.is_cut {
            terminal::warn(
                "the node estimates a higher fee than the profile's ceiling: this may take long to be included",
            );
        }
        let nonces = Nonces::read(self.context, self.wallet.address, account.nonce).await?;
        Ok(Priced {
            outgoing,
            fee,
            account,
            nonces,
        })
    }

    /// The transaction as whoever holds the key is to sign it, under the next nonce.
    fn unsigned(self, priced: &Priced, book: &Book) -> Result<Transaction, Failure> {
        let nonce = priced.nonces.next(book, &self.wallet.address);
        let account = self.wallet.unsigned(nonce, priced.fee.micro_stx)?;
        let transaction = priced.outgoing.transaction.clone();
        let chain_id = self.context.profile.network.chain_id();
        Ok(transaction.with_chain_id(chain_id).for_account(account))
    }

    /// Writes the transaction to the file that was asked for, if one was. Nothing is journaled: whoever sends it does that.
    pub(super) fn write_unsigned(self, priced: &Priced) -> Result<(), Failure> {
        let Some(path) = &self.options.unsigned else {
            return Ok(());
        };
        let Self { context, wallet, .. } = self;
        let network = context.profile.network;
        let book = context.journal.read()?;
        let file = TransactionFile {
            network,
            intent: priced.outgoing.intent.clone(),
            multi_sig: wallet.policy().cloned(),
            transaction: self.unsigned(priced, &book)?,
        };
        file.write(path, Existing::Keep)?;
        terminal::note(&format!(
            "wrote {}: look at it and sign it with `recoup tx sign`, then send it with `recoup tx broadcast`",
            path.display()
        ));
        Ok(())
    }

    /// Asks, unlocks, signs, journals, sends and waits. `recheck` sees the journal right before the signature.
    pub(super) async fn finish(
        self,
        priced: Priced,
        question: &str,
        recheck: impl FnOnce(&Book) -> Result<Option<u64>, Failure>,
    ) -> Result<Finished, Failure> {
        let Self {
            context,
            wallet,
            options,
            ..
        } = self;
        let question = format!("{question} on {}?", context.profile.network);
        if !options.yes && !terminal::confirm(&question)? {
            return Err(Failure::new(Kind::Refused, "not confirmed").hint("nothing was signed"));
        }
        if wallet.is_in_browser() {
            return self.finish_in_browser(priced, recheck).await;
        }
        let key = wallet.unlock(&context.passphrase)?;
        let Priced {
            outgoing,
            fee,
            nonces,
            ..
        } = priced;
        match record(context, outgoing, &key, fee, &nonces, recheck)? {
            Recorded::Signed(entry) => {
                drop(key); // wiped before the long wait
                let ending = carry_out(context, entry, Start::New, options.patience()).await?;
                Ok(Finished {
                    ending,
                    resumed: false,
                })
            }
            Recorded::Resume(entry) => self.resume(entry).await,
        }
    }

    /// Has a browser's wallet sign, journals, sends and waits. `recheck` sees the journal right before the wallet is asked.
    async fn finish_in_browser(
        self,
        priced: Priced,
        recheck: impl FnOnce(&Book) -> Result<Option<u64>, Failure>,
    ) -> Result<Finished, Failure> {
        let context = self.context;
        let book = context.journal.read()?;
        if let Some(entry) = recheck(&book)? {
            return self.resume(entry).await;
        }
        let unsigned = self.unsigned(&priced, &book)?;
        let signed = in_browser::sign(context, &unsigned, self.options.patience().limit).await?;
        let recorded = record_signed(context, priced.outgoing.intent, priced.outgoing.draft, &signed)?;
        let (entry, start) = match recorded {
            Recorded::Signed(entry) => (entry, Start::New),
            Recorded::Resume(entry) => (entry, Start::Earlier),
        };
        let ending = carry_out(context, entry, start, self.options.patience()).await?;
        Ok(Finished {
            ending,
            resumed: start == Start::Earlier,
        })
    }

    /// Carries out what an earlier run signed.
    pub(super) async fn resume(self, entry: u64) -> Result<Finished, Failure> {
        terminal::note("an earlier run of this command signed it already: finishing that one");
        let ending = carry_out(self.context, entry, Start::Earlier, self.options.patience()).await?;
        Ok(Finished {
            ending,
            resumed: true,
        })
    }
}
